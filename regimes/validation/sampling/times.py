"""Times of the backward process, in the direction in which it runs: decreasing."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from regimes.datasets.process.noise_schedule import noise_schedule
from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.interface.checks import positive_number, real_array, whole_number
from regimes.numerics.process.schedules import Schedule

__all__ = ["SPACINGS", "backward_times", "decreasing_times", "halved_times", "schedule_times"]

SPACINGS = ("uniform", "quadratic", "log-snr")
"""How :func:`backward_times` spaces its times."""

# A step's own time must find the step again after a round trip through another clock.
_SLACK = 1e-12


def backward_times(t: float, *, end: float = 0.0, steps: int, spacing: str = "uniform") -> NDArray[np.float64]:
    """Times from t down to an end.

    Parameters
    ----------
    t : float
        Ornstein-Uhlenbeck time at which to begin.
    end : float
        Where to end, below t; 0 by default.
    steps : int
        Number of steps.
    spacing : {"uniform", "quadratic", "log-snr"}
        Equal steps; steps that shrink towards the end, ``end + (t - end)(1 - k/steps)^2``; equal steps of the logarithm
        of the signal-to-noise ratio, for an end above 0.

    Returns
    -------
    ndarray, shape (steps + 1,)
        Strictly decreasing, t first and end last.

    Raises
    ------
    ValueError
        If t is not positive, end does not lie in 0 to t, there is no step, or the spacing is unknown or does not go
        with the end.

    Examples
    --------
    >>> backward_times(1.0, steps=4).tolist()
    [1.0, 0.75, 0.5, 0.25, 0.0]
    """
    first = positive_number("backward_times", "t", "Ornstein-Uhlenbeck time of the beginning", t)
    last = _end("backward_times", end, first)
    count = whole_number("backward_times", "steps", "number of steps", steps, at_least=1)
    if spacing not in SPACINGS:
        raise ValueError(f"backward_times: spacing must be one of {', '.join(SPACINGS)}, got {spacing!r}")
    place = np.arange(count + 1) / count
    if spacing == "log-snr":
        if last == 0:
            raise ValueError(
                "backward_times: spacing 'log-snr' must end above 0, where the signal-to-noise ratio is infinite, got "
                "end = 0; give end = 1e-3, say, and append 0 if a last step to it is wanted, or use 'quadratic'"
            )
        log_snr = compile_formula("log_snr", target="numpy")
        ends = log_snr([first, last])
        times = compile_formula("time_from_log_snr", target="numpy")(ends[0] + (ends[1] - ends[0]) * place)
    else:
        times = last + (first - last) * (1 - place) ** (2 if spacing == "quadratic" else 1)
    times[0], times[-1] = first, last
    return decreasing_times("backward_times", times)


def schedule_times(
    schedule: Any,
    *,
    t: float | None = None,
    steps: int | None = None,
    count: int | None = None,
    end: float = 0.0,
) -> NDArray[np.float64]:
    """Times of the steps of a noise schedule, decreasing.

    Parameters
    ----------
    schedule : str, path, object or Schedule
        What :func:`regimes.noise_schedule` takes, or gives.
    t : float, optional
        Where to begin: t, then the steps below it. The noisiest step by default.
    steps : int, optional
        Number of steps of a schedule given by its name.
    count : int, optional
        Take so many of these times, evenly spaced in number and the first among them, before the end: what samplers of
        few steps do with a schedule of many (song2021).
    end : float
        Where to end, 0 by default: the times below it are left out, and it is the last.

    Returns
    -------
    ndarray
        Strictly decreasing.

    Raises
    ------
    ValueError
        If the schedule does not reach t, end does not lie below its times, ``steps`` is given with a schedule made
        before, or count exceeds the times there are.

    Examples
    --------
    >>> schedule_times("edm", t=1.0, steps=18).round(3).tolist()
    [1.0, 0.774, 0.391, 0.147, 0.042, 0.01, 0.002, 0.0, 0.0, 0.0, 0.0]
    """
    if isinstance(schedule, Schedule):
        if steps is not None:
            raise ValueError("schedule_times: steps goes with the name of a schedule, got a schedule; leave steps out")
        table = schedule
    else:
        table = noise_schedule(schedule, steps=steps)
    times = np.unique(table.t)[::-1]
    if t is None and not np.isfinite(times[0]):
        raise ValueError(
            f"schedule_times: a run must begin at a finite time, got schedule {table.name}, which begins at pure "
            "noise; give t"
        )
    if t is not None:
        first = positive_number("schedule_times", "t", "Ornstein-Uhlenbeck time of the beginning", t)
        if first > times[0] * (1 + _SLACK):
            raise ValueError(
                f"schedule_times: t must not exceed the last step of schedule {table.name}, {times[0]:.6g} (OU time), "
                f"got {first:.6g}; begin there, or use backward_times"
            )
        times = np.concatenate([[first], times[times < first * (1 - _SLACK)]])
    last = _end("schedule_times", end, float(times[0]))
    times = times[times > last * (1 + _SLACK)]
    if count is not None:
        chosen = whole_number("schedule_times", "count", "number of times before the end", count, at_least=1)
        if chosen > times.size:
            raise ValueError(
                f"schedule_times: count must not exceed the {times.size} times between {times[0]:.6g} and {last:.6g}, "
                f"got {chosen}"
            )
        times = times[np.arange(chosen) * times.size // chosen]
    return decreasing_times("schedule_times", np.append(times, last))


def halved_times(times: ArrayLike) -> NDArray[np.float64]:
    """Put the middle of every step between its ends.

    Parameters
    ----------
    times : array_like, shape (steps + 1,)
        Strictly decreasing.

    Returns
    -------
    ndarray, shape (2 steps + 1,)
        Times of twice as many steps; every other one is that given.

    Raises
    ------
    ValueError
        If the times are not decreasing, or too close for a number between them.

    Examples
    --------
    >>> halved_times([1.0, 0.5, 0.0]).tolist()
    [1.0, 0.75, 0.5, 0.25, 0.0]
    """
    t = decreasing_times("halved_times", times)
    result = np.empty(2 * t.size - 1)
    result[::2] = t
    result[1::2] = t[1:] + (t[:-1] - t[1:]) / 2
    return decreasing_times("halved_times", result)


def decreasing_times(function: str, times: ArrayLike) -> NDArray[np.float64]:
    """Check the times of a backward process."""
    t = real_array(function, "times", times)
    if t.ndim != 1 or t.size < 2:
        raise ValueError(
            f"{function}: times (Ornstein-Uhlenbeck times, decreasing) must be a sequence of at least two, got shape "
            f"{t.shape}; backward_times makes one"
        )
    if not np.all(np.isfinite(t)) or t[-1] < 0:
        bad = t[~(np.isfinite(t) & (t >= 0))][0]
        raise ValueError(f"{function}: times (Ornstein-Uhlenbeck times) must be finite and not negative, got {bad:g}")
    rising = np.flatnonzero(t[1:] >= t[:-1])
    if rising.size:
        k = int(rising[0])
        raise ValueError(
            f"{function}: times must be strictly decreasing, the way the backward process runs, got {t[k]:.17g} and "
            f"then {t[k + 1]:.17g} (entries {k} and {k + 1}); sort them, largest first"
        )
    return t


def _end(function: str, end: float, below: float) -> float:
    last = float(end)
    if not 0 <= last < below:
        raise ValueError(
            f"{function}: end (Ornstein-Uhlenbeck time of the end) must lie in 0 to t = {below:g}, got {last:g}"
        )
    return last
