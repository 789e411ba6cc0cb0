"""Collapse times of a mixture, excess entropy and critical number of points, in a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group

from regimes.report.parts.columns import columns, shown_rows, step_of
from regimes.report.parts.step_columns import StepColumns

if TYPE_CHECKING:
    from rich.console import RenderableType

    from regimes.prediction.collapse.predict import Collapse

__all__ = ["table"]

_HEADS = {
    "excess_entropy": "f/alpha",
    "excess_entropy_with_classes": "with class information",
    "log_n_star": "log n*",
}


def table(result: Collapse) -> RenderableType:
    """Each time, and the curves in brief."""
    places = StepColumns.of(result)
    times = columns("collapse time", "t (OU)", *places.heads)
    for number in result.numbers.values():
        if number.unit is not None and number.value is not None:
            times.add_row(number.label, f"{number.value:.4f}", *places.cells(number))
    shown = [name for name in _HEADS if name in result.curves]
    curve = columns("t (OU)", places.heads[0], *(_HEADS[name] for name in shown))
    t, steps = result.curves["t"], result.curves["step"]
    for i in shown_rows(t.size):
        curve.add_row(f"{t[i]:.4f}", step_of(steps[i]), *(f"{result.curves[name][i]:z.4f}" for name in shown))
    return Group(times, *places.notes(result.sentences), curve)
