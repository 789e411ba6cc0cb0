"""The same a part of the points after another: slots of a part are merged into cells, which are slots in the end.

Each cell keeps a shift of its own beside its sums, as slots do, so that no part is lost to underflow.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from regimes.numerics.compiled.kernels import kernel
from regimes.numerics.posterior.kernel import in_strips, sum_slots, working_arrays
from regimes.numerics.posterior.kernel_arrays import Block, Columns, Data
from regimes.numerics.posterior.summary import Sums, Work, summarise

__all__ = ["add_part", "merge_sums", "summarise_parts"]


def add_part(block: Block, data: Data, columns: Columns, a: Any, b: Any, groups: int, sums: Sums) -> None:
    """Add a part of the points to the sums of some probes, shape (B, 2 T, cells), cell = class * groups + group."""
    in_strips(int(block.own.size), lambda start, stop: _add_part(start, stop, block, data, columns, a, b, groups, sums))


def merge_sums(sums: Sums, others: Sums) -> Sums:
    """Add the sums that other points have for the same probes, a probe at a time."""
    for i in range(len(sums.first)):
        shift, first, second = (each[i] for each in sums)
        other, more_first, more_second = (each[i] for each in others)
        top = np.maximum(np.where(first > 0.0, shift, other), np.where(more_first > 0.0, other, shift))
        kept = np.exp(np.where(first > 0.0, shift - top, 0.0))
        share = np.exp(np.where(more_first > 0.0, other - top, 0.0))
        first[:] = first * kept + more_first * share
        second[:] = second * kept**2 + more_second * share**2
        shift[:] = top
    return sums


def summarise_parts(sums: Sums, slot_cell: Any, mu_cell: Any, cells: tuple[int, int, bool], out: Any) -> None:
    """The statistics of :func:`posterior_rows` from the sums of all parts."""
    out[:] = 0.0
    in_strips(len(mu_cell), lambda start, stop: _summarise_parts(start, stop, sums, slot_cell, mu_cell, cells, out))


@kernel(nogil=True)
def _add_part(
    start: int,
    stop: int,
    block: Block,
    data: Data,
    columns: Columns,
    a: Any,
    b: Any,
    groups: int,
    total: Sums,
) -> None:
    """Sums of the slots of some probes, merged into those of the cells, which are those of the parts before."""
    times, slots = a.size, columns.slot_cell.shape[0]
    piece, spread, sums = working_arrays(block, times, slots)
    for i in range(start, stop):
        sum_slots(i, block, data, columns, a, b, piece, spread, sums)
        for pair in range(2 * times):
            shift, first, second = total.shift[i, pair], total.first[i, pair], total.second[i, pair]
            for slot in range(slots):
                place = pair * slots + slot
                if sums.first[place] > 0.0:
                    cell = columns.slot_cell[slot, 0] * groups + columns.slot_cell[slot, 1]
                    if first[cell] == 0.0 or sums.shift[place] > shift[cell]:
                        kept = np.exp(shift[cell] - sums.shift[place]) if first[cell] > 0.0 else 0.0
                        shift[cell] = sums.shift[place]
                        first[cell] = first[cell] * kept + sums.first[place]
                        second[cell] = second[cell] * kept * kept + sums.second[place]
                    else:
                        share = np.exp(sums.shift[place] - shift[cell])
                        first[cell] += share * sums.first[place]
                        second[cell] += share * share * sums.second[place]


@kernel(nogil=True)
def _summarise_parts(
    start: int, stop: int, sums: Sums, slot_cell: Any, mu_cell: Any, cells: tuple[int, int, bool], out: Any
) -> None:
    work = Work(np.empty(len(slot_cell)), np.empty((2, cells[0], cells[1])), np.empty((4, 1 + cells[1])))
    for i in range(start, stop):
        for pair in range(sums.first.shape[1]):
            of_pair = Sums(sums.shift[i, pair], sums.first[i, pair], sums.second[i, pair])
            summarise(of_pair, slot_cell, mu_cell[i], cells[2], work, out[i, pair // 2])
