"""The functions that find each number between its formula and the row that shows it: root finders, kernels, tables.

What is made in a row itself, by a formula alone, has none. A run of the tests sees who makes a row and which formulas
it uses, and not what was called in between: it stands here, held by a test that each function exists and is imported,
by whatever way, where the row is made or by what asks for the row.
"""

from __future__ import annotations

import re

__all__ = ["CURVE_SOLVERS", "SOLVERS", "curve_solvers", "solvers"]

_PAIRS = "regimes/numerics/posterior/kernel.py::posterior_rows"
_AVERAGES = "regimes/numerics/posterior/curves.py::posterior_curves"
_CROSSINGS = "regimes/numerics/estimation/roots.py::curve_crossings"
_SUMMARY = "regimes/numerics/posterior/summary.py::summarise"
_OF_POINTS = "regimes/numerics/posterior/moments.py::leave_one_out"
_POSTERIOR = {
    _PAIRS: "sums over all pairs of points, compiled",
    _SUMMARY: "probabilities that clones share a point, a class",
    _AVERAGES: "their averages, as a curve over t",
    _CROSSINGS: "where the curve crosses its level",
}
_SCALED = {"regimes/prediction/dataset/classes.py::class_rows": "puts the curve on the scale from 0 to 1"}
_MEASURED = "regimes/validation/measurement"
_FINITE = "regimes/numerics/collapse/finite_size.py"
_DIRECTIONS = {
    "regimes/numerics/speciation/direction/directions.py::directions": "of data: corrects, tests and limits it",
    "regimes/numerics/speciation/direction/correction.py::Bulk.corrected": "of data: the correction of one eigenvalue",
}
_OF_LAMBDA = {
    "regimes/prediction/dataset/direction.py::direction_rows": "of data: the formula at Lambda",
    "regimes/numerics/speciation/direction/directions.py::directions": "of data: Lambda of the population",
    "regimes/prediction/speciation/predict.py::_eigenvalue_rows": "`regimes speciation`: the formula at Lambda",
}
_SPECTRUM = {"regimes/numerics/posterior/spectrum.py::covariance_spectrum": "eigenvalues of the points"}
_BOUND = "regimes/numerics/speciation/class_bound"
_PARTS = {
    "regimes/numerics/speciation/class_pairs/held_out_pairs.py::HeldOutClasses.parting": "the bound of two groups",
    f"{_BOUND}/crossing.py::held_out_time": "where it falls below the level, with its limit",
}
_FITTED = {
    "regimes/numerics/speciation/class_pairs/fitted_pairs.py::fitted_pairs": "Gaussian classes, fitted, with errors",
    "regimes/numerics/speciation/class_pairs/pair_roots.py::latest_times": "the latest time that they are apart",
}
_EVOLUTION = {
    "regimes/numerics/hierarchy/threshold.py::hierarchy_threshold": "density evolution of real noise, by bisection",
    "regimes/numerics/hierarchy/populations.py::upper_population": "one step of it, up a level",
}
_FIXED_POINT = {
    "regimes/numerics/hierarchy/fixed_point.py::fixed_point": "the fixed point p*, closed form or root",
    "regimes/numerics/hierarchy/transition.py::hierarchy_transition": "whether there is one, and what follows from it",
}
_SIMULATED = {
    "regimes/numerics/composition/lattice/lattice_percolation.py::lattice_percolation": "adds points in random orders"
}
_QUANTILE = {
    "regimes/numerics/composition/lattice/spanning.py::spanning_quantile": "the median of where they first span"
}
_TABLE = {
    "regimes/numerics/composition/lattice/threshold.py::lattice_threshold": "a table of grids, else the fit",
    "regimes/numerics/composition/lattice/threshold_table.py::SQUARE_LATTICE": "the table, simulated",
}
_LAYERS = "regimes/prediction/hierarchy/features"
_EXACT_TREE = {
    "regimes/numerics/hierarchy/curves.py::hierarchy_curves": "averages over samples",
    "regimes/numerics/hierarchy/belief_propagation.py::belief_propagation": "exact posterior of one tree",
}

_DECISIONS = "regimes/numerics/decisions"
_BEST_PATH = {f"{_DECISIONS}/best_grid.py::best_grid": "the best grid, where it is of that"}
_BEST_END = {f"{_DECISIONS}/best_end_grid.py::best_end_grid": "the best grid, where it is of that"}
_LEARNING = "regimes/numerics/learning"
_SPECTRUM_OF_FEATURES = {
    f"{_LEARNING}/spectrum.py::feature_spectrum": "density and weights of the bulks",
    f"{_LEARNING}/support.py::feature_support": "their edges",
    f"{_LEARNING}/transform.py::newton": "the transform at a point, by Newton's method",
}

