"""One random order of the grid points after the other, on several threads, in bounded memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from queue import SimpleQueue
from typing import TypeVar

import numpy as np
from numba import get_num_threads
from numpy.typing import NDArray

from regimes.numerics.compiled.threads import in_threads
from regimes.numerics.composition.lattice.lattice import Lattice, block_length
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
    """The working arrays of one thread."""

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
        """Index in the padded grid of each point, in the order of the grid, last axis fastest."""
        index = np.empty_like(self.order)
        padded_points(self.stencil.edges, index)
        return index

    def run(self, key: int | None, consume: Consume) -> int:
        """Occupy the points in a random order, or in that of ``order`` without a key: how many first span, or 0.

        ``consume`` is called for every block with the number of points at its first entry, the largest sizes and the
        sums of squares.
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
                self.places,
                first,
                last,
                pieces,
                edges,
                self.parents,
                self.steps,
                self.occupied,
                counts,
                self.biggest,
                self.squares,
            )
        if reached < last:
            grow(
                self.places,
                reached,
                last,
                pieces,
                edges if self.stencil.periodic else None,
                self.parents,
                self.occupied,
                counts,
                self.biggest[reached - first :],
                self.squares[reached - first :],
                False,
            )


def threads_in_memory(
    function: str, lattice: Lattice, threads: int | None, memory: int, *, others: int = 0, advice: str
) -> int:
    """Random orders that can be followed at a time, beside ``others`` bytes that no thread needs of its own."""
    if threads is None:
        threads = get_num_threads()
    wanted = whole_number(function, "threads", "orders at a time", threads, at_least=1)
    shared = lattice.stencil_bytes + others
    check_memory(function, f"one run on {lattice.points} grid points", shared + lattice.forest_bytes, memory, advice)
    return min(wanted, (memory - shared) // lattice.forest_bytes)


def on_forests(
    stencil: Stencil, items: Sequence[Item], threads: int, work: Callable[[Forest, Item], Result]
) -> Iterator[Result]:
    """Do independent pieces of work, several at a time with the arrays of a thread each; results in their order."""
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
