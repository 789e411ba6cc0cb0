"""Tables of percolation, by kind of result."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from regimes.report.composition.data_table import data_table
from regimes.report.composition.grid_table import grid_table
from regimes.report.composition.staircase_table import staircase_table

if TYPE_CHECKING:
    from rich.console import RenderableType

    from regimes.numerics.interface.result import Result

__all__ = ["table"]

_TABLES: dict[str, Callable[..., RenderableType]] = {
    "grid percolation": grid_table,
    "data percolation": data_table,
    "percolation staircase": staircase_table,
}


def table(result: Result) -> RenderableType:
    """Rows of numbers and an excerpt of the curves."""
    return _TABLES[result.kind](result)
