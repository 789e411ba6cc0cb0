"""Figure of a hierarchy: its levels and its susceptibility against noise."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from regimes.report.hierarchy.levels import EQUAL_BELIEF, level_name, noise_name, shown_levels
from regimes.report.parts.axes import figure_axes, readable_ticks

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from regimes.prediction.hierarchy.result import HierarchyPrediction

    Array = NDArray[np.float64]

__all__ = ["figure"]

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
_CHI: dict[str, Any] = {"color": "#10243e", "linestyle": "-", "linewidth": 1.6}
_CHI_EQUAL_BELIEF: dict[str, Any] = {"color": "#10243e", "linestyle": ":", "linewidth": 1.1}
_ERRORS = 1.96
_MARK: dict[str, Any] = {"color": "0.15", "linewidth": 1.1, "linestyle": (0, (4, 2))}
_NOTE = 8.5
_NOISE_LABELS = {
    "epsilon": r"noise of the epsilon-process $\epsilon$",
    "masking": "masked fraction of the leaves",
    "uniform": "replaced fraction of the leaves",
    "gaussian": "Ornstein-Uhlenbeck time t  (sampling runs from right to left)",
}


def figure(result: HierarchyPrediction, ax: Any = None) -> Figure:
    """Draw the reconstruction of the levels above and the susceptibility below, against noise, on two axes.

    Lines are averages over random rules: thin ones mean field where density evolution, drawn thick with its band, is
    there too, and then of the epsilon-process of the same mean belief. Points are exact. Bands and bars are 1.96
    standard errors, at the threshold too.
    """
    curves, depth = result.curves, result.problem.L
    drawn, (top, bottom) = figure_axes(ax, rows=2, height=6.4, ratios=(1.7, 1.0))
    x = curves["noise_level"]
    real = "density_evolution" in curves
    few = "." if x.size < _FEW else None
    shown = shown_levels(depth)
    for level, (style, marker) in zip(shown, _level_styles(len(shown)), strict=True):
        name = level_name(level, depth)
        width, label = (0.8, None) if real else (1.8, name)
        top.plot(x, curves["mean_field"][level], linewidth=width, label=label, marker=few, **style)
        if real:
            curve, error = curves["density_evolution"][level], _ERRORS * curves["density_evolution_se"][level]
            top.plot(x, curve, linewidth=2.0, label=name, marker=few, **style)
            top.fill_between(x, curve - error, curve + error, color=style["color"], alpha=0.25, linewidth=0)
            if x.size == 1:  # a band needs two
                top.errorbar(x, curve, error, fmt="none", ecolor=style["color"], elinewidth=1.8)
        if "exact" in curves:
            _points(top, x, curves["exact"][level], curves["exact_se"][level], style["color"], marker)
    _susceptibility(result, bottom, few)
    _noise_axis(result, top, bottom)
    _mark_threshold(result, top, bottom)
    top.set_ylim(-0.02, 1.04)
    bottom.set_ylim(bottom=0)
    top.set_ylabel("probability that the symbol comes back")
    bottom.set_ylabel(r"susceptibility $\chi$")
    bottom.set_xlabel(_NOISE_LABELS[result.settings["noise"]])
    place = "best" if result["threshold.value"].value is None else "lower left"  # empty where the levels fall late
    top.legend(loc=place, fontsize=8, framealpha=0.9, handlelength=3.2, title=_methods(result), title_fontsize=8)
    top.set_title(_title(result), fontsize=10, pad=20)
    return drawn


def _level_styles(count: int) -> list[tuple[dict[str, Any], str]]:
    """Style and marker of each level; root and leaves have theirs whatever is between them."""
    every = list(zip(_LEVELS, _POINTS, strict=True))
    return [*every[: count - 1], every[-1]]


def _susceptibility(result: HierarchyPrediction, axis: Axes, few: str | None) -> None:
    curves = result.curves
    x, chi, exact = curves["noise_level"], curves["susceptibility_mean_field"], curves.get("susceptibility_exact")
    real = "density_evolution" in curves
    style, label = (_CHI_EQUAL_BELIEF, EQUAL_BELIEF) if real else (_CHI, "mean field")
    drawable = bool(np.isfinite(chi).any())
    if drawable:
        axis.plot(x, chi, label=label, marker=few, **style)
    if exact is not None and np.isfinite(exact).any():
        error = curves["susceptibility_exact_se"]
        _points(axis, x, exact, error, "#8c2d19", "o", label="exact, bars 1.96 standard errors")
    elif not (real and drawable):
        return
    axis.legend(fontsize=8, framealpha=0.9)


def _points(
    axis: Axes, x: Array, values: Array, errors: Array, color: str, marker: str, *, label: str | None = None
) -> None:
    axis.errorbar(
        x,
        values,
        _ERRORS * errors,
        fmt=marker,
        markersize=4,
        color=color,
        markerfacecolor="white",
        elinewidth=1.0,
        capsize=2,
        label=label,
        zorder=3,
    )


def _noise_axis(result: HierarchyPrediction, top: Axes, bottom: Axes) -> None:
    x = result.curves["noise_level"]
    if x.size < 2:
        return
    if result.settings["noise"] == "gaussian":
        top.set_xscale("log")
        bottom.set_xscale("log")
        margin = (x[-1] / x[0]) ** 0.02
        bottom.set_xlim(x[0] / margin, x[-1] * margin)
        readable_ticks(bottom)
        return
    margin = 0.02 * (x[-1] - x[0])
    bottom.set_xlim(x[0] - margin, x[-1] + margin)


def _mark_threshold(result: HierarchyPrediction, top: Axes, bottom: Axes) -> None:
    noise = result.settings["noise"]
    found = result.numbers.get("threshold.time" if noise == "gaussian" else "threshold.value")
    low, high = bottom.get_xlim()
    if found is None or found.value is None or not low < found.value < high:
        return
    for axis in (top, bottom):
        axis.axvline(found.value, **_MARK)
        if found.error is not None:
            reach = _ERRORS * found.error
            axis.axvspan(found.value - reach, found.value + reach, color="0.5", alpha=0.3, linewidth=0)
    symbol = {"epsilon": r"$\epsilon^*$", "gaussian": r"$t^*$"}.get(noise, "threshold")
    top.annotate(
        f"{symbol} = {found.value:.4g}",
        (found.value, 1.0),
        xycoords=("data", "axes fraction"),
        xytext=(0, 3),
        textcoords="offset points",
        ha="center",
        va="bottom",
        fontsize=_NOTE,
    )


def _title(result: HierarchyPrediction) -> str:
    model, settings = result.problem, result.settings
    classes = "" if model.classes == model.v else f", {model.classes} classes"
    given = settings["rules"] == "given"
    whose = "lines: average over random rules, points: rules given" if given else "average over random rules"
    none = "" if result["transition.p_star"].value is not None else "; no transition"
    return (
        f"v = {model.v}, m = {model.m}, s = {model.s}, L = {model.L}{classes}\n"
        f"{noise_name(settings['noise'])}; {whose}{none}"
    )


def _methods(result: HierarchyPrediction) -> str:
    real, exact = "density_evolution" in result.curves, "exact" in result.curves
    lines = f"thick: density evolution\nthin: {EQUAL_BELIEF}" if real else "lines: mean field"
    if exact:
        lines += "\npoints: exact"
    drawn = [name for name, there in (("bands", real), ("bars", exact)) if there]
    return f"{lines}\n{' and '.join(drawn)}: 1.96 standard errors" if drawn else lines
