"""What tables share: columns, rows to show, numbers with errors, steps."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from rich.table import Table

if TYPE_CHECKING:
    from regimes.numerics.process.schedules import Schedule

__all__ = ["columns", "schedule_step", "shown_rows", "with_error"]

_CURVE_ROWS = 13


def columns(*heads: str) -> Table:
    """Start a table: the first column to the left, numbers to the right.

    Parameters
    ----------
    *heads : str
        Heads of the columns.

    Returns
    -------
    rich.table.Table
        Without rows.
    """
    table = Table(box=None, pad_edge=False, header_style="bold", show_edge=False)
    for i, head in enumerate(heads):
        table.add_column(head, justify="left" if i == 0 else "right", no_wrap=i > 0)
    return table


def with_error(value: float, error: float) -> str:
    """A number with its standard error in units of the last digit.

    Parameters
    ----------
    value, error : float
        Value and standard error.

    Returns
    -------
    str
        Four decimals; without an error where it is not finite.

    Examples
    --------
    >>> with_error(0.27031, 0.00118)
    '0.2703(12)'
    """
    return f"{value:.4f}({round(error * 1e4)})" if math.isfinite(error) else f"{value:.4f}"


def schedule_step(schedule: Schedule, time: float) -> str:
    """Step of a schedule, or that the time lies outside of it.

    Parameters
    ----------
    schedule : Schedule
        The schedule.
    time : float
        Ornstein-Uhlenbeck time.

    Returns
    -------
    str
        The step's number or ``"outside"``.
    """
    place: Any = schedule.place(time)["step"]
    return "outside" if place is None else str(place)


def shown_rows(points: int) -> range:
    """All of a short curve, about a dozen points of a long one.

    Parameters
    ----------
    points : int
        Points of the curve.

    Returns
    -------
    range
        Their numbers.
    """
    return range(0, points, max(1, -(-points // _CURVE_ROWS)))
