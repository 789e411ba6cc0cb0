"""What figures of percolation share: limits of the abscissa, thresholds as vertical lines with names, remarks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from regimes.numerics.interface.number import Number

__all__ = ["FINITE", "GUIDE", "LARGEST", "mark", "name_above", "remark", "set_limits"]

LARGEST: dict[str, Any] = {"color": "#10243e", "linestyle": "-", "linewidth": 1.9}
FINITE: dict[str, Any] = {"color": "#8c2d19", "linewidth": 1.1, "linestyle": "-"}
GUIDE: dict[str, Any] = {"color": "0.55", "linewidth": 1.0, "linestyle": ":"}

_ERRORS = 1.96
_NOTE = 8.5


def set_limits(axis: Axes, x: NDArray[Any], *places: float | None) -> tuple[float, float]:
    """Limits of the abscissa, so that all fractions and all thresholds can be seen."""
    wanted = [*x.tolist(), *(place for place in places if place is not None)]
    low, high = min(wanted), max(wanted)
    if x.size == 1:
        low, high = 0.0, min(1.0, max(2 * float(x[0]), 1.1 * high)) or 1.0
    margin = 0.02 * (high - low)
    axis.set_xlim(low - margin, high + margin)
    return low, high


def mark(axis: Axes, number: Number, style: dict[str, Any]) -> None:
    """A number as a vertical line, with a band of 1.96 standard errors, or of what a fit may be off by."""
    if number.value is None:
        return
    axis.axvline(number.value, **style)
    low, high = number.interval or (None, None)
    if number.error:
        low, high = number.value - _ERRORS * number.error, number.value + _ERRORS * number.error
    if low is not None and high is not None:
        axis.axvspan(low, high, color=style["color"], alpha=0.2, linewidth=0)


def name_above(axis: Axes, place: float, text: str, *, side: str = "center", color: str = "0.1") -> None:
    """A name above a vertical line; with two lines each ends or starts at its own, whichever is away from the other."""
    gap = {"left": 3, "center": 0, "right": -3}[side]
    low, high = axis.get_xlim()
    if side == "center" and not 0.25 < (place - low) / (high - low) < 0.75:
        side = "right" if place > (low + high) / 2 else "left"
    axis.annotate(
        text,
        (place, 1.0),
        xycoords=("data", "axes fraction"),
        xytext=(gap, 3),
        textcoords="offset points",
        horizontalalignment=side,
        verticalalignment="bottom",
        fontsize=_NOTE,
        color=color,
    )


def remark(axis: Axes, text: str) -> None:
    """A remark in the middle."""
    axis.annotate(text, (0.5, 0.62), xycoords="axes fraction", ha="center", va="center", fontsize=_NOTE, color="0.25")
