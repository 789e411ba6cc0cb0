"""Predicts, from theory, when a diffusion model makes up its mind.

The public names load on first use, so that importing the package costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from regimes.datasets import Dataset, Preprocessing, builtin_datasets, load_dataset
    from regimes.datasets.composition import (
        CompositionGrid,
        GridSubset,
        StripedSubset,
        bump_grid,
        bump_images,
        hold_out_band,
        hold_out_cross,
        hold_out_square,
        random_subset,
        thinned_subset,
        with_stripes,
    )
    from regimes.datasets.hierarchy import (
        HierarchySample,
        latent_symbols,
        load_rules,
        random_hierarchy,
        sample_hierarchy,
        save_rules,
    )
    from regimes.numerics.collapse.calculator import Collapse, collapse, finite_size_collapse_time
    from regimes.numerics.collapse.random_energy import SampledExcessEntropy, sampled_excess_entropy
    from regimes.numerics.collapse.spectral_bound import spectral_collapse_bound
    from regimes.numerics.compiled.compile import CompiledFormula, compile_formula
    from regimes.numerics.composition.bumps.bump_neighbourhood import bump_neighbourhood
    from regimes.numerics.composition.bumps.connecting_width import connecting_sigmas, smallest_connecting_sigma
    from regimes.numerics.composition.bumps.overlaps import bump_overlap, connection_radius, pixel_overlap
    from regimes.numerics.composition.data.connecting_overlaps import ConnectingOverlaps, connecting_overlaps
    from regimes.numerics.composition.data.random_parts import DataPercolation, data_percolation
    from regimes.numerics.composition.lattice.components import KeptComponents, kept_percolation
    from regimes.numerics.composition.lattice.extrapolation import ThresholdExtrapolation, extrapolated_threshold
    from regimes.numerics.composition.lattice.lattice import LatticePercolation, lattice_percolation
    from regimes.numerics.composition.lattice.neighbourhood import Neighbourhood, disc_neighbourhood
    from regimes.numerics.composition.lattice.sequence import PercolationSequence, percolation_sequence
    from regimes.numerics.composition.lattice.threshold import PercolationThreshold, lattice_threshold
    from regimes.numerics.hierarchy.belief_propagation import Beliefs, belief_propagation, sample_posterior
    from regimes.numerics.hierarchy.correlations import HierarchyCorrelations, hierarchy_correlations
    from regimes.numerics.hierarchy.curves import HierarchyCurves, hierarchy_curves
    from regimes.numerics.hierarchy.density_evolution import DensityEvolution, density_evolution
    from regimes.numerics.hierarchy.mean_field import HierarchyMeanField, hierarchy_mean_field
    from regimes.numerics.hierarchy.noise import gaussian_log_messages, leaf_messages
    from regimes.numerics.hierarchy.phase_diagram import HierarchyPlane, PhaseDiagram, hierarchy_phase_diagram
    from regimes.numerics.hierarchy.problem import Hierarchy
    from regimes.numerics.hierarchy.rules import HierarchyRules
    from regimes.numerics.hierarchy.score import HierarchyScore, hierarchy_score
    from regimes.numerics.hierarchy.spins import (
        SpinCorrelations,
        SpinSusceptibility,
        spin_correlations,
        spin_susceptibility,
    )
    from regimes.numerics.hierarchy.threshold import Bisection, HierarchyThreshold, hierarchy_threshold
    from regimes.numerics.hierarchy.transition import HierarchyTransition, epsilon_threshold, hierarchy_transition
    from regimes.numerics.hierarchy.uturns import (
        GaussianFieldUTurn,
        UTurns,
        gaussian_field_correlations,
        gaussian_field_uturns,
        power_law_spectrum,
        token_mixture_uturns,
    )
    from regimes.numerics.interface.errors import NotConverged
    from regimes.numerics.posterior import PosteriorCurves, posterior_curves
    from regimes.numerics.posterior.spectrum import CovarianceSpectrum, covariance_spectrum, gaussian_information
    from regimes.numerics.process.clock import Clock, clock
    from regimes.numerics.process.schedules import SCHEDULES, Schedule, noise_schedule
    from regimes.numerics.speciation.calculator import Speciation, speciation, speciation_times
    from regimes.numerics.speciation.clone_probability import (
        class_entropy,
        class_information,
        clone_disagreement,
        clone_probability,
        log_clone_disagreement,
    )  # fmt: skip
    from regimes.numerics.speciation.mixture import MixtureClones, mixture_clones
    from regimes.numerics.speciation.sign_clones import sign_clone_disagreement, sign_clone_probability
    from regimes.prediction.composition.data import DataPercolationPrediction, predict_data_percolation
    from regimes.prediction.composition.grid import predict_percolation
    from regimes.prediction.composition.grid_result import PercolationPrediction
    from regimes.prediction.dataset.predict import predict
    from regimes.prediction.dataset.result import CollapsePrediction, Curves, Prediction, SpeciationPrediction
    from regimes.prediction.hierarchy.budget import HierarchyBudget
    from regimes.prediction.hierarchy.predict import predict_hierarchy
    from regimes.prediction.hierarchy.result import HierarchyPrediction
    from regimes.prediction.losses.comparison import LossComparison
    from regimes.theory import Formula, Step, StepCheck, Variable, catalogue, formula

__version__ = "0.1.0"

_HOMES = {
    "regimes.datasets": ("Dataset", "Preprocessing", "builtin_datasets", "load_dataset"),
    "regimes.datasets.composition": (
        "CompositionGrid", "GridSubset", "StripedSubset", "bump_grid", "bump_images", "hold_out_band",
        "hold_out_cross", "hold_out_square", "random_subset", "thinned_subset", "with_stripes",
    ),
    "regimes.datasets.hierarchy": (
        "HierarchySample", "latent_symbols", "load_rules", "random_hierarchy", "sample_hierarchy", "save_rules",
    ),
    "regimes.numerics.composition.bumps.bump_neighbourhood": ("bump_neighbourhood",),
    "regimes.numerics.composition.bumps.connecting_width": ("connecting_sigmas", "smallest_connecting_sigma"),
    "regimes.numerics.composition.bumps.overlaps": ("bump_overlap", "connection_radius", "pixel_overlap"),
    "regimes.numerics.process.clock": ("Clock", "clock"),
    "regimes.numerics.speciation.clone_probability": (
        "class_entropy", "class_information", "clone_disagreement", "clone_probability", "log_clone_disagreement",
    ),
    "regimes.numerics.collapse.calculator": ("Collapse", "collapse", "finite_size_collapse_time"),
    "regimes.numerics.compiled.compile": ("CompiledFormula", "compile_formula"),
    "regimes.numerics.composition.data.connecting_overlaps": ("ConnectingOverlaps", "connecting_overlaps"),
    "regimes.numerics.composition.data.random_parts": ("DataPercolation", "data_percolation"),
    "regimes.numerics.collapse.random_energy": ("SampledExcessEntropy", "sampled_excess_entropy"),
    "regimes.numerics.interface.errors": ("NotConverged",),
    "regimes.numerics.hierarchy.belief_propagation": ("Beliefs", "belief_propagation", "sample_posterior"),
    "regimes.numerics.hierarchy.correlations": ("HierarchyCorrelations", "hierarchy_correlations"),
    "regimes.numerics.hierarchy.curves": ("HierarchyCurves", "hierarchy_curves"),
    "regimes.numerics.hierarchy.density_evolution": ("DensityEvolution", "density_evolution"),
    "regimes.numerics.hierarchy.mean_field": ("HierarchyMeanField", "hierarchy_mean_field"),
    "regimes.numerics.hierarchy.noise": ("gaussian_log_messages", "leaf_messages"),
    "regimes.numerics.hierarchy.phase_diagram": ("HierarchyPlane", "PhaseDiagram", "hierarchy_phase_diagram"),
    "regimes.numerics.hierarchy.problem": ("Hierarchy",),
    "regimes.numerics.hierarchy.rules": ("HierarchyRules",),
    "regimes.numerics.hierarchy.score": ("HierarchyScore", "hierarchy_score"),
    "regimes.numerics.hierarchy.spins": (
        "SpinCorrelations", "SpinSusceptibility", "spin_correlations", "spin_susceptibility",
    ),
    "regimes.numerics.hierarchy.threshold": ("Bisection", "HierarchyThreshold", "hierarchy_threshold"),
    "regimes.numerics.hierarchy.transition": ("HierarchyTransition", "epsilon_threshold", "hierarchy_transition"),
    "regimes.numerics.speciation.mixture": ("MixtureClones", "mixture_clones"),
    "regimes.numerics.composition.lattice.components": ("KeptComponents", "kept_percolation"),
    "regimes.numerics.composition.lattice.extrapolation": ("ThresholdExtrapolation", "extrapolated_threshold"),
    "regimes.numerics.composition.lattice.lattice": ("LatticePercolation", "lattice_percolation"),
    "regimes.numerics.composition.lattice.neighbourhood": ("Neighbourhood", "disc_neighbourhood"),
    "regimes.numerics.composition.lattice.sequence": ("PercolationSequence", "percolation_sequence"),
    "regimes.numerics.composition.lattice.threshold": ("PercolationThreshold", "lattice_threshold"),
    "regimes.numerics.posterior": ("PosteriorCurves", "posterior_curves"),
    "regimes.numerics.process.schedules": ("SCHEDULES", "Schedule", "noise_schedule"),
    "regimes.numerics.speciation.sign_clones": ("sign_clone_disagreement", "sign_clone_probability"),
    "regimes.numerics.speciation.calculator": ("Speciation", "speciation", "speciation_times"),
    "regimes.numerics.collapse.spectral_bound": ("spectral_collapse_bound",),
    "regimes.numerics.posterior.spectrum": ("CovarianceSpectrum", "covariance_spectrum", "gaussian_information"),
    "regimes.numerics.hierarchy.uturns": (
        "GaussianFieldUTurn", "UTurns", "gaussian_field_correlations", "gaussian_field_uturns", "power_law_spectrum",
        "token_mixture_uturns",
    ),
    "regimes.prediction.composition.data": ("DataPercolationPrediction", "predict_data_percolation"),
    "regimes.prediction.hierarchy.budget": ("HierarchyBudget",),
    "regimes.prediction.hierarchy.predict": ("predict_hierarchy",),
    "regimes.prediction.hierarchy.result": ("HierarchyPrediction",),
    "regimes.prediction.losses.comparison": ("LossComparison",),
    "regimes.prediction.composition.grid": ("predict_percolation",),
    "regimes.prediction.composition.grid_result": ("PercolationPrediction",),
    "regimes.prediction.dataset.result": ("CollapsePrediction", "Curves", "Prediction", "SpeciationPrediction"),
    "regimes.prediction.dataset.predict": ("predict",),
    "regimes.theory": ("Formula", "Step", "StepCheck", "Variable", "catalogue", "formula"),
}  # fmt: skip
_HOME = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
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


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'regimes' has no attribute {name!r}")
    value = getattr(import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
