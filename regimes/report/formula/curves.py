"""Formulas behind the curves of results: a curve has a name and no record, so they stand here, held by a test."""

from __future__ import annotations

from functools import cache

from regimes.report.formula.places import links

__all__ = ["CURVES", "SIMULATED", "curve_formulas", "curve_kinds"]

_MEAN_FIELD = (
    "hierarchy_marginal",
    "hierarchy_upward",
    "hierarchy_upward_to_class",
    "hierarchy_downward",
    "hierarchy_leaf_belief",
)
CURVES: dict[str, dict[str, tuple[str, ...]]] = {
    "speciation": {"phi": ("clone_disagreement_from_mean_sech", "mixture_kappa")},
    "collapse": {
        "excess_entropy": ("excess_entropy",),
        "excess_entropy_with_classes": ("excess_entropy_corrected", "class_entropy_integrand", "mixture_kappa"),
        "log_n_star": ("log_critical_samples",),
    },
    "dataset": {
        "clone_index": ("index_clone_probability", "snr"),
        "clone_class": ("class_clone_probability", "snr"),
        "clone_class_leave_one_out": ("class_clone_probability", "snr"),
        "clone_group": ("class_clone_probability", "snr"),
        "held_out.clone_class": ("class_quadratic_score",),
        "excess_entropy": ("empirical_excess_entropy", "snr"),
        "leave_one_out": ("leave_one_out_excess_entropy", "snr"),
        "losses.J_train": ("information_slope",),
        "losses.J_test": ("information_slope",),
        "losses.G": ("information_slope",),
        "losses.J_train_exact": ("empirical_excess_entropy", "snr"),
        "losses.J_test_exact": ("leave_one_out_excess_entropy", "snr"),
        "losses.G_exact": ("leave_one_out_excess_entropy", "empirical_excess_entropy", "snr"),
    },
    "training clock": {
        "train": ("mode_train_gain", "noise_transform", "learning_time", "feature_balance", "feature_point"),
        "test": ("mode_test_gain", "noise_transform", "learning_time", "feature_balance", "feature_point"),
        "spectrum.density": ("feature_point", "feature_balance"),
    },
    "advice": {
        **dict.fromkeys(
            (f"guidance.{name}{of}" for name in ("information", "density") for of in ("", "_memorised")),
            ("class_log_ratio",),
        ),
        **dict.fromkeys(("guidance.information_se", "guidance.information_se_memorised"), ("class_log_ratio",)),
        **dict.fromkeys(
            (f"start.divergence{of}" for of in ("", "_low", "_high")),
            ("late_start_divergence", "leave_one_out_excess_entropy", "resolvent_information_slope"),
        ),
        "steps.mmse": ("gaussian_channel_mmse",),
        "training.density": ("hidden_variance_density",),
        **dict.fromkeys(
            (
                f"uturn.{sampler}{se}{of}"
                for sampler in ("stochastic", "deterministic")
                for se in ("", "_se")
                for of in ("", "_memorised")
            ),
            ("class_quadratic_score",),
        ),
        "uturn.retained_stochastic": ("resampled_correlation",),
        "uturn.retained_deterministic": ("transported_correlation",),
    },
    "class tree": {"merge_clone": ("class_quadratic_score", "normalised_clone_probability")},
    "hierarchy": {
        "mean_field": _MEAN_FIELD,
        "susceptibility_mean_field": (
            "hierarchy_leaf_correlation",
            "hierarchy_sibling_covariance",
            "hierarchy_chain_eigenvalue",
            "hierarchy_spin_variance",
            "hierarchy_pairs_at_distance",
            *_MEAN_FIELD,
        ),
    },
    "hierarchy transition": {"upward": ("hierarchy_upward",)},
    "phase diagram": {
        "rules": ("hierarchy_fixed_point_rules",),
        "susceptibility_growth": ("hierarchy_susceptibility_ratio", "hierarchy_slope"),
        "fewest_rules": ("hierarchy_slope_at_uniform",),
        "most_rules": ("hierarchy_slope_at_one",),
        "epsilon_star": ("hierarchy_epsilon_from_belief",),
    },
    "grid percolation": dict.fromkeys(
        ("largest", "largest_share", "mean_size", "spanning"), ("canonical_weight_ratio",)
    ),
    "percolation staircase": {"threshold": ("percolation_threshold_fit",), "disc_limit": ("percolation_disc_limit",)},
    "measurement": {
        "phi_class.predicted": ("class_clone_probability",),
        "phi_point.predicted": ("index_clone_probability",),
    },
}
"""By kind of result and name of the curve; the formula whose value it is first, then those that it rests on."""

SIMULATED = {
    "hierarchy": ("exact", "clone_probability", "conditional_entropy", "susceptibility_exact", "density_evolution"),
    "data percolation": ("largest_share", "kept"),
    "layer transitions": ("cosine", "baseline", "share"),
    "percolation staircase": ("error", "fitted"),
    "measurement": (
        "denoising_loss",
        *(f"phi_{of}.{each}" for of in ("class", "point") for each in ("measured", "corrected")),
    ),
}
"""Curves that no formula gives: messages are passed, points counted, models measured."""


@cache
def curve_kinds() -> dict[str, tuple[str, ...]]:
    """Kinds of results that have a curve, by its name, as a run of the tests saw them."""
    return {name: tuple(kinds) for name, kinds in links()["curves"].items()}


def curve_formulas(name: str) -> dict[str, tuple[str, ...]]:
    """Formulas of a curve, or of the one whose standard error it is, by kind of result; none where no formula does."""
    of = name.removesuffix("_se")
    known = {kind: CURVES.get(kind, {}) | dict.fromkeys(SIMULATED.get(kind, ()), ()) for kind in {*CURVES, *SIMULATED}}
    return {kind: known[kind][of] for kind in sorted(known) if of in known[kind]}
