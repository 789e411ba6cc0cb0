"""The public API, pinned: a change here is a change for users."""

import inspect

import regimes

PUBLIC = [
    "SCHEDULES",
    "Clock",
    "Collapse",
    "CollapsePrediction",
    "CompiledFormula",
    "CovarianceSpectrum",
    "Curves",
    "Dataset",
    "Formula",
    "MixtureClones",
    "NotConverged",
    "PosteriorCurves",
    "Prediction",
    "Preprocessing",
    "Schedule",
    "Speciation",
    "SpeciationPrediction",
    "Step",
    "StepCheck",
    "Variable",
    "builtin_datasets",
    "catalogue",
    "class_entropy",
    "class_information",
    "clock",
    "clone_disagreement",
    "clone_probability",
    "collapse",
    "compile_formula",
    "covariance_spectrum",
    "finite_size_collapse_time",
    "formula",
    "gaussian_information",
    "load_dataset",
    "log_clone_disagreement",
    "mixture_clones",
    "noise_schedule",
    "posterior_curves",
    "predict",
    "speciation",
    "speciation_times",
    "spectral_collapse_bound",
]

SIGNATURES = {
    "clock": "(time, *, alpha_bar, snr, log_snr, sigma, flow_time, step, schedule, steps)",
    "clone_probability": "(kappa)",
    "collapse": "(d, n, sigma, *, mu, t)",
    "compile_formula": "(formula, *, target)",
    "covariance_spectrum": "(X, *, top, center, memory)",
    "load_dataset": "(source, labels, *, classes, scale, center, name)",
    "mixture_clones": "(weights, means, covariances, t, *, samples, rng)",
    "noise_schedule": "(name, *, steps)",
    "posterior_curves": "(X, t, *, labels, probes, rng, groups, precision, memory, progress)",
    "predict": "(source, labels, *, classes, scale, center, t, probes, rng, groups, schedule, parts, memory, progress)",
    "speciation": "(Lambda, *, d, mu, sigma, t)",
}


def test_public_names():
    assert sorted(regimes.__all__) == sorted(PUBLIC)
    for name in PUBLIC:
        assert getattr(regimes, name) is not None
        assert name in dir(regimes)


def test_unknown_names_are_attribute_errors():
    assert not hasattr(regimes, "predikt")


def names_only(function):
    text, starred = [], False
    for parameter in inspect.signature(function).parameters.values():
        if parameter.kind is parameter.KEYWORD_ONLY and not starred:
            text.append("*")
            starred = True
        text.append(parameter.name)
    return f"({', '.join(text)})"


def test_signatures():
    assert {name: names_only(getattr(regimes, name)) for name in SIGNATURES} == SIGNATURES


def test_every_public_function_is_documented_with_an_example_or_a_source():
    for name in PUBLIC:
        thing = getattr(regimes, name)
        if inspect.isfunction(thing):
            text = inspect.getdoc(thing)
            assert "Returns\n" in text, name
            assert "Examples\n" in text or "Notes\n" in text, name
