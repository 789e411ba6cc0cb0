"""A number with its error over seeds, and how sharply a share rises."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Estimate", "Rise", "crossing", "mean_of", "rise_of"]

Array = NDArray[np.float64]

_HALF, _QUARTERS = 0.5, (0.25, 0.75)


@dataclass(frozen=True)
class Estimate:
    """A number with its error over seeds; ``value`` is None where too few seeds have one, and ``reason`` says why."""

    value: float | None
    se: float | None
    reason: str | None = None


@dataclass(frozen=True)
class Rise:
    """How a share rises from 0 to 1; None where the places do not hold it."""

    width: float | None  # from a quarter to three quarters
    steepest: float  # largest slope between two places
    middle: float | None  # place of one half


def mean_of(values: Sequence[float | None], reason: str) -> Estimate:
    """Mean over seeds and its standard error by their scatter; of three seeds or more all must have a value."""
    found = [float(each) for each in values if each is not None and np.isfinite(each)]
    if len(found) < len(values) or not found:
        return Estimate(None, None, f"{reason} in {len(values) - len(found)} of {len(values)} seeds")
    se = float(np.std(found, ddof=1) / np.sqrt(len(found))) if len(found) > 1 else None
    return Estimate(float(np.mean(found)), se)


def rise_of(x: Array, share: Array) -> Rise:
    """Width, slope and middle of a share that rises with x, made monotone for all but the slope."""
    rising = np.maximum.accumulate(share)
    low, middle, high = (crossing(x, rising, each) for each in (_QUARTERS[0], _HALF, _QUARTERS[1]))
    steepest = float((np.diff(share) / np.diff(x)).max())
    return Rise(None if low is None or high is None else high - low, steepest, middle)


def crossing(x: Array, y: Array, level: float) -> float | None:
    """Where y first rises through a level, by straight lines; None if it starts above or does not get there."""
    above = np.flatnonzero(y >= level)
    if not above.size or above[0] == 0:
        return None
    k = int(above[0])
    return float(x[k - 1] + (level - y[k - 1]) / (y[k] - y[k - 1]) * (x[k] - x[k - 1]))
