"""Ideal codes of a position on a torus: each shape (1, N, N, D), [y, x]."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from regimes.datasets.composition.grid import ImageGrid

__all__ = ["ideal_codes"]

Array = NDArray[np.float64]

_RADII = (2.0, 1.0)  # of the torus in three dimensions


def ideal_codes(grid: ImageGrid) -> dict[str, Array]:
    """Codes that are put through the same measures as layers.

    ``circles``: the Clifford torus, a circle for x and another for y. ``values``: a direction for each x and each y.
    ``torus``: the torus in three dimensions, on which the circle of x changes with y. ``images``: the bumps themselves,
    whose pixels each belong to one position.
    """
    side = grid.shape[0]
    angle = 2 * np.pi * np.arange(side) / side
    y, x = np.meshgrid(angle, angle, indexing="ij")
    large, small = _RADII
    radius = large + small * np.cos(y)
    one_hot = np.eye(side)
    codes = {
        "circles": np.stack([np.cos(x), np.sin(x), np.cos(y), np.sin(y)], axis=2),
        "values": np.concatenate([np.tile(one_hot, (side, 1, 1)), np.repeat(one_hot[:, None], side, axis=1)], axis=2),
        "torus": np.stack([radius * np.cos(x), radius * np.sin(x), small * np.sin(y)], axis=2),
        "images": grid.images().reshape(side, side, -1),
    }
    return {name: each[None] for name, each in codes.items()}
