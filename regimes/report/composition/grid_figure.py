"""Figure of percolation on a grid: the largest cluster above, and the probability to span below."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from regimes.report.composition.marks import FINITE, GUIDE, LARGEST, mark, name_above, remark, set_limits
from regimes.report.composition.shown import shown_lambdas
from regimes.report.composition.titles import connection_words, count_words, grid_words
from regimes.report.parts.axes import band, figure_axes
from regimes.report.parts.rounding import rounded

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from regimes.numerics.interface.number import Number
    from regimes.prediction.composition.grid import PercolationPrediction

__all__ = ["grid_figure"]

_SPANNING: dict[str, Any] = {"color": "#1b6b45", "linestyle": "-", "linewidth": 1.9}
_INFINITE: dict[str, Any] = {"color": "0.15", "linewidth": 1.1, "linestyle": (0, (4, 2))}
_HALF: dict[str, Any] = {"color": "0.55", "linewidth": 1.0, "linestyle": (0, (1, 3))}


def grid_figure(result: PercolationPrediction, ax: Sequence[Axes] | None = None) -> Figure:
    """Curves against the kept fraction, on two axes, with both thresholds marked.

    Bands are 1.96 standard errors over random orders, within 0 and 1; around the threshold of the infinite grid also
    the largest deviation of a fit. Of a curve at fractions that nobody chose the part up to twice the threshold of this
    grid is shown.
    """
    if not result.curves:
        raise ValueError("plot: the prediction holds no simulation; ask for one run at least")
    figure, (top, bottom) = figure_axes(ax, rows=2, height=6.0, ratios=(1.5, 1.0))
    infinite, median = (result[f"percolation.threshold_{of}"] for of in ("infinite", "grid"))
    curves, x = result.curves, result.curves["lambda"]
    band(top, x, curves["largest"], curves["largest_se"], "largest cluster", LARGEST, within=(0.0, 1.0))
    band(bottom, x, curves["spanning"], curves["spanning_se"], None, _SPANNING, within=(0.0, 1.0))
    low, high = set_limits(bottom, x[shown_lambdas(x, median.value)], infinite.value, median.value)
    top.plot([low, high], [low, high], label="all that is kept", zorder=1, **GUIDE)
    top.plot([low, high], [low / 2, high / 2], label="half of it", zorder=1, **_HALF)
    top.set_ylim(-0.03 * high, 1.06 * high)
    bottom.set_ylim(-0.03, 1.06)
    for axis in (top, bottom):
        mark(axis, infinite, _INFINITE)
        mark(axis, median, FINITE)
    _name_thresholds(top, infinite, median)
    if median.value is None:
        remark(bottom, "no cluster spans, even if all points are kept")
    top.set_ylabel("share of the grid points")
    spans = "winds around the grid" if result.problem.periodic else "spans the grid"
    bottom.set_ylabel(f"probability that a cluster\n{spans}")
    bottom.set_xlabel(r"kept fraction of the grid $\lambda$")
    bands = [] if curves["largest_se"] is None else ["bands: 1.96 standard errors"]
    if infinite.interval is not None:
        bands.append("band of the fit: largest deviation")
    top.legend(loc="best", fontsize=8, framealpha=0.9, title="\n".join(bands), title_fontsize=8)
    orders = count_words(result.settings["runs"], "random order")
    title = f"{grid_words(result.problem)}, {orders}\n{connection_words(result.problem)}"
    top.set_title(title, fontsize=10, pad=20)
    return figure


def _name_thresholds(axis: Axes, infinite: Number, median: Number) -> None:
    """Each threshold named to the side on which the other is not."""
    named = (
        (infinite, r"infinite grid: $\lambda_c$ = ", " (fit)" if infinite.interval else "", _INFINITE["color"]),
        (median, "this grid: ", "", FINITE["color"]),
    )
    shown = [
        (number.value, f"{lead}{rounded(number.value, number.error)}{note}", color)
        for number, lead, note, color in named
        if number.value is not None
    ]
    sides = ("right", "left") if len(shown) == 2 else ("center",)
    for (place, text, color), side in zip(sorted(shown), sides, strict=False):
        name_above(axis, place, text, side=side, color=color)
