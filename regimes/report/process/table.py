"""One noise level on every clock, in a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from regimes.report.parts.columns import columns

if TYPE_CHECKING:
    from rich.console import RenderableType

    from regimes.numerics.process.clock import Clock

__all__ = ["table"]


def table(result: Clock) -> RenderableType:
    """Each clock and each schedule."""
    rows = columns("clock", "value")
    for key, number in result.numbers.items():
        if not key.startswith(("clock.step.", "clock.fraction.")):
            rows.add_row(number.label, f"{number.value:.8g}")
    for name, steps in result.settings["schedules"].items():
        step, fraction = result[f"clock.step.{name}"], result[f"clock.fraction.{name}"]
        place = "not reached" if step.value is None else f"{step.value} of {steps} ({fraction.value:.4f})"
        rows.add_row(step.label, place)
    return rows
