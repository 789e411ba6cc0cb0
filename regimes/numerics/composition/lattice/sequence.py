"""Clusters of a grid while its points are kept in a given order."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from regimes.numerics.composition.lattice.growth import Forest
from regimes.numerics.composition.lattice.lattice import Lattice
from regimes.numerics.composition.lattice.stencil import make_stencil
from regimes.numerics.interface.checks import check_memory, whole_number

__all__ = ["PercolationSequence", "percolation_sequence"]

_MEMORY = 2**31


@dataclass(frozen=True, eq=False)
class PercolationSequence:
    """Clusters while the points of a grid are kept one after the other.

    ``largest`` and ``squares`` are the size of the largest cluster and the sum of all squared sizes when k = 0 to n
    points are kept; ``spanning`` is the number at which a cluster first spans, None if the full grid does not.
    """

    largest: NDArray[np.int64]
    squares: NDArray[np.int64]
    spanning: int | None


def percolation_sequence(order: ArrayLike, lattice: Lattice, *, memory: int = _MEMORY) -> PercolationSequence:
    """Clusters of a grid whose points are kept one after the other in a given order.

    Parameters
    ----------
    order : array_like of int, shape (n,)
        A permutation of the points 0 to n - 1, counted with the last axis fastest.
    lattice : Lattice
        The grid.
    memory : int
        Bytes that may be taken: about 40 a grid point.

    Returns
    -------
    PercolationSequence
        Largest cluster and sum of squared sizes at every number of kept points, and when a cluster first spans.

    Notes
    -----
    newman2001.

    Examples
    --------
    >>> from regimes.composition import Lattice, disc_neighbourhood
    >>> line = percolation_sequence([0, 3, 1, 2], Lattice(4, disc_neighbourhood(1, steps=(1.0,))))
    >>> line.largest.tolist(), line.squares.tolist(), line.spanning
    ([0, 1, 1, 2, 4], [0, 1, 2, 5, 16], 4)
    """
    name = "percolation_sequence"
    allowed = whole_number(name, "memory", "bytes", memory, at_least=1)
    n = lattice.points
    needed = lattice.stencil_bytes + lattice.forest_bytes + 24 * n
    check_memory(name, f"the clusters of {n} grid points", needed, allowed, "take a smaller grid")
    given = np.asarray(order)
    if given.dtype.kind not in "iu" or given.shape != (n,) or not np.array_equal(np.sort(given), np.arange(n)):
        raise ValueError(
            f"{name}: order must be a permutation of the {n} points 0 to {n - 1}, got {given.dtype} of shape "
            f"{given.shape}" + (" with others or repetitions" if given.shape == (n,) else "")
        )
    forest = Forest(make_stencil(lattice))
    forest.order[:] = forest.points()[given]
    largest, squares = np.zeros((2, n + 1), np.int64)

    def consume(start: int, biggest: NDArray[np.int64], total: NDArray[np.int64]) -> None:
        largest[start : start + biggest.size] = biggest
        squares[start : start + total.size] = total

    return PercolationSequence(largest, squares, forest.run(None, consume) or None)
