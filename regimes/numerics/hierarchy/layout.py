"""Rules and messages in the form in which the kernels read them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from regimes.numerics.compiled.lanes import LANES, LINE
from regimes.numerics.hierarchy.rules import HierarchyRules

__all__ = ["KernelTables", "aligned", "flat_messages", "kernel_tables", "level_starts"]

Integers = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class KernelTables:
    """Rules of all levels as places in the arrays of a kernel; ``shape`` is classes, v, m, s and L.

    ``arrays`` are the block of the first upward message of each level; for each rule of each symbol of each level the
    places of its children's entries, and where a level starts among them; for each child and each of its symbols the
    rules that hold it, as the parent's entry and those of the siblings, and where they start; the places of the
    downward messages along a path; the size of all upward messages; the largest number of rules that share a child's
    symbol; the logarithm of the probability of one choice of rules. A message of v entries takes v + 1 places, the last
    for its bound.
    """

    arrays: tuple[Any, ...]
    shape: tuple[int, int, int, int, int]


_known: WeakKeyDictionary[HierarchyRules, KernelTables] = WeakKeyDictionary()


def kernel_tables(rules: HierarchyRules) -> KernelTables:
    """Rules laid out for the kernels; kept as long as the rules are, which cannot change."""
    if rules not in _known:
        _known[rules] = _laid_out(rules)
    return _known[rules]


def _laid_out(rules: HierarchyRules) -> KernelTables:
    classes, v, m, s, depth = rules.classes, rules.v, rules.m, rules.s, rules.L
    nodes = np.array([s**level for level in range(depth + 1)], dtype=np.int64)
    widths = np.array([rules.symbols(level) for level in range(depth + 1)], dtype=np.int64)
    blocks = LANES * np.concatenate([[0], np.cumsum(nodes * (widths + 1))])  # a message and its bound
    places = [LANES * (table + (v + 1) * np.arange(s)) for table in rules.tables]
    rule_starts = np.concatenate([[0], np.cumsum([table.size for table in rules.tables])])
    lowered, counts = [], []
    for table, place in zip(rules.tables, places, strict=True):
        parents = LANES * np.repeat(np.arange(table.shape[0]), m)
        for child in range(s):
            symbols = table[:, :, child].ravel()
            order = np.argsort(symbols, kind="stable")
            siblings = np.delete(place.reshape(-1, s), child, axis=1)
            lowered.append(np.column_stack([parents, siblings])[order])
            counts.append(np.bincount(symbols, minlength=v))
    starts = np.concatenate([[0], np.cumsum(np.concatenate(counts))])
    path = np.array([(classes + 1) * LANES, *[s * (v + 1) * LANES] * depth], dtype=np.int64)
    slots = np.concatenate([[0], np.cumsum(path)])
    internal = int(nodes[:-1].sum())
    arrays = (
        _flat(blocks[:-1]),
        _flat(np.concatenate([place.ravel() for place in places])).astype(np.int32),
        _flat(rule_starts),
        _flat(np.concatenate(lowered)).ravel().astype(np.int32),
        _flat(starts),
        _flat(slots),
        int(blocks[-1]),
        int(np.concatenate(counts).max()),
        -internal * float(np.log(m)),
    )
    return KernelTables(arrays, (classes, v, m, s, depth))


def aligned(size: int) -> NDArray[np.float64]:
    """Room for numbers, not initialised, from the start of a cache line on, as the kernels stream them."""
    room = np.empty(size + LINE // 8)
    first = (-(room.ctypes.data // 8)) % (LINE // 8)
    return room[first : first + size]


def flat_messages(messages: NDArray[np.float64]) -> tuple[NDArray[np.float64], tuple[int, int, int]]:
    """Messages in a row, and the steps between samples, leaves and symbols; copied only if need be."""
    n, d, v = messages.shape
    if not messages.flags.writeable:  # another type to numba, for which it would compile every kernel again
        messages = messages.copy(order="K")
    inner = messages.transpose(1, 2, 0)
    if n > 1 and inner.flags.c_contiguous:
        return inner.reshape(-1), (1, v * n, n)
    return np.ascontiguousarray(messages).reshape(-1), (d * v, v, 1)


def level_starts(rules: HierarchyRules) -> list[int]:
    """Number of nodes above each level, and of all nodes last."""
    sizes = [rules.s**level for level in range(rules.L + 1)]
    return [sum(sizes[:level]) for level in range(rules.L + 2)]


def _flat(values: Any) -> Integers:
    return np.ascontiguousarray(values, dtype=np.int64)
