"""What tables share: columns, rows to show, numbers with errors, steps."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from rich.table import Table

if TYPE_CHECKING:
    from regimes.numerics.interface.number import Number

__all__ = ["columns", "shown_rows", "step_of", "with_error"]

_CURVE_ROWS = 13


def columns(*heads: str) -> Table:
    """Start a table: the first column to the left, numbers to the right."""
    table = Table(box=None, pad_edge=False, header_style="bold", show_edge=False)
    for i, head in enumerate(heads):
        table.add_column(head, justify="left" if i == 0 else "right", no_wrap=i > 0)
    return table


def with_error(value: float, error: float) -> str:
    """A number with its standard error in units of the last of four decimals.

    >>> with_error(0.27031, 0.00118)
    '0.2703(12)'
    """
    return f"{value:.4f}({round(error * 1e4)})" if math.isfinite(error) else f"{value:.4f}"


def step_of(place: Number | float) -> str:
    """Step of a time, or that it lies outside of the schedule."""
    if isinstance(place, float):
        return "outside" if math.isnan(place) else str(int(place))
    return "-" if place.value is None else "outside" if place.step is None else str(place.step.index)


def shown_rows(points: int) -> range:
    """All of a short curve, about a dozen points of a long one."""
    return range(0, points, max(1, -(-points // _CURVE_ROWS)))
