"""One random order of the grid points after the other, on several threads, in bounded memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from queue import SimpleQueue
from typing import TypeVar

import numpy as np
from numba import get_num_threads
from numpy.typing import NDArray

from regimes.numerics.compiled.threads import in_threads
from regimes.numerics.composition.lattice.lattice_checks import Lattice, block_length
from regimes.numerics.composition.lattice.stencil import Stencil, padded_points
from regimes.numerics.composition.lattice.union_find import AHEAD, FIRST, STATE, flatten, grow, shuffle
from regimes.numerics.composition.lattice.wrapping import grow_until_wrapped
from regimes.numerics.interface.checks import check_memory, whole_number

__all__ = ["Forest", "on_forests", "threads_in_memory"]

_SPARE = 16  # bytes past the last point that a load may touch
_FLATTENED = 2  # blocks since something spans after which the forest is flattened

Item = TypeVar("Item")
Result = TypeVar("Result")
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


def threads_in_memory(
    function: str, lattice: Lattice, threads: int | None, memory: int, *, others: int = 0, advice: str
) -> int:
    """Random orders that can be followed at a time.

    Parameters
    ----------
    function : str
        For the error.
    lattice : Lattice
        The grid.
    threads : int or None
        What was asked for; one a processor if None.
    memory : int
        Bytes that may be taken.
    others : int
        Bytes of what is neither shared geometry nor a working array of a thread.
    advice : str
        What to do where memory is short.

    Returns
    -------
    int
        At most what was asked for.

    Raises
    ------
    ValueError
        If the number of threads is none, or memory does not suffice for one of them.
    """
    if threads is None:
        threads = get_num_threads()
    wanted = whole_number(function, "threads", "orders at a time", threads, at_least=1)
    shared = lattice.stencil_bytes + others
    check_memory(function, f"one run on {lattice.points} grid points", shared + lattice.forest_bytes, memory, advice)
    return min(wanted, (memory - shared) // lattice.forest_bytes)


def on_forests(
    stencil: Stencil, items: Sequence[Item], threads: int, work: Callable[[Forest, Item], Result]
) -> Iterator[Result]:
    """Do independent pieces of work, several at a time, each with the working arrays of a thread.

    Parameters
    ----------
    stencil : Stencil
        The neighbourhood on the grid.
    items : sequence
        The pieces.
    threads : int
        At most so many at a time.
    work : callable
        Takes the working arrays and a piece.

    Yields
    ------
    result
        In the order of the pieces.
    """
    forests: SimpleQueue[Forest] = SimpleQueue()
    for _ in range(min(threads, len(items))):
        forests.put(Forest(stencil))

    def one(item: Item) -> Result:
        forest = forests.get()
        try:
            return work(forest, item)
        finally:
            forests.put(forest)

    return in_threads(one, items, threads)
