"""Panels: predictions as lines, simulations as points with errors of 1.96 standard errors."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from regimes.report.parts.axes import readable_ticks

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from regimes.validation.outcome.panels import Curve, Panel

__all__ = ["draw_panels"]

# Dark enough against white; groups are told apart by dashes and markers as well, so that greyscale loses nothing.
_COLORS = ("#0b3c5d", "#b5382a", "#1b6b45", "#7a4a9c", "#8a6d00", "#333333", "#2a7f9e")
_DASHES: tuple[Any, ...] = ("-", (0, (5, 1.5)), (0, (1.5, 1.2)), (0, (5, 1.5, 1.2, 1.5)), (0, (8, 2)), "-", (0, (3, 1)))
_MARKERS = "osD^vPX"
_REFERENCE: dict[str, Any] = {"linestyle": (0, (1, 2)), "linewidth": 1.2}
_WIDTH, _HEIGHT = 5.2, 3.9


def draw_panels(what: str, panels: Sequence[Panel], ax: Any = None) -> Figure:
    """Draw panels, two in a row, or on the axes of the caller, one for each."""
    if not panels:
        raise ValueError(f"plot: {what} holds no panels to draw")
    count = len(panels)
    if ax is None:
        from matplotlib.figure import Figure

        across = min(count, 2)
        down = math.ceil(count / across)
        size = (7.0, 4.4) if count == 1 else (_WIDTH * across, _HEIGHT * down)
        figure = Figure(figsize=size, layout="constrained")
        axes = list(figure.subplots(down, across, squeeze=False).flat)
        for spare in axes[count:]:
            spare.remove()
    else:
        axes = list(np.atleast_1d(ax))
        if len(axes) != count:
            raise ValueError(f"plot: ax must hold {count} axes, one for each panel, got {len(axes)}")
        figure = axes[0].figure
    for axis, panel in zip(axes, panels, strict=False):
        _draw_panel(axis, panel)
    return figure


def _draw_panel(axis: Axes, panel: Panel) -> None:
    axis.set_title(panel.title, fontsize=10)
    if panel.image is not None:
        axis.imshow(panel.image, cmap="Greys", vmin=0.0, vmax=1.0)
        axis.set_axis_off()
        return
    for each in panel.curves:
        _draw_curve(axis, each)
    axis.set_xlabel(panel.x_label)
    axis.set_ylabel(panel.y_label)
    if panel.log_x:
        axis.set_xscale("log")
        readable_ticks(axis)
    for i, (name, at) in enumerate(panel.marks):
        axis.axvline(at, color="0.45", linewidth=0.9, linestyle=(0, (4, 3)), zorder=0)
        axis.annotate(
            name,
            (at, 0.02 + 0.07 * (i % 3)),
            xycoords=axis.get_xaxis_transform(),
            xytext=(3, 0),
            textcoords="offset points",
            fontsize=8,
            color="0.25",
            va="bottom",
            zorder=1,
            bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.75, "pad": 0.5},
        )
    if any(each.label for each in panel.curves):
        axis.legend(fontsize=8, framealpha=0.9)


def _draw_curve(axis: Axes, drawn: Curve) -> None:
    place = drawn.group % len(_COLORS)
    color, label = _COLORS[place], drawn.label or None
    if drawn.kind == "simulation":
        errors = None if drawn.se is None else 1.96 * np.asarray(drawn.se)
        axis.errorbar(
            drawn.x,
            drawn.y,
            yerr=errors,
            color=color,
            marker=_MARKERS[place],
            markersize=4,
            markerfacecolor="white",
            linestyle="none",
            elinewidth=1.0,
            capsize=1.5,
            label=label,
            zorder=3,
        )
        return
    if drawn.kind == "path":
        axis.plot(drawn.x, drawn.y, color=color, linewidth=0.9, label=label)
        return
    order = np.argsort(drawn.x)
    style = _REFERENCE if drawn.kind == "reference" else {"linestyle": _DASHES[place], "linewidth": 1.7}
    axis.plot(drawn.x[order], drawn.y[order], color=color, label=label, **style)
    if drawn.se is not None:
        low, high = (drawn.y + sign * 1.96 * drawn.se for sign in (-1, 1))
        axis.fill_between(drawn.x[order], low[order], high[order], color=color, alpha=0.2, linewidth=0)
