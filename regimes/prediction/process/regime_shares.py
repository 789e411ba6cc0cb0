"""Which share of the steps of a sampler each regime takes: before the class, between, after the training point."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from regimes.numerics.interface.number import Number
from regimes.numerics.process.schedules import Schedule

__all__ = ["share_rows", "share_sentence"]

_CLASS, _POINT, _PARTED = "the class is decided", "a training point is decided", "all classes have parted"
_EARLY = {
    "speciation.class_time": _CLASS,
    "speciation.class_time_memorised": _CLASS,
    "speciation.spectral_time": "a direction stands out",
    "speciation.free_entropy": _CLASS,
    "speciation.leading": _CLASS,
    "classes.root": "the first classes part",
    "threshold.time": "the root is decided",
}
_LATE = {
    "collapse.point_time": _POINT,
    "collapse.time_with_classes": _POINT,
    "collapse.time_closed_form": _POINT,
    "classes.merge.1": _PARTED,
}
_BETWEEN = {_POINT: "no training point is", _PARTED: "not all have"}


def share_rows(numbers: Mapping[str, Number], schedule: Schedule) -> dict[str, Number]:
    """Shares of the steps by the times that there are, in the order of sampling; none where there is no time."""
    early, late = _first(numbers, _EARLY), _first(numbers, _LATE)
    if early is not None and late is not None and early.t <= late.t:
        early = None
    times = [each for each in (early, late) if each is not None]
    if not times:
        return {}
    t, of, first, last = schedule.t, f"share of the steps of {schedule.name}", times[0], times[-1]
    rows = {"steps.before": Number(f"{of} before {first.what}", float(np.mean(t >= first.t)))}
    if len(times) > 1:
        between = np.mean((t < first.t) & (t >= last.t))
        rows["steps.between"] = Number(f"{of} between: {first.what}, {_BETWEEN[last.what]}", float(between))
    rows["steps.after"] = Number(f"{of} after {last.what}", float(np.mean(t < last.t)))
    return rows


def share_sentence(rows: Mapping[str, Number], schedule: Schedule, *, bound: bool = False) -> tuple[str, ...]:
    """The shares in words; with ``bound`` the first of the times may be larger than it says."""
    if not rows:
        return ()
    shares = {key: f"{100 * number.value:.3g}%" for key, number in rows.items() if number.value is not None}
    before = rows["steps.before"].label.partition(" before ")[2]
    after = rows["steps.after"].label.partition(" after ")[2]
    most, least = ("at most ", "at least ") if bound and before == _CLASS else ("", "")
    middle = f", {least}{shares['steps.between']} between" if "steps.between" in shares else ""
    steps = f"{schedule.steps} step{'s' * (schedule.steps > 1)} of {schedule.name}"
    first, last = most + shares["steps.before"], ("" if middle else least) + shares["steps.after"]
    return (f"Of the {steps} {first} come before {before}{middle}, and {last} after {after}.",)


class _Time(NamedTuple):
    """A time, and what happens then."""

    t: float
    what: str


def _first(numbers: Mapping[str, Number], keys: Mapping[str, str]) -> _Time | None:
    """The first of some times that there is."""
    for key, what in keys.items():
        if key in numbers and (value := numbers[key].value) is not None:
            return _Time(value, what)
    return None
