"""How the posterior kernel lays out its work: draws, cells of columns, type of the products and block sizes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from regimes.numerics.posterior.kernel import STRIP
from regimes.numerics.posterior.kernel_arrays import ROWS, Columns
from regimes.numerics.posterior.moments import watched_points
from regimes.numerics.posterior.summary import AVERAGED, STATISTICS
from regimes.numerics.posterior.vectors import LANES

__all__ = [
    "MOST_CELLS",
    "Plan",
    "Size",
    "arrange_columns",
    "choose_products",
    "count_groups",
    "default_probes",
    "draw_probes",
    "plan_sweep",
]

MOST_CELLS = 4096
"""Of classes and groups of the jackknife: of many classes fewer groups are used."""
_MOST_ROWS, _MOST_PROBES = 512, 1024
_FEWEST_POINTS = 64
_THREADS = 8  # up to which their number changes no plan, and so no bit
_COPY_BYTES = 2**22
_DOUBLE_WORK = 4e9


def default_probes(n: int) -> int:
    """Number of probes for n points: ``1.2e7/n``, at least 2048 and at most 8192.

    The standard error of a clone probability is then below 0.005; for data of these sizes the error of the data
    dominates.
    """
    return int(min(max(12_000_000 // n, 2048), 8192))


def choose_products(n: int, d: int, probes: int) -> str:
    """Precision of the matrix products: double where they take a fraction of a second (``probes n d`` up to 4e9)."""
    return "double" if float(probes) * n * d <= _DOUBLE_WORK else "single"


def draw_probes(n: int, probes: int, generator: np.random.Generator) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Data point of each probe, and the rank of each point in their order: point i belongs to group ``rank[i] % G``.

    The points take turns in a random order, again and again, so that each is used equally often and so is each group.
    The noise of the probes is drawn after, in the order of the probes, as ``generator.standard_normal``: the draws
    depend neither on the block size, nor on the number of groups, nor on how many probes follow.
    """
    order = generator.permutation(n)
    return np.resize(order, probes), np.argsort(order)


