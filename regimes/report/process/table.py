"""One noise level on every clock, in a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from regimes.numerics.interface.checks import as_given
from regimes.report.parts.columns import columns

if TYPE_CHECKING:
    from rich.console import RenderableType

    from regimes.numerics.interface.result import Number
    from regimes.numerics.process.clock import Clock

__all__ = ["table"]


def table(result: Clock) -> RenderableType:
    """Each clock and each schedule."""
    rows = columns("clock", "value")
    for key, number in result.numbers.items():
        if not key.startswith(("clock.step.", "clock.fraction.")):
            rows.add_row(number.label, _reading(number, exact=key == f"clock.{result.problem.clock}"))
    for name, steps in result.settings["schedules"].items():
        step, fraction = result[f"clock.step.{name}"], result[f"clock.fraction.{name}"]
        place = "not reached" if step.value is None else f"{step.value} of {steps} ({fraction.value:.4f})"
        rows.add_row(step.label, place)
    return rows


def _reading(number: Number, *, exact: bool) -> str:
    """A number that was given has all its digits."""
    if number.value is None:
        return number.reason or "-"
    return as_given(number.value) if exact else f"{number.value:.8g}"
