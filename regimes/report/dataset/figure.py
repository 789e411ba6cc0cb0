"""Clone probabilities and excess entropies of a data set: errors as bands, times marked, regimes shaded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from regimes.report.parts.axes import band, figure_axes, readable_ticks
from regimes.report.parts.styles import CLASS, CLASS_LEFT_OUT, EMPIRICAL, INDEX, POPULATION, TIME_LABEL

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from regimes.prediction.dataset.result import Prediction

__all__ = ["figure"]

_SHADES = {"III": "0.86", "II": "1.0", "I": "0.93"}
_MEANING = {"III": "III\ncollapse", "II": "II\ngeneralisation", "I": "I\nundecided"}
_TOP = {
    "clone_class": (r"same class $\phi_{\rm class}$", CLASS),
    "clone_class_leave_one_out": ("same class, own point left out", CLASS_LEFT_OUT),
    "clone_index": (r"same training point $\phi_{\rm index}$", INDEX),
}
_BOTTOM = {
    "excess_entropy": (r"empirical $f^e/\alpha$", EMPIRICAL),
    "leave_one_out": (r"leave-one-out $f/\alpha$", POPULATION),
}
_MARKS = {"speciation.spectral_time": ("t_S", "-"), "collapse.time": ("t_C", "-.")}


def figure(result: Prediction, ax: Any = None) -> Figure:
    """Draw clone probabilities above and excess entropies below; ``ax`` takes two axes."""
    curves = result.curves
    if "t" not in curves:
        raise ValueError("plot: the prediction holds no curves; predict the parts 'classes' or 'collapse' as well")
    drawn, (top, bottom) = figure_axes(ax, rows=2, height=6.4)
    for axis, shown in ((top, _TOP), (bottom, _BOTTOM)):
        for name, (label, style) in shown.items():
            band(axis, curves["t"], curves.get(name), curves.get(f"{name}_se"), label, style)
    bottom.axhline(0.0, color="0.3", linewidth=0.8)
    top.set_ylabel("clone probability")
    bottom.set_ylabel(r"excess entropy, in units of $\alpha=\log n/d$")
    top.set_ylim(-0.02, 1.04)
    bottom.set_ylim(-0.6, 1.08)
    bottom.set_xlabel(TIME_LABEL)
    _mark(result, top, bottom)
    top.legend(loc="center left", fontsize=8, framealpha=0.9)
    bottom.legend(loc="upper left", fontsize=8, framealpha=0.9)
    data = result.problem
    classes = f", classes {', '.join(data.classes)}" if 0 < len(data.classes) <= 4 else ""
    top.set_title(f"{data.name}{classes}: n = {data.n}, d = {data.d}", fontsize=10, pad=20)
    return drawn


def _mark(result: Prediction, top: Axes, bottom: Axes) -> None:
    left, right = float(result.curves["t"].min()), float(result.curves["t"].max())
    if right > left:
        top.set_xscale("log")
        top.set_xlim(left, right)
        readable_ticks(bottom)
    times = {key: result.numbers[key].value if key in result.numbers else None for key in _MARKS}
    for key, (symbol, line) in _MARKS.items():
        time = times[key]
        if time is None or not left < time < right:
            continue
        for axis in (top, bottom):
            axis.axvline(time, color="0.15", linewidth=1.1, linestyle=line)
        top.annotate(
            f"${symbol}$ = {time:.3g}",
            (time, 1.0),
            xycoords=("data", "axes fraction"),
            xytext=(0, 3),
            textcoords="offset points",
            ha="center",
            va="bottom",
            fontsize=8.5,
        )
    t_S, t_C = times.values()
    if t_S is None or t_C is None or not left < t_C < t_S < right:
        return
    for name, (start, end) in {"III": (left, t_C), "II": (t_C, t_S), "I": (t_S, right)}.items():
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
