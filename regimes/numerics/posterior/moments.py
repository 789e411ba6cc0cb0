"""Averages of the statistics of the probes, block by block, and the curves that they give."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from regimes.numerics.posterior.summary import CLASS, CLASS_LEFT_OUT, INDEX, LOG_REST, LOG_TOTAL, STATISTICS

__all__ = ["Moments"]

Array = NDArray[np.float64]
Counts = NDArray[np.int64]

_CLONES = {"clone_index": INDEX, "clone_class": CLASS, "clone_class_leave_one_out": CLASS_LEFT_OUT}


class Moments:
    """Mean and squared deviations of the statistics over probes; memory does not grow with their number."""

    def __init__(self, times: int, groups: int) -> None:
        self._count = 0
        self._groups = groups
        self._mean = np.zeros((times, STATISTICS))
        self._squares = np.zeros((times, STATISTICS))
        self._left_out = np.zeros((times, STATISTICS, groups))

    def add(self, block: Array) -> None:
        """Merge probes, shape (B, T, STATISTICS, 1 + groups): Chan, Golub, LeVeque 1979 lose no digits to the mean."""
        size = len(block)
        mean = block[..., 0].mean(axis=0)
        step = mean - self._mean
        total = self._count + size
        self._squares += ((block[..., 0] - mean) ** 2).sum(axis=0) + step**2 * (self._count * size / total)
        self._mean += step * (size / total)
        self._left_out += block[..., 1:].sum(axis=0)
        self._count = total

    def curves(self, n: int, rest: Counts, kept: Counts, *, with_classes: bool) -> dict[str, Any]:
        """``name``, ``name_se``, ``jackknife_name`` of each curve; rest and kept count data, probes outside groups."""
        error = np.sqrt(self._squares / (self._count * (self._count - 1)))
        jackknife = self._groups > 1
        left_out = np.moveaxis(self._left_out, 2, 0) / kept[:, None, None] if jackknife else None
        result: dict[str, Any] = {}

        def entropy(name: str, place: int, missing: int) -> None:
            """In units of log n; the sum ran over n - missing points."""
            result[name] = (self._mean[:, place] + np.log(n / (n - missing))) / np.log(n)
            result[f"{name}_se"] = error[:, place] / np.log(n)
            size = rest[:, None]
            result[f"jackknife_{name}"] = (
                None if left_out is None else (left_out[..., place] + np.log(size / (size - missing))) / np.log(size)
            )

        entropy("excess_entropy", LOG_TOTAL, 0)
        entropy("leave_one_out", LOG_REST, 1)
        for name, place in _CLONES.items():
            absent = not with_classes and place != INDEX
            result[name] = None if absent else self._mean[:, place]
            result[f"{name}_se"] = None if absent else error[:, place]
            result[f"jackknife_{name}"] = None if absent or left_out is None else left_out[..., place]
        return result
