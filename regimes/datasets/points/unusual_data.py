"""What a user should know about the data before using times that were predicted from them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from regimes.datasets.points.dataset import Preprocessing

__all__ = ["UNIT_SCALE", "data_notes", "duplicate_points"]

UNIT_SCALE = (1 / 30, 30.0)
"""Variance per dimension that models are given: pixels in [-1, 1], most of them of one value, to a few units."""

_PIXELS, _LARGEST_PIXEL = 2, 255
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
    """What should be done about a scale that models are hardly given, and points that repeat another."""
    notes = []
    scale = _scale_note(preprocessing)
    if scale:
        notes.append(scale)
    duplicates = duplicate_points(X)
    if duplicates:
        notes.append(
            f"{duplicates} of {len(X)} points repeat another exactly (duplicates): a sample never commits to one of "
            "two equal points, so the collapse refers to fewer points than n"
        )
    return tuple(notes)


def _scale_note(preprocessing: Preprocessing) -> str | None:
    """Nothing where a scaling was chosen: it is then what the model sees."""
    if preprocessing.scale != "none":
        return None
    (low, high), variance = preprocessing.input_range, preprocessing.mean_variance
    if low == 0 and high.is_integer() and _PIXELS <= high <= _LARGEST_PIXEL:
        return (
            f"values from 0 to {high:g}, as of pixels: models see them mapped to [-1, 1]; if yours does, give "
            "--scale range (scale='range'), since every time moves with the scale"
        )
    if low >= 0 and high <= 1 and high - low > 1 / 2:
        return (
            "values in [0, 1]: image models see [-1, 1], which has four times the Lambda; if yours does, give "
            "--scale range (scale='range')"
        )
    if not UNIT_SCALE[0] <= variance <= UNIT_SCALE[1]:
        return (
            f"variance per dimension {variance:.3g}, far from the 1 that noise schedules assume: if the model sees "
            "standardised values, give --scale standard or feature (scale='standard'), since every time moves with it"
        )
    return None
