"""The public API, pinned: a change here is a change for users."""

import inspect

import regimes

PUBLIC = [
    "SCHEDULES",
    "Beliefs",
    "Bisection",
    "Clock",
    "Collapse",
    "CollapsePrediction",
    "CompiledFormula",
    "CompositionGrid",
    "ConnectingOverlaps",
    "CovarianceSpectrum",
    "Curves",
    "DataPercolation",
    "DataPercolationPrediction",
    "Dataset",
    "DensityEvolution",
    "Formula",
    "GaussianFieldUTurn",
    "GridSubset",
    "Hierarchy",
    "HierarchyBudget",
    "HierarchyCorrelations",
    "HierarchyCurves",
    "HierarchyMeanField",
    "HierarchyPlane",
    "HierarchyPrediction",
    "HierarchyRules",
    "HierarchySample",
    "HierarchyScore",
    "HierarchyThreshold",
    "HierarchyTransition",
    "KeptComponents",
    "LatticePercolation",
    "LossComparison",
    "MixtureClones",
    "Neighbourhood",
    "NotConverged",
    "PercolationPrediction",
    "PercolationSequence",
    "PercolationThreshold",
    "PhaseDiagram",
    "PosteriorCurves",
    "Prediction",
    "Preprocessing",
    "SampledExcessEntropy",
    "Schedule",
    "Speciation",
    "SpeciationPrediction",
    "SpinCorrelations",
    "SpinSusceptibility",
    "Step",
    "StepCheck",
    "StripedSubset",
    "ThresholdExtrapolation",
    "UTurns",
    "Variable",
    "belief_propagation",
    "builtin_datasets",
    "bump_grid",
    "bump_images",
    "bump_neighbourhood",
    "bump_overlap",
    "catalogue",
    "class_entropy",
    "class_information",
    "clock",
    "clone_disagreement",
    "clone_probability",
    "collapse",
    "compile_formula",
    "connecting_overlaps",
    "connecting_sigmas",
    "connection_radius",
    "covariance_spectrum",
    "data_percolation",
    "density_evolution",
    "disc_neighbourhood",
    "epsilon_threshold",
    "extrapolated_threshold",
    "finite_size_collapse_time",
    "formula",
    "gaussian_field_correlations",
    "gaussian_field_uturns",
    "gaussian_information",
    "gaussian_log_messages",
    "hierarchy_correlations",
    "hierarchy_curves",
    "hierarchy_mean_field",
    "hierarchy_phase_diagram",
    "hierarchy_score",
    "hierarchy_threshold",
    "hierarchy_transition",
    "hold_out_band",
    "hold_out_cross",
    "hold_out_square",
    "kept_percolation",
    "latent_symbols",
    "lattice_percolation",
    "lattice_threshold",
    "leaf_messages",
    "load_dataset",
    "load_rules",
    "log_clone_disagreement",
    "mixture_clones",
    "noise_schedule",
    "percolation_sequence",
    "pixel_overlap",
    "posterior_curves",
    "power_law_spectrum",
    "predict",
    "predict_data_percolation",
    "predict_hierarchy",
    "predict_percolation",
    "random_hierarchy",
    "random_subset",
    "sample_hierarchy",
    "sample_posterior",
    "sampled_excess_entropy",
    "save_rules",
    "sign_clone_disagreement",
    "sign_clone_probability",
    "smallest_connecting_sigma",
    "speciation",
    "speciation_times",
    "spectral_collapse_bound",
    "spin_correlations",
    "spin_susceptibility",
    "thinned_subset",
    "token_mixture_uturns",
    "with_stripes",
]

SIGNATURES = {
    "clock": "(time, *, alpha_bar, snr, log_snr, sigma, flow_time, step, schedule, steps)",
    "clone_probability": "(kappa)",
    "collapse": "(d, n, sigma, *, mu, t)",
    "compile_formula": "(formula, *, target)",
    "covariance_spectrum": "(X, *, top, center, memory)",
    "belief_propagation": "(rules, messages, *, log, prior, levels)",
    "density_evolution": "(hierarchy, noise, levels, *, population, repeats, rng, memory, progress)",
    "epsilon_threshold": "(hierarchy)",
    "hierarchy_correlations": "(hierarchy, epsilon)",
    "hierarchy_curves": "(rules, tree, noise, noise_levels, *, rng, memory, progress)",
    "hierarchy_mean_field": "(hierarchy, epsilon)",
    "hierarchy_score": "(rules, x, t, *, prior)",
    "hierarchy_threshold": "(hierarchy, noise, *, population, repeats, search, rng, memory, progress)",
    "hierarchy_transition": "(hierarchy)",
    "leaf_messages": "(leaves, noise, level, v, *, rng)",
    "load_dataset": "(source, labels, *, classes, scale, center, name)",
    "mixture_clones": "(weights, means, covariances, t, *, samples, rng)",
    "noise_schedule": "(name, *, steps)",
    "posterior_curves": "(X, t, *, labels, probes, rng, groups, precision, memory, progress)",
    "predict": (
        "(source, labels, *, classes, scale, center, t, probes, rng, groups, schedule, parts, losses, memory, progress)"
    ),
    "predict_hierarchy": "(hierarchy, *, noise, noise_levels, exact, budget, rng, schedule, progress)",
    "random_hierarchy": "(hierarchy, *, rng, memory)",
    "sample_hierarchy": "(rules, n, *, rng, root, memory)",
    "sample_posterior": "(rules, messages, *, log, prior, draws, rng)",
    "bump_grid": "(N, sigma, *, dx, dy, amplitude, periodic, margin, kind)",
    "bump_images": "(positions, N, sigma, *, kind, amplitude, periodic, memory)",
    "bump_neighbourhood": "(sigma, *, tau, overlap, steps, pixels, memory)",
    "bump_overlap": "(r, sigma, *, overlap)",
    "connecting_overlaps": "(X, *, overlap, memory, progress)",
    "connection_radius": "(sigma, *, tau, overlap)",
    "data_percolation": "(X, tau, *, overlap, orders, lambdas, rng, memory, progress)",
    "disc_neighbourhood": "(radius, *, steps, memory)",
    "extrapolated_threshold": "(neighbourhood, *, sizes, runs, periodic, rng, threads, memory, progress)",
    "kept_percolation": "(kept, neighbourhood, *, periodic, axis, depth)",
    "lattice_percolation": (
        "(shape, neighbourhood, *, runs, lambdas, periodic, axis, depth, rng, threads, memory, progress)"
    ),
    "lattice_threshold": "(neighbourhood)",
    "percolation_sequence": "(order, shape, neighbourhood, *, periodic, axis, depth, memory)",
    "pixel_overlap": "(first, second, sigma, *, overlap, memory)",
    "predict_data_percolation": (
        "(source, labels, *, tau, overlap, classes, scale, center, orders, lambdas, rng, memory, progress)"
    ),
    "predict_percolation": (
        "(grid, sigma, *, tau, overlap, steps, pixels, periodic, runs, lambdas, rng, memory, progress)"
    ),
    "random_subset": "(grid, fraction, *, count, rng)",
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
