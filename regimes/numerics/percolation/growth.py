"""One random order of the grid points after the other, on several threads, in bounded memory."""

from __future__ import annotations

from collections.abc import Callable
from queue import SimpleQueue

import numpy as np
from numpy.typing import NDArray

from regimes.numerics.percolation.in_threads import in_threads
from regimes.numerics.percolation.lattice_checks import block_length
from regimes.numerics.percolation.stencil import Stencil, padded_points
from regimes.numerics.percolation.union_find import AHEAD, FIRST, STATE, flatten, grow, shuffle
from regimes.numerics.percolation.wrapping import grow_until_wrapped

__all__ = ["Forest", "grow_all"]

_SPARE = 16  # bytes past the last point that a load may touch
_FLATTENED = 2  # blocks since something spans after which the forest is flattened

Consume = Callable[[int, NDArray[np.int64], NDArray[np.int64]], None]


class Forest:
    """The working arrays of one thread.

    Parameters
    ----------
    stencil : Stencil
        The neighbourhood on the grid.
    """

    def __init__(self, stencil: Stencil) -> None:
        padded, n = stencil.zone.size, int(np.prod(stencil.edges.sizes))
        self.stencil = stencil
        self.parents = np.empty(padded, np.int32)
        self.steps = np.empty(padded if stencil.periodic else 0, np.int32)
        self.occupied = np.empty(padded // 8 + _SPARE, np.uint8)
        self.places = np.zeros(n + AHEAD, np.int32)
        self.order = self.places[:n]
        self.biggest, self.squares = np.empty((2, block_length(n)), np.int64)
        self.scratch = np.empty((4, max(block_length(n), 16)))

    def points(self) -> NDArray[np.int32]:
        """Index in the padded grid of each point.

        Returns
        -------
        ndarray of int32, shape (n,)
            In the order of the grid, last axis fastest.
        """
        index = np.empty_like(self.order)
        padded_points(self.stencil.edges, index)
        return index

    def run(self, key: int | None, consume: Consume) -> int:
        """Occupy the points in the order given in ``order``, or in a random one.

        Parameters
        ----------
        key : int or None
            Of the random order; None for the order that ``order`` holds.
        consume : callable
            Called for every block with the number of points at its first entry, the largest sizes and the sums of
            squares.

        Returns
        -------
        int
            Number of points with which a cluster first spans, 0 if none ever does.
        """
        n, block = self.order.size, block_length(self.order.size)
        if key is not None:
            padded_points(self.stencil.edges, self.order)
            state = np.array([key], np.uint64)
        np.negative(self.stencil.zone, out=self.parents, dtype=np.int32)
        self.occupied[:] = 0
        self.steps[:] = 0
        counts = np.zeros(STATE, np.int64)
        flattened = 0
        for first in range(0, n, block):
            last = min(first + block, n)
            if key is not None:
                shuffle(self.places, first, last, state)
            self._grow(first, last, counts)
            consume(first + 1, self.biggest[: last - first], self.squares[: last - first])
            if counts[FIRST] and flattened < _FLATTENED and block < n:
                flatten(self.parents)
                flattened += 1
        return int(counts[FIRST])

    def _grow(self, first: int, last: int, counts: NDArray[np.int64]) -> None:
        pieces, edges, reached = self.stencil.pieces, self.stencil.edges, first
        if self.stencil.periodic and not counts[FIRST]:
            reached = grow_until_wrapped(
                self.places, first, last, pieces, edges, self.parents, self.steps, self.occupied, counts,
                self.biggest, self.squares,
            )  # fmt: skip
        if reached < last:
            grow(
                self.places, reached, last, pieces, edges if self.stencil.periodic else None, self.parents,
                self.occupied, counts, self.biggest[reached - first :], self.squares[reached - first :], False,
            )  # fmt: skip


def grow_all(
    stencil: Stencil,
    keys: NDArray[np.uint64],
    threads: int,
    work: Callable[[Forest, int, int], int],
    progress: Callable[[int, int], None] | None,
) -> NDArray[np.int64]:
    """Do every run, several at a time.

    Parameters
    ----------
    stencil : Stencil
        The neighbourhood on the grid.
    keys : ndarray of uint64, shape (runs,)
        Of the random orders.
    threads : int
        Runs at a time.
    work : callable
        Takes the working arrays, the number of the run and its key.
    progress : callable, optional
        Called with the runs done and their number after each.

    Returns
    -------
    ndarray of int64, shape (runs,)
        What ``work`` returned for each.
    """
    forests: SimpleQueue[Forest] = SimpleQueue()
    for _ in range(min(threads, keys.size)):
        forests.put(Forest(stencil))

    def one(run: int) -> int:
        forest = forests.get()
        try:
            return work(forest, run, int(keys[run]))
        finally:
            forests.put(forest)

    results = np.zeros(keys.size, np.int64)
    for run, result in enumerate(in_threads(one, range(keys.size), threads)):
        results[run] = result
        if progress is not None:
            progress(run + 1, keys.size)
    return results