SOLVERS: dict[str, dict[str, str]] = {
    r"steps\.(before|between|after)": {
        "regimes/prediction/process/regime_shares.py::share_rows": "counts the steps on each side of the times",
    },
    r"clock\.(time|alpha_bar|snr|log_snr|sigma|flow_time)": {
        "regimes/prediction/process/clock.py::clock": "reads every clock by its formula",
    },
    r"clock\.step\..*": {
        "regimes/numerics/process/schedules.py::Schedule.step": "search of the table",
        "regimes/numerics/process/training_tables.py::training_alpha_bar": "fills the table of training",
        "regimes/numerics/process/scheduler_classes.py::sampler_of": "chooses the steps of a sampler",
    },
    r"clock\.position\..*": {
        "regimes/numerics/process/schedules.py::Schedule.position": "search of the table, between two steps",
        "regimes/numerics/process/training_tables.py::training_alpha_bar": "fills the table of training",
    },
    r"clock\.fraction\..*": {
        "regimes/numerics/process/schedules.py::Schedule.step": "search of the table",
        "regimes/numerics/process/schedules.py::Schedule.fraction": "as a fraction",
    },
    r"collapse\.time": {
        "regimes/numerics/collapse/corrected_time.py::corrected_collapse_time": "corrects the curve and finds its zero",
        "regimes/numerics/collapse/condensed_gap.py::condensed_gaps": "by what the sum over few points falls short",
        _PAIRS: "sums over all pairs of points, compiled",
        _OF_POINTS: "puts them into the formula",
        _AVERAGES: "averages them, as a curve over t",
    },
    r"collapse\.bound": {
        "regimes/numerics/collapse/information_bound.py::information_bound": "information equals log n"
    },
    r"collapse\.leave_one_out_zero": {
        f"{_FINITE}::finite_size_collapse_time": "of a mixture: the root, `regimes collapse`",
        _PAIRS: "of data: sums over all pairs of points, compiled",
        _OF_POINTS: "of data: puts them into the formula",
        _AVERAGES: "of data: averages them, as a curve over t",
        _CROSSINGS: "of data: its zero",
    },
    r"collapse\.time_closed_form": {f"{_FINITE}::collapse_time": "the closed form in its range"},
    r"collapse\.time_with_classes": {f"{_FINITE}::collapse_time_with_classes": "the root"},
    r"collapse\.point_time(_redrawn)?": _POSTERIOR,
    r"speciation\.class_time_(memorised|left_out)(_redrawn)?": _POSTERIOR | _SCALED,
    r"speciation\.class_time_gaussian": {
        f"{_MEASURED}/predicted_times.py::predicted_times": "from means and pooled covariance"
    },
    r"collapse\.last_change": {f"{_MEASURED}/last_change.py::exact_last_change": "followed with the exact score"},
    r"measure\.last_change": {f"{_MEASURED}/last_change.py::measure_last_change": "followed with the model"},
    r"measure\.(class|point)_time(_corrected)?": {
        f"{_MEASURED}/crossings.py::measured_crossing": "where the measured curve crosses its level",
        f"{_MEASURED}/clones.py::measure_clones": "pairs of clones, simulated",
    },
    r"tree\.leaves": {"regimes/numerics/hierarchy/problem.py::Hierarchy.leaves": "s to the power of L"},
    r"speciation\.class_time": {
        f"{_BOUND}/crossing.py::class_time": "where the bound falls below the level",
        f"{_BOUND}/bound.py::class_bound": "the bound over t",
        f"{_BOUND}/held_out.py::held_out_scores": "scores of the points held out",
    },
    r"speciation\.(Lambda|Lambda_limit|spectral_time|spectral_limit)": _DIRECTIONS,
    r"speciation\.(sample_Lambda|sample_spectral_time)": _SPECTRUM,
    r"speciation\.noise_matched": _OF_LAMBDA,
    r"speciation\.potential": _OF_LAMBDA
    | {"regimes/prediction/speciation/predict.py::_mixture_rows": "`regimes speciation --dim`: of the mixture"},
    r"speciation\.class_level": {"regimes/numerics/speciation/criteria.py::normalised_clone_level": "phi at kappa = 1"},
    r"classes\.merge\..*": {
        "regimes/numerics/speciation/class_pairs/class_tree.py::class_tree": "joins what parts last",
        **_PARTS,
    },
    r"classes\.(first|last)\.bound": {
        "regimes/numerics/speciation/class_pairs/class_tree.py::pair_bounds": "bounds of all pairs",
        **_PARTS,
    },
    r"classes\.(first|last)\.(log_odds|means|overlap)": _FITTED,
    r"features\..*": {
        f"{_LAYERS}/transition.py::layer_transition": "where its share falls, without each group of points too",
        f"{_LAYERS}/cosines.py::layer_cosines": "cosines of whitened activations",
    },
    r"threshold\.value": _EVOLUTION
    | {"regimes/numerics/hierarchy/fixed_point.py::fixed_point": "of the epsilon-process: closed form or root"},
    r"threshold\.(time|step)": _EVOLUTION,
    r"threshold\.exact\.level_N": {
        "regimes/numerics/hierarchy/curves.py::HierarchyCurves.thresholds": "where half is lost",
        **_EXACT_TREE,
    },
    r"transition\..*": _FIXED_POINT,
    r"percolation\.(threshold|images)_infinite": _TABLE,
    r"percolation\.disc_limit": {"regimes/numerics/composition/lattice/disc_limit.py::disc_limit": "where it holds"},
    r"percolation\.(threshold|images)_grid": _SIMULATED | _QUANTILE,
    r"percolation\.width": _SIMULATED,
    r"percolation\.half_fraction": _SIMULATED
    | {
        "regimes/numerics/composition/lattice/lattice_percolation.py::LatticePercolation.half_fraction": "where the "
        "largest cluster holds half"
    },
    r"percolation\.(neighbours|radius)": {
        "regimes/numerics/composition/bumps/bump_neighbourhood.py::bump_neighbourhood": "which bumps connect"
    },
    r"bumps\..*": {"regimes/numerics/composition/bumps/connecting_width.py::connecting_sigmas": "widths, by a root"},
    r"(components|links)\..*": {
        "regimes/numerics/composition/data/random_parts.py::data_percolation": "joins points of overlap tau and more"
    },
    r"connecting\..*": {
        "regimes/numerics/composition/data/connecting_overlaps.py::connecting_overlaps": "overlap at which they join"
    },
    r"learning\.(tau_gen|tau_mem|window)(_steps|_epochs)?": {
        f"{_LEARNING}/window.py::learning_window": "which modes they are of",
        **_SPECTRUM_OF_FEATURES,
    },
    r"learning\.best_(time|loss)(_steps|_epochs)?": {
        f"{_LEARNING}/losses.py::training_losses": "the losses over training time, by Cauchy's formula",
    },
    r"learning\.separating_samples": {
        f"{_LEARNING}/window.py::separating_samples": "the number of points, by bisection",
        f"{_LEARNING}/support.py::feature_support": "the gaps",
    },
    r"guidance\..*": {
        f"{_DECISIONS}/class_window.py::class_window": "where its shares are left",
        f"{_DECISIONS}/class_window.py::class_information": "the curve over t",
        f"{_DECISIONS}/class_posteriors.py::held_out_class_posteriors": "posteriors of points that are held out",
        f"{_DECISIONS}/class_posteriors.py::exact_class_posteriors": "posteriors over all points",
    },
    r"steps\.path_divergence\..*": {
        f"{_DECISIONS}/step_divergence.py::path_divergence": "sums the steps",
        **_BEST_PATH,
    },
    r"steps\.(end_divergence\..*|needed)": {
        f"{_DECISIONS}/step_divergence.py::end_divergence": "sums what steps lack",
        **_BEST_END,
    },
    r"steps\.model_divergence\..*": {
        "regimes/prediction/losses/held_out.py::HeldOutLosses.added_by_steps": "integrates the losses"
    },
    r"steps\.start_divergence": {f"{_DECISIONS}/step_divergence.py::start_divergence": "sums the components"},
    r"start\.time": {
        f"{_DECISIONS}/late_start.py::late_start": "where the difference of informations passes the level"
    },
    r"data\.(logN_n_star|exact_score_copies)": {
        "regimes/numerics/collapse/information_bound.py::information_limit": "at most, by the covariance",
        "regimes/numerics/collapse/corrected_time.py::corrected_information": "above the collapse, from the points",
    },
    r"data\.smallest_noise": {
        "regimes/numerics/process/schedules.py::Schedule.step": "the step at which it is",
        "regimes/numerics/process/training_tables.py::training_alpha_bar": "fills the table of training",
        "regimes/numerics/process/scheduler_classes.py::sampler_of": "chooses the steps of a sampler",
    },
    r"points\..*": {
        f"{_DECISIONS}/return_times.py::last_return_times": "where they pass one half",
        f"{_DECISIONS}/return_times.py::return_probabilities": "of each point, by the posterior's kernel",
    },
    r"copies\.(share|held_out_share|copied_.*|found)": {
        f"{_DECISIONS}/copied_points.py::copied_points": "nearest points of each sample",
        f"{_DECISIONS}/copied_points.py::are_copies": "of points that are held out",
    },
    r"uturn\..*": {
        f"{_DECISIONS}/class_survival.py::survival_time": "where survival passes the level",
        f"{_DECISIONS}/class_survival.py::class_survival": "the curve over t",
    },
    r"training\..*": {f"{_DECISIONS}/training_noise.py::hidden_variance": "over the directions of the data"},
    r"copies\.(groups|points)": {"regimes/numerics/posterior/near_copies.py::near_copies": "groups them"},
    r"losses\.(time|share|read_at)": {
        "regimes/prediction/losses/comparison.py::compared_losses": "holds them against the exact score",
        "regimes/prediction/losses/information.py::information_from_losses": "integrates the losses",
    },
}
"""By key, with digits as N; a pattern each. The function that gives the value first, then what it rests on."""

