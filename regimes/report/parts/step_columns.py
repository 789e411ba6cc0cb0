"""Steps of a schedule beside times: columns of a table, and the line that says whose steps they are."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.text import Text

if TYPE_CHECKING:
    from regimes.numerics.interface.number import Number
    from regimes.numerics.interface.result import Result

__all__ = ["StepColumns"]


@dataclass(frozen=True)
class StepColumns:
    """Index, sigma, and what the model is told at a step where that is another number than its index."""

    name: str
    steps: int
    source: str | None
    told: bool

    @classmethod
    def of(cls, result: Result) -> StepColumns:
        """Of the schedule with which a result was made."""
        settings = result.settings
        places = (number.step for number in result.numbers.values())
        told = any(place is not None and place.timestep not in (None, place.index) for place in places)
        return cls(settings["schedule"], settings["schedule_steps"], settings.get("schedule_source"), told)

    @property
    def heads(self) -> list[str]:
        """Heads of the columns."""
        return [f"step of {self.name}", *(["timestep"] if self.told else []), "sigma of the step"]

    def cells(self, number: Number) -> list[str]:
        """The step of a time, or that the schedule does not reach it."""
        place = number.step
        if place is None:
            return [f"outside {self.name}" if number.value is not None else "-", *(["-"] if self.told else []), "-"]
        timestep = "-" if place.timestep is None else f"{place.timestep:.6g}"
        sigma = "-" if place.sigma is None else f"{place.sigma:.4g}"
        return [f"{place.index} of {self.steps}", *([timestep] if self.told else []), sigma]

    def notes(self, sentences: Iterable[str] = ()) -> list[Text]:
        """Where the schedule is from, below its columns, and what the result says in words."""
        source = [] if self.source is None else [Text(f"steps of {self.name}: {self.source}", style="dim")]
        return [*source, *(Text(text, style="bold") for text in sentences)]
