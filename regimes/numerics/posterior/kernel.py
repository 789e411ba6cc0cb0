"""Posterior over the points of a data set, for a block of noised points x_t: the compiled kernel.

For the probe (mu, z) and the point nu the exponent at one time is ``-a D - b W`` with ``D = |a_mu - a_nu|^2`` and
``W = z.(a_mu - a_nu)``; with -z in place of z the sign of W flips. D and W come from two matrix products made once;
a piece of them stays in the first-level cache while all times and both signs sweep over it.

The points of a cell = (class, group of the jackknife) are dealt to slots, and sixteen slots stand side by side in the
lanes of a vector: every sum that is needed, over a class or without a group, is a sum of slots, even where a cell has
a handful of points. Each slot keeps ``(shift, sum of exp(x - shift), sum of exp(2 (x - shift)))`` in float64: none
is lost to underflow, however far it lies below the others. The own point and its exact copies have exponent 0 and are
counted, not computed.

Each probe is done by one thread from its own row: results do not depend on the number of threads. Threads are those of
Python over a kernel that releases the interpreter: numba's own take eight seconds more to compile.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numba import get_num_threads

from regimes.numerics.compiled.kernels import kernel
from regimes.numerics.compiled.threads import in_threads
from regimes.numerics.posterior.exponential import HEADROOM, add_exponentials, raise_shifts
from regimes.numerics.posterior.kernel_arrays import DEAD, ROWS, Block, Columns, Data
from regimes.numerics.posterior.summary import Sums, Work, summarise
from regimes.numerics.posterior.vectors import LANES

__all__ = [
    "STRIP",
    "in_strips",
    "posterior_rows",
    "sum_slots",
    "working_arrays",
]

STRIP = 4
"""Probes at least that share the working arrays of a thread."""
_SHARES = 8  # pieces of a block that each thread gets: few, since a call costs some 70 us, and enough to end together

# Slots that differ by more than this do not share a shift: exponentials are trusted over some 50 nats.
_SPREAD = 30.0


class _Piece(NamedTuple):
    """Distances and overlaps of the pairs of one segment; pairs that count and exact copies in each lane."""

    D: Any
    W: Any
    live: Any
    copies: Any


class _Spread(NamedTuple):
    """For each time and sign: the shift that empty slots take, and whether exponents spread too widely for one."""

    hint: Any
    wide: Any


def posterior_rows(
    block: Block, data: Data, columns: Columns, a: Any, b: Any, cells: tuple[int, int, bool], out: Any
) -> None:
    """Statistics of a block of probes at every time, averaged over +z and -z; a and b are the factors of D and W.

    ``cells`` holds the numbers of classes and of groups, and whether each point of class 0 is a class of its own.
    ``out``, shape (B, T, STATISTICS, 1 + groups), is filled: the last index is 0 for all data, ``1 + g`` with group g
    left out (0 for the probes of group g itself; with one group nothing is left out).
    """
    out[:] = 0.0
    in_strips(int(block.own.size), lambda start, stop: _rows(start, stop, block, data, columns, a, b, cells, out))


def in_strips(rows: int, fill: Callable[[int, int], None]) -> None:
    """Let threads share the probes of a block, a strip of them after another."""
    size = max(STRIP, -(-rows // (_SHARES * get_num_threads())))
    pieces = [(start, min(start + size, rows)) for start in range(0, rows, size)]
    for _ in in_threads(lambda piece: fill(*piece), pieces):
        pass


@kernel(nogil=True)
def _rows(
    start: int,
    stop: int,
    block: Block,
    data: Data,
    columns: Columns,
    a: Any,
    b: Any,
    cells: tuple[int, int, bool],
    out: Any,
) -> None:
    """Statistics of some probes, which share their working arrays."""
    times, slots = a.size, columns.slot_cell.shape[0]
    piece, spread, sums = working_arrays(block, times, slots)
    work = Work(np.empty(slots), np.empty((2, cells[0], cells[1])), np.empty((4, 1 + cells[1])))
    for i in range(start, stop):
        sum_slots(i, block, data, columns, a, b, piece, spread, sums)
        for pair in range(2 * times):
            held = slice(pair * slots, (pair + 1) * slots)
            of_pair = Sums(sums.shift[held], sums.first[held], sums.second[held])
            summarise(of_pair, columns.slot_cell, block.cell[i], cells[2], work, out[i, pair // 2])


@kernel(inline="always")
def working_arrays(block: Block, times: int, slots: int) -> Any:
    """What probes of one thread share: a segment, how the exponents of each time spread, and the sums of all slots."""
    D, W = np.empty(ROWS * LANES, block.gram.dtype), np.empty(ROWS * LANES, block.gram.dtype)
    piece = _Piece(D, W, np.empty(LANES), np.empty(LANES, np.int64))
    spread = _Spread(np.empty(2 * times), np.empty(2 * times, np.bool_))
    return piece, spread, Sums(np.empty(2 * times * slots), np.empty(2 * times * slots), np.empty(2 * times * slots))


@kernel(inline="always")
def sum_slots(
    i: int, block: Block, data: Data, columns: Columns, a: Any, b: Any, piece: _Piece, spread: _Spread, sums: Sums
) -> None:
    """Sums of all slots for one probe at every time and for both signs of z."""
    segments, slots = columns.segments, columns.slot_cell.shape[0]
    for place in range(sums.first.size):
        sums.first[place] = sums.second[place] = sums.shift[place] = 0.0
    for pair in range(spread.hint.size):
        spread.wide[pair] = True  # nothing is known of the spread yet
    for s in range(segments.shape[0]):
        first_slot, first_column, width = segments[s]
        for lane in range(LANES):
            piece.live[lane] = columns.filled[s, lane]
            piece.copies[lane] = 0
        _form(i, block, data, columns.order, first_column, width, piece)
        _sweep(piece, width, a, b, first_slot, slots, spread, sums)


@kernel(inline="always")
def _form(i: int, block: Block, data: Data, order: Any, start: int, width: int, piece: _Piece) -> None:
    """D and W of a segment; the own point and its exact copies are taken out."""
    D, W, live, copies = piece
    gram, noise, mu, norms = block.gram[i], block.noise[i], block.own[i], data.norms
    zero, two = gram.dtype.type(0), gram.dtype.type(2)
    dead, share = gram.dtype.type(DEAD), gram.dtype.type(data.near)
    own_norm, own_noise = block.norm[i], block.along[i]
    close = 0
    for j in range(width):
        reach = own_norm + norms[start + j]
        D[j] = max(reach - two * gram[start + j], zero)
        W[j] = own_noise - noise[start + j]
        close += D[j] <= share * reach
    if close:  # the product cancels: recompute from the points
        for j in range(width):
            column = start + j
            if column != mu and D[j] <= share * (own_norm + norms[column]):
                distance, overlap = _direct(block.points[i], data.points[order[column]], block.Z[i], data.unit)
                D[j], W[j] = distance, overlap
                if distance == 0.0:
                    D[j], W[j] = dead, zero
                    copies[j % LANES] += 1
                    live[j % LANES] -= 1
    if start <= mu < start + width:
        D[mu - start], W[mu - start] = dead, zero
        live[(mu - start) % LANES] -= 1


# A sum in a fixed order does not vectorise: 3 to 6 times slower here, which data of tight clusters would feel.
@kernel(fastmath={"reassoc", "contract"})
def _direct(one: Any, other: Any, z: Any, unit: float) -> Any:
    distance, overlap, scale = 0.0, 0.0, 1.0 / unit
    for r in range(one.size):
        step = np.float64(one[r]) - np.float64(other[r])
        distance += (step * scale) * (step * scale)
        overlap += step * np.float64(z[r])
    return distance, overlap * scale


@kernel(inline="always")
def _sweep(piece: _Piece, width: int, a: Any, b: Any, first_slot: int, slots: int, spread: _Spread, sums: Sums) -> None:
    """Add a segment to its slots, at every time and for both signs of z.

    Slots start from the shift of the slots before (hint). Once their spread has been found too wide for that, the
    largest exponents are computed first, at a quarter of the cost of the exponentials.
    """
    D, W, live, copies = piece
    hint, wide = spread
    shift, first, second = sums
    has_copies = False
    for lane in range(LANES):
        has_copies = has_copies or copies[lane] > 0
    for pair in range(hint.size):
        slot = pair * slots + first_slot
        factor_D, factor_W = -a[pair // 2], b[pair // 2] if pair % 2 else -b[pair // 2]
        if wide[pair] or add_exponentials(
            D, W, width, factor_D, factor_W, hint[pair], slot, live, shift, first, second
        ):
            low, high = raise_shifts(D, W, width, factor_D, factor_W, slot, live, shift, first, second)
            add_exponentials(D, W, width, factor_D, factor_W, np.nan, slot, live, shift, first, second)
            if high >= low:
                wide[pair] = high - low > _SPREAD
                hint[pair] = np.float64(D.dtype.type(0.5 * (high + low) - HEADROOM))
        if has_copies:
            _count_copies(slot, copies, shift, first, second)


@kernel(inline="always")
def _count_copies(slot: int, copies: Any, shift: Any, sums: Any, squares: Any) -> None:
    for lane in range(LANES):
        if copies[lane]:
            place = slot + lane
            if sums[place] == 0.0 or shift[place] < -HEADROOM:
                factor = np.exp(shift[place]) if sums[place] > 0.0 else 0.0
                sums[place] *= factor
                squares[place] *= factor * factor
                shift[place] = 0.0
            sums[place] += copies[lane] * np.exp(-shift[place])
            squares[place] += copies[lane] * np.exp(-2.0 * shift[place])
