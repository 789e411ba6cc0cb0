"""Figure of layers under U-turns: cosines and shares over time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from regimes.report.parts.axes import band, figure_axes, readable_ticks
from regimes.report.parts.shown_text import figure_text
from regimes.report.parts.styles import TIME_LABEL

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from regimes.prediction.hierarchy.features.result import FeatureTransitions

__all__ = ["figure"]

_DASHES = ("-", "--", "-.", ":")


def figure(result: FeatureTransitions, ax: Any = None) -> Figure:
    """Draw the cosine of each layer with its baseline, and the share that is kept, from light (shallow) to dark."""
    from matplotlib import colormaps

    drawn, (above, below) = figure_axes(ax, rows=2, height=6.0)
    t, curves, layers = result.curves["t"], result.curves, result.problem.layers
    for row, name in enumerate(layers):
        shade = colormaps["viridis_r"](0.1 + 0.85 * row / max(1, len(layers) - 1))
        style = {"color": shade, "linestyle": _DASHES[row % len(_DASHES)], "linewidth": 1.6}
        band(above, t, curves["cosine"][row], curves["cosine_se"][row], figure_text(name), style)
        above.plot(t, curves["baseline"][row], color=shade, linestyle=":", linewidth=0.8)
        band(below, t, curves["share"][row], curves["share_se"][row], None, style)
    below.axhline(0.5, color="0.6", linewidth=0.8)
    above.set_ylabel("cosine with the start (dots: of others)")
    below.set_ylabel("share kept")
    below.set_xlabel(TIME_LABEL)
    below.set_xscale("log")
    readable_ticks(below)
    above.legend(fontsize=8)
    return drawn
