"""The rule by which the best grid helps, and whether predictions put the grids in the order of what was measured."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from regimes.validation.experiments.runner.along_training import Estimate, interval, mean_of
from regimes.validation.experiments.runner.helping import HELPS, NOT_HELPS, NOT_TOLD
from regimes.validation.experiments.steps.grids import GRIDS, NAMED

__all__ = ["ordered_alike", "reading", "readings_of"]

Array = NDArray[np.float64]


def reading(less: Estimate) -> str:
    """Of what a named grid has more than the best one: above or below 0 with 95% by Student's law over trainings."""
    ends = interval(less)
    if ends is None or ends[0] <= 0 <= ends[1]:
        return NOT_TOLD
    return HELPS if ends[0] > 0 else NOT_HELPS


def readings_of(values: Array) -> list[dict[str, str]]:
    """Readings against each named grid at each number of calls, of values (trainings, C, G)."""
    more = values[..., : len(NAMED)] - values[..., len(NAMED) :]
    return [
        {name: reading(mean_of(more[:, row, place].tolist())) for place, name in enumerate(NAMED)}
        for row in range(more.shape[1])
    ]


def ordered_alike(predicted: Array, measured: Array) -> float:
    """Spearman's rank correlation of the grids, mean over the numbers of calls; both (C, G)."""
    ranks = [np.argsort(np.argsort(each, axis=1), axis=1) - (len(GRIDS) - 1) / 2 for each in (predicted, measured)]
    return float(((ranks[0] * ranks[1]).sum(axis=1) / (ranks[0] ** 2).sum(axis=1)).mean())
