"""The shape of a neighbourhood in the plane: which grid points its bonds join, and whether they are those of a disc."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from regimes.numerics.composition.lattice.neighbourhood import Neighbourhood, disc_neighbourhood

__all__ = ["is_filled_and_symmetric", "is_square_disc", "sublattice_index"]

_TIE = 1e-9


def sublattice_index(neighbourhood: Neighbourhood) -> int:
    """Number of separate grids that a plane grid falls into when all points are kept; 0 for offsets on one line.

    The offsets span a lattice; the index is the area of its cell, the greatest common divisor of the determinants of
    all pairs of offsets.

    Hermite's normal form of the offsets, row by row.
    """
    a = b = d = 0  # rows (a, b) and (0, d)
    for row in neighbourhood.offsets:
        y, x = row.tolist()
        while y:
            a, b, y, x = y, x, a % y, b - a // y * x
        d = math.gcd(d, x)
        if d:
            b %= d
        if abs(a * d) == 1:
            return 1
    return abs(a * d)


def is_square_disc(neighbourhood: Neighbourhood) -> bool:
    """Whether the bonds are those of a square grid with all points within a radius, or a linear image of them.

    Percolation depends on bonds alone: the diagonals are a square grid turned by 45 degrees, which its bonds leave in
    two separate copies.
    """
    offsets = neighbourhood.offsets
    (yy, yx), (_, xx) = (offsets.T @ offsets).tolist()
    # With the inverse second moments as a metric, a linear image of a disc is a disc.
    lengths = offsets**2 @ np.array([xx, yy]) - 2 * yx * offsets[:, 0] * offsets[:, 1]
    ordered = offsets[np.argsort(lengths, kind="stable")]
    first = ordered[0]
    across = first[0] * ordered[:, 1] - first[1] * ordered[:, 0]
    if not across.any():
        return False
    second, cell = ordered[np.argmax(across != 0)], across[np.argmax(across != 0)]
    numbers = np.stack([offsets[:, 0] * second[1] - offsets[:, 1] * second[0], offsets @ [-first[1], first[0]]], axis=1)
    if np.any(numbers % cell):
        return False
    farthest = math.sqrt(np.max(np.sum((numbers // cell) ** 2, axis=1)))
    return disc_neighbourhood(farthest).z == neighbourhood.z


def is_filled_and_symmetric(neighbourhood: Neighbourhood) -> bool:
    """Whether reflection of each axis changes nothing and no grid point within the convex hull is left out."""
    offsets = neighbourhood.offsets
    rows, reach = np.abs(offsets[:, 0]), neighbourhood.reach[0]
    widths = np.zeros(reach + 1, dtype=np.int64)
    np.maximum.at(widths, rows, np.abs(offsets[:, 1]))
    # As many points as rows of these widths hold: then none is left out, on either side of either axis.
    if 2 * np.sum(2 * widths + 1) - (2 * widths[0] + 1) - 1 != len(offsets):
        return False
    return np.array_equal(widths, np.floor(_outline(widths) + _TIE))


def _outline(widths: NDArray[np.int64]) -> NDArray[np.float64]:
    """Half width of the convex hull at each row from the middle on: the least concave function above the widths."""
    reach = len(widths) - 1
    corners: list[tuple[int, int]] = []
    for y, width in zip(range(-reach, reach + 1), [*widths[:0:-1].tolist(), *widths.tolist()], strict=True):
        while len(corners) > 1 and _is_below(corners[-2], corners[-1], (y, width)):
            corners.pop()
        corners.append((y, width))
    return np.interp(np.arange(reach + 1), *np.array(corners, dtype=np.float64).T)


def _is_below(one: tuple[int, int], middle: tuple[int, int], other: tuple[int, int]) -> bool:
    (a, p), (b, q), (c, r) = one, middle, other
    return (q - p) * (c - a) <= (r - p) * (b - a)
