"""Union-find along an order of the grid points: every cluster, from the empty grid to the full one (Newman and Ziff).

Parents are indices of the padded grid. A root holds ``-(4 size + bands)``: the two lowest bits say which of the two
bands the cluster touches. Occupied points are bits besides, so that a point looks at its neighbours without touching
the parents; neighbours of the new point that are neighbours of each other are in one cluster already, and all but one
of them are dropped before any search for roots.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from regimes.numerics.compiled.kernels import kernel
from regimes.numerics.composition.lattice.occupancy import (
    any_neighbour,
    fetch,
    neighbours,
    occupy,
    three_rows,
    trailing,
)

__all__ = ["AHEAD", "FIRST", "STATE", "flatten", "grow", "occupy_ghosts", "shuffle"]

STATE, FIRST = 5, 2
"""Numbers of the state: largest size, sum of squares, points at the first spanning or 0, clusters, the last root."""
AHEAD = 8
"""Points whose parents are brought into the cache before their turn."""

_U: Any = np.uint64
_ONE = _U(1)
_STRIDE, _FIRST, _SECOND = _U(0x9E3779B97F4A7C15), _U(0xBF58476D1CE4E5B9), _U(0x94D049BB133111EB)
_30, _27, _31, _32, _LOW = _U(30), _U(27), _U(31), _U(32), _U(0xFFFFFFFF)


@kernel(nogil=True)
def shuffle(order: Any, start: int, stop: int, key: Any) -> None:
    """Put random ones of the points not yet drawn at places start to stop - 1 of an order (Fisher and Yates).

    Numbers are halves of those of splitmix64; the choice among m is without bias (Lemire's rejection).
    """
    state, spare, half = key[0], _U(0), False
    for k in range(_U(start), _U(stop)):
        left = _U(order.size - AHEAD) - k
        while True:
            if half:
                scaled = spare * left
            else:
                state += _STRIDE
                z = state
                z = (z ^ (z >> _30)) * _FIRST
                z = (z ^ (z >> _27)) * _SECOND
                z ^= z >> _31
                spare = z & _LOW
                scaled = (z >> _32) * left
            half = not half
            if scaled & _LOW >= left or scaled & _LOW >= (_LOW + _ONE) % left:
                break
        other = k + (scaled >> _32)
        own = order[other]
        order[other] = order[k]
        order[k] = own
    key[0] = state


@kernel(nogil=True)
def flatten(parents: Any) -> None:
    """Let every point skip one ancestor: without branches, so that it costs less than a few searches."""
    for i in range(_U(parents.size)):
        parent = parents[i]
        above = parents[_U(max(parent, np.int32(0)))]
        parents[i] = above if (parent | above) >= 0 else parent


@kernel(inline="always")
def _root(parents: Any, point: Any) -> Any:
    while True:
        parent = parents[point]
        # Chosen without a branch: whether a neighbour is a root or the child of one cannot be foreseen.
        root = point if parent < 0 else _U(parent)
        above = parents[root]
        if above < 0:
            return root
        parents[point] = above
        point = _U(above)


@kernel(inline="always")
def _merge(parents: Any, root: Any, other: Any) -> Any:
    """Hang the smaller of two trees into the larger: the root, and the growth of the sum of squares."""
    a, b = -np.int64(parents[root]), -np.int64(parents[other])
    if a < b:
        root, other = other, root
    parents[other] = np.int32(root)
    parents[root] = -np.int32((a & -4) + (b & -4) | (a | b) & 3)
    return root, 2 * (a >> 2) * (b >> 2)


@kernel()
def occupy_ghosts(parents: Any, occupied: Any, point: Any, edges: Any) -> None:
    """Repeat a point near an edge in the margins of the other side, as its children."""
    strides, widths, sizes, reach = edges
    for choice in range(1, 1 << sizes.size):
        shift, exists = 0, True
        for axis in range(sizes.size):
            if choice >> axis & 1:
                place = np.int64(point) // strides[axis] % widths[axis] - reach[axis]
                if place < reach[axis]:
                    shift += sizes[axis] * strides[axis]
                elif place >= sizes[axis] - reach[axis]:
                    shift -= sizes[axis] * strides[axis]
                else:
                    exists = False
        if exists:
            ghost = _U(np.int64(point) + shift)
            parents[ghost] = np.int32(point)
            occupy(occupied, ghost)


@kernel(nogil=True)
def grow(
    order: Any,
    start: int,
    stop: int,
    pieces: Any,
    edges: Any,
    parents: Any,
    occupied: Any,
    state: Any,
    biggest: Any,
    squares: Any,
    until_spanning: bool,
) -> int:
    """Occupy the points at places start to stop - 1 of an order; the place after the last that was occupied.

    The order holds indices of the padded grid; those past its end are read too early, and only that. Parents start as
    minus the stencil's zone. ``biggest`` and ``squares`` are filled unless they are empty. With ``edges``, those of a
    periodic grid, nothing is said about spanning: see
    :func:`regimes.numerics.composition.lattice.wrapping.grow_until_wrapped`.
    """
    largest, total, first, clusters, single = state[0], state[1], state[2], state[3], _U(state[4])
    # An array that is read from the tuple inside the loop is counted anew each time.
    starts, masks, shifts, ends = pieces.starts, pieces.masks, pieces.shifts, pieces.ends
    targets, adjacent, lookup = pieces.targets, pieces.adjacent, pieces.lookup
    recorded, small, words = biggest.size > 0, lookup.size > 0, ends.size
    above, beside, below = starts[0], starts[1 % starts.size], starts[2 % starts.size]
    mask, shift = masks[0], shifts[1 % shifts.size]
    k = start
    while k < stop:
        point = _U(order[_U(k)])
        zone = -np.int64(parents[point])
        root = point
        if small:
            ahead = _U(order[_U(k + AHEAD)])
            fetch(parents, ahead + above)
            fetch(parents, ahead + beside)
            fetch(parents, ahead + below)
            word = lookup[three_rows(occupied, point, above, beside, below, mask, shift)]
            if word:
                root = _root(parents, point + targets[trailing(word)])
                word &= word - _ONE
            while word:
                other = _root(parents, point + targets[trailing(word)])
                word &= word - _ONE
                if other != root:
                    root, product = _merge(parents, root, other)
                    total += product
                    clusters -= 1
        elif clusters == 1:
            if any_neighbour(occupied, point, starts, masks):
                root = single
        else:
            for w in range(words):
                word = neighbours(occupied, point, starts, masks, shifts, ends, lookup, w)
                while word:
                    place = trailing(word) + _U(64 * w)
                    word &= (word - _ONE) & ~adjacent[place]
                    other = _root(parents, point + targets[place])
                    if root == point:
                        root = other
                    elif other != root:
                        root, product = _merge(parents, root, other)
                        total += product
                        clusters -= 1
            single = root
        occupy(occupied, point)
        if root == point:
            own = zone
            clusters += 1
            total += 1
        else:
            parents[point] = np.int32(root)
            own = -np.int64(parents[root])
            total += 2 * (own >> 2) + 1
            own = (own + 4) | (zone & 3)
        parents[root] = -np.int32(own)
        largest = max(largest, own >> 2)
        if recorded:
            biggest[_U(k - start)] = largest
            squares[_U(k - start)] = total
        k += 1
        if edges is not None:
            if zone != 4:
                occupy_ghosts(parents, occupied, point, edges)
        elif first == 0 and own & 3 == 3:
            first = k
            if until_spanning:
                break
    state[0], state[1], state[2], state[3], state[4] = largest, total, first, clusters, np.int64(single)
    return k
