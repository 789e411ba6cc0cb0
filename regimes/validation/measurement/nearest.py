"""Nearest data point of noised states, which is the most probable one; equal points count as one."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from regimes.validation.scores.empirical import EmpiricalScore

__all__ = ["NearestPoint"]


class NearestPoint:
    """Finds the data point a with the smallest ``|x - exp(-t) a|``: the most probable one given x_t.

    Given x_t, the law of the data point is a softmax of ``-|x_t - exp(-t) a|^2/(2 Delta_t)``, so the nearest is the one
    at which a backward path ends most often. Equal points are indistinguishable: the first of them stands for all.

    Examples
    --------
    >>> nearest = NearestPoint(torch.tensor([[0.0, 0.0], [2.0, 0.0], [0.0, 0.0]]))
    >>> nearest(torch.tensor([[0.4, 0.0], [0.7, 0.0]]), 0.5).tolist(), nearest.copies.tolist()
    ([0, 1], [2, 1, 2])
    """

    def __init__(self, points: Tensor, *, memory: int = 2**28) -> None:
        self._score = EmpiricalScore(points, memory=memory)
        rows = points.reshape(len(points), -1).cpu().numpy() + 0.0  # -0.0 equals 0.0, but its bytes differ
        seen: dict[bytes, int] = {}
        first = np.array([seen.setdefault(row.tobytes(), number) for number, row in enumerate(rows)], dtype=np.int64)
        self.first_copy: NDArray[np.int64] = first
        self.copies: NDArray[np.int64] = np.bincount(first, minlength=len(first))[first]
        self._first = torch.from_numpy(first).to(points.device)

    def __call__(self, x: Tensor, t: float) -> Tensor:
        """Number of the nearest data point."""
        return self._first[self._score.nearest(x, t)]
