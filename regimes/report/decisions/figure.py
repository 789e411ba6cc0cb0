"""What is told at which noise: information, its density, and what is advised, against sigma."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from regimes.numerics.compiled.compile import compile_formula
from regimes.report.parts.axes import band, figure_axes, readable_ticks
from regimes.report.parts.shown_text import figure_text
from regimes.report.parts.styles import CLASS, CLASS_HELD_OUT, INDEX, POPULATION

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from regimes.prediction.decisions.result import Advice

__all__ = ["figure"]

_TOLD = {
    "": ("class told, generalises, at least", CLASS_HELD_OUT),
    "_memorised": ("class told, memorised", CLASS),
}
_KEPT = {"stochastic": ("class kept, stochastic U-turn", POPULATION), "deterministic": ("deterministic", INDEX)}
_TIMES = {
    "start.time": "start",
    "uturn.keep_stochastic": "kept up to",
    "uturn.lose_stochastic": "anew from",
    "points.median_time": "median point",
    "collapse.time": "collapse",
}
_HIDDEN = "variance hidden by noise"
_LEVELS = {"own": ("your steps", 0.07), "best": ("best steps", 0.0)}


def figure(result: Advice, ax: Any = None) -> Figure:
    """Draw shares of what is told above and densities below, with intervals and steps; ``ax`` takes two axes."""
    curves = result.curves
    if not {"guidance.t", "guidance.t_memorised", "steps.own_sigma", "training.log_sigma", "uturn.t"} & set(curves):
        raise ValueError("plot: these answers hold no curves; ask for guidance, steps, uturn or training as well")
    drawn, (top, bottom) = figure_axes(ax, rows=2, height=6.4)
    _shares(result, top)
    _densities(result, bottom)
    _steps(result, bottom)
    top.set_xscale("log")
    low, high = _range(result)
    top.set_xlim(low, high)
    readable_ticks(bottom)
    _times(result, top, (low, high))
    top.set_ylabel("share told, or kept")
    top.set_ylim(-0.02, 1.05)
    bottom.set_ylabel(r"per nat of $\log\sigma$, in units of the largest")
    bottom.set_ylim(-0.16, 1.08)
    bottom.set_xlabel(r"noise over signal $\sigma$  (sampling runs from right to left)")
    for axis in (top, bottom):
        if axis.get_legend_handles_labels()[0]:
            axis.legend(loc="center left", fontsize=8, framealpha=0.9)
    top.set_title(figure_text(f"{result.problem.name}: n = {result.problem.n}, d = {result.problem.d}"), fontsize=10)
    return drawn


def _sigma(t: Any) -> NDArray[np.float64]:
    return np.asarray(compile_formula("edm_sigma", target="numpy")(np.asarray(t, dtype=np.float64)))


def _shares(result: Advice, axis: Axes) -> None:
    """Information about the class in units of what there is, and survival of the class."""
    curves = result.curves
    for suffix, (label, style) in _TOLD.items():
        name = f"guidance.information{suffix}"
        if name in curves:
            whole = result[name].value or 1.0
            error = curves[f"guidance.information_se{suffix}"] / whole
            band(axis, _sigma(curves[f"guidance.t{suffix}"]), curves[name] / whole, error, label, style)
    low, high = (result.numbers.get(f"guidance.{end}") for end in ("low", "high"))
    if low is not None and high is not None and low.value and high.value:
        axis.axvspan(*_sigma([low.value, high.value]), facecolor="0.9", zorder=-2, linewidth=0)
    for sampler, (label, style) in _KEPT.items():
        if f"uturn.{sampler}" in curves:
            thin = style | {"linewidth": 1.2}
            band(axis, _sigma(curves["uturn.t"]), curves[f"uturn.{sampler}"], None, label, thin)
    if not axis.lines and "steps.mmse" in curves:
        band(axis, *_variance_told(curves), None, "variance told, Gaussian", POPULATION)


def _densities(result: Advice, axis: Axes) -> None:
    """Where the class is told, and where noise hides the variance of the data."""
    curves = result.curves
    for suffix, (label, style) in _TOLD.items():
        if f"guidance.density{suffix}" in curves:
            density = np.maximum(curves[f"guidance.density{suffix}"], 0.0)
            band(axis, _sigma(curves[f"guidance.t{suffix}"]), density / density.max(), None, label, style)
    if "training.density" in curves:
        density = curves["training.density"]
        hidden = np.exp(curves["training.log_sigma"]), density / density.max()
        band(axis, *hidden, None, _HIDDEN, POPULATION | {"linestyle": (0, (5, 2))})
    if not axis.lines and "steps.mmse" in curves:
        sigma, told = _variance_told(curves)
        density = -np.gradient(told, np.log(sigma))
        band(axis, sigma, density / density.max(), None, _HIDDEN, POPULATION | {"linestyle": (0, (5, 2))})


def _variance_told(curves: Mapping[str, NDArray[np.float64]]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Share of the variance that the Gaussian of the data is told, against sigma."""
    return curves["steps.snr"] ** -0.5, 1 - curves["steps.mmse"] / curves["steps.mmse"].max()


def _steps(result: Advice, axis: Axes) -> None:
    """Noise levels of the calls of both grids, as ticks."""
    for grid, (label, height) in _LEVELS.items():
        levels = result.curves.get(f"steps.{grid}_sigma")
        if levels is None:
            continue
        finite = levels[np.isfinite(levels) & (levels > 0)]
        place = np.full(finite.size, height - 0.1)
        color = "0.15" if grid == "own" else "0.5"
        axis.plot(finite, place, linestyle="none", marker="|", markersize=7, color=color, label=label)


def _times(result: Advice, axis: Axes, within: tuple[float, float]) -> None:
    """Times that are advised, as lines with their names along them, in turn at three heights."""
    values = {label: result.numbers[key].value for key, label in _TIMES.items() if key in result.numbers}
    sigmas = {label: float(_sigma(value)) for label, value in values.items() if value}
    inside = sorted((sigma, label) for label, sigma in sigmas.items() if within[0] < sigma < within[1])
    for place, (sigma, label) in enumerate(inside):
        axis.axvline(sigma, color="0.45", linewidth=0.9, linestyle=(0, (4, 3)), zorder=0)
        axis.annotate(
            label,
            (sigma, 0.24 * (place % 3)),
            xytext=(-2, 0),
            textcoords="offset points",
            rotation=90,
            ha="right",
            va="bottom",
            fontsize=7.5,
            color="0.25",
            bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.75, "pad": 0.5},
        )


def _range(result: Advice) -> tuple[float, float]:
    """Noise at which something happens: of the curves, not of the sampler, which may begin far above."""
    curves = result.curves
    sigmas = [_sigma(curves[name]) for name in ("guidance.t", "guidance.t_memorised", "uturn.t") if name in curves]
    sigmas += [np.exp(curves["training.log_sigma"])] if "training.log_sigma" in curves else []
    if not sigmas:
        levels = curves["steps.own_sigma"]
        sigmas = [levels[np.isfinite(levels) & (levels > 0)]]
    both = np.concatenate(sigmas)
    return float(both.min()), float(both.max())
