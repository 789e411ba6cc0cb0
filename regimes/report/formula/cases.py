"""When which formula is the main one of a number that has several, the usual case first."""

from __future__ import annotations

import re

__all__ = ["WHEN", "general_label", "when"]

_INFINITE: dict[str | None, str] = {
    None: "few neighbours: from the table",
    "percolation_threshold_fit": "more neighbours than the table has: the fit",
    "chain_mean_cluster_size": "all neighbours on one line",
}
WHEN: dict[str, dict[str | None, str]] = {
    r"collapse\.point_(time|time_redrawn|level)": {
        "index_clone_probability": "of points",
        "class_clone_probability": "with near copies or equal points: of groups of them",
    },
    r"collapse\.leave_one_out_zero": {
        "leave_one_out_excess_entropy": "of data: `regimes predict`",
        "collapse_gap_integrand": "of a mixture: `regimes collapse`",
    },
    r"percolation\.(threshold|images)_infinite": _INFINITE,
    r"threshold\.value": {
        "hierarchy_threshold_pair": "--noise epsilon",
        "hierarchy_epsilon_from_belief": "--noise epsilon, more children",
        None: "real noise: masking, uniform, gaussian",
    },
    r"speciation\.Lambda": {
        "corrected_eigenvalue": "of data: `regimes predict`",
        "mixture_covariance": "`regimes speciation --dim`",
        None: "given: `regimes speciation --Lambda`",
    },
    r"speciation\.potential": {
        "speciation_time_potential": "`regimes predict`, `regimes speciation --Lambda`",
        "overlap_curvature_time": "`regimes speciation --dim`",
    },
    r"transition\.(epsilon_star|p_star|slope)": {
        "hierarchy_threshold_pair": "two children",
        "hierarchy_fixed_point_pair": "two children",
        "hierarchy_slope_pair": "two children",
        "hierarchy_epsilon_from_belief": "more children",
        "hierarchy_fixed_point_rules": "more children",
        "hierarchy_slope": "more children",
    },
}
"""By key; of a number without a formula None."""


def when(key: str) -> dict[str | None, str]:
    """Cases of a number, the usual one first."""
    return next((each for pattern, each in WHEN.items() if re.fullmatch(pattern, key)), {})


def general_label(key: str, label: str) -> str:
    """A label without the classes that the data of the tests had; the key tells which they are."""
    if key.startswith("classes.merge."):
        return "two groups of classes part, the last to part first"
    if key.startswith("features."):
        return re.sub(r" \([^()]*\)", "", label)
    pair = re.fullmatch(r"classes\.(first|last)\..*", key)
    if pair is None:
        return label
    what = next((part for part in label.split(": ") if " | " not in part), label)
    return f"the two classes that part {pair[1]}: {what}"
