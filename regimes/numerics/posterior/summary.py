"""From the sums of the slots of one probe to its statistics, for all data and without each jackknife group."""

from __future__ import annotations

from typing import Any

import numpy as np

from regimes.numerics.compiled.kernels import kernel
from regimes.numerics.posterior.exponential import LANES, exponentials

__all__ = ["CLASS", "CLASS_LEFT_OUT", "INDEX", "LOG_REST", "LOG_TOTAL", "STATISTICS", "summarise"]

LOG_TOTAL, LOG_REST, INDEX, CLASS, CLASS_LEFT_OUT = range(5)
"""Statistics of a probe: log(1 + S), log S, and the sums of squared posteriors of index, class, and class left out."""
STATISTICS = 5

# A group that holds all but this share of the sum is not subtracted: the rest is added up anew.
_CANCELS = 1e-3


@kernel()
def summarise(
    shift: Any, sums: Any, squares: Any, slot_cell: Any, mu_class: int, mu_group: int, factor: Any,
    cell_work: Any, margins: Any, out: Any,
) -> None:  # fmt: skip
    """Add half of the statistics of one sign of z.

    Parameters
    ----------
    shift, sums, squares : ndarray, shape (slots,)
        ``exp(-shift)`` times the sum of the exponentials of a slot, and the same for their squares.
    slot_cell : ndarray of int64, shape (slots, 2)
        Class and group of each slot; (-1, -1) for none.
    mu_class, mu_group : int
        Class and group of mu.
    factor, cell_work, margins : ndarray, shapes (slots,), (2, classes, groups) and (4, 1 + groups)
        Working arrays.
    out : ndarray, shape (STATISTICS, 1 + groups)
        Added to; the last index is 0 for all data, ``1 + g`` without group g, which is skipped if mu is in it.
    """
    top = _common_scale(shift, sums, squares, slot_cell, -1, factor, cell_work)
    _leave_each_out(cell_work, mu_class, margins)
    # The own point has weight exp(0) = 1 beside S = exp(top) total; both are divided by exp(max(top, 0)).
    own, scale = np.exp(-max(top, 0.0)), np.exp(min(top, 0.0))
    _add_statistics(top, own, scale, margins, 0, out)
    groups, again = cell_work.shape[2], -1
    if groups == 1:
        return
    for g in range(groups):
        if g != mu_group:
            if margins[0, 1 + g] < _CANCELS * margins[0, 0]:
                again = g
            else:
                _add_statistics(top, own, scale, margins, 1 + g, out)
    if again >= 0:
        top = _common_scale(shift, sums, squares, slot_cell, again, factor, cell_work)
        _leave_each_out(cell_work, mu_class, margins)
        margins[:, 1 + again] = margins[:, 0]
        own, scale = np.exp(-max(top, 0.0)), np.exp(min(top, 0.0))
        _add_statistics(top, own, scale, margins, 1 + again, out)


@kernel()
def _common_scale(
    shift: Any, sums: Any, squares: Any, slot_cell: Any, without: int, factor: Any, cell_work: Any
) -> float:
    """Sums and squares of the cells outside one group in units of exp(top), the largest shift among their slots."""
    top, same = -np.inf, True
    for slot in range(shift.size):
        if sums[slot] > 0.0 and slot_cell[slot, 1] != without:
            same = same and (shift[slot] == top or top == -np.inf)
            top = max(top, shift[slot])
    factor[:] = 1.0
    if not same:
        for slot in range(0, shift.size, LANES):
            exponentials(shift, slot, top, factor)
    cell_work[:] = 0.0
    for slot in range(shift.size):
        k, g = slot_cell[slot, 0], slot_cell[slot, 1]
        if sums[slot] > 0.0 and g != without:
            cell_work[0, k, g] += sums[slot] * factor[slot]
            cell_work[1, k, g] += squares[slot] * factor[slot] * factor[slot]
    return top


@kernel()
def _leave_each_out(cell_work: Any, mu_class: int, margins: Any) -> None:
    """Fill margins with total, squares, sum of squared class sums, and sum of the class of mu; 0 is for all data."""
    _, classes, groups = cell_work.shape
    margins[:] = 0.0
    for k in range(classes):
        in_class = 0.0
        for g in range(groups):
            in_class += cell_work[0, k, g]
            margins[0, 1 + g] += cell_work[0, k, g]
            margins[1, 1 + g] += cell_work[1, k, g]
        margins[2, 0] += in_class * in_class
        for g in range(groups):
            rest = max(in_class - cell_work[0, k, g], 0.0)
            margins[2, 1 + g] += rest * rest
            if k == mu_class:
                margins[3, 1 + g] = rest
        if k == mu_class:
            margins[3, 0] = in_class
    for g in range(groups):
        margins[0, 0] += margins[0, 1 + g]
        margins[1, 0] += margins[1, 1 + g]
    for g in range(groups):
        margins[0, 1 + g] = margins[0, 0] - margins[0, 1 + g]
        margins[1, 1 + g] = max(margins[1, 0] - margins[1, 1 + g], 0.0)


@kernel()
def _add_statistics(top: float, own: float, scale: float, margins: Any, place: int, out: Any) -> None:
    total, square, same, own_class = margins[0, place], margins[1, place], margins[2, place], margins[3, place]
    rest = scale * total
    norm = own + rest
    per_norm = 1.0 / (norm * norm)
    log_total = np.log1p(rest) if top <= 0.0 else top + np.log(norm)
    clones = own * own + scale * scale * square
    class_clones = scale * scale * same + 2.0 * own * scale * own_class + own * own
    out[LOG_TOTAL, place] += 0.5 * log_total
    out[LOG_REST, place] += 0.5 * (top + np.log(total))
    out[INDEX, place] += 0.5 * clones * per_norm
    out[CLASS, place] += 0.5 * class_clones * per_norm
    out[CLASS_LEFT_OUT, place] += 0.5 * same / (total * total)
