"""Persistent homology of activations: how many loops and voids last."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Bars", "available", "longest_bars"]

Array = NDArray[np.float64]

_LASTS = 1.5  # a bar counts if it is that much longer than the next
_LONG = 0.5  # and this long: the loop around a cell of a square lattice, which is none of its shape, lasts sqrt(2) - 1
_REACH = 4.6  # a ring of evenly spaced points is filled at sqrt(3) of its radius: 16 points are 4.4 of their steps
_LARGEST = 0.9  # of the largest distance: beyond, everything is joined to everything
_TRIANGLES = 10**5
_SHORTER = 0.9
_ROUNDS = 5  # of collapsing edges


@dataclass(frozen=True, eq=False)
class Bars:
    """Lengths of the longest bars, in units of the median distance to the nearest point."""

    loops: Array  # (3,)
    voids: Array  # (2,)

    @property
    def torus(self) -> bool:
        """Whether exactly two loops and one void count: long, and half as long again as the next."""
        counted = ((self.loops[1], self.loops[2]), (self.voids[0], self.voids[1]))
        return all(last > max(_LONG, _LASTS * after) for last, after in counted)


def available() -> bool:
    """Whether the package gudhi is installed."""
    return importlib.util.find_spec("gudhi") is not None


def longest_bars(points: Array) -> Bars:
    """Bars of the Vietoris-Rips filtration over the field of two elements; cut where it would grow too large."""
    import gudhi
    from scipy.spatial.distance import pdist, squareform

    distances = squareform(pdist(points))
    nearest = float(np.median(np.sort(distances, axis=1)[:, 1]))
    if not nearest > 0:
        return Bars(np.zeros(3), np.zeros(2))
    distances /= nearest
    reach = min(_REACH, _LARGEST * float(distances.max()))
    while True:
        tree = gudhi.RipsComplex(distance_matrix=distances, max_edge_length=reach).create_simplex_tree(max_dimension=1)
        tree.collapse_edges(nb_iterations=_ROUNDS)
        tree.expansion(2)
        if tree.num_simplices() <= _TRIANGLES:
            break
        reach *= _SHORTER
    tree.expansion(3)
    # Bars of the highest dimension are left out unless asked for, and collapsing may leave no tetrahedra.
    tree.compute_persistence(homology_coeff_field=2, persistence_dim_max=tree.dimension() < 3)
    return Bars(_longest(tree, 1, 3, reach), _longest(tree, 2, 2, reach))


def _longest(tree: Any, dimension: int, count: int, reach: float) -> Array:
    bars = np.reshape(tree.persistence_intervals_in_dimension(dimension), (-1, 2))
    lengths = np.sort(np.minimum(bars[:, 1], reach) - bars[:, 0])[::-1][:count]
    return np.pad(lengths, (0, count - len(lengths)))
