"""Predicts, from theory, when a diffusion model makes up its mind.

The public names load on first use, so that importing the package costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from regimes.datasets import Dataset, Preprocessing, builtin_datasets, load_dataset
    from regimes.numerics.clock import Clock, clock
    from regimes.numerics.clone_probability import (
        class_entropy,
        class_information,
        clone_disagreement,
        clone_probability,
        log_clone_disagreement,
    )  # fmt: skip
    from regimes.numerics.collapse import Collapse, collapse, finite_size_collapse_time
    from regimes.numerics.compile import CompiledFormula, compile_formula
    from regimes.numerics.errors import NotConverged
    from regimes.numerics.mixture import MixtureClones, mixture_clones
    from regimes.numerics.posterior import PosteriorCurves, posterior_curves
    from regimes.numerics.schedules import SCHEDULES, Schedule, noise_schedule
    from regimes.numerics.speciation import Speciation, speciation, speciation_times
    from regimes.numerics.spectral_bound import spectral_collapse_bound
    from regimes.numerics.spectrum import CovarianceSpectrum, covariance_spectrum, gaussian_information
    from regimes.prediction import CollapsePrediction, Curves, Prediction, SpeciationPrediction, predict
    from regimes.theory import Formula, Step, StepCheck, Variable, catalogue, formula

__version__ = "0.1.0"

_HOMES = {
    "regimes.datasets": ("Dataset", "Preprocessing", "builtin_datasets", "load_dataset"),
    "regimes.numerics.clock": ("Clock", "clock"),
    "regimes.numerics.clone_probability": (
        "class_entropy", "class_information", "clone_disagreement", "clone_probability", "log_clone_disagreement",
    ),
    "regimes.numerics.collapse": ("Collapse", "collapse", "finite_size_collapse_time"),
    "regimes.numerics.compile": ("CompiledFormula", "compile_formula"),
    "regimes.numerics.errors": ("NotConverged",),
    "regimes.numerics.mixture": ("MixtureClones", "mixture_clones"),
    "regimes.numerics.posterior": ("PosteriorCurves", "posterior_curves"),
    "regimes.numerics.schedules": ("SCHEDULES", "Schedule", "noise_schedule"),
    "regimes.numerics.speciation": ("Speciation", "speciation", "speciation_times"),
    "regimes.numerics.spectral_bound": ("spectral_collapse_bound",),
    "regimes.numerics.spectrum": ("CovarianceSpectrum", "covariance_spectrum", "gaussian_information"),
    "regimes.prediction": ("CollapsePrediction", "Curves", "Prediction", "SpeciationPrediction", "predict"),
    "regimes.theory": ("Formula", "Step", "StepCheck", "Variable", "catalogue", "formula"),
}  # fmt: skip
_HOME = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
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


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'regimes' has no attribute {name!r}")
    value = getattr(import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
