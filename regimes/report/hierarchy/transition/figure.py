"""Figure of a transition: the upward map with its fixed points, and where it takes beliefs on both sides."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from regimes.report.parts.axes import figure_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from regimes.numerics.hierarchy.transition import HierarchyTransition

__all__ = ["figure"]

_MAP = "#10243e"
_UNSTABLE = "#8c2d19"
_START = 0.1  # of the way from p* to the stable fixed point
_TANGENT = 0.08
_COBWEB_STEPS = 20


def figure(result: HierarchyTransition, ax: Any = None) -> Figure:
    """Draw the map F, its fixed points, full where they are stable, and steps from both sides of the unstable one."""
    drawn, (axis,) = figure_axes(ax, rows=1, height=5.6)
    model, p, image = result.problem, result.curves["belief"], result.curves["upward"]
    values = {key.removeprefix("transition."): number.value for key, number in result.numbers.items()}
    star, slope = values["p_star"], values["slope"]
    axis.plot(p, p, color="0.45", linewidth=1.0)
    axis.plot(p, image, color=_MAP, linewidth=1.9, label="belief of the parent, F(p)")
    if star is not None and slope is not None:
        for start, style in ((star + _START * (1 - star), "--"), (star - _START * (star - 1 / model.v), ":")):
            _cobweb(axis, p, image, start, style)
        reach = np.array([-_TANGENT, _TANGENT])
        axis.plot(star + reach, star + slope * reach, color=_UNSTABLE, linewidth=1.4)
        _fixed_points(axis, [(star, f"$p^*$ = {star:.4f}", slope)], stable=False)
    at_uniform = f"p = 1/v = {1 / model.v:.4f}"
    places = ((1.0, "p = 1", values["slope_at_one"]), (1 / model.v, at_uniform, values["slope_at_uniform"]))
    ends = [(place, name, at_end) for place, name, at_end in places if at_end is not None]
    for stable in (True, False):
        _fixed_points(axis, [end for end in ends if (end[2] < 1) is stable], stable=stable)
    axis.set_xlim(-0.02, 1.03)
    axis.set_ylim(-0.02, 1.06)
    axis.set_aspect("equal")
    axis.set_xlabel("belief of the children in their true symbols, p")
    axis.set_ylabel("one level up")
    axis.set_title(f"v = {model.v}, m = {model.m}, s = {model.s}", fontsize=10)
    axis.legend(loc="lower right", fontsize=8, framealpha=0.9)
    return drawn


def _fixed_points(axis: Axes, points: list[tuple[float, str, float]], *, stable: bool) -> None:
    """Place, name and slope of each; full marks where they are stable, hollow ones where not; one legend entry."""
    color = _MAP if stable else _UNSTABLE
    names = "\n".join(f"{name}, slope {slope:.3f}" for _, name, slope in points)
    for i, (place, _, _) in enumerate(points):
        axis.plot(
            place,
            place,
            "o",
            markersize=9,
            color=color,
            markerfacecolor=color if stable else "white",
            markeredgewidth=1.8,
            zorder=4,
            linestyle="none",
            label=None if i else f"{'stable' if stable else 'unstable'}: {names}",
        )


def _cobweb(axis: Axes, p: Any, image: Any, start: float, style: str) -> None:
    """Steps between the drawn map and the diagonal."""
    points = [(start, start)]
    belief = start
    for _ in range(_COBWEB_STEPS):
        parent = float(np.interp(belief, p, image))
        points += [(belief, parent), (parent, parent)]
        belief = parent
    fate = "to certainty" if belief > start else "to ignorance"
    axis.plot(*np.transpose(points), color="#b5382a", linestyle=style, linewidth=1.1, label=f"level by level, {fate}")
