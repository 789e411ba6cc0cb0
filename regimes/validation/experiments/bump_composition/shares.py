"""Shares of all sets in one place on a scale on which their scatter is alike, and what can be told from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from regimes.validation.experiments.bump_composition.analysis import PLACES, Reading, Runs, learned
from regimes.validation.experiments.bump_composition.form import CompositionForm, SetForm
from regimes.validation.experiments.runner.pooled import Scatter, pooled

__all__ = ["Shares", "angle", "pooled_shares", "shares_of"]


@dataclass(frozen=True)
class Shares:
    """Mean angles of sets whose trainings all have learned; sets that still rise from the last look but one."""

    means: Mapping[SetForm, float]
    scatter: Scatter
    count: int  # trainings of each set
    rising: frozenset[SetForm]

    def side(self, weights: Mapping[SetForm, float], level: float = 0.0) -> int | None:
        """On which side of a level a sum of weighted angles lies by Student's quantile; None where a set has none."""
        if not weights or not set(weights) <= set(self.means):
            return None
        value = sum(weight * self.means[each] for each, weight in weights.items())
        return self.scatter.side(value - level, list(weights.values()), self.count)


def angle(share: float) -> float:
    """Angle whose squared sine is a share: that of n images scatters by 1/(2 sqrt n), whatever the share."""
    return float(np.arcsin(np.sqrt(share)))


def pooled_shares(
    last: Mapping[SetForm, Sequence[float]], before: Mapping[SetForm, Sequence[float]], images: int
) -> Shares:
    """Of shares at the last look and at the one before, of so many images of each training."""
    angles = {each: np.array([angle(one) for one in shares]) for each, shares in last.items()}
    gains = {each: angles[each] - [angle(one) for one in shares] for each, shares in before.items() if each in angles}
    count = min(map(len, angles.values()), default=0)
    # All right or all wrong in every training is no measure of the others' scatter.
    inner = [each for each, values in angles.items() if 0 < values.mean() < angle(1)] or list(angles)
    spread = pooled([angles[each].tolist() for each in inner], 1 / np.sqrt(4 * images))
    spread_of_gains = pooled([gains[each].tolist() for each in inner if each in gains], 1 / np.sqrt(2 * images))
    rising = frozenset(each for each, gain in gains.items() if spread_of_gains.side(gain.mean(), [1.0], count) == 1)
    return Shares({each: float(values.mean()) for each, values in angles.items()}, spread, count, rising)


def shares_of(form: CompositionForm, by_set: Mapping[SetForm, Runs], reading: Reading, place: str) -> Shares:
    """Of all sets that have the place and whose trainings all have learned."""
    found = []
    for look in (-1, -2)[: len(form.looks)]:
        row: dict[SetForm, list[float]] = {}
        for each, runs in by_set.items():
            values = [reading(form, run, place, look) if learned(form, run) else None for run in runs]
            if whole := [value for value in values if value is not None]:
                row |= {each: whole} if len(whole) == len(values) else {}
        found.append(row)
    return pooled_shares(found[0], found[1] if len(found) > 1 else {}, form.looked * len(PLACES[place]))
