"""Only when a cluster first spans, for many random orders: without the curve, and without leaving compiled code."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regimes.numerics.compiled.kernels import kernel
from regimes.numerics.composition.lattice.growth import Forest, on_forests
from regimes.numerics.composition.lattice.stencil import Stencil, padded_points
from regimes.numerics.composition.lattice.union_find import FIRST, STATE, grow, shuffle
from regimes.numerics.composition.lattice.wrapping import grow_until_wrapped

__all__ = ["first_spanning"]

_BLOCK = 4096  # points that are put in order before they are occupied
_BATCH = 2**21  # points of the runs that one call makes


def first_spanning(
    stencil: Stencil,
    keys: NDArray[np.uint64],
    threads: int,
    progress: Callable[[int, int], None] | None = None,
) -> NDArray[np.int64]:
    """Number of points with which a cluster first spans in each random order; 0 where not even the full grid spans."""
    points = np.empty(int(np.prod(stencil.edges.sizes)), np.int32)
    padded_points(stencil.edges, points)
    batch = max(1, min(_BATCH // points.size, -(-keys.size // (4 * threads))))
    first = np.zeros(keys.size, np.int64)

    def several(forest: Forest, start: int) -> None:
        _first_spanning(
            keys[start : start + batch],
            points,
            forest.places,
            stencil.pieces,
            stencil.edges if stencil.periodic else None,
            stencil.zone,
            forest.parents,
            forest.steps,
            forest.occupied,
            first[start : start + batch],
        )

    starts = range(0, keys.size, batch)
    for start, _ in zip(starts, on_forests(stencil, starts, threads, several), strict=True):
        if progress is not None:
            progress(min(start + batch, keys.size), keys.size)
    return first


@kernel(nogil=True)
def _first_spanning(
    keys: Any,
    points: Any,
    order: Any,
    pieces: Any,
    edges: Any,
    zone: Any,
    parents: Any,
    steps: Any,
    occupied: Any,
    first: Any,
) -> None:
    n = points.size
    nothing = np.empty(0, np.int64)
    state, key = np.empty(STATE, np.int64), np.empty(1, np.uint64)
    for run in range(keys.size):
        key[0] = keys[run]
        # In loops: a slice that is assigned to takes numba seconds to compile.
        for i in range(STATE):
            state[i] = 0
        for i in range(n):
            order[i] = points[i]
        for i in range(zone.size):
            parents[i] = -np.int32(zone[i])
        for i in range(occupied.size):
            occupied[i] = 0
        for i in range(steps.size):
            steps[i] = 0
        for start in range(0, n, _BLOCK):
            stop = min(start + _BLOCK, n)
            shuffle(order, start, stop, key)
            if edges is None:
                grow(order, start, stop, pieces, edges, parents, occupied, state, nothing, nothing, True)
            else:
                grow_until_wrapped(order, start, stop, pieces, edges, parents, steps, occupied, state, nothing, nothing)
            if state[FIRST]:
                break
        first[run] = state[FIRST]
