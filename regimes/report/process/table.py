"""One noise level on every clock, in a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group
from rich.text import Text

from regimes.numerics.interface.checks import as_given
from regimes.report.parts.columns import columns

if TYPE_CHECKING:
    from rich.console import RenderableType

    from regimes.numerics.interface.number import Number
    from regimes.prediction.process.clock import Clock

__all__ = ["table"]

_OF_SCHEDULE = ("clock.step.", "clock.fraction.", "clock.position.")


def table(result: Clock) -> RenderableType:
    """Each clock and each schedule."""
    rows = columns("clock", "value")
    for key, number in result.numbers.items():
        if not key.startswith(_OF_SCHEDULE):
            rows.add_row(number.label, _reading(number, exact=key == f"clock.{result.problem.clock}"))
    alone = len(result.settings["schedules"]) == 1
    for name, steps in result.settings["schedules"].items():
        step, fraction = result[f"clock.step.{name}"], result[f"clock.fraction.{name}"]
        place = "not reached" if step.value is None else f"{step.value} of {steps} ({fraction.value:.4f})"
        rows.add_row(step.label, place)
        if alone:
            for label, text in _of_step(step, result[f"clock.position.{name}"]):
                rows.add_row(label, text)
    source = result.settings.get("schedule_source")
    return Group(rows, Text(f"steps of {name}: {source}", style="dim")) if source else rows


def _of_step(step: Number, position: Number) -> list[tuple[str, str]]:
    """Between two steps of training; of a sampler's step what it is called, and its noise level."""
    rows = [] if position.value is None else [(position.label, f"{position.value:.8g}")]
    place = step.step
    if place is not None and place.timestep != place.index:
        if place.timestep is not None:
            rows.append(("timestep of the step", f"{place.timestep:.8g}"))
        rows.append(("sigma of the step", "pure noise" if place.sigma is None else f"{place.sigma:.8g}"))
    return rows


def _reading(number: Number, *, exact: bool) -> str:
    """A number that was given has all its digits."""
    if number.value is None:
        return number.reason or "-"
    return as_given(number.value) if exact else f"{number.value:.8g}"
