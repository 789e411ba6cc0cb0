"""Which share of the steps of a sampler each regime takes: before the class, between, after the training point."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from regimes.numerics.interface.number import Number
from regimes.numerics.process.schedules import Schedule

__all__ = ["share_rows", "share_sentence"]

_EARLY = {
    "speciation.class_time": "the class is decided",
    "speciation.class_time_memorised": "the class is decided",
    "speciation.spectral_time": "a direction stands out",
}
_LATE = ("collapse.point_time", "a training point is decided")


def share_rows(numbers: Mapping[str, Number], schedule: Schedule) -> dict[str, Number]:
    """Shares of the steps by the times that there are, in the order of sampling; none where there is no time."""
    early = next((found for key, what in _EARLY.items() if (found := _time(numbers, key, what))), None)
    late = _time(numbers, *_LATE)
    if early is not None and late is not None and early.t <= late.t:
        early = None
    times = [each for each in (early, late) if each is not None]
    if not times:
        return {}
    t, of, first, last = schedule.t, f"share of the steps of {schedule.name}", times[0], times[-1]
    rows = {"steps.before": Number(f"{of} before {first.what}", float(np.mean(t >= first.t)))}
    if len(times) > 1:
        between = np.mean((t < first.t) & (t >= last.t))
        rows["steps.between"] = Number(f"{of} between: {first.what}, no training point is", float(between))
    rows["steps.after"] = Number(f"{of} after {last.what}", float(np.mean(t < last.t)))
    return rows


def share_sentence(rows: Mapping[str, Number], schedule: Schedule) -> tuple[str, ...]:
    """The shares in words."""
    if not rows:
        return ()
    shares = {key: f"{100 * number.value:.3g}%" for key, number in rows.items() if number.value is not None}
    before = rows["steps.before"].label.partition(" before ")[2]
    after = rows["steps.after"].label.partition(" after ")[2]
    middle = f", {shares['steps.between']} between" if "steps.between" in shares else ""
    return (
        f"Of the {schedule.steps} steps of {schedule.name} {shares['steps.before']} come before {before}{middle}, and "
        f"{shares['steps.after']} after {after}.",
    )


class _Time(NamedTuple):
    """A time, and what happens then."""

    t: float
    what: str


def _time(numbers: Mapping[str, Number], key: str, what: str) -> _Time | None:
    value = numbers[key].value if key in numbers else None
    return None if value is None else _Time(value, what)
