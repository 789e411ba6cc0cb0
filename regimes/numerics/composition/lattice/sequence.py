"""Clusters of a grid while its points are kept in a given order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from regimes.numerics.composition.lattice.growth import Forest
from regimes.numerics.composition.lattice.lattice_checks import checked_lattice
from regimes.numerics.composition.lattice.neighbourhood import Neighbourhood
from regimes.numerics.composition.lattice.stencil import make_stencil
from regimes.numerics.interface.checks import check_memory, whole_number
from regimes.numerics.interface.plain import plain_fields

__all__ = ["PercolationSequence", "percolation_sequence"]

_MEMORY = 2**31


@dataclass(frozen=True, eq=False)
class PercolationSequence:
    """Clusters while the points of a grid are kept one after the other.

    Attributes
    ----------
    largest : ndarray of int64, shape (n + 1,)
        Points in the largest cluster when k = 0 to n points are kept.
    squares : ndarray of int64, shape (n + 1,)
        Sum of the squared sizes of all clusters.
    spanning : int or None
        Number of kept points at which a cluster first spans; None if the full grid does not.
    """

    largest: NDArray[np.int64]
    squares: NDArray[np.int64]
    spanning: int | None

    def to_dict(self) -> dict[str, Any]:
        """Plain dictionary, ready for JSON.

        Returns
        -------
        dict
            The attributes by name.
        """
        return plain_fields(self)


def percolation_sequence(
    order: ArrayLike,
    shape: int | Sequence[int],
    neighbourhood: Neighbourhood,
    *,
    periodic: bool = False,
    axis: int = 0,
    depth: int | None = None,
    memory: int = _MEMORY,
) -> PercolationSequence:
    """Clusters of a grid whose points are kept one after the other in a given order.

    Parameters
    ----------
    order : array_like of int, shape (n,)
        A permutation of the points 0 to n - 1, counted with the last axis fastest.
    shape : int or sequence of int
        Of the grid; one number is the length of every axis.
    neighbourhood : Neighbourhood
        Which points connect.
    periodic, axis, depth
        As for :func:`regimes.composition.lattice_percolation`.
    memory : int
        Bytes that may be taken: about 40 a grid point.

    Returns
    -------
    PercolationSequence
        Largest cluster and sum of squared sizes at every number of kept points, and when a cluster first spans.

    Raises
    ------
    ValueError
        If order is not a permutation of the points, the neighbourhood does not fit the grid, or memory is short.

    Notes
    -----
    newman2001.

    Examples
    --------
    >>> from regimes.numerics.composition.lattice.neighbourhood import disc_neighbourhood
    >>> line = percolation_sequence([0, 3, 1, 2], 4, disc_neighbourhood(1, steps=(1.0,)))
    >>> line.largest.tolist(), line.squares.tolist(), line.spanning
    ([0, 1, 1, 2, 4], [0, 1, 2, 5, 16], 4)
    """
    name = "percolation_sequence"
    lattice = checked_lattice(name, shape, neighbourhood, periodic=periodic, axis=axis, depth=depth)
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
    forest = Forest(make_stencil(lattice.shape, neighbourhood, lattice.axis, lattice.depth, periodic))
    forest.order[:] = forest.points()[given]
    largest, squares = np.zeros((2, n + 1), np.int64)

    def consume(start: int, biggest: NDArray[np.int64], total: NDArray[np.int64]) -> None:
        largest[start : start + biggest.size] = biggest
        squares[start : start + total.size] = total

    return PercolationSequence(largest, squares, forest.run(None, consume) or None)
