"""One noise level on every clock in use."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from regimes.datasets.process.noise_schedule import noise_schedule
from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.interface.checks import as_given
from regimes.numerics.interface.number import BEYOND, TIME, Number
from regimes.numerics.interface.result import Result
from regimes.numerics.process.schedules import Schedule
from regimes.theory.formula.record import recorded

__all__ = ["Clock", "NoiseLevel", "clock"]


@dataclass(frozen=True)
class _Reading:
    """A clock: its name in words, what it reads, its range, and its formulas from and to Ornstein-Uhlenbeck time.

    ``noise`` is what it reads of pure noise, None where that is infinite.
    """

    label: str
    meaning: str
    low: float
    high: float
    to_time: str | None
    from_time: str | None
    noise: float | None = None


_CLOCKS = {
    "time": _Reading("Ornstein-Uhlenbeck time t", "Ornstein-Uhlenbeck time", 0.0, np.inf, None, None),
    "alpha_bar": _Reading("alpha_bar", "remaining signal power", 0.0, 1.0, "time_from_alpha_bar", "alpha_bar", 0.0),
    "snr": _Reading("snr", "signal-to-noise ratio", 0.0, np.inf, "time_from_snr", "snr", 0.0),
    "log_snr": _Reading("log snr", "log signal-to-noise ratio", -np.inf, np.inf, "time_from_log_snr", "log_snr"),
    "sigma": _Reading("EDM sigma", "EDM noise level", 0.0, np.inf, "time_from_edm_sigma", "edm_sigma"),
    "flow_time": _Reading("flow time s", "flow matching time", 0.0, 1.0, "time_from_flow_time", "flow_time", 1.0),
}
_SHOWN = ("ddpm-linear", "scaled-linear", "cosine", "edm")
_OF_SCHEDULE = ("step", "index")


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
        if self.clock in _OF_SCHEDULE:
            if self.schedule is None:
                raise ValueError(f"clock: {self.clock} is of a schedule; give schedule, {', '.join(_SHOWN)} or a file")
            return
        of = _CLOCKS[self.clock]
        if not of.low < self.value < of.high and (of.noise is None or self.value != of.noise):
            if of.noise is None:
                rule = f"lie strictly between {of.low:g} and {of.high:g}"
            elif of.noise == 0:
                rule = f"be at least {of.low:g}, which is pure noise, and below {of.high:g}"
            else:
                rule = f"be above {of.low:g} and at most {of.high:g}, which is pure noise"
            raise ValueError(f"clock: {self.clock} ({of.meaning}) must {rule}, got {as_given(self.value)}")


@dataclass(frozen=True, eq=False, repr=False)
class Clock(Result):
    """One noise level on every clock.

    Numbers: ``clock.time``, ``.alpha_bar``, ``.snr``, ``.log_snr``, ``.sigma`` (EDM, in units of the data),
    ``.flow_time`` (s of linear flow matching ``x = (1-s) a + s z``), and for each schedule ``clock.step.NAME``, the
    first of its steps that is as noisy, ``clock.fraction.NAME``, and ``clock.position.NAME``, the place between two
    steps of training, with a reason where the schedule does not reach the noise level.
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
    step: float | None = None,
    index: int | None = None,
    schedule: Any = None,
    steps: int | None = None,
) -> Clock:
    """Translate one noise level, given on any clock, to all of them.

    Parameters
    ----------
    time, alpha_bar, snr, log_snr, sigma, flow_time, step, index : float
        The noise level: exactly one of these. ``alpha_bar`` or ``snr`` 0 and ``flow_time`` 1 are pure noise. ``step``
        is a 0-based step of the training of ``schedule``, and may lie between two; ``index`` a 0-based step of its
        sampler, which must be one: ``noise_schedule(name, inference_steps=30)``, or a grid such as ``edm``.
    schedule : str, path, object or Schedule, optional
        Restricts the steps of the result to one schedule, which must then reach the noise level: what
        :func:`regimes.noise_schedule` takes, or gives.
    steps : int, optional
        Number of steps of a named ``schedule``.

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
    >>> [round(reading[f"clock.{name}"].value, 6) for name in ("snr", "sigma", "step.scaled-linear")]
    [0.156518, 2.527658, 628]
    """
    level = {"time": time, "alpha_bar": alpha_bar, "snr": snr, "log_snr": log_snr, "sigma": sigma}
    level |= {"flow_time": flow_time, "step": step, "index": index}
    named = {name: value for name, value in level.items() if value is not None}
    if len(named) != 1:
        raise ValueError(f"clock: give exactly one of {', '.join(level)}, got {', '.join(named) or 'none'}")
    ((name, value),) = named.items()
    schedules = [noise_schedule(each, steps=steps) for each in (_SHOWN if schedule is None else (schedule,))]
    given = NoiseLevel(name, float(value), None if schedule is None else schedules[0].name, steps)
    with recorded() as inverse:
        t = _time(given, schedules[0])
    if schedule is not None:
        _check_reached(given, schedules[0], t)
    numbers = {}
    for each, of in _CLOCKS.items():
        with recorded() as used:
            reading, reason = _read(of, t) if each != given.clock else (given.value, None)
        unit = TIME if each == "time" else None
        formulas = tuple(inverse | used)
        numbers[f"clock.{each}"] = Number(of.label, reading, unit=unit, formulas=formulas, reason=reason)
    for place in schedules:
        numbers |= _steps(place, t, tuple(inverse | dict.fromkeys(place.formulas)))
    settings: dict[str, Any] = {"schedules": {each.name: each.steps for each in schedules}}
    if schedule is not None:
        settings["schedule_source"] = schedules[0].source
    return Clock(given, numbers, settings=settings)