CURVE_SOLVERS: dict[str, dict[str, str]] = {
    r"train|test": {f"{_LEARNING}/losses.py::training_losses": "by Cauchy's formula, of one and of two resolvents"},
    r"spectrum\.density": _SPECTRUM_OF_FEATURES,
    r"(clone_|excess_entropy$|leave_one_out)(?!probability).*": {_AVERAGES: "of data", _PAIRS: "of data, the sums"},
    r"cosine|baseline|share": {
        f"{_LAYERS}/transition.py::layer_transition": "over the points",
        f"{_LAYERS}/cosines.py::layer_cosines": "of each",
    },
    r"density_evolution": {
        "regimes/numerics/hierarchy/density_evolution.py::density_evolution": "messages of populations, up and down",
        "regimes/numerics/hierarchy/fresh_rules.py::lower_level": "one step down, compiled",
        "regimes/numerics/hierarchy/populations.py::upper_population": "one step up",
    },
    r"exact|clone_probability|conditional_entropy": _EXACT_TREE,
    r"susceptibility_exact": {"regimes/numerics/hierarchy/spins.py::spin_susceptibility": "over samples"},
    r"susceptibility_mean_field": {"regimes/numerics/hierarchy/correlations.py::hierarchy_correlations": "mean field"},
    r"mean_field": {"regimes/numerics/hierarchy/mean_field.py::hierarchy_mean_field": "up and down the tree"},
    r"largest(_share)?|mean_size|spanning": _SIMULATED,
    r"guidance\.(information|density).*": {f"{_DECISIONS}/class_window.py::class_information": "from class posteriors"},
    r"start\.divergence.*": {f"{_DECISIONS}/late_start.py::late_start": "with its limits"},
    r"steps\.mmse": {f"{_DECISIONS}/components.py::Components.mmse": "sums the components"},
    r"training\.density": {f"{_DECISIONS}/training_noise.py::hidden_variance_density": "sums the components"},
    r"uturn\.retained_(stochastic|deterministic)": {
        f"{_DECISIONS}/retained_scales.py::retained_share": "of each direction"
    },
    r"uturn\.(stochastic|deterministic).*": {
        f"{_DECISIONS}/class_survival.py::class_survival": "from class posteriors"
    },
    r"held_out\.clone_class": {f"{_BOUND}/bound.py::class_bound": "from points held out"},
}
"""By name of a curve, of an error that of its curve."""


def solvers(key: str) -> dict[str, str]:
    """What finds a number, as ``file::function``, and what each does."""
    return next((each for pattern, each in SOLVERS.items() if re.fullmatch(pattern, key)), {})


def curve_solvers(name: str) -> dict[str, str]:
    """What finds a curve."""
    of = name.removesuffix("_se")
    return next((each for pattern, each in CURVE_SOLVERS.items() if re.fullmatch(pattern, of)), {})
