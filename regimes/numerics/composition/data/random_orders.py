"""Points of a graph joined one after the other: the largest component after each, by union-find.

A component is a tree of parents; its root holds minus its size. Points that have not come yet are ``ABSENT``.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from regimes.numerics.compiled.kernels import kernel
from regimes.numerics.composition.data.overlap_graph import LinkBits, LinkLists

__all__ = ["find", "join_points", "unite"]

ABSENT = np.int32(-(2**31))
_WORD = 64
_LARGE = 32
"""A component of 1/32 of all points is large: there are never more than 32 at a time."""
_LOWEST_BIT = np.zeros(64, dtype=np.int64)
"""Place of the only bit of a word, by the product with a de Bruijn sequence (Warren, Hacker's Delight, section 5-4)."""
_SEQUENCE = 0x03F79D71B4CB0A89
for _place in range(64):
    _LOWEST_BIT[((_SEQUENCE << _place) & (2**64 - 1)) >> 58] = _place


def join_points(graph: LinkBits | LinkLists, order: NDArray[np.int64]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Join points in an order: the largest component after each, and what stands for that of each point in the end."""
    n = len(order)
    largest, parents = np.empty(n, dtype=np.int32), np.full(n, ABSENT, dtype=np.int32)
    if isinstance(graph, LinkBits):
        _join_bits(order, graph.bits, parents, largest)
    else:
        _join_lists(order, graph.starts, graph.ends, graph.neighbours, parents, largest)
    _flatten(parents)
    return largest, parents


@kernel(nogil=True)
def find(parents: Any, i: Any) -> Any:
    """Root of a point; the way to it becomes shorter."""
    while parents[i] >= 0:
        j = parents[i]
        if parents[j] >= 0:
            parents[i] = parents[j]
        i = j
    return i


@kernel(nogil=True)
def unite(parents: Any, one: Any, other: Any) -> Any:
    """Unite two different roots, the smaller under the larger, which is returned."""
    if parents[one] > parents[other]:
        one, other = other, one
    parents[one] += parents[other]
    parents[other] = one
    return one


@kernel(nogil=True)
def _flatten(parents: Any) -> None:
    """Put the root of each point in place of its parent."""
    roots = np.empty(parents.size, parents.dtype)
    for i in range(parents.size):
        roots[i] = find(parents, i)
    for i in range(parents.size):
        parents[i] = roots[i]


@kernel(nogil=True)
def _join_lists(order: Any, starts: Any, ends: Any, neighbours: Any, parents: Any, largest: Any) -> None:
    most = 0
    for k in range(order.size):
        i = order[k]
        parents[i] = -1
        root = i
        for e in range(starts[i], ends[i]):
            j = neighbours[e]
            if parents[j] != ABSENT:
                j = find(parents, j)
                if j != root:
                    root = unite(parents, root, j)
        most = max(most, -parents[root])
        largest[k] = most


@kernel(nogil=True)
def _join_bits(order: Any, bits: Any, parents: Any, largest: Any) -> None:
    """The same on a matrix of bits, where most links of a point lead into few large components.

    The points of a large component are bits of a row of ``large``, all others that have come are bits of ``rest``. One
    bit in common with a large component is enough, so that only the links into the rest are followed one by one. The
    points of a component of the rest form a ring of ``following``.
    """
    n, words = bits.shape
    great = max(_WORD, -(-n // _LARGE))
    large, rest = np.zeros((_LARGE, words), dtype=np.uint64), np.zeros(words, dtype=np.uint64)
    member, following = np.empty(_LARGE, np.int64), np.empty(n, np.int64)
    for c in range(_LARGE):
        member[c] = -1
    for j in range(n):
        following[j] = j
    most = 0
    for k in range(n):
        i = order[k]
        parents[i] = -1
        root = i
        rest[i >> 6] |= np.uint64(1) << np.uint64(i & 63)
        row = bits[i]
        for w in range(words):
            links = row[w] & rest[w]
            while links:
                lowest = links & (~links + np.uint64(1))
                links ^= lowest
                j = find(parents, (w << 6) + _LOWEST_BIT[(lowest * np.uint64(_SEQUENCE)) >> np.uint64(58)])
                if j != root:
                    following[root], following[j] = following[j], following[root]
                    root = unite(parents, root, j)
        home = -1
        for c in range(_LARGE):
            if member[c] < 0 or not _meet(row, large[c]):
                continue
            if home < 0:
                home = c
                continue
            for w in range(words):
                large[home, w] |= large[c, w]
                large[c, w] = 0
            unite(parents, find(parents, member[home]), find(parents, member[c]))
            member[c] = -1
        if home < 0 and -parents[root] >= great:
            home = 0
            while member[home] >= 0:
                home += 1
        if home >= 0:
            j = root
            while True:
                place = np.uint64(1) << np.uint64(j & 63)
                rest[j >> 6] &= ~place
                large[home, j >> 6] |= place
                j = following[j]
                if j == root:
                    break
            if member[home] >= 0:
                root = unite(parents, root, find(parents, member[home]))
            member[home] = root
        most = max(most, -parents[root])
        largest[k] = most


@kernel(nogil=True)
def _meet(row: Any, component: Any) -> bool:
    for w in range(row.size):  # noqa: SIM110 -- a generator has no machine code
        if row[w] & component[w]:
            return True
    return False
