"""Figure of percolation of a data set: the largest component of random parts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from regimes.numerics.composition.overlap_kinds import OVERLAPS
from regimes.report.composition.marks import FINITE, GUIDE, LARGEST, mark, name_above, remark, set_limits
from regimes.report.composition.titles import count_words
from regimes.report.parts.axes import band, figure_axes
from regimes.report.parts.rounding import rounded

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from regimes.prediction.composition.data import DataPercolationPrediction

__all__ = ["data_figure"]


def data_figure(result: DataPercolationPrediction, ax: Axes | None = None) -> Figure:
    """Share of the kept points in their largest component against the kept fraction, on one axis.

    The band is 1.96 standard errors over random orders, and the fraction from which on the largest component holds half
    is marked with its own.
    """
    figure, (axis,) = figure_axes(None if ax is None else [ax], rows=1, height=4.0)
    curves, half, points = result.curves, result["components.half_fraction"], result.problem.points
    share, error = curves["largest_share"], curves["largest_share_se"]
    band(axis, curves["lambda"], share, error, "largest component", LARGEST, within=(0.0, 1.0))
    axis.axhline(0.5, label="half of what is kept", **GUIDE)
    set_limits(axis, curves["lambda"], half.value)
    axis.set_ylim(-0.03, 1.06)
    mark(axis, half, FINITE)
    if half.value is not None:
        name_above(axis, half.value, f"half from {rounded(half.value, half.error)} on")
    else:
        remark(axis, "the largest component holds less than half of all points")
    axis.set_xlabel(r"kept fraction of the points $\lambda$")
    axis.set_ylabel("share of the kept points\nin their largest component")
    explained = "" if error is None else "band: 1.96 standard errors"
    axis.legend(loc="best", fontsize=8, framealpha=0.9, title=explained, title_fontsize=8)
    pieces = count_words(len(result.sizes), "component")
    overlap, tau = OVERLAPS[result.problem.overlap], result["connecting.tau"].value
    axis.set_title(
        f"{points.n} points, {pieces}: {overlap} of {tau:g} or more connects\n"
        f"{count_words(result.settings['orders'], 'random order')}",
        fontsize=10,
        pad=20,
    )
    return figure