def _check_reached(given: NoiseLevel, schedule: Schedule, t: float) -> None:
    """Refuse a noise level that the schedule asked for does not reach, on the clock on which it was given."""
    of = _CLOCKS.get(given.clock, _CLOCKS["time"])
    ends = [_read(of, float(each))[0] for each in (schedule.t.min(), schedule.t.max())]
    known = sorted(end for end in ends if end is not None)
    if schedule.at(t) is not None or of.from_time is None or len(known) < len(ends):
        schedule.step(t)  # raises where it is not reached, in Ornstein-Uhlenbeck time
        return
    raise ValueError(
        f"schedule {schedule.name}: {given.clock} ({of.meaning}) must lie in {known[0]:.6g} to {known[1]:.6g}, got "
        f"{as_given(given.value)}; the schedule does not reach this noise level"
    )


def _time(given: NoiseLevel, schedule: Schedule) -> float:
    if given.clock == "step":
        return (schedule.training or schedule).time(given.value)
    if given.clock == "index":
        if schedule.of_training:
            raise ValueError(
                f"clock: index is a step of a sampler, got schedule {schedule.name} with the steps of training alone; "
                "give inference_steps too (--inference-steps), or step in place of index"
            )
        if given.value != int(given.value):
            raise ValueError(f"clock: index (step of the sampler) must be a whole number, got {given.value:g}")
        return schedule.time(int(given.value))
    of = _CLOCKS[given.clock]
    if given.value == of.noise:
        return float("inf")
    if of.to_time is None:
        return given.value
    with np.errstate(all="ignore"):  # beyond float64 a form that is not taken may overflow
        return float(compile_formula(of.to_time, target="numpy")(given.value))


def _read(of: _Reading, t: float) -> tuple[float | None, str | None]:
    """What a clock reads, or why it reads nothing."""
    if np.isposinf(t):
        return of.noise, None if of.noise is not None else "infinite: pure noise"
    if t == 0:
        return None, BEYOND
    with np.errstate(all="ignore"):
        reading = t if of.from_time is None else float(compile_formula(of.from_time, target="numpy")(t))
    return (reading, None) if np.isfinite(reading) else (None, BEYOND)


def _steps(schedule: Schedule, t: float, formulas: tuple[str, ...]) -> dict[str, Number]:
    """Rows of the step of one schedule."""
    place, fraction, reason = None, None, None
    try:
        index = schedule.step(t)
        fraction = schedule.fraction(index)
        place = schedule.at(t)
    except ValueError as error:
        reason = str(error)
    about: dict[str, Any] = {"formulas": formulas, "reason": reason}
    rows = {
        f"clock.step.{schedule.name}": Number(
            f"step of {schedule.name}", None if place is None else place.index, step=place, **about
        ),
        f"clock.fraction.{schedule.name}": Number("the same, from 0 to 1", fraction, **about),
    }
    training = schedule.training or schedule
    position, why = None, None
    try:
        position = training.position(t)
    except ValueError as error:
        why = str(error)
    label = "the same, between two steps" if training is schedule else f"step of the training of {schedule.name}"
    rows[f"clock.position.{schedule.name}"] = Number(label, position, formulas=formulas, reason=why)
    return rows
