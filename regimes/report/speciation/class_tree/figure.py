"""The tree in which classes part, drawn in diffusion time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from regimes.report.parts.axes import figure_axes
from regimes.report.parts.shown_text import figure_text
from regimes.report.parts.styles import CLASS, INDEX, TIME_LABEL

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from regimes.prediction.speciation.classes import ClassTree

__all__ = ["figure"]

_PER_CLASS, _SMALLEST, _LARGEST = 0.3, 3.0, 24.0
_LIMIT: dict[str, Any] = {"color": INDEX["color"], "linewidth": 1.2}
_NAMED = 60  # classes at the usual size of letters


def figure(result: ClassTree, ax: Any = None) -> Figure:
    """Draw a dendrogram: classes at the left, where there is no noise, joined where they part."""
    names = result.problem.classes
    height = min(max(_SMALLEST, 1.2 + _PER_CLASS * len(names)), _LARGEST)
    drawn, (axis,) = figure_axes(ax, rows=1, height=height)
    place = {name: float(y) for y, name in enumerate(_leaves(result.curves["merges"]))}
    tops = {(name,): (0.0, y) for name, y in place.items()}
    for merge in result.curves["merges"]:
        ends = [tops.pop(tuple(sorted(group))) for group in merge["classes"]]
        both = tuple(sorted(name for group in merge["classes"] for name in group))
        # The middle of the classes, not of the two branches: one class beside many hides no other's line.
        tops[both] = _join(axis, ends, sum(place[name] for name in both) / len(both), merge)
    ((top, middle),) = tops.values()
    far = 1.06 * max(top, max((merge["time"] or 0.0 for merge in result.curves["merges"]), default=0.0)) or 1.0
    axis.plot([top, far], [middle, middle], **CLASS)
    axis.set_xlim(0.0, far)
    axis.set_ylim(len(names) - 0.4, -0.6)
    axis.set_yticks(list(place.values()), list(map(figure_text, place)), fontsize=9 if len(names) <= _NAMED else 5)
    axis.set_xlabel(TIME_LABEL)
    axis.spines[["top", "right", "left"]].set_visible(False)
    axis.tick_params(axis="y", length=0)
    title = f"{result.problem.name}: classes part as noise falls (dots: bound; red lines: to its 97.5% limit)"
    axis.set_title(figure_text(title), fontsize=10)
    return drawn


def _join(axis: Axes, ends: list[tuple[float, float]], middle: float, merge: dict[str, Any]) -> tuple[float, float]:
    """Draw two branches up to where they meet; dotted where no held-out point tells them apart."""
    at = merge["height"]
    style = CLASS if merge["time"] is not None else {**CLASS, "linestyle": ":"}
    for start, y in ends:
        axis.plot([start, at], [y, y], **CLASS)
    axis.plot([at, at], [ends[0][1], ends[1][1]], **style)
    if merge["interval"] is not None:
        axis.plot([merge["interval"][0], merge["time"]], [middle, middle], zorder=3, **_LIMIT)
        axis.plot([merge["time"]], [middle], marker="o", markersize=4, zorder=3, color=_LIMIT["color"])
    return at, middle


def _leaves(merges: list[dict[str, Any]]) -> list[str]:
    """Classes in an order in which no branches cross: that of the last joining, each group in that of its own."""
    order: dict[tuple[str, ...], list[str]] = {}
    for merge in merges:
        sides = [order.pop(tuple(sorted(group)), list(group)) for group in merge["classes"]]
        joined = sides[0] + sides[1]
        order[tuple(sorted(joined))] = joined
    return next(iter(order.values()))
