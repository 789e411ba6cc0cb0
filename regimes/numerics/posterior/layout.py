"""How the posterior kernel lays out its work: draws, cells of columns, precision and block sizes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from regimes.numerics.posterior.exponential import LANES
from regimes.numerics.posterior.kernel import ROWS, STRIP
from regimes.numerics.posterior.summary import STATISTICS

__all__ = [
    "COPY_BYTES",
    "Columns",
    "arrange_columns",
    "block_rows",
    "choose_precision",
    "count_groups",
    "default_probes",
    "draw_probes",
]

_MOST_CELLS = 4096
_MOST_ROWS = 512
COPY_BYTES = 2**22
"""Size of the pieces in which the data are copied."""
_DOUBLE_WORK = 4e9


@dataclass(frozen=True, eq=False)
class Columns:
    """Columns of the products: sixteen slots side by side, each with points of one cell = (class, group).

    Attributes
    ----------
    order : ndarray of int64, shape (C,)
        Column j holds point ``order[j]``; -1 where the slot has no further point.
    place : ndarray of int64, shape (n,)
        Point i stands in column ``place[i]``.
    segments : ndarray of int64, shape (S, 3)
        First slot, first column and number of columns of a piece that is swept at once.
    filled : ndarray of int64, shape (S, LANES)
        Points in each lane of a segment.
    slot_cell : ndarray of int64, shape (slots, 2)
        Class and group of each slot; (-1, -1) where it is empty.
    """

    order: NDArray[np.int64]
    place: NDArray[np.int64]
    segments: NDArray[np.int64]
    filled: NDArray[np.int64]
    slot_cell: NDArray[np.int64]


def default_probes(n: int) -> int:
    """Number of probes for n points: ``1.2e7/n``, at least 2048 and at most 8192.

    Parameters
    ----------
    n : int
        Number of data points.

    Returns
    -------
    int
        A standard error of a clone probability below 0.005; for data of these sizes the error of the data dominates.

    Examples
    --------
    >>> default_probes(1797), default_probes(20000), default_probes(100)
    (6677, 2048, 8192)
    """
    return int(min(max(12_000_000 // n, 2048), 8192))


def choose_precision(n: int, d: int, probes: int) -> str:
    """Precision of the products: double where ``probes n d`` is at most 4e9 (a fraction of a second).

    Parameters
    ----------
    n, d, probes : int
        Sizes.

    Returns
    -------
    str
        ``"double"`` or ``"single"``.

    Examples
    --------
    >>> choose_precision(1797, 64, 16694), choose_precision(20000, 1024, 2048)
    ('double', 'single')
    """
    return "double" if float(probes) * n * d <= _DOUBLE_WORK else "single"


def draw_probes(n: int, probes: int, generator: np.random.Generator) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Draw the data point of each probe and a random order of the data for the jackknife groups.

    The noise of the probes is drawn after, in the order of the probes, as ``generator.standard_normal``: the draws
    depend neither on the block size nor on the number of groups.

    Parameters
    ----------
    n, probes : int
        Number of data points and of probes.
    generator : numpy.random.Generator
        Advanced by the draws.

    Returns
    -------
    mu : ndarray of int64, shape (probes,)
        Independent uniform indices.
    rank : ndarray of int64, shape (n,)
        A random permutation; point i belongs to group ``rank[i] % G``.
    """
    return generator.integers(n, size=probes), generator.permutation(n)


def count_groups(n: int, classes: int, groups: int, mu: NDArray[np.int64], rank: NDArray[np.int64]) -> int:
    """Number of jackknife groups that can be used.

    Parameters
    ----------
    n, classes, groups : int
        Number of points, of classes, and of groups asked for.
    mu, rank : ndarray
        From :func:`draw_probes`.

    Returns
    -------
    int
        At most ``groups``, n and 4096/classes. 1 (nothing is left out) where that is below 2, where fewer than two
        points would stay, or where all probes lie in one group.
    """
    usable = min(groups, n, _MOST_CELLS // classes)
    if usable < 2 or n - -(-n // usable) < 2 or np.unique(rank[mu] % usable).size < 2:
        return 1
    return usable


def arrange_columns(members: NDArray[np.int64], group: NDArray[np.int64]) -> Columns:
    """Deal the points of each cell to slots of about equal length, longest first, and cut the columns into segments.

    A slot holds at most ``max(32, n/128)`` points: enough slots to fill the lanes, few enough to be merged at the end.

    Parameters
    ----------
    members, group : ndarray of int64, shape (n,)
        Class and group of each point.

    Returns
    -------
    Columns
        The layout.

    Examples
    --------
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


def block_rows(
    columns: Columns,
    d: int,
    times: int,
    cells: int,
    groups: int,
    probes: int,
    *,
    itemsize: int,
    threads: int,
    memory: int,
) -> int:
    """Number of probes that are treated together within the memory.

    Parameters
    ----------
    columns : Columns
        The layout.
    d, times, cells, groups, probes : int
        Sizes.
    itemsize : int
        Bytes of a number in the products.
    threads : int
        Threads of the kernel.
    memory : int
        Bytes for the working arrays, not counting the data and their sorted copy.

    Returns
    -------
    int
        At most 512, where the products have long reached full speed.

    Raises
    ------
    ValueError
        If not even the smallest block fits.
    """
    width, slots = columns.order.size, len(columns.slot_cell)
    a_thread = 2 * ROWS * LANES * itemsize + 48 * times * slots + 40 * cells
    fixed = 64 * width + 32 * probes + 4 * COPY_BYTES + threads * a_thread
    a_row = 2 * itemsize * (width + d) + 8 * d + 24 * times * STATISTICS * (1 + groups)
    smallest = min(STRIP, probes)
    rows = min((memory - fixed) // a_row, probes, _MOST_ROWS)
    if rows < smallest:
        raise ValueError(
            f"posterior_curves: memory must hold the smallest block of {smallest} probes, {fixed + smallest * a_row} "
            f"bytes for n = {columns.place.size}, d = {d}, {times} times, {cells} cells (class x group) and {probes} "
            f"probes, got {memory}; allow more memory, or ask for fewer times, groups or probes"
        )
    return int(rows)
