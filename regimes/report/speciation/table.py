"""Speciation times of a mixture and phi(t), in a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group
from rich.text import Text

from regimes.report.parts.columns import columns, shown_rows, step_of
from regimes.report.parts.step_columns import StepColumns

if TYPE_CHECKING:
    from rich.console import RenderableType

    from regimes.prediction.speciation.predict import Speciation

__all__ = ["table"]


def table(result: Speciation) -> RenderableType:
    """Each criterion, and the clone probability."""
    places = StepColumns.of(result)
    times = columns("speciation time", "criterion", "t (OU)", *places.heads)
    for key, number in result.numbers.items():
        if number.unit is not None and number.value is not None:
            name = key.partition(".")[2].replace("_", " ")
            times.add_row(name, number.label, f"{number.value:.4f}", *places.cells(number))
    curve = columns("t (OU)", places.heads[0], "clone probability phi")
    t, steps, phi = (result.curves[name] for name in ("t", "step", "phi"))
    for i in shown_rows(t.size):
        curve.add_row(f"{t[i]:.4f}", step_of(steps[i]), f"{phi[i]:.6f}")
    notes = [Text(f"assumes: {text}", style="dim") for text in result.assumes]
    head = Text(f"Lambda = {result['speciation.Lambda'].value:.6g}", style="bold")
    return Group(head, times, *places.notes(result.sentences), curve, *notes)
