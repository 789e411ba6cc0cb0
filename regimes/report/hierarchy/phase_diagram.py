"""Figures of the transition of a hierarchy: the upward map with its fixed points, and where there is a transition."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.hierarchy.transition import hierarchy_transition
from regimes.report.parts.axes import figure_axes, readable_ticks

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["plot_phase_diagram", "plot_upward_map"]

_MAP = "#10243e"
_UNSTABLE = "#8c2d19"
_START = 0.1  # of the way from p* to the stable fixed point
_TANGENT = 0.08
_COBWEB_STEPS = 20


def plot_upward_map(v: int, m: int, s: int, *, ax: Axes | None = None) -> Figure:
    """Draw the upward map F with its fixed points, and where it takes beliefs on both sides of the unstable one.

    Parameters
    ----------
    v, m, s : int
        Symbols, rules a symbol, children.
    ax : Axes, optional
        Where to draw; a new figure otherwise.

    Returns
    -------
    matplotlib.figure.Figure
        The figure; without an unstable fixed point where there is no transition.

    Raises
    ------
    ValueError
        If a parameter is out of range.
    """
    found = hierarchy_transition(v, m, s)
    upward = compile_formula("hierarchy_upward", target="numpy")
    figure, (axis,) = figure_axes(None if ax is None else [ax], rows=1, height=5.6)
    p = np.linspace(0.0, 1.0, 801)[1:]
    axis.plot(p, p, color="0.45", linewidth=1.0)
    axis.plot(p, upward(p, v, m, s), color=_MAP, linewidth=1.9, label="belief of the parent, F(p)")
    if found.p_star is not None and found.slope is not None:
        star, slope = found.p_star, found.slope
        for start, style in ((star + _START * (1 - star), "--"), (star - _START * (star - 1 / v), ":")):
            _cobweb(axis, upward, start, (v, m, s), style)
        reach = np.array([-_TANGENT, _TANGENT])
        axis.plot(star + reach, star + slope * reach, color=_UNSTABLE, linewidth=1.4)
        _fixed_points(axis, [(star, f"$p^*$ = {star:.4f}", slope)], stable=False)
    ends = [(1.0, "p = 1", found.slope_at_one), (1 / v, f"p = 1/v = {1 / v:.4f}", found.slope_at_uniform)]
    for stable in (True, False):
        _fixed_points(axis, [end for end in ends if (end[2] < 1) is stable], stable=stable)
    axis.set_xlim(-0.02, 1.03)
    axis.set_ylim(-0.02, 1.06)
    axis.set_aspect("equal")
    axis.set_xlabel("belief of the children in their true symbols, p")
    axis.set_ylabel("one level up")
    axis.set_title(f"v = {v}, m = {m}, s = {s}", fontsize=10)
    axis.legend(loc="lower right", fontsize=8, framealpha=0.9)
    return figure


def plot_phase_diagram(
    *, children: Sequence[int] = (2, 3, 4), largest_v: int = 64, ax: Sequence[Axes] | None = None
) -> Figure:
    """Draw where in the plane of symbols and rules there is a transition, and at which noise epsilon*.

    Parameters
    ----------
    children : sequence of int
        Numbers of children, one panel each.
    largest_v : int
        Largest number of symbols.
    ax : sequence of Axes, optional
        Where to draw, one for each number of children; a new figure otherwise.

    Returns
    -------
    matplotlib.figure.Figure
        Shades show epsilon*, white no transition, lines where either condition for a transition ends, and inside the
        dots the susceptibility diverges. v and m are taken as real numbers.

    Raises
    ------
    ValueError
        If the number of axes is wrong.
    """
    if ax is not None and len(ax) != len(children):
        raise ValueError(f"plot: ax must hold {len(children)} axes, got {len(ax)}")
    axes: Sequence[Any] = [] if ax is None else ax
    if ax is None:
        from matplotlib.figure import Figure

        figure = Figure(figsize=(3.2 * len(children) + 0.8, 3.9), layout="constrained")
        axes = figure.subplots(1, len(children), squeeze=False)[0]
    shade = None
    for axis, s in zip(axes, children, strict=True):
        shade = _phase_panel(axis, s, largest_v)
    axes[0].set_ylabel("rules a symbol, m")
    axes[0].legend(handles=_phase_legend(), loc="upper left", fontsize=7.5, framealpha=0.9)
    if shade is not None:
        axes[0].figure.colorbar(shade, ax=list(axes), label=r"noise at the transition, $\epsilon^*$")
    drawn: Figure = axes[0].figure
    return drawn


def _fixed_points(axis: Axes, points: list[tuple[float, str, float]], *, stable: bool) -> None:
    """Place, name and slope of each; full marks where they are stable, hollow ones where not; one legend entry."""
    color = _MAP if stable else _UNSTABLE
    names = "\n".join(f"{name}, slope {slope:.3f}" for _, name, slope in points)
    for i, (place, _, _) in enumerate(points):
        axis.plot(
            place, place, "o", markersize=9, color=color, markerfacecolor=color if stable else "white",
            markeredgewidth=1.8, zorder=4, linestyle="none",
            label=None if i else f"{'stable' if stable else 'unstable'}: {names}",
        )  # fmt: skip


def _cobweb(axis: Axes, upward: Any, start: float, parameters: tuple[int, int, int], style: str) -> None:
    """Steps between the map and the diagonal."""
    points = [(start, start)]
    belief = start
    for _ in range(_COBWEB_STEPS):
        image = float(upward(belief, *parameters))
        points += [(belief, image), (image, image)]
        belief = image
    fate = "to certainty" if belief > start else "to ignorance"
    axis.plot(*np.transpose(points), color="#b5382a", linestyle=style, linewidth=1.1, label=f"level by level, {fate}")


def _phase_legend() -> list[Any]:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    return [
        Line2D([], [], color=_MAP, linestyle="-", linewidth=1.8, label="slope of F at 1 is 1"),
        Line2D([], [], color=_MAP, linestyle="--", linewidth=1.8, label="slope of F at 1/v is 1"),
        Patch(facecolor="white", edgecolor="0.5", label="white: no transition"),
        Line2D([], [], color=_UNSTABLE, linestyle=":", linewidth=1.8, label=r"inside: $\chi$ diverges"),
    ]


def _phase_panel(axis: Axes, s: int, largest_v: int) -> Any:
    """Fixed points p* of all values at all v: the rules they need give the ordinate, so that no root is solved."""
    inside = np.linspace(0.0, 1.0, 241)[1:-1] ** 2
    v = np.geomspace(2.0, largest_v, 121)[:, None]
    p = 1 / v + (1 - 1 / v) * inside
    m = compile_formula("hierarchy_fixed_point_rules", target="numpy")(p, v, s)
    epsilon = compile_formula("hierarchy_epsilon_from_belief", target="numpy")(p, v)
    slope = compile_formula("hierarchy_slope", target="numpy")(p, v, m, s)
    ratio = compile_formula("hierarchy_susceptibility_ratio", target="numpy")(slope, s)
    across = np.broadcast_to(v, m.shape)
    shade = axis.contourf(across, m, epsilon, levels=np.linspace(0, 1, 11), cmap="Greys", vmin=-0.1, vmax=1.8)
    axis.contour(across, m, ratio, levels=[1.0], colors=_UNSTABLE, linestyles=":", linewidths=1.8)
    highest = float(m.max()) * 2
    plane_v, plane_m = np.meshgrid(v[:, 0], np.geomspace(1.0, highest, 200))
    for name, style in (("hierarchy_slope_at_one", "-"), ("hierarchy_slope_at_uniform", "--")):
        condition = compile_formula(name, target="numpy")(plane_v, plane_m, s)
        axis.contour(plane_v, plane_m, condition, levels=[1.0], colors=_MAP, linestyles=style, linewidths=1.8)
    axis.set_xscale("log")
    axis.set_yscale("log")
    axis.set_xlim(2, largest_v)
    axis.set_ylim(1, highest)
    readable_ticks(axis)
    axis.set_title(f"s = {s} children", fontsize=10)
    axis.set_xlabel("symbols, v")
    return shade
