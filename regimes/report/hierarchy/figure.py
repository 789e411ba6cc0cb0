"""Figure of a hierarchy: its levels and its susceptibility against noise."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from regimes.report.parts.axes import figure_axes, readable_ticks

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from regimes.prediction.hierarchy.result import HierarchyPrediction

__all__ = ["EQUAL_BELIEF", "level_name", "noise_name", "plot_hierarchy", "shown_levels"]

_MOST_LEVELS = 5
_FEW = 8
# From the root to the leaves, darkest first; dashes and markers tell the levels apart as well.
_LEVELS: tuple[dict[str, Any], ...] = (
    {"color": "#10243e", "linestyle": "-"},
    {"color": "#8c2d19", "linestyle": "--"},
    {"color": "#1b6b45", "linestyle": "-."},
    {"color": "#4d8fbf", "linestyle": ":"},
    {"color": "#c98a1b", "linestyle": (0, (6, 1.5, 1, 1.5, 1, 1.5))},
)
_POINTS = ("o", "s", "^", "D", "v")
EQUAL_BELIEF = "mean field (equal belief)"
"""Name of the mean field of real noise: that of the epsilon-process with the same mean belief at the leaves."""

_CHI: dict[str, Any] = {"color": "#10243e", "linestyle": "-", "linewidth": 1.6}
_CHI_EQUAL_BELIEF: dict[str, Any] = {"color": "#10243e", "linestyle": ":", "linewidth": 1.1}
_ERRORS = 1.96
_MARK: dict[str, Any] = {"color": "0.15", "linewidth": 1.1, "linestyle": (0, (4, 2))}
_NOTE = 8.5


def plot_hierarchy(prediction: HierarchyPrediction, *, ax: Sequence[Axes] | None = None) -> Figure:
    """Draw the reconstruction of the levels above and the susceptibility below, against noise.

    Lines are averages over random rules: thin ones mean field where density evolution, drawn thick with its band, is
    there too, and then of the epsilon-process of the same mean belief. Points are exact. Bands and bars are 1.96
    standard errors, at the threshold too.

    Parameters
    ----------
    prediction : HierarchyPrediction
        The result.
    ax : sequence of two Axes, optional
        Where to draw; a new figure otherwise.

    Returns
    -------
    matplotlib.figure.Figure
        The figure.
    """
    levels, model = prediction.levels, prediction.model
    figure, (top, bottom) = figure_axes(ax, rows=2, height=6.4, ratios=(1.7, 1.0))
    x = levels.noise_level
    alone = levels.density_evolution is None
    few = "." if x.size < _FEW else None
    shown = shown_levels(model["L"])
    for level, (style, marker) in zip(shown, _level_styles(len(shown)), strict=True):
        name = level_name(level, model["L"])
        width, label = (1.8, name) if alone else (0.8, None)
        top.plot(x, levels.mean_field[level], linewidth=width, label=label, marker=few, **style)
        if levels.density_evolution is not None and levels.density_evolution_se is not None:
            curve, error = levels.density_evolution[level], _ERRORS * levels.density_evolution_se[level]
            top.plot(x, curve, linewidth=2.0, label=name, marker=few, **style)
            top.fill_between(x, curve - error, curve + error, color=style["color"], alpha=0.25, linewidth=0)
            if x.size == 1:  # a band needs two
                top.errorbar(x, curve, error, fmt="none", ecolor=style["color"], elinewidth=1.8)
        if levels.exact is not None and levels.exact_se is not None:
            _points(top, x, levels.exact[level], levels.exact_se[level], style["color"], marker)
    _susceptibility(prediction, bottom, few)
    _noise_axis(prediction, top, bottom)
    _mark_threshold(prediction, top, bottom)
    top.set_ylim(-0.02, 1.04)
    bottom.set_ylim(bottom=0)
    top.set_ylabel("probability that the symbol comes back")
    bottom.set_ylabel(r"susceptibility $\chi$")
    bottom.set_xlabel(_noise_label(prediction))
    place = "best" if prediction.threshold.value is None else "lower left"  # empty where the levels fall late
    top.legend(loc=place, fontsize=8, framealpha=0.9, handlelength=3.2, title=_methods(prediction), title_fontsize=8)
    top.set_title(_title(prediction), fontsize=10, pad=20)
    return figure


def shown_levels(depth: int) -> list[int]:
    """Levels that a figure or a table shows: root and leaves, and up to three between.

    Parameters
    ----------
    depth : int
        Levels of rules L.

    Returns
    -------
    list of int
        Increasing, from 0 to L.

    Examples
    --------
    >>> shown_levels(8), shown_levels(3), shown_levels(10)
    ([0, 2, 4, 6, 8], [0, 1, 2, 3], [0, 3, 6, 9, 10])
    """
    return [*range(0, depth, -(-depth // (_MOST_LEVELS - 1))), depth]


def level_name(level: int, depth: int) -> str:
    """Name of a level of the tree.

    Parameters
    ----------
    level, depth : int
        0 is the root, L the leaves.

    Returns
    -------
    str
        For heads of columns and legends.

    Examples
    --------
    >>> [level_name(level, 2) for level in range(3)]
    ['root', 'level 1', 'leaves']
    """
    return "root" if level == 0 else "leaves" if level == depth else f"level {level}"


def noise_name(noise: str) -> str:
    """Name of a noise, for text.

    Parameters
    ----------
    noise : str
        Kind of noise.

    Returns
    -------
    str
        For tables and titles.

    Examples
    --------
    >>> noise_name("epsilon"), noise_name("uniform")
    ('the epsilon-process', 'uniform replacement')
    """
    return {
        "epsilon": "the epsilon-process",
        "masking": "masking",
        "uniform": "uniform replacement",
        "gaussian": "Gaussian noise",
    }[noise]


def _level_styles(count: int) -> list[tuple[dict[str, Any], str]]:
    """Style and marker of each level; root and leaves have theirs whatever is between them."""
    every = list(zip(_LEVELS, _POINTS, strict=True))
    return [*every[: count - 1], every[-1]]


def _susceptibility(prediction: HierarchyPrediction, axis: Axes, few: str | None) -> None:
    x, chi = prediction.levels.noise_level, prediction.susceptibility
    real = prediction.levels.density_evolution is not None
    style, label = (_CHI_EQUAL_BELIEF, EQUAL_BELIEF) if real else (_CHI, "mean field")
    drawable = bool(np.isfinite(chi.mean_field).any())
    if drawable:
        axis.plot(x, chi.mean_field, label=label, marker=few, **style)
    if chi.exact is not None and chi.exact_se is not None and np.isfinite(chi.exact).any():
        _points(axis, x, chi.exact, chi.exact_se, "#8c2d19", "o", label="exact, bars 1.96 standard errors")
    elif not (real and drawable):
        return
    axis.legend(fontsize=8, framealpha=0.9)


def _points(
    axis: Axes, x: NDArray[np.float64], values: NDArray[np.float64], errors: NDArray[np.float64], color: str,
    marker: str, *, label: str | None = None,
) -> None:  # fmt: skip
    axis.errorbar(
        x, values, _ERRORS * errors, fmt=marker, markersize=4, color=color, markerfacecolor="white", elinewidth=1.0,
        capsize=2, label=label, zorder=3,
    )  # fmt: skip


def _noise_axis(prediction: HierarchyPrediction, top: Axes, bottom: Axes) -> None:
    x = prediction.levels.noise_level
    if x.size < 2:
        return
    if prediction.levels.noise == "gaussian":
        top.set_xscale("log")
        bottom.set_xscale("log")
        margin = (x[-1] / x[0]) ** 0.02
        bottom.set_xlim(x[0] / margin, x[-1] * margin)
        readable_ticks(bottom)
        return
    margin = 0.02 * (x[-1] - x[0])
    bottom.set_xlim(x[0] - margin, x[-1] + margin)


def _mark_threshold(prediction: HierarchyPrediction, top: Axes, bottom: Axes) -> None:
    found = prediction.threshold
    place, error = (found.time, found.time_se) if found.noise == "gaussian" else (found.value, found.se)
    low, high = bottom.get_xlim()
    if place is None or not low < place < high:
        return
    for axis in (top, bottom):
        axis.axvline(place, **_MARK)
        if error is not None:
            axis.axvspan(place - _ERRORS * error, place + _ERRORS * error, color="0.5", alpha=0.3, linewidth=0)
    symbol = r"$\epsilon^*$" if found.noise == "epsilon" else "$t^*$" if found.noise == "gaussian" else "threshold"
    top.annotate(
        f"{symbol} = {place:.4g}", (place, 1.0), xycoords=("data", "axes fraction"), xytext=(0, 3),
        textcoords="offset points", ha="center", va="bottom", fontsize=_NOTE,
    )  # fmt: skip


def _noise_label(prediction: HierarchyPrediction) -> str:
    noise, unit = prediction.levels.noise, prediction.levels.unit
    return {
        "epsilon": r"noise of the epsilon-process $\epsilon$",
        "masking": "masked fraction of the leaves",
        "uniform": "replaced fraction of the leaves",
        "gaussian": "Ornstein-Uhlenbeck time t  (sampling runs from right to left)",
    }.get(noise, unit)


def _title(prediction: HierarchyPrediction) -> str:
    model = prediction.model
    classes = "" if model["classes"] == model["v"] else f", {model['classes']} classes"
    whose = "lines: average over random rules, points: rules given"
    if prediction.settings["rules"] != "given":
        whose = "average over random rules"
    none = "" if prediction.transition.exists else "; no transition"
    return (
        f"v = {model['v']}, m = {model['m']}, s = {model['s']}, L = {model['L']}{classes}\n"
        f"{noise_name(prediction.levels.noise)}; {whose}{none}"
    )


def _methods(prediction: HierarchyPrediction) -> str:
    levels = prediction.levels
    lines = "lines: mean field"
    if levels.density_evolution is not None:
        lines = f"thick: density evolution\nthin: {EQUAL_BELIEF}"
    if levels.exact is not None:
        lines += "\npoints: exact"
    drawn = [name for name, there in (("bands", levels.density_evolution), ("bars", levels.exact)) if there is not None]
    return f"{lines}\n{' and '.join(drawn)}: 1.96 standard errors" if drawn else lines
