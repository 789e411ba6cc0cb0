"""Union-find on a grid with periodic edges, up to the first cluster that winds around it."""

from __future__ import annotations

from typing import Any

import numpy as np

from regimes.numerics.compiled.kernels import kernel
from regimes.numerics.composition.lattice.occupancy import fetch, neighbours, occupy, trailing
from regimes.numerics.composition.lattice.union_find import AHEAD, occupy_ghosts

__all__ = ["grow_until_wrapped"]

_U: Any = np.uint64


@kernel(inline="always")
def _root(parents: Any, steps: Any, point: Any) -> Any:
    """Root of a point, and the steps along the axis from the point to it."""
    total = 0
    while True:
        parent = parents[point]
        # Without a branch, as in the forest without steps; the steps of a root are 0.
        root = point if parent < 0 else _U(parent)
        above = parents[root]
        if above < 0:
            return root, total + steps[point]
        steps[point] += steps[root]
        parents[point] = above
        total += steps[point]
        point = _U(above)


@kernel(nogil=True)
def grow_until_wrapped(
    order: Any,
    start: int,
    stop: int,
    pieces: Any,
    edges: Any,
    parents: Any,
    steps: Any,
    occupied: Any,
    state: Any,
    biggest: Any,
    squares: Any,
) -> int:
    """Occupy points until a cluster winds around the grid along the axis.

    Each point knows the steps to its parent along bonds. Two ways between two points of a cluster that differ in
    them differ by turns around the grid (Machta et al.; newman2001). What is done is otherwise the same as in
    :func:`regimes.numerics.composition.lattice.union_find.grow`, whose arguments these are.
    """
    largest, total, clusters, root = state[0], state[1], state[3], _U(state[4])
    starts, masks, shifts, ends = pieces.starts, pieces.masks, pieces.shifts, pieces.ends
    targets, along, adjacent, lookup = pieces.targets, pieces.along, pieces.adjacent, pieces.lookup
    recorded = biggest.size > 0
    for k in range(start, stop):
        point = _U(order[_U(k)])
        if lookup.size > 0:
            ahead = _U(order[_U(k + AHEAD)])
            for piece in range(_U(starts.size)):
                fetch(parents, ahead + starts[piece])
                fetch(steps, ahead + starts[piece])
        edge = parents[point] != -4
        root, distance, wound = point, 0, False
        parents[point] = np.int32(-4)
        steps[point] = np.int32(0)
        clusters += 1
        total += 1
        for w in range(ends.size):
            word = neighbours(occupied, point, starts, masks, shifts, ends, lookup, w)
            while word:
                place = trailing(word) + _U(64 * w)
                word &= (word - _U(1)) & ~adjacent[place]
                other, way = _root(parents, steps, point + targets[place])
                way += along[place]
                if other == root:
                    wound = wound or way != distance
                    continue
                a, b = -np.int64(parents[root]), -np.int64(parents[other])
                total += 2 * (a >> 2) * (b >> 2)
                clusters -= 1
                if a < b or root == point:
                    parents[root] = np.int32(other)
                    steps[root] = np.int32(way - distance)
                    root, distance = other, way
                else:
                    parents[other] = np.int32(root)
                    steps[other] = np.int32(distance - way)
                parents[root] = np.int32(-(a + b))
        occupy(occupied, point)
        if edge:
            occupy_ghosts(parents, occupied, point, edges)
        largest = max(largest, -np.int64(parents[root]) >> 2)
        if recorded:
            biggest[_U(k - start)] = largest
            squares[_U(k - start)] = total
        if wound:
            state[0], state[1], state[2], state[3], state[4] = largest, total, k + 1, clusters, np.int64(root)
            return k + 1
    state[0], state[1], state[3], state[4] = largest, total, clusters, np.int64(root)
    return stop
