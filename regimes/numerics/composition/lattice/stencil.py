"""A neighbourhood as bit masks on a padded grid, for the union-find kernels.

Grid points lie in an array with a margin as wide as the neighbourhood reaches, so that a neighbour is found by adding a
number to the index. Which points are occupied is kept as one bit a point: a row of neighbours is one load, a shift and
a mask. Open edges are margins that stay empty; periodic edges are margins that repeat the points of the other side.
"""

from __future__ import annotations

import functools
import itertools
import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from regimes.numerics.composition.lattice.lattice import Lattice

__all__ = ["Edges", "Pieces", "Stencil", "make_stencil", "padded_points"]

_WORD = 64
_LOAD = 57  # bits that a load of eight bytes holds wherever its first bit lies in the first byte
_LOOKUP_ROWS, _LOOKUP_BITS = 3, 9


class Pieces(NamedTuple):
    """A neighbourhood as runs of indices of the padded grid.

    A piece is a run of at most 57 indices: the first one less that of the point (modulo 2^64), the bits that count, and
    where they are put in a word of up to 64 places; ``ends`` are one past the last piece of each word. For each place
    of a word, ``targets`` is the index of the neighbour less that of the point, ``along`` its steps along the axis of
    the spanning cluster, ``adjacent`` the places of the same word that are neighbours of that neighbour. For a
    neighbourhood inside three short rows, which then are the pieces, all alike, ``lookup`` holds for each of the 512
    occupations of the box one neighbour from each group of points that is connected inside the box; it is empty
    otherwise.
    """

    starts: NDArray[np.uint64]
    masks: NDArray[np.uint64]
    shifts: NDArray[np.uint64]
    ends: NDArray[np.int64]
    targets: NDArray[np.uint64]
    along: NDArray[np.int64]
    adjacent: NDArray[np.uint64]
    lookup: NDArray[np.uint64]


class Edges(NamedTuple):
    """Geometry of the padded grid, one number an axis: index step, padded and inner length, width of the margin."""

    strides: NDArray[np.int64]
    widths: NDArray[np.int64]
    sizes: NDArray[np.int64]
    reach: NDArray[np.int64]


class Stencil(NamedTuple):
    """A neighbourhood on a grid.

    ``zone`` is what each padded point is as a cluster of its own: 4; with open edges 1 more in the first band along the
    axis and 2 more in the last, with periodic edges 1 more where the point has ghosts.
    """

    pieces: Pieces
    edges: Edges
    zone: NDArray[np.uint8]
    periodic: bool


def make_stencil(lattice: Lattice) -> Stencil:
    """The neighbourhood of a grid, laid out for the kernels."""
    shape, axis = lattice.shape, lattice.axis
    offsets, reach = lattice.neighbourhood.offsets, lattice.neighbourhood.reach
    widths = [size + 2 * r for size, r in zip(shape, reach, strict=True)]
    strides = np.array([math.prod(widths[a + 1 :]) for a in range(len(shape))])
    lengths = [2 * r + 1 for r in reach]
    if math.prod(lengths[:-1]) == _LOOKUP_ROWS and math.prod(lengths) <= _LOOKUP_BITS:
        places = np.array(list(itertools.product(*(range(-r, r + 1) for r in reach))), dtype=np.int64)
        lookup = _lookup(places.tobytes(), offsets.tobytes(), len(shape))
    else:
        places, lookup = offsets, np.empty(0, np.uint64)
    pieces = _pieces(places, places @ strides, places[:, axis], lookup)
    edges = Edges(strides, np.array(widths), np.array(shape), np.array(reach))
    return Stencil(pieces, edges, _zone(lattice), lattice.periodic)


def padded_points(edges: Edges, out: NDArray[np.int32]) -> None:
    """Fill in the index in the padded grid of each point, in the order of the grid, last axis fastest."""
    *leading, last = (
        ((np.arange(size) + margin) * stride).astype(np.int32)
        for size, stride, margin in zip(edges.sizes, edges.strides, edges.reach, strict=True)
    )
    rows = functools.reduce(np.add.outer, leading, np.int32(0))
    np.add.outer(rows, last, out=out.reshape(edges.sizes.tolist()))


