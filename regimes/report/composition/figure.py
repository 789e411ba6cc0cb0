"""Figures of percolation: the largest cluster and spanning of a grid, the largest component of a data set."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from regimes.report.composition.text import (
    OVERLAP_NAMES,
    connection_words,
    count_words,
    grid_words,
    rounded,
    threshold_words,
)
from regimes.report.parts.axes import band, figure_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from regimes.numerics.composition.data.random_parts import DataPercolation
    from regimes.numerics.composition.lattice.lattice import LatticePercolation
    from regimes.prediction.composition.grid_result import PercolationPrediction

__all__ = ["default_lambdas", "plot_data_percolation", "plot_percolation", "shown_lambdas"]

_ERRORS = 1.96
_EVEN = np.arange(101) / 100
_SHOWN = 2.0  # times the threshold: what lies beyond is the same everywhere
_LARGEST: dict[str, Any] = {"color": "#10243e", "linestyle": "-", "linewidth": 1.9}
_SPANNING: dict[str, Any] = {"color": "#1b6b45", "linestyle": "-", "linewidth": 1.9}
_INFINITE: dict[str, Any] = {"color": "0.15", "linewidth": 1.1, "linestyle": (0, (4, 2))}
_FINITE: dict[str, Any] = {"color": "#8c2d19", "linewidth": 1.1, "linestyle": "-"}
_HALF: dict[str, Any] = {"color": "0.55", "linewidth": 1.0, "linestyle": (0, (1, 3))}
_GUIDE: dict[str, Any] = {"color": "0.55", "linewidth": 1.0, "linestyle": ":"}
_NOTE = 8.5


def plot_percolation(prediction: PercolationPrediction, *, ax: Sequence[Axes] | None = None) -> Figure:
    """Draw the largest cluster above and the probability to span below, against the kept fraction.

    Bands are 1.96 standard errors over random orders, within 0 and 1. Marked are the threshold of the infinite grid,
    with 1.96 standard errors or the largest deviation of the fit, and the median of the grid asked for, with 1.96
    standard errors. Of a curve at fractions that nobody chose the part up to twice the threshold is shown.

    Parameters
    ----------
    prediction : PercolationPrediction
        With a simulation.
    ax : sequence of two Axes, optional
        Where to draw; a new figure otherwise.

    Returns
    -------
    matplotlib.figure.Figure
        The figure.

    Raises
    ------
    ValueError
        If there is no simulation, or the number of axes is wrong.
    """
    found = prediction.simulation
    if found is None:
        raise ValueError("plot: the prediction holds no simulation; ask for one run at least")
    figure, (top, bottom) = figure_axes(ax, rows=2, height=6.0, ratios=(1.5, 1.0))
    x = found.lambdas
    band(top, x, found.largest, found.largest_se, "largest cluster", _LARGEST, within=(0.0, 1.0))
    band(bottom, x, found.spanning, found.spanning_se, None, _SPANNING, within=(0.0, 1.0))
    shown = shown_lambdas(found)
    low, high = _limits(bottom, x[shown], prediction.threshold.value, found.threshold)
    top.plot([low, high], [low, high], label="all that is kept", zorder=1, **_GUIDE)
    top.plot([low, high], [low / 2, high / 2], label="half of it", zorder=1, **_HALF)
    top.set_ylim(-0.03 * high, 1.06 * high)
    bottom.set_ylim(-0.03, 1.06)
    _marks(prediction, top, bottom)
    top.set_ylabel("share of the grid points")
    bottom.set_ylabel(
        "probability that a cluster\n" + ("winds around the grid" if found.periodic else "spans the grid")
    )
    bottom.set_xlabel(r"kept fraction of the grid $\lambda$")
    bands = [] if found.largest_se is None else ["bands: 1.96 standard errors"]
    if prediction.threshold.method == "fit":
        bands.append("band of the fit: largest deviation")
    top.legend(loc="best", fontsize=8, framealpha=0.9, title="\n".join(bands), title_fontsize=8)
    orders = count_words(found.runs, "random order")
    top.set_title(f"{grid_words(prediction)}, {orders}\n{connection_words(prediction)}", fontsize=10, pad=20)
    return figure


def plot_data_percolation(result: DataPercolation, *, ax: Axes | None = None) -> Figure:
    """Draw the largest component of random parts of a data set against the kept fraction.

    Parameters
    ----------
    result : DataPercolation
        The result.
    ax : Axes, optional
        Where to draw; a new figure otherwise.

    Returns
    -------
    matplotlib.figure.Figure
        The figure; the band is 1.96 standard errors over random orders, and the fraction from which on the largest
        component holds half is marked with its own.
    """
    figure, (axis,) = figure_axes(None if ax is None else [ax], rows=1, height=4.0)
    band(axis, result.lambdas, result.curve, result.curve_se, "largest component", _LARGEST, within=(0.0, 1.0))
    axis.axhline(0.5, label="half of what is kept", **_GUIDE)
    _limits(axis, result.lambdas, result.half_fraction)
    axis.set_ylim(-0.03, 1.06)
    _mark(axis, result.half_fraction, result.half_fraction_se, _ERRORS, _FINITE)
    if result.half_fraction is not None:
        _name(axis, result.half_fraction, f"half from {rounded(result.half_fraction, result.half_fraction_se)} on")
    else:
        _remark(axis, "the largest component holds less than half of all points")
    axis.set_xlabel(r"kept fraction of the points $\lambda$")
    axis.set_ylabel("share of the kept points\nin their largest component")
    explained = "" if result.curve_se is None else "band: 1.96 standard errors"
    axis.legend(loc="best", fontsize=8, framealpha=0.9, title=explained, title_fontsize=8)
    name, pieces = OVERLAP_NAMES[result.overlap], count_words(len(result.components), "component")
    axis.set_title(
        f"{result.n} points, {pieces}: {name} of {result.tau:g} or more connects\n"
        f"{count_words(result.orders, 'random order')}",
        fontsize=10, pad=20,
    )  # fmt: skip
    return figure


def shown_lambdas(simulation: LatticePercolation) -> NDArray[np.bool_]:
    """Which kept fractions of a curve a figure or a table shows: all, or those up to twice the threshold.

    Parameters
    ----------
    simulation : LatticePercolation
        With its curve.

    Returns
    -------
    ndarray of bool, shape (T,)
        All of them, where they were chosen or there is no threshold.
    """
    x = simulation.lambdas
    if not default_lambdas(simulation):
        return np.ones_like(x, dtype=bool)
    return x <= _SHOWN * (simulation.threshold or 1.0)


def default_lambdas(simulation: LatticePercolation) -> bool:
    """Whether nobody chose the kept fractions of a curve: they then hold all multiples of .01.

    Parameters
    ----------
    simulation : LatticePercolation
        With its curve.

    Returns
    -------
    bool
        False for fractions that were asked for, all of which are of interest.
    """
    return bool(np.isin(_EVEN, simulation.lambdas).all())


def _limits(axis: Axes, x: NDArray[np.float64], *places: float | None) -> tuple[float, float]:
    """Of the abscissa, so that all fractions and all thresholds can be seen."""
    wanted = [*x.tolist(), *(place for place in places if place is not None)]
    low, high = min(wanted), max(wanted)
    if x.size == 1:
        low, high = 0.0, min(1.0, max(2 * float(x[0]), 1.1 * high)) or 1.0
    margin = 0.02 * (high - low)
    axis.set_xlim(low - margin, high + margin)
    return low, high


def _marks(prediction: PercolationPrediction, top: Axes, bottom: Axes) -> None:
    """The two thresholds, each named to the side on which the other is not."""
    infinite, found = prediction.threshold, prediction.simulation
    median = None if found is None else found.threshold
    median_error = None if found is None else found.threshold_se
    for axis in (top, bottom):
        _mark(
            axis, infinite.value, infinite.error, _ERRORS if infinite.error_is == "standard error" else 1.0, _INFINITE
        )
        _mark(axis, median, median_error, _ERRORS, _FINITE)
    shown = [
        (place, text, color)
        for place, text, color in (
            (infinite.value, rf"infinite grid: $\lambda_c$ = {threshold_words(infinite)}", _INFINITE["color"]),
            (median, "" if median is None else f"this grid: {rounded(median, median_error)}", _FINITE["color"]),
        )
        if place is not None
    ]
    sides = ("right", "left") if len(shown) == 2 else ("center",)
    for (place, text, color), side in zip(sorted(shown), sides, strict=False):
        _name(top, place, text, side=side, color=color)
    if median is None:
        _remark(bottom, "no cluster spans, even if all points are kept")


def _mark(axis: Axes, place: float | None, error: float | None, errors: float, style: dict[str, Any]) -> None:
    if place is None:
        return
    axis.axvline(place, **style)
    if error:
        axis.axvspan(place - errors * error, place + errors * error, color=style["color"], alpha=0.2, linewidth=0)


def _name(axis: Axes, place: float, text: str, *, side: str = "center", color: str = "0.1") -> None:
    """Above a vertical line; with two lines each name ends or starts at its own, whichever is away from the other."""
    gap = {"left": 3, "center": 0, "right": -3}[side]
    low, high = axis.get_xlim()
    if side == "center" and not 0.25 < (place - low) / (high - low) < 0.75:
        side = "right" if place > (low + high) / 2 else "left"
    axis.annotate(
        text, (place, 1.0), xycoords=("data", "axes fraction"), xytext=(gap, 3), textcoords="offset points",
        horizontalalignment=side, verticalalignment="bottom", fontsize=_NOTE, color=color,
    )  # fmt: skip


def _remark(axis: Axes, text: str) -> None:
    axis.annotate(text, (0.5, 0.62), xycoords="axes fraction", ha="center", va="center", fontsize=_NOTE, color="0.25")
