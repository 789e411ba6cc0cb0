"""The rule by which the best grid helps, and whether predictions put the grids in the order of what was measured."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from regimes.validation.experiments.runner.along_training import Estimate, interval, mean_of
from regimes.validation.experiments.steps.grids import GRIDS, NAMED

__all__ = ["HELPS", "NOT", "OPEN", "ordered_alike", "reading", "readings_of", "verdict"]

Array = NDArray[np.float64]

HELPS, NOT, OPEN = "helps", "does not help", "not told"


def reading(less: Estimate) -> str:
    """Of what a named grid has more than the best one: above or below 0 with 95% by Student's law over trainings."""
    ends = interval(less)
    if ends is None or ends[0] <= 0 <= ends[1]:
        return OPEN
    return HELPS if ends[0] > 0 else NOT


def readings_of(values: Array) -> list[dict[str, str]]:
    """Readings against each named grid at each number of calls, of values (trainings, C, G)."""
    more = values[..., : len(NAMED)] - values[..., len(NAMED) :]
    return [
        {name: reading(mean_of(more[:, row, place].tolist())) for place, name in enumerate(NAMED)}
        for row in range(more.shape[1])
    ]


def verdict(readings: Sequence[str]) -> str:
    """Of one number of calls: the best grid helps against each named one, or one of them is better, or not told."""
    if all(each == HELPS for each in readings):
        return HELPS
    return NOT if NOT in readings else OPEN


def ordered_alike(predicted: Array, measured: Array) -> float:
    """Spearman's rank correlation of the grids, mean over the numbers of calls; both (C, G)."""
    ranks = [np.argsort(np.argsort(each, axis=1), axis=1) - (len(GRIDS) - 1) / 2 for each in (predicted, measured)]
    return float(((ranks[0] * ranks[1]).sum(axis=1) / (ranks[0] ** 2).sum(axis=1)).mean())
