"""The overlaps at which a data set comes together: what a threshold does, before one is chosen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from regimes.numerics.compiled.kernels import kernel
from regimes.numerics.compiled.threads import in_threads
from regimes.numerics.composition.data.overlap_rows import overlap_rows, pair_overlap, tiles
from regimes.numerics.composition.data.random_orders import find, unite
from regimes.numerics.composition.overlap_kinds import checked_overlap
from regimes.numerics.interface.checks import check_memory, whole_number

__all__ = ["ConnectingOverlaps", "connecting_overlaps"]

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class ConnectingOverlaps:
    """Overlaps at which the components of a data set join, as the threshold is lowered.

    ``overlaps`` are decreasing, ``largest`` the share of the points in the largest component once two have joined at
    each. ``whole`` is the largest threshold at which all points are one component, 0 or negative if no positive one
    does it, and ``half`` that at which the largest component holds at least half of them.
    """

    n: int
    overlap: str
    whole: float
    half: float
    overlaps: Array
    largest: Array

    def __repr__(self) -> str:
        return f"ConnectingOverlaps(n={self.n}, overlap={self.overlap!r}, whole={self.whole:.6g}, half={self.half:.6g})"


def connecting_overlaps(
    X: ArrayLike,
    *,
    overlap: str = "cosine",
    memory: int = 2**31,
    progress: Callable[[int, int], None] | None = None,
) -> ConnectingOverlaps:
    """Find the thresholds at which a data set connects, from its maximum spanning tree.

    Parameters
    ----------
    X : array_like, shape (n, ...)
        Data points, at least two; further axes are flattened.
    overlap : {"cosine", "coefficient", "product"}
        As of :func:`regimes.composition.data_percolation`.
    memory : int
        Bytes: the overlaps of all pairs are kept, 8 n^2, which is 1.5 GiB at n = 14000.
    progress : callable, optional
        Called with the work done and all work.

    Returns
    -------
    ConnectingOverlaps
        The thresholds.

    Notes
    -----
    Two points are in one component at a threshold if and only if the path between them in the maximum spanning tree
    has no smaller overlap; the tree is grown by Prim's algorithm.

    Examples
    --------
    >>> found = connecting_overlaps([[1, 0], [2, 1], [0, 1], [0, 2]])
    >>> found.overlaps.round(4).tolist(), found.largest.tolist()
    ([1.0, 0.8944, 0.4472], [0.5, 0.5, 1.0])
    """
    name = "connecting_overlaps"
    overlap = checked_overlap(name, overlap)
    memory = whole_number(name, "memory", "bytes", memory, at_least=1)
    rows = overlap_rows(name, X, overlap, memory)
    n = len(rows.values)
    left = memory - rows.values.nbytes
    check_memory(
        name, f"the overlaps of all pairs of n = {n} points", 8 * n * n, left, "take a random part of the points"
    )
    matrix = np.empty((n, n))

    def fill(place: tuple[slice, slice]) -> None:
        some, others = place
        matrix[some, others] = rows.tile(some, others)
        matrix[others, some] = matrix[some, others].T

    places = list(tiles(n))
    for done, _ in enumerate(in_threads(fill, places, 1 if rows.in_blas else None), 1):
        if progress is not None:
            progress(done, len(places))
    first, second = _spanning_tree(matrix)
    overlaps, largest = _join_along(first, second, rows.values, rows.products)
    return ConnectingOverlaps(
        n=n,
        overlap=overlap,
        whole=float(overlaps[-1]),
        half=float(overlaps[np.argmax(2 * largest >= n)]),
        overlaps=overlaps,
        largest=largest / n,
    )


@kernel(nogil=True)
def _spanning_tree(overlaps: Any) -> Any:
    """Ends of the links of a tree of largest overlaps; the matrix is not changed."""
    n = overlaps.shape[0]
    reached = np.zeros(n, dtype=np.bool_)
    best, near = np.full(n, -np.inf), np.zeros(n, dtype=np.int64)
    ends = np.empty((2, n - 1), dtype=np.int64)
    last = 0
    for link in range(n - 1):
        reached[last] = True
        row = overlaps[last]
        following, highest = -1, -np.inf
        for j in range(n):
            if not reached[j]:
                if row[j] > best[j]:
                    best[j], near[j] = row[j], last
                if best[j] > highest:
                    following, highest = j, best[j]
        ends[0, link], ends[1, link] = near[following], following
        last = following
    return ends[0], ends[1]


def _join_along(
    first: NDArray[np.int64], second: NDArray[np.int64], values: Array, products: bool
) -> tuple[Array, NDArray[np.int64]]:
    """Overlaps of the links of the tree, decreasing, and the largest component after each."""
    overlaps = np.array([pair_overlap(values, i, j, products) for i, j in zip(first, second, strict=True)])
    order = np.argsort(-overlaps, kind="stable")
    return overlaps[order], _largest_along(first[order], second[order])


@kernel()
def _largest_along(first: Any, second: Any) -> Any:
    """Largest component after each link of a tree."""
    parents, largest = np.full(first.size + 1, -1), np.empty(first.size, dtype=np.int64)
    most = 1
    for link in range(first.size):
        root = unite(parents, find(parents, first[link]), find(parents, second[link]))
        most = max(most, -parents[root])
        largest[link] = most
    return largest
