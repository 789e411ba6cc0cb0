"""The energy distance of two sets of images, and what it is between sets of one law."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from regimes.numerics.estimation.energy_distance import energy_from_means
from regimes.validation.sampling import NoiseStream

__all__ = ["Distance", "energy_distance"]

Array = NDArray[np.float64]

_LEVEL = 0.95


@dataclass(frozen=True)
class Distance:
    """``2 E|X - Y| - E|X - X'| - E|Y - Y'|`` over ``E|Y - Y'|``, without bias, so that it may be negative."""

    value: float
    null: float  # 95% of permutations lie below


def energy_distance(points: Array, others: Array, noise: NoiseStream, *, permutations: int) -> Distance:
    """Of points (n, d) and others (m, d); permutations are of all rows."""
    rows = np.concatenate([points, others]).reshape(len(points) + len(others), -1)
    apart = torch.cdist(torch.from_numpy(rows), torch.from_numpy(rows)).numpy()
    n, total = len(points), len(rows)
    first = np.zeros((total, permutations + 1))
    first[:n, 0] = 1
    for column in range(1, permutations + 1):
        first[np.argsort(noise.uniform(column, 0, total, ()).numpy())[:n], column] = 1
    within = (first * (apart @ first)).sum(axis=0)  # ordered pairs of the first set
    row_sums = apart.sum(axis=1)
    between = row_sums @ first - within
    second = row_sums.sum() - within - 2 * between
    m = total - n
    means = energy_from_means(between / (n * m), within / (n * (n - 1)), second / (m * (m - 1)))
    unit = second[0] / (m * (m - 1))
    found = means / unit
    return Distance(float(found[0]), float(np.quantile(found[1:], _LEVEL)))
