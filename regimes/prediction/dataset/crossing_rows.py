"""Rows of a curve that crosses a level: of these points, and how the time scatters over other data."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from regimes.numerics.interface.number import Number
from regimes.numerics.process.schedules import Schedule
from regimes.prediction.dataset.intervals import Crossing, crossing

__all__ = ["CurvePart", "crossing_rows", "probes_suffice"]

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class CurvePart:
    """A curve over increasing t, its error over the probes, the same with groups left out, and the level."""

    t: Array
    values: Array
    error: Array
    replicates: Array | None
    level: float
    what: str

    def over_probes(self) -> Crossing:
        """Its last crossing, with the interval over the probes."""
        return crossing(self.t, self.values, self.error, None, self.level, self.what)


def probes_suffice(parts: Iterable[CurvePart], precision: float) -> bool:
    """Whether the probes leave each crossing uncertain by less than a share of its time, at 95%."""
    found = [part.over_probes() for part in parts]
    return all(of.interval[1] - of.time <= precision * of.time for of in found if of.time and of.interval)


def crossing_rows(
    key: str, label: str, part: CurvePart, formulas: tuple[str, ...], schedule: Schedule
) -> dict[str, Number]:
    """The last crossing with the interval over the probes, and in a second row over data sets of the same law."""
    own = part.over_probes()
    number = schedule.number(label, own.time, formulas, interval=own.interval, covers=own.covers, reason=own.reason)
    if part.replicates is None or own.time is None:
        return {key: number}
    over = crossing(part.t, part.values, part.error, part.replicates, part.level, part.what)
    redrawn = replace(
        number,
        label=f"{label}, and how other data of the same law scatter",
        interval=over.interval,
        covers=over.covers,
        reason=over.reason,
    )
    return {key: number, f"{key}_redrawn": redrawn}
