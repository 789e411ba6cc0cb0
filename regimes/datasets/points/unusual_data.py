"""What a user should know about the data before using times that were predicted from them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from regimes.datasets.points.dataset import Preprocessing

__all__ = ["UNIT_SCALE", "data_notes", "duplicate_points"]

UNIT_SCALE = (1 / 3, 3.0)
"""Variance per dimension outside of which the scale is worth a word."""

_BLOCK = 4096


def duplicate_points(X: NDArray[np.float64]) -> int:
    """Number of points that repeat an earlier one exactly.

    Compares 64-bit hashes of the rows, so that memory grows with n alone; two of a million different points
    share a hash with probability 3e-8.
    """
    hashes = np.empty(len(X), dtype=np.int64)
    for start in range(0, len(X), _BLOCK):
        block = X[start : start + _BLOCK] + 0.0  # -0.0 equals 0.0, but its bytes differ
        hashes[start : start + len(block)] = [hash(row.tobytes()) for row in block]
    return len(X) - len(np.unique(hashes))


def data_notes(X: NDArray[np.float64], preprocessing: Preprocessing) -> tuple[str, ...]:
    """A sentence for each: scale far from 1, repeated points, fewer points than dimensions, constant features."""
    (n, d), notes = X.shape, []
    low, high = UNIT_SCALE
    if not low <= preprocessing.mean_variance <= high:
        notes.append(
            f"variance per dimension {preprocessing.mean_variance:.3g} is far from 1: noise schedules "
            "assume unit scale, and every time moves with the scale (the same data in [0, 1] and in [-1, 1] "
            "differ fourfold in Lambda); make sure that these are the values that the model sees"
        )
    duplicates = duplicate_points(X)
    if duplicates:
        notes.append(
            f"{duplicates} of {n} points repeat another exactly (duplicates): a sample never commits to one of two "
            "equal points, so the collapse refers to fewer points than n"
        )
    if n <= d:
        notes.append(
            f"n = {n} points in d = {d} dimensions: the covariance has rank {n - 1} at most, "
            "so its spectrum is a rough estimate"
        )
    constant = int(np.count_nonzero(X.min(axis=0) == X.max(axis=0)))
    if constant:
        notes.append(f"{constant} of {d} features are constant; they count in d, hence in alpha = log(n)/d")
    return tuple(notes)
