"""Ideal codes of a position on a torus: each of shape (1, N, N, D), [y, x]."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from regimes.datasets.composition.grid import ImageGrid

__all__ = ["ideal_codes"]

Array = NDArray[np.float64]

_RADII = (2.0, 1.0)  # of the torus in three dimensions
_SHORTER = 0.5  # of y where it shares the directions of x: as long, (x, y) and (y, x) would be one point
_SHUFFLE = 0


def ideal_codes(grid: ImageGrid) -> dict[str, Array]:
    """Codes that are put through the same measures as layers.

    Sums of a code of x and one of y: ``circles``, the Clifford torus; ``shuffled``, the same with the values of each
    feature in random order; ``values``, a direction for each x and each y; ``shared``, the directions of x once more
    for y. Coupled: ``torus``, in three dimensions, on which the circle of x changes with y; ``pairs``, a direction for
    each (x, y); ``images``, the bumps themselves.
    """
    side = grid.shape[0]
    angle = 2 * np.pi * np.arange(side) / side
    y, x = np.meshgrid(angle, angle, indexing="ij")
    large, small = _RADII
    radius = large + small * np.cos(y)
    circles = np.stack([np.cos(x), np.sin(x), np.cos(y), np.sin(y)], axis=2)
    order = np.random.default_rng(_SHUFFLE).permutation(side)
    of_x, of_y = np.tile(np.eye(side), (side, 1, 1)), np.repeat(np.eye(side)[:, None], side, axis=1)
    codes = {
        "circles": circles,
        "shuffled": circles[order][:, order],
        "values": np.concatenate([of_x, of_y], axis=2),
        "shared": of_x + _SHORTER * of_y,
        "torus": np.stack([radius * np.cos(x), radius * np.sin(x), small * np.sin(y)], axis=2),
        "pairs": np.eye(side**2).reshape(side, side, -1),
        "images": grid.images().reshape(side, side, -1),
    }
    return {name: each[None] for name, each in codes.items()}
