"""Which points overlap by at least a threshold: as a bit for each pair, or as lists of neighbours where they are few.

A bit for each pair takes n^2/8 bytes however many links there are, and is found from all n^2/2 overlaps, a tile at a
time. In few dimensions a tree finds the pairs that are near instead, and lists take four bytes for each end of a link.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import get_num_threads
from numpy.typing import NDArray

from regimes.numerics.compiled.kernels import kernel
from regimes.numerics.compiled.threads import in_threads
from regimes.numerics.composition.data.overlap_rows import TILE, OverlapRows, pair_overlap, tiles
from regimes.numerics.interface.checks import check_memory

__all__ = ["TIE", "LinkBits", "LinkLists", "link_bits", "link_lists", "overlap_graph"]

TIE = 1e-12
"""An overlap this close to the threshold, relatively, equals it: rounding must not decide, and equality connects."""
_FEW_DIMENSIONS, _MOST_DIMENSIONS = 4, 8
_FEW_POINTS = 4096
_BLOCK = 4_000_000  # pairs that the tree gives at a time
_PAIR = 24  # bytes of a pair from the tree
_ORDER_BYTES = 64  # for each point, of a thread that joins the points in an order
_WORD = 64


@dataclass(frozen=True, eq=False)
class LinkBits:
    """Links as a symmetric matrix: bit j % 64 of word j // 64 of row i is set where i and j != i connect."""

    bits: NDArray[np.uint64]
    links: int


@dataclass(frozen=True, eq=False)
class LinkLists:
    """Links as lists: ``neighbours[starts[i]:ends[i]]`` are those of point i, a link once for either end."""

    starts: NDArray[np.int64]
    ends: NDArray[np.int64]
    neighbours: NDArray[np.int32]
    links: int


