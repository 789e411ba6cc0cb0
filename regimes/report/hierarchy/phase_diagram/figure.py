"""Figure of a phase diagram: where in the plane of symbols and rules there is a transition, and at which noise."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from regimes.report.parts.axes import readable_ticks

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from regimes.numerics.hierarchy.phase_diagram import PhaseDiagram

__all__ = ["figure"]

_BOUNDARY = "#10243e"
_DIVERGES = "#8c2d19"


def figure(result: PhaseDiagram, ax: Any = None) -> Figure:
    """Draw a panel for each number of children.

    Shades show epsilon*, white no transition, lines where either condition for a transition ends, and inside the dots
    the susceptibility diverges.
    """
    children = result.problem.children
    if ax is None:
        from matplotlib.figure import Figure

        new = Figure(figsize=(3.2 * len(children) + 0.8, 3.9), layout="constrained")
        axes = new.subplots(1, len(children), squeeze=False)[0].tolist()
    else:
        axes = [ax] if hasattr(ax, "plot") else list(ax)
        if len(axes) != len(children):
            raise ValueError(f"plot: ax must hold {len(children)} axes, one for each panel, got {len(axes)}")
    shade = None
    for panel, axis in enumerate(axes):
        shade = _panel(result, panel, axis)
    axes[0].set_ylabel("rules a symbol, m")
    axes[0].legend(handles=_legend(), loc="upper left", fontsize=7.5, framealpha=0.9)
    axes[0].figure.colorbar(shade, ax=axes, label=r"noise at the transition, $\epsilon^*$")
    drawn: Figure = axes[0].figure
    return drawn


def _panel(result: PhaseDiagram, panel: int, axis: Any) -> Any:
    curves, largest_v = result.curves, result.problem.largest_v
    v, m = curves["symbols"], curves["rules"][panel]
    across, levels = np.broadcast_to(v, m.shape), np.linspace(0, 1, 11)
    shade = axis.contourf(across, m, curves["epsilon_star"], levels=levels, cmap="Greys", vmin=-0.1, vmax=1.8)
    growth = curves["susceptibility_growth"][panel]
    axis.contour(across, m, growth, levels=[1.0], colors=_DIVERGES, linestyles=":", linewidths=1.8)
    for name, style in (("most_rules", "-"), ("fewest_rules", "--")):
        axis.plot(v, curves[name][panel], color=_BOUNDARY, linestyle=style, linewidth=1.8)
    axis.set_xscale("log")
    axis.set_yscale("log")
    axis.set_xlim(2, largest_v)
    axis.set_ylim(1, float(m.max()) * 2)
    readable_ticks(axis)
    axis.set_title(f"s = {result.problem.children[panel]} children", fontsize=10)
    axis.set_xlabel("symbols, v")
    return shade


def _legend() -> list[Any]:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    return [
        Line2D([], [], color=_BOUNDARY, linestyle="-", linewidth=1.8, label="slope of F at 1 is 1"),
        Line2D([], [], color=_BOUNDARY, linestyle="--", linewidth=1.8, label="slope of F at 1/v is 1"),
        Patch(facecolor="white", edgecolor="0.5", label="white: no transition"),
        Line2D([], [], color=_DIVERGES, linestyle=":", linewidth=1.8, label=r"inside: $\chi$ diverges"),
    ]
