"""One noise level on every clock in use."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.interface.checks import as_given, whole_number
from regimes.numerics.interface.result import BEYOND, TIME, Number, Result
from regimes.numerics.process.schedules import SCHEDULES, Schedule, noise_schedule
from regimes.theory.formula.record import recorded

__all__ = ["Clock", "NoiseLevel", "clock"]


@dataclass(frozen=True)
class _Reading:
    """A clock: its name in words, what it reads, its range, and its formulas from and to Ornstein-Uhlenbeck time."""

    label: str
    meaning: str
    low: float
    high: float
    to_time: str | None
    from_time: str | None


_CLOCKS = {
    "time": _Reading("Ornstein-Uhlenbeck time t", "Ornstein-Uhlenbeck time", 0.0, np.inf, None, None),
    "alpha_bar": _Reading("alpha_bar", "remaining signal power", 0.0, 1.0, "time_from_alpha_bar", "alpha_bar"),
    "snr": _Reading("snr", "signal-to-noise ratio", 0.0, np.inf, "time_from_snr", "snr"),
    "log_snr": _Reading("log snr", "log signal-to-noise ratio", -np.inf, np.inf, "time_from_log_snr", "log_snr"),
    "sigma": _Reading("EDM sigma", "EDM noise level", 0.0, np.inf, "time_from_edm_sigma", "edm_sigma"),
    "flow_time": _Reading("flow time s", "flow matching time", 0.0, 1.0, "time_from_flow_time", "flow_time"),
}


@dataclass(frozen=True)
class NoiseLevel:
    """A noise level as it was given: on which clock, its value, and the schedule if one was named."""

    clock: str
    value: float
    schedule: str | None = None
    steps: int | None = None

    def __post_init__(self) -> None:
        if self.steps is not None and self.schedule is None:
            raise ValueError("clock: steps belongs to a schedule; name the schedule too")
        if self.clock == "step":
            if self.schedule is None:
                raise ValueError(f"clock: a step needs a schedule; give schedule, one of {', '.join(SCHEDULES)}")
            return
        of = _CLOCKS[self.clock]
        if not of.low < self.value < of.high:
            raise ValueError(
                f"clock: {self.clock} ({of.meaning}) must lie strictly between {of.low:g} and {of.high:g}, got "
                f"{as_given(self.value)}"
            )


@dataclass(frozen=True, eq=False, repr=False)
class Clock(Result):
    """One noise level on every clock.

    Numbers: ``clock.time``, ``.alpha_bar``, ``.snr``, ``.log_snr``, ``.sigma`` (EDM, in units of the data),
    ``.flow_time`` (s of linear flow matching ``x = (1-s) a + s z``), and for each schedule ``clock.step.NAME`` and
    ``clock.fraction.NAME``, with a reason where the schedule does not reach the noise level.
    """

    kind: ClassVar[str] = "clock"
    problem_type = NoiseLevel


def clock(
    time: float | None = None,
    *,
    alpha_bar: float | None = None,
    snr: float | None = None,
    log_snr: float | None = None,
    sigma: float | None = None,
    flow_time: float | None = None,
    step: int | None = None,
    schedule: str | None = None,
    steps: int | None = None,
) -> Clock:
    """Translate one noise level, given on any clock, to all of them.

    Parameters
    ----------
    time, alpha_bar, snr, log_snr, sigma, flow_time, step : float
        The noise level: exactly one of these; ``step`` is the 0-based step of ``schedule``.
    schedule : {"ddpm-linear", "cosine", "edm"}, optional
        Restricts the steps of the result to one schedule, which must then reach the noise level.
    steps : int, optional
        Number of steps of ``schedule``.

    Returns
    -------
    Clock
        The noise level on every clock.

    Raises
    ------
    ValueError
        If not exactly one clock is given, a value lies outside its range, a step is given without a schedule, or the
        schedule asked for does not reach the noise level.

    Examples
    --------
    >>> reading = clock(1.0)
    >>> [round(reading[f"clock.{name}"].value, 6) for name in ("snr", "sigma", "step.ddpm-linear")]
    [0.156518, 2.527658, 442]
    """
    level = {"time": time, "alpha_bar": alpha_bar, "snr": snr, "log_snr": log_snr, "sigma": sigma}
    level |= {"flow_time": flow_time, "step": step}
    named = {name: value for name, value in level.items() if value is not None}
    if len(named) != 1:
        raise ValueError(f"clock: give exactly one of {', '.join(level)}, got {', '.join(named) or 'none'}")
    ((name, value),) = named.items()
    if step is not None:
        step = whole_number("clock", "step", "0-based step of a schedule", step, at_least=-(2**63))  # judged by it
    given = NoiseLevel(name, float(value), schedule, steps)
    with np.errstate(all="ignore"):  # beyond double precision there is no number, and a reason
        return _clock(given)


def _clock(given: NoiseLevel) -> Clock:
    schedule, steps, schedules, tables = given.schedule, given.steps, [], {}
    for each in SCHEDULES if schedule is None else (schedule,):
        with recorded() as used:
            schedules.append(noise_schedule(each, steps=steps))
        tables[each] = used
    with recorded() as inverse:
        t = _time(given, schedules[0])
    if schedule is not None:
        schedules[0].step(t)  # raises where the schedule asked for does not reach t
    numbers = {}
    for each, of in _CLOCKS.items():
        with recorded() as used:
            reading = t if of.from_time is None else float(compile_formula(of.from_time, target="numpy")(t))
        unit = TIME if each == "time" else None
        reading = given.value if each == given.clock else reading  # with all its digits
        numbers[f"clock.{each}"] = Number(of.label, reading, unit=unit, formulas=tuple(inverse | used))
    for place in schedules:
        numbers |= _steps(place, t, tuple(inverse | tables[place.name]))
    return Clock(given, numbers, settings={"schedules": {each.name: each.steps for each in schedules}})


def _time(given: NoiseLevel, schedule: Schedule) -> float:
    if given.clock == "step":
        return schedule.time(int(given.value))
    inverse = _CLOCKS[given.clock].to_time
    return given.value if inverse is None else float(compile_formula(inverse, target="numpy")(given.value))


def _steps(schedule: Schedule, t: float, formulas: tuple[str, ...]) -> dict[str, Number]:
    """Rows of the step of one schedule."""
    step, fraction, reason = None, None, None
    try:
        step = schedule.step(t)
        fraction = schedule.fraction(step)
    except ValueError as error:
        reason = str(error) if np.isfinite(t) else BEYOND
    return {
        f"clock.step.{schedule.name}": Number(f"step of {schedule.name}", step, formulas=formulas, reason=reason),
        f"clock.fraction.{schedule.name}": Number("the same, from 0 to 1", fraction, formulas=formulas, reason=reason),
    }