def overlap_graph(
    function: str, rows: OverlapRows, tau: float, memory: int, progress: Callable[[int, int], None] | None = None
) -> LinkBits | LinkLists:
    """Pairs whose overlap is at least tau, in whichever form suits the data and fits into memory."""
    n, d = rows.values.shape
    threads = get_num_threads()
    fixed = rows.values.nbytes + threads * max(8 * min(n, TILE) ** 2, _ORDER_BYTES * n)
    needed = fixed + 8 * n * -(-n // _WORD)
    what, advice = f"a bit for each pair of n = {n} points", "take a random part of the points"
    most = _FEW_DIMENSIONS if needed <= memory else _MOST_DIMENSIONS
    if rows.overlap != "product" and d <= most and n > _FEW_POINTS:
        near, lists = _near_pairs(rows, tau)
        if fixed + lists <= min(memory, needed):
            return link_lists(rows, tau, progress)
        if fixed + lists < needed:
            needed, what, advice = fixed + lists, f"the {near} links of n = {n} points", f"raise tau, {advice}"
    check_memory(function, what, needed, memory, advice)
    return link_bits(rows, tau, progress)


def link_bits(rows: OverlapRows, tau: float, progress: Callable[[int, int], None] | None = None) -> LinkBits:
    """Links by comparing all pairs."""
    n = len(rows.values)
    bits = np.zeros((n, -(-n // _WORD)), dtype=np.uint64)
    limit, slack = tau * (1 - TIE), rows.slack(tau)

    def compare(place: tuple[slice, slice]) -> None:
        some, others = place
        overlaps = rows.tile(some, others)
        _set_bits(overlaps, some.start, others.start, limit, slack, rows.values, rows.products, bits)

    places = list(tiles(n))
    for done, _ in enumerate(in_threads(compare, places, 1 if rows.in_blas else None), 1):
        if progress is not None:
            progress(done, len(places))
    _mirror(bits)
    return LinkBits(bits, int(_count_bits(bits)) // 2)


def link_lists(rows: OverlapRows, tau: float, progress: Callable[[int, int], None] | None = None) -> LinkLists:
    """Links by searching a tree for pairs that are near, and comparing these; not for the density product."""
    from scipy.spatial import cKDTree

    n = len(rows.values)
    tree, radius, p = _tree(rows, tau)
    room = int(tree.count_neighbors(tree, radius, p=p)) - n
    neighbours = np.empty(room, dtype=np.int32)
    starts, ends = np.zeros(n, dtype=np.int64), np.zeros(n, dtype=np.int64)
    # Points that are near in the order of the leaves are near in space, so that a block has a small tree of its own.
    waiting = [np.asarray(part) for part in np.array_split(tree.indices, -(-n // _FEW_POINTS))][::-1]
    used, done = 0, 0
    while waiting:
        block = waiting.pop()
        own = cKDTree(rows.values[block])
        if len(block) > 1 and own.count_neighbors(tree, radius, p=p) > _BLOCK:
            waiting += [block[len(block) // 2 :], block[: len(block) // 2]]
            continue
        pairs = own.sparse_distance_matrix(tree, radius, p=p, output_type="ndarray")
        used = _file_pairs(
            block, pairs["i"], pairs["j"], tau * (1 - TIE), rows.values, rows.products, starts, ends, neighbours, used
        )
        done += len(block)
        if progress is not None:
            progress(done, n)
    return LinkLists(starts, ends, neighbours, used // 2)


def _tree(rows: OverlapRows, tau: float) -> tuple[Any, float, float]:
    """Tree of the points, and distance and norm that hold every pair of overlap tau or more."""
    from scipy.spatial import cKDTree

    if rows.overlap == "product":
        raise ValueError("link_lists: the density product is no function of a distance; take link_bits")
    least = tau * (1 - TIE) - rows.slack(tau)
    # |x - y|^2 = 2 - 2 x.y at length 1; |p - q|_1 = 2 - 2 sum min(p, q) at sum 1. The margin is that of the distances.
    margin = 4 * rows.slack(1.0)
    radius = np.sqrt(max(2 - 2 * least, 0.0) + margin) if rows.products else max(2 - 2 * least, 0.0) + margin
    return cKDTree(rows.values), float(radius), 2.0 if rows.products else 1.0


def _near_pairs(rows: OverlapRows, tau: float) -> tuple[int, int]:
    """Number of links, or a few more, and bytes to list them."""
    n = len(rows.values)
    tree, radius, p = _tree(rows, tau)
    ends = int(tree.count_neighbors(tree, radius, p=p)) - n
    return ends // 2, 4 * ends + 16 * n + _PAIR * min(2 * _BLOCK, ends + n)


@kernel(nogil=True)
def _set_bits(
    overlaps: Any, first: int, other: int, limit: float, slack: float, values: Any, products: bool, bits: Any
) -> None:
    """Set the bits of a tile; overlaps that rounding may have carried past the limit are summed again."""
    size = overlaps.shape[1]
    low, high = limit - slack, limit + slack
    for i in range(overlaps.shape[0]):
        for start in range(0, size, _WORD):
            stop = min(start + _WORD, size)
            sure, perhaps = np.uint64(0), np.uint64(0)
            for j in range(start, stop):
                sure |= np.uint64(overlaps[i, j] >= high) << np.uint64(j - start)
                perhaps |= np.uint64(overlaps[i, j] >= low) << np.uint64(j - start)
            if sure != perhaps:
                for j in range(start, stop):
                    place = np.uint64(1) << np.uint64(j - start)
                    if (perhaps ^ sure) & place and pair_overlap(values, first + i, other + j, products) >= limit:
                        sure |= place
            if other + start <= first + i < other + stop:
                sure &= ~(np.uint64(1) << np.uint64(first + i - other - start))
            bits[first + i, (other + start) // _WORD] = sure


@kernel(nogil=True)
def _mirror(bits: Any) -> None:
    """Copy what lies above the diagonal below it, in squares of 64 bits.

    The transposition of a square by halves is that of Warren, Hacker's Delight, section 7-3.
    """
    n, words = bits.shape
    for down in range(words):
        square = np.empty(_WORD, dtype=np.uint64)
        for across in range(down):
            for i in range(_WORD):
                square[i] = bits[_WORD * across + i, down]
            half, mask = 32, np.uint64(0xFFFFFFFF)
            while half:
                i = 0
                while i < _WORD:
                    moved = ((square[i] >> np.uint64(half)) ^ square[i + half]) & mask
                    square[i + half] ^= moved
                    square[i] ^= moved << np.uint64(half)
                    i = (i + half + 1) & ~half
                half >>= 1
                mask ^= mask << np.uint64(half)
            for i in range(min(_WORD, n - _WORD * down)):
                bits[_WORD * down + i, across] = square[i]


@kernel(nogil=True)
def _count_bits(bits: Any) -> Any:
    total = np.int64(0)
    for row in bits:
        for word in row:
            word -= (word >> np.uint64(1)) & np.uint64(0x5555555555555555)
            word = (word & np.uint64(0x3333333333333333)) + ((word >> np.uint64(2)) & np.uint64(0x3333333333333333))
            word = (word + (word >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
            total += np.int64((word * np.uint64(0x0101010101010101)) >> np.uint64(56))
    return total


@kernel(nogil=True)
def _file_pairs(
    block: Any,
    own: Any,
    other: Any,
    limit: float,
    values: Any,
    products: bool,
    starts: Any,
    ends: Any,
    neighbours: Any,
    used: int,
) -> int:
    """Write the neighbours of the points of a block one behind the other, and say how many there are by now."""
    linked = np.empty(own.size, dtype=np.bool_)
    for e in range(own.size):
        i, j = block[own[e]], other[e]
        linked[e] = i != j and pair_overlap(values, i, j, products) >= limit
        ends[i] += linked[e]
    for i in block:
        starts[i] = used
        used += ends[i]
        ends[i] = starts[i]
    for e in range(own.size):
        if linked[e]:
            i = block[own[e]]
            neighbours[ends[i]] = other[e]
            ends[i] += 1
    return used
