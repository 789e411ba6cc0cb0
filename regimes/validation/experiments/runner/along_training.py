"""What happens along a training: when a share passes a level, and means over trainings with their scatter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from regimes.numerics.estimation.jackknife import student_quantile
from regimes.validation.measurement.estimate import crossing

__all__ = ["Estimate", "exponents", "interval", "log_ratio", "mean_of", "passage"]


@dataclass(frozen=True)
class Estimate:
    """A mean over trainings with its standard error by their scatter; None where a training has no value."""

    value: float | None
    se: float | None
    count: int  # trainings that have a value


def mean_of(values: Sequence[float | None]) -> Estimate:
    """Mean over trainings, all of which must have a value."""
    found = [each for each in values if each is not None]
    if not found or len(found) < len(values):
        return Estimate(None, None, len(found))
    se = float(np.std(found, ddof=1) / np.sqrt(len(found))) if len(found) > 1 else None
    return Estimate(float(np.mean(found)), se, len(found))


def interval(each: Estimate) -> tuple[float, float] | None:
    """95% by Student's law of the scatter over trainings: 4.3 errors to each side of three."""
    if each.value is None or each.se is None:
        return None
    reach = student_quantile(each.count - 1) * each.se
    return each.value - reach, each.value + reach


def passage(steps: Sequence[int], values: Sequence[float], level: float = 0.5) -> float | None:
    """Where values first reach a level, on straight lines in the logarithm of the step, from 0 at step 1."""
    place = crossing(np.log([1, *steps]), np.array([0.0, *values]), level)
    return None if place is None else float(np.exp(place))


def exponents(log_times: Mapping[int, Sequence[float | None]]) -> tuple[list[float | None], tuple[int, ...]]:
    """Slope of a log time on log n, for each seed, and the sizes: those of which all seeds have a time."""
    reached = tuple(n for n, each in log_times.items() if all(time is not None for time in each))
    if len(reached) < 2:
        return [None] * max(map(len, log_times.values())), reached
    logs = np.array([log_times[n] for n in reached], dtype=np.float64)
    return [float(np.polyfit(np.log(reached), row, 1)[0]) for row in logs.T], reached


def log_ratio(later: float | None, earlier: float | None) -> float | None:
    """Logarithm of one step over another; None where one of them is not there."""
    return None if later is None or earlier is None else float(np.log(later / earlier))
