"""Scatter from training to training, pooled over settings, and what lies beyond it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from regimes.numerics.estimation.jackknife import student_quantile

__all__ = ["Scatter", "pooled"]


@dataclass(frozen=True)
class Scatter:
    """Standard deviation of one training about the mean of its setting."""

    sd: float
    degrees: int

    def reach(self, probability: float = 0.975) -> float:
        """Student's quantile: how many errors a value must lie away; no value does without any scatter to judge by."""
        return student_quantile(self.degrees, probability) if self.degrees and self.sd else float("inf")

    def side(self, value: float, weights: Sequence[float], count: int) -> int:
        """1 or -1 if a sum of weighted means of so many trainings lies above or below 0 by the quantile, else 0."""
        error = self.sd * float(np.sqrt(np.square(weights).sum() / count))
        return 0 if not error or abs(value) <= self.reach() * error else 1 if value > 0 else -1


def pooled(groups: Iterable[Sequence[float] | NDArray[np.float64]], least: float = 0.0) -> Scatter:
    """Scatter about the means of groups of two values or more, not below ``least``."""
    whole = [np.asarray(each) for each in groups if len(each) > 1]
    degrees = sum(len(each) - 1 for each in whole)
    squares = sum(float(((each - each.mean()) ** 2).sum()) for each in whole)
    return Scatter(max(least, float(np.sqrt(squares / degrees))) if degrees else 0.0, degrees)