def _pieces(
    places: NDArray[np.int64], targets: NDArray[np.int64], steps: NDArray[np.int64], lookup: NDArray[np.uint64]
) -> Pieces:
    """Cut the sorted targets, row by row, into runs that one load holds, and put the runs side by side in words."""
    runs: list[list[int]] = []
    for k in range(len(targets)):
        same_row = k > 0 and np.array_equal(places[k, :-1], places[k - 1, :-1])
        if not same_row or targets[k] - targets[runs[-1][0]] >= _LOAD:
            runs.append([])
        runs[-1].append(k)
    if lookup.size == 0:  # where any neighbour will do, the search begins in the longest rows
        runs.sort(key=lambda run: abs(int(targets[run[0]] + targets[run[-1]])))
    starts: list[int] = []
    masks: list[int] = []
    shifts: list[int] = []
    ends: list[int] = []
    used = 0
    place = np.empty(len(targets), np.int64)
    for run in runs:
        first, length = int(targets[run[0]]), int(targets[run[-1]] - targets[run[0]]) + 1
        if used + length > _WORD:
            ends.append(len(starts))
            used = 0
        starts.append(first)
        masks.append(sum(1 << (int(targets[k]) - first) for k in run))
        shifts.append(used)
        place[run] = _WORD * len(ends) + used + targets[run] - first
        used += length
    ends.append(len(starts))
    to, along = np.zeros((2, _WORD * len(ends)), np.int64)
    to[place], along[place] = targets, steps
    return Pieces(
        starts=np.array(starts).astype(np.uint64),
        masks=np.array(masks, np.uint64),
        shifts=np.array(shifts, np.uint64),
        ends=np.array(ends),
        targets=to.astype(np.uint64),
        along=along,
        adjacent=_adjacent(targets, place, len(ends), lookup),
        lookup=lookup,
    )


def _adjacent(
    targets: NDArray[np.int64], place: NDArray[np.int64], words: int, lookup: NDArray[np.uint64]
) -> NDArray[np.uint64]:
    """Differences of targets that are targets; none where a lookup has left out all that are connected."""
    adjacent = np.zeros(_WORD * words, np.uint64)
    if lookup.size:
        return adjacent
    for word in range(words):
        own = np.flatnonzero(place // _WORD == word)
        near = np.isin(targets[own][None, :] - targets[own][:, None], targets)
        bits = np.uint64(1) << (place[own] % _WORD).astype(np.uint64)
        adjacent[place[own]] = np.where(near, bits[None, :], np.uint64(0)).sum(axis=1, dtype=np.uint64)
    return adjacent


@functools.lru_cache(maxsize=64)
def _lookup(box_bytes: bytes, offset_bytes: bytes, dimensions: int) -> NDArray[np.uint64]:
    box = [tuple(p) for p in np.frombuffer(box_bytes, np.int64).reshape(-1, dimensions).tolist()]
    known = {tuple(p) for p in np.frombuffer(offset_bytes, np.int64).reshape(-1, dimensions).tolist()}
    touching = [
        sum(1 << k for k, q in enumerate(box) if tuple(a - b for a, b in zip(q, p, strict=True)) in known) for p in box
    ]
    neighbours = sum(1 << k for k, p in enumerate(box) if p in known)
    centre = 1 << (len(box) // 2)
    table = np.zeros(1 << _LOOKUP_BITS, np.uint64)
    for occupied in range(1 << len(box)):
        rest, chosen = occupied & ~centre, 0
        while rest:
            group, grown = 0, rest & -rest
            while group != grown:
                group = grown
                for k in range(len(box)):
                    if group >> k & 1:
                        grown |= touching[k] & rest
            candidates = group & neighbours
            chosen |= candidates & -candidates
            rest &= ~group
        table[occupied] = chosen
    table.flags.writeable = False
    return table


def _zone(lattice: Lattice) -> NDArray[np.uint8]:
    shape, reach, depth = lattice.shape, lattice.neighbourhood.reach, lattice.depth
    zone = np.full([size + 2 * r for size, r in zip(shape, reach, strict=True)], 4, np.uint8)
    inside = zone[tuple(slice(r, r + size) for size, r in zip(shape, reach, strict=True))]
    if depth is not None:
        along = np.moveaxis(inside, lattice.axis, 0)
        along[:depth] |= 1
        along[-depth:] |= 2
    else:
        inside[...] = 5
        inside[tuple(slice(r, size - r) for size, r in zip(shape, reach, strict=True))] = 4
    return zone.reshape(-1)
