"""From the sums of the slots of one probe to its statistics, for all data and without each jackknife group."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.compiled.kernels import kernel
from regimes.numerics.posterior.exponential import exponentials
from regimes.numerics.posterior.vectors import LANES

__all__ = [
    "AVERAGED",
    "CLASS",
    "CLASS_CLONES",
    "CLASS_LEFT_OUT",
    "INDEX",
    "INDEX_CLONES",
    "LOG_REST",
    "LOG_TOTAL",
    "RETURN",
    "RETURNS",
    "STATISTICS",
    "Sums",
    "Work",
    "summarise",
]

LOG_TOTAL, LOG_REST, INDEX, CLASS, CLASS_LEFT_OUT, RETURN = range(6)
"""Statistics of a probe: log(1 + S), log S, the sums of squared posteriors of index, class, and class left out, and the
posterior of the class of the point that made it."""
STATISTICS, AVERAGED = 6, 5
"""How many there are, and how many of them are averaged over all points; the last one is of each point, of all data."""

INDEX_CLONES, CLASS_CLONES, RETURNS = "index_clone_probability", "class_clone_probability", "return_probability"
_index_clones, _class_clones = compile_formula(INDEX_CLONES).scalar, compile_formula(CLASS_CLONES).scalar
_returns = compile_formula(RETURNS).scalar

# A group that holds all but this share of the sum is not subtracted: the rest is added up anew.
_CANCELS = 1e-3


class Sums(NamedTuple):
    """Of slots: ``exp(-shift)`` times the sum of the exponentials, ``exp(-2 shift)`` times that of their squares."""

    shift: Any
    first: Any
    second: Any


class Work(NamedTuple):
    """Working arrays of shapes (slots,), (2, classes, groups) and (4, 1 + groups)."""

    factor: Any
    cells: Any
    margins: Any


@kernel(inline="always")
def summarise(sums: Sums, slot_cell: Any, mu_cell: Any, singles: bool, work: Work, out: Any) -> None:
    """Add half of the statistics of one sign of z, for all data and without each group but that of mu.

    Class and group stand in ``slot_cell``, shape (slots, 2), and in ``mu_cell``; with ``singles`` each point of class 0
    is a class of its own. ``out``, shape (STATISTICS, 1 + groups), is added to; its last index is 0 for all data,
    ``1 + g`` without group g.
    """
    mu_class, mu_group = mu_cell
    margins, groups, again = work.margins, work.cells.shape[2], -1
    # At most one group cannot be subtracted. Each function has one place here: it is compiled where it stands.
    for anew in range(2):
        if anew and again < 0:
            return
        top = _common_scale(sums, slot_cell, again, work)
        _leave_each_out(work.cells, mu_class, singles, margins)
        # The own point has weight exp(0) = 1 beside S = exp(top) total; both are divided by exp(max(top, 0)).
        own, scale = np.exp(-max(top, 0.0)), np.exp(min(top, 0.0))
        left_out = again
        for g in range(-1, groups if groups > 1 else 0):
            if anew and g != left_out:
                continue
            if not anew and g >= 0:
                if g == mu_group:
                    continue
                if margins[0, 1 + g] < _CANCELS * margins[0, 0]:
                    again = g
                    continue
            _add_statistics(top, own, scale, margins, 0 if anew else 1 + g, 1 + g, out)


@kernel(inline="always")
def _common_scale(sums: Sums, slot_cell: Any, without: int, work: Work) -> float:
    """Sums and squares of the cells outside one group in units of exp(top), the largest shift among their slots."""
    shift, first, second = sums
    factor, cells, _ = work
    top, same = -np.inf, True
    for slot in range(shift.size):
        if first[slot] > 0.0 and slot_cell[slot, 1] != without:
            same = same and (shift[slot] == top or top == -np.inf)
            top = max(top, shift[slot])
    for slot in range(shift.size):
        factor[slot] = 1.0
    if not same:
        for slot in range(0, shift.size, LANES):
            exponentials(shift, slot, top, factor)
    for k in range(cells.shape[1]):
        for g in range(cells.shape[2]):
            cells[0, k, g] = cells[1, k, g] = 0.0
    for slot in range(shift.size):
        k, g = slot_cell[slot, 0], slot_cell[slot, 1]
        if first[slot] > 0.0 and g != without:
            cells[0, k, g] += first[slot] * factor[slot]
            cells[1, k, g] += second[slot] * factor[slot] * factor[slot]
    return top


@kernel(inline="always")
def _leave_each_out(cells: Any, mu_class: int, singles: bool, margins: Any) -> None:
    """Fill margins with total, squares, sum of squared class sums, and sum of the class of mu; 0 is for all data."""
    _, classes, groups = cells.shape
    for row in range(4):
        for g in range(1 + groups):
            margins[row, g] = 0.0
    for k in range(classes):
        in_class = 0.0
        for g in range(groups):
            in_class += cells[0, k, g]
            margins[0, 1 + g] += cells[0, k, g]
            margins[1, 1 + g] += cells[1, k, g]
        if singles and k == 0:
            for g in range(groups):
                margins[2, 0] += cells[1, 0, g]
            for g in range(groups):
                margins[2, 1 + g] += max(margins[2, 0] - cells[1, 0, g], 0.0)
            continue
        margins[2, 0] += in_class * in_class
        for g in range(groups):
            rest = max(in_class - cells[0, k, g], 0.0)
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


@kernel(inline="always")
def _add_statistics(top: float, own: float, scale: float, margins: Any, source: int, place: int, out: Any) -> None:
    total, square, same, own_class = margins[0, source], margins[1, source], margins[2, source], margins[3, source]
    rest = scale * total
    log_total = np.log1p(rest) if top <= 0.0 else top + np.log(own + rest)
    out[LOG_TOTAL, place] += 0.5 * log_total
    out[LOG_REST, place] += 0.5 * (top + np.log(total))
    out[INDEX, place] += 0.5 * _index_clones(own, rest, scale * scale * square)
    out[CLASS, place] += 0.5 * _class_clones(own, scale * own_class, scale * scale * same, rest)
    out[CLASS_LEFT_OUT, place] += 0.5 * _class_clones(0.0, own_class, same, total)
    if place == 0:
        out[RETURN, 0] += 0.5 * _returns(own + scale * own_class, scale * max(total - own_class, 0.0))