def count_groups(n: int, classes: int, groups: int, mu: NDArray[np.int64], rank: NDArray[np.int64]) -> int:
    """Number of jackknife groups that can be used: at most ``groups``, n and 4096/classes.

    1 (nothing is left out) where that is below 2, where fewer than two points would stay, or where all probes lie in
    one group.
    """
    usable = min(groups, n, MOST_CELLS // classes)
    if usable < 2 or n - -(-n // usable) < 2 or np.unique(rank[mu] % usable).size < 2:
        return 1
    return usable


def arrange_columns(members: NDArray[np.int64], group: NDArray[np.int64]) -> Columns:
    """Deal the points of each cell to slots of about equal length, longest first, and cut the columns into segments.

    A slot holds at most ``max(32, n/128)`` points: enough slots to fill the lanes, few enough to be merged at the end.

    >>> columns = arrange_columns(np.array([1, 0, 1, 0, 1]), np.zeros(5, dtype=int))
    >>> columns.order[:4].tolist(), columns.order[16:20].tolist(), columns.place.tolist()
    ([0, 1, -1, -1], [2, 3, -1, -1], [0, 1, 16, 17, 32])
    """
    cell = members * (group.max() + 1) + group
    longest = max(32, -(-cell.size // 128))
    order = np.argsort(cell, kind="stable")
    _, first, count = np.unique(cell[order], return_index=True, return_counts=True)
    slots = [
        piece
        for low, total in zip(first.tolist(), count.tolist(), strict=True)
        for piece in np.array_split(order[low : low + total], -(-total // longest))
    ]
    slots.sort(key=len, reverse=True)
    blocks, segments, filled, column = [], [], [], 0
    for slot in range(0, len(slots), LANES):
        block = np.full((len(slots[slot]), LANES), -1, dtype=np.int64)
        for lane, piece in enumerate(slots[slot : slot + LANES]):
            block[: len(piece), lane] = piece
        for row in range(0, len(block), ROWS):
            part = block[row : row + ROWS]
            segments.append((slot, column + row * LANES, part.size))
            filled.append((part >= 0).sum(axis=0))
        blocks.append(block.ravel())
        column += block.size
    columns = np.concatenate(blocks)
    place = np.empty(cell.size, dtype=np.int64)
    place[columns[columns >= 0]] = np.flatnonzero(columns >= 0)
    slot_cell = np.full((-(-len(slots) // LANES) * LANES, 2), -1, dtype=np.int64)
    slot_cell[: len(slots)] = [(members[piece[0]], group[piece[0]]) for piece in slots]
    return Columns(columns, place, np.array(segments), np.array(filled), slot_cell)


@dataclass(frozen=True)
class Size:
    """Of the work: points, dimensions, times, classes, groups and probes."""

    n: int
    d: int
    times: int
    classes: int
    groups: int
    probes: int


@dataclass(frozen=True)
class Plan:
    """How much is done at once.

    ``probes`` are given, products are made of ``rows`` of them, with a part of so many ``points``, None for all; these
    are copied in pieces of ``copy`` bytes.
    """

    probes: int
    rows: int
    points: int | None
    copy: int


def plan_sweep(columns: Columns, size: Size, itemsize: int, threads: int, memory: int, *, held: bool) -> Plan:
    """How to stay within the memory beyond the data: all points at once, or parts with as many probes as fit.

    Points that are not ``held`` come in parts.

    Products of ``itemsize`` bytes a number have long reached full speed with 512 rows.
    """
    slots = len(columns.slot_cell)
    kept = 8 * size.times * AVERAGED * watched_points(size.times, size.n)
    copy = min(_COPY_BYTES, max(memory // 32, 8 * size.d))
    needed = kept + 32 * size.probes + 16 * size.n
    a_thread = 2 * ROWS * LANES * itemsize + 48 * size.times * slots + 40 * size.classes * size.groups
    needed += max(threads, _THREADS) * a_thread
    fixed = needed + 4 * copy
    a_probe = 2 * (itemsize + 8) * size.d + 24 * size.times * STATISTICS * (1 + size.groups)
    width = columns.order.size
    a_whole = width * (itemsize * (size.d + 1) + 48)
    smallest = min(STRIP, size.probes)
    rows = min((memory - fixed - a_whole) // (a_probe + 2 * itemsize * width), size.probes, _MOST_ROWS)
    if rows >= smallest and held:
        return Plan(rows, rows, None, copy)
    # A third of what is left for the sums of the cells, a third for the points of a part, a third for their products.
    left = memory - fixed
    a_state = 48 * size.times * -(-size.classes * size.groups // LANES) * LANES + a_probe
    probes = min(left // 3 // a_state, size.probes, _MOST_PROBES)
    a_point, fewest = 2 * itemsize * size.d + 48, min(_FEWEST_POINTS, size.n)
    points = min(left // 3 // a_point, size.n)
    rows = min(left // 3 // (2 * itemsize * max(points, 1)), probes, _MOST_ROWS)
    if rows < smallest or points < fewest:
        parts = 3 * max(smallest * a_state, fewest * a_point)
        all_points = a_whole + smallest * (a_probe + 2 * itemsize * width)
        needed += min(parts, all_points) if held else parts
        least = (
            min(max(needed * 8 // 7, needed + 32 * size.d), needed + 4 * _COPY_BYTES) + 64
        )  # with the pieces of copies
        raise ValueError(
            f"posterior_curves: memory must hold some points and probes, {least} bytes for n = {size.n}, d = {size.d}, "
            f"{size.times} times, {size.classes * size.groups} cells (class x group) and {size.probes} probes, got "
            f"{memory}; allow more memory, or ask for fewer times, groups or probes"
        )
    return Plan(int(probes), int(rows), int(points), copy)
