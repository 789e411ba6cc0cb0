"""Where measured curves that fall with noise pass a level, whatever their scatter."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["crossing_times"]

Array = NDArray[np.float64]


def crossing_times(t: Array, curves: Array, level: float) -> Array:
    """Where the falling curve nearest to each of (R, T) passes a level, straight in log t.

    A curve that stays above it has the last of the times, one that stays below the first: ranks need no more.
    """
    count, place = len(t), np.log(t)
    sums = np.concatenate([np.zeros((len(curves), 1)), np.cumsum(curves, axis=1)], axis=1)
    first, last = np.arange(count)[:, None], np.arange(count)[None]
    means = (sums[:, 1:][:, last] - sums[:, :-1][:, first]) / np.maximum(last - first + 1, 1)
    # Isotonic regression: the least over beginnings of the largest over ends of the means around a time.
    falling = np.empty_like(curves)
    for k in range(count):
        falling[:, k] = means[:, : k + 1, k:].max(axis=2).min(axis=1)
    after = (falling >= level).sum(axis=1)
    low = np.clip(after - 1, 0, count - 2)
    rows = np.arange(len(curves))
    above, below = falling[rows, low], falling[rows, low + 1]
    share = np.clip((above - level) / np.maximum(above - below, 1e-12), 0, 1)
    found = np.exp(place[low] + share * (place[low + 1] - place[low]))
    return np.asarray(np.where(after == 0, t[0], np.where(after == count, t[-1], found)))
