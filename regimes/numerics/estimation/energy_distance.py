"""The energy distance of two sets of points, from the mean distances of their pairs."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

__all__ = ["energy_from_means"]

Mean = TypeVar("Mean", float, NDArray[np.float64])


def energy_from_means(across: Mean, within: Mean, among: Mean) -> Mean:
    """``2 E|x - y| - E|x - x'| - E|y - y'|``: 0 for two sets of one law, else positive.

    Without the pairs of a point with itself in the last two it is an estimate without bias, which may be negative; with
    them it is the distance of the two sets as they are.

    >>> energy_from_means(3.0, 1.0, 2.0)
    3.0
    """
    return 2 * across - within - among
