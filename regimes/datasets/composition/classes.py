"""Classes of positions."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from regimes.datasets.composition.grid import ImageGrid

__all__ = ["CLASSES", "position_classes"]

CLASSES = ("x", "y", "quadrant")
"""What can be the class of a position: its x, its y, or the quadrant of the grid in which it lies."""


def position_classes(grid: ImageGrid, classes: str) -> NDArray[np.str_]:
    """Name the class of every position of a grid."""
    if classes not in CLASSES:
        raise ValueError(
            f"dataset: classes (what the class of a position is) must be one of {', '.join(CLASSES)}, or None, got "
            f"{classes!r}"
        )
    x, y = grid.positions.T
    if classes != "quadrant":
        return np.array([f"{value:.12g}" for value in (x if classes == "x" else y).tolist()])
    sides = np.where(x < grid.x.mean(), "left", "right"), np.where(y < grid.y.mean(), "upper ", "lower ")
    return np.char.add(sides[1], sides[0])
