"""Posterior over the points of a data set, for a block of noised points x_t: the compiled kernel.

For the probe (mu, z) and the point nu the exponent at one time is ``-a D - b W`` with ``D = |a_mu - a_nu|^2`` and
``W = z.(a_mu - a_nu)``; with -z in place of z the sign of W flips. D and W come from two matrix products made once;
a piece of them stays in the first-level cache while all times and both signs sweep over it.

The points of a cell = (class, group of the jackknife) are dealt to slots, and sixteen slots stand side by side in the
lanes of a vector: every sum that is needed, over a class or without a group, is a sum of slots, even where a cell has
a handful of points. Each slot keeps ``(shift, sum of exp(x - shift), sum of exp(2 (x - shift)))`` in float64: none
is lost to underflow, however far it lies below the others. The own point and its exact copies have exponent 0 and are
counted, not computed.

Each probe is done by one thread from its own row: results do not depend on the number of threads.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import prange

from regimes.numerics.compiled.kernels import kernel
from regimes.numerics.posterior.exponential import HEADROOM, LANES, add_exponentials, raise_shifts
from regimes.numerics.posterior.summary import summarise

__all__ = ["DEAD", "ROWS", "STRIP", "posterior_rows"]

ROWS = 64
"""Rows of sixteen pairs that are swept together; their D and W fit into the first-level cache."""
STRIP = 4
"""Probes that share the working arrays of a thread."""
DEAD = 3e38
"""Distance of a pair that does not count; its exponential is exactly 0, since a is at least 5e-31."""

# Slots that differ by more than this do not share a shift: exponentials are trusted over some 50 nats.
_SPREAD = 30.0


@kernel(parallel=True)
def posterior_rows(
    gram: Any, noise: Any, own: Any, norms: Any, points: Any, order: Any, Z: Any, unit: float, near: float, a: Any,
    b: Any, segments: Any, filled: Any, slot_cell: Any, classes: int, groups: int, out: Any,
) -> None:  # fmt: skip
    """Statistics of a block of probes at every time, averaged over +z and -z.

    Parameters
    ----------
    gram, noise : ndarray, shape (B, C)
        ``a_mu . a_nu`` and ``z . a_nu`` for the point of each column.
    own : ndarray of int64, shape (B,)
        Column of mu.
    norms : ndarray, shape (C,)
        ``|a_nu|^2`` in the type of the products; ``DEAD`` for a column without a point.
    points : ndarray, shape (n, d)
        Data as given; column j holds ``points[order[j]]``, in units of ``unit``.
    order : ndarray of int64, shape (C,)
        Point of each column.
    Z : ndarray, shape (B, d)
        Noise.
    unit : float
        Unit of the products.
    near : float
        Pairs with D below this share of their norms are computed again from ``points`` in float64.
    a, b : ndarray, shape (T,)
        Factors of D and W, not negative.
    segments : ndarray of int64, shape (S, 3)
        First slot, first column and number of columns: a multiple of ``LANES``, at most ``ROWS`` rows.
    filled : ndarray of int64, shape (S, LANES)
        Points in each lane of a segment.
    slot_cell : ndarray of int64, shape (slots, 2)
        Class and group of each slot; (-1, -1) for an empty slot.
    classes, groups : int
        Numbers of classes and of groups.
    out : ndarray, shape (B, T, STATISTICS, 1 + groups)
        Filled: the last index is 0 for all data, ``1 + g`` with group g left out (0 for the probes of group g itself;
        with one group nothing is left out).
    """
    rows, times, slots = gram.shape[0], a.size, slot_cell.shape[0]
    slot_of = np.empty(gram.shape[1], np.int64)
    for s in range(segments.shape[0]):
        for j in range(segments[s, 2]):
            slot_of[segments[s, 1] + j] = segments[s, 0] + j % LANES
    for strip in prange((rows + STRIP - 1) // STRIP):
        D = np.empty(ROWS * LANES, gram.dtype)
        W = np.empty(ROWS * LANES, gram.dtype)
        live = np.empty(LANES)
        copies = np.empty(LANES, np.int64)
        shift = np.empty(2 * times * slots)
        sums = np.empty(2 * times * slots)
        squares = np.empty(2 * times * slots)
        hint = np.empty(2 * times)
        wide = np.empty(2 * times, np.bool_)
        factor = np.empty(slots)
        cell_work = np.empty((2, classes, groups))
        margins = np.empty((4, 1 + groups))
        for i in range(strip * STRIP, min(rows, (strip + 1) * STRIP)):
            sums[:] = 0.0
            squares[:] = 0.0
            shift[:] = 0.0
            wide[:] = True  # nothing is known of the spread yet
            for s in range(segments.shape[0]):
                slot = segments[s, 0]
                live[:] = filled[s]
                copies[:] = 0
                _form(
                    gram[i], noise[i], own[i], norms, points, order, Z[i], unit, near, segments[s, 1], segments[s, 2],
                    D, W, live, copies,
                )  # fmt: skip
                _sweep(D, W, segments[s, 2], a, b, slot, slots, live, copies, hint, wide, shift, sums, squares)
            out[i] = 0.0
            mu_class, mu_group = slot_cell[slot_of[own[i]]]
            for pair in range(2 * times):
                held = slice(pair * slots, (pair + 1) * slots)
                summarise(
                    shift[held], sums[held], squares[held], slot_cell, mu_class, mu_group, factor, cell_work, margins,
                    out[i, pair // 2],
                )  # fmt: skip


@kernel()
def _form(
    gram: Any, noise: Any, mu: int, norms: Any, points: Any, order: Any, z: Any, unit: float, near: float, start: int,
    width: int, D: Any, W: Any, live: Any, copies: Any,
) -> None:  # fmt: skip
    """D and W of a segment; the own point and its exact copies are taken out."""
    zero, two = gram.dtype.type(0), gram.dtype.type(2)
    dead, share = gram.dtype.type(DEAD), gram.dtype.type(near)
    own_norm, own_noise = norms[mu], noise[mu]
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
                distance, overlap = _direct(points[order[mu]], points[order[column]], z, unit)
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


@kernel()
def _sweep(
    D: Any, W: Any, width: int, a: Any, b: Any, first_slot: int, slots: int, live: Any, copies: Any, hint: Any,
    wide: Any, shift: Any, sums: Any, squares: Any,
) -> None:  # fmt: skip
    """Add a segment to its slots, at every time and for both signs of z.

    Slots start from the shift of the slots before (hint). Once their spread has been found too wide for that, the
    largest exponents are computed first, at a quarter of the cost of the exponentials.
    """
    has_copies = np.any(copies > 0)
    for pair in range(hint.size):
        slot = pair * slots + first_slot
        factor_D, factor_W = -a[pair // 2], b[pair // 2] if pair % 2 else -b[pair // 2]
        if wide[pair] or add_exponentials(
            D, W, width, factor_D, factor_W, hint[pair], slot, live, shift, sums, squares
        ):
            low, high = raise_shifts(D, W, width, factor_D, factor_W, slot, live, shift, sums, squares)
            add_exponentials(D, W, width, factor_D, factor_W, np.nan, slot, live, shift, sums, squares)
            if high >= low:
                wide[pair] = high - low > _SPREAD
                hint[pair] = np.float64(D.dtype.type(0.5 * (high + low) - HEADROOM))
        if has_copies:
            _count_copies(slot, copies, shift, sums, squares)


@kernel()
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
