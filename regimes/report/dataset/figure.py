"""Clone probabilities and excess entropies of a data set: errors as bands, times marked, regimes shaded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from regimes.report.parts.axes import band, figure_axes, readable_ticks
from regimes.report.parts.shown_text import figure_text
from regimes.report.parts.styles import (
    CLASS,
    CLASS_HELD_OUT,
    CLASS_LEFT_OUT,
    EMPIRICAL,
    INDEX,
    POPULATION,
    TIME_LABEL,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from regimes.prediction.dataset.result import Prediction

__all__ = ["figure"]

_SHADES = {"III": "0.86", "II": "1.0", "I": "0.93"}
_MEANING = {"III": "III\none point", "II": "II\nnew points", "I": "I\nopen"}
_TOP = {
    "clone_class": (r"same class, memorised", CLASS),
    "clone_class_leave_one_out": ("the same, own point left out", CLASS_LEFT_OUT),
    "clone_index": ("same training point", INDEX),
    "clone_group": ("same point or a copy of it", INDEX | {"linestyle": "-"}),
}
_BOTTOM = {
    "excess_entropy": (r"empirical $f^e/\alpha$", EMPIRICAL),
    "leave_one_out": (r"leave-one-out $f/\alpha$", POPULATION),
}
# What is marked: the first that exists.
_CLASSES = {
    "speciation.class_time": r"t_{\rm class}\geq",
    "speciation.class_time_memorised": r"t_{\rm class}=",
    "speciation.spectral_time": "t_S=",
}
_POINTS = {"collapse.point_time": r"t_{\rm point}="}
_NEAR = 1.7  # ratio of times whose names would touch


def figure(result: Prediction, ax: Any = None) -> Figure:
    """Draw clone probabilities above and excess entropies below; ``ax`` takes two axes."""
    curves = result.curves
    if "t" not in curves:
        raise ValueError(
            "plot: the prediction holds no curves over t; predict the parts 'classes' or 'collapse' as well"
        )
    drawn, (top, bottom) = figure_axes(ax, rows=2, height=6.4)
    for axis, shown in ((top, _TOP), (bottom, _BOTTOM)):
        for name, (label, style) in shown.items():
            band(axis, curves["t"], curves.get(name), curves.get(f"{name}_se"), label, style)
    if "held_out.t" in curves:
        name = "held_out.clone_class"
        band(
            top,
            curves["held_out.t"],
            curves[name],
            curves[f"{name}_se"],
            "same class, generalises, at least",
            CLASS_HELD_OUT,
        )
    bottom.axhline(0.0, color="0.3", linewidth=0.8)
    top.set_ylabel("clone probability")
    bottom.set_ylabel(r"excess entropy, in units of $\alpha=\log n/d$")
    top.set_ylim(-0.02, 1.04)
    bottom.set_ylim(-0.6, 1.08)
    bottom.set_xlabel(TIME_LABEL)
    _mark(result, top, bottom)
    top.legend(loc="best", fontsize=8, framealpha=0.9)
    bottom.legend(loc="best", fontsize=8, framealpha=0.9)
    data = result.problem
    classes = f", classes {', '.join(data.classes)}" if 0 < len(data.classes) <= 4 else ""
    top.set_title(figure_text(f"{data.name}{classes}: n = {data.n}, d = {data.d}"), fontsize=10, pad=28)
    return drawn


def _mark(result: Prediction, top: Axes, bottom: Axes) -> None:
    left, right = float(result.curves["t"].min()), float(result.curves["t"].max())
    if right > left:
        top.set_xscale("log")
        top.set_xlim(left, right)
        readable_ticks(bottom)
    ends: list[float] = []
    for symbols, line in ((_CLASSES, "-"), (_POINTS, "-.")):
        key = next((key for key in symbols if key in result.numbers and result[key].value is not None), None)
        time = None if key is None else result[key].value
        if key is None or time is None or not left < time < right:
            continue
        ends.append(time)
        for axis in (top, bottom):
            axis.axvline(time, color="0.15", linewidth=1.1, linestyle=line)
        top.annotate(
            f"${symbols[key]}{time:.3g}$",
            (time, 1.0),
            xycoords=("data", "axes fraction"),
            xytext=(0, 14 if len(ends) > 1 and 1 / _NEAR < ends[0] / ends[1] < _NEAR else 3),
            textcoords="offset points",
            ha="center",
            va="bottom",
            fontsize=8.5,
        )
    if len(ends) < 2 or ends[0] <= ends[1]:
        return
    decided, point = ends
    for name, (start, end) in {"III": (left, point), "II": (point, decided), "I": (decided, right)}.items():
        for axis in (top, bottom):
            axis.axvspan(start, end, facecolor=_SHADES[name], zorder=-2, linewidth=0)
        bottom.annotate(
            _MEANING[name],
            ((start * end) ** 0.5, 0.02),
            xycoords=("data", "axes fraction"),
            ha="center",
            va="bottom",
            fontsize=8.5,
            color="0.25",
        )
