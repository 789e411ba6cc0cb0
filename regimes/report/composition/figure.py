"""Figures of percolation, by kind of result."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from regimes.report.composition.data_figure import data_figure
from regimes.report.composition.grid_figure import grid_figure
from regimes.report.composition.staircase_figure import plot_staircase

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from regimes.numerics.interface.result import Result

__all__ = ["figure"]

_FIGURES: dict[str, Callable[..., Figure]] = {
    "grid percolation": grid_figure,
    "data percolation": data_figure,
    "percolation staircase": lambda result, ax: plot_staircase([result], ax=ax),
}


def figure(result: Result, ax: Any = None) -> Figure:
    """Curves over the kept fraction, or the width, with the numbers marked."""
    return _FIGURES[result.kind](result, ax)
