"""Sums of exponentials over columns of pairs, sixteen columns at a time.

D and W hold rows of sixteen pairs. Lane l of every row belongs to one slot, which has its own shift and its own sums of
``exp(a D + b W - shift)`` and of its square; no number is ever summed across lanes.

A loop over float32 exponentials with a running sum is vectorised by LLVM only under fastmath, whose result differs from
machine to machine. The vectors are therefore written out, in LLVM's own vector type: the order of summation is fixed
and there is no fastmath. Measured on one AVX-512 core, per exponential with both sums: 0.26 ns, against 0.42 ns for a
plain loop with ``{"reassoc", "contract"}`` and 0.96 ns for sixteen accumulators in a local array without fastmath.

The exponential: ``exp(x) = 2^m exp(f)`` with ``m = round(x/log 2)``, ``|f| <= log(2)/2``, and a polynomial for exp(f).
Relative error below 2e-7 in float32 for ``CUTOFF <= x <= CEILING``; exactly 0 below, ``exp(CEILING)`` above, so that
neither a denormal number (slow) nor an infinity can arise. Squares are dropped where they would be denormal.
"""

from __future__ import annotations

import math
from typing import Any

import numba.core.cgutils
import numba.types
from llvmlite import ir  # type: ignore[import-untyped]
from numba.extending import intrinsic

from regimes.numerics.posterior.vectors import (
    DOUBLE,
    INT32,
    INT64,
    LANES,
    SINGLE,
    Arrays,
    broadcast,
    constant,
    count,
    extreme,
    fused,
    rows,
    widened,
)

__all__ = ["CEILING", "CUTOFF", "HEADROOM", "add_exponentials", "exponentials", "raise_shifts"]

CUTOFF = -87.0
CEILING = 40.0
HEADROOM = 8.0
"""How far a new shift stays below the largest exponent, to leave room on both sides of the sums to come."""

# A first sum within this band is trusted: below, terms that matter may have been flushed to zero (their squares are
# first); above, the exponentials come near their ceiling.
_LOWEST_SUM = math.exp(-15.0)
_HIGHEST_SUM = math.exp(36.0)
_CLIMB = 30.0
_SQUARE_CUTOFF = -43.0

_LOG2 = math.log(2.0)
_LOG2_HIGH = 0.693359375  # twelve bits, so that m * _LOG2_HIGH is exact in float32
# (exp(f) - 1 - f)/f^2 interpolated at the six Chebyshev nodes of |f| <= log(2)/2: 2e-10 relative in exp(f).
_POLYNOMIAL = (
    0.000198910007806,
    0.00139336589615,
    0.00833331091651,
    0.0416664648445,
    0.166666666816,
    0.500000001347,
)

# Of varying completeness in their type information, from one release of numba to the next.
cgutils: Any = numba.core.cgutils
types: Any = numba.types


def _add_exponentials(
    typing: Any,
    D: Any,
    W: Any,
    stop: Any,
    a: Any,
    b: Any,
    hint: Any,
    slot: Any,
    live: Any,
    shift: Any,
    sums: Any,
    squares: Any,
) -> Any:
    """Add the exponentials of the pairs before ``stop`` to sixteen slots, or refuse.

    A numba function of contiguous arrays. D, W: float32 or float64, in which the exponents are formed; exponentials
    and their sums over one call are float32, hence at most some hundred rows. stop: int64, a multiple of ``LANES``.
    a, b: float64. live: float64, how many of the pairs in each lane count (a pair that does not has a huge D). shift,
    sums, squares: float64, of which ``[slot : slot + LANES]`` is read and written. hint: float64; slots that are
    empty take it for their shift, unless it is nan. Shifts must be representable in the type of D.

    Returns the number of lanes, as int64, whose sum cannot be trusted with its shift; unless that is 0, sums and
    squares are left as they were.
    """
    integer, real = types.int64, types.float64
    signature = integer(D, W, integer, real, real, real, integer, live, shift, sums, squares)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        arrays = Arrays(context, builder, signature, arguments)
        _, _, stop, a, b, hint, slot, *_ = arguments
        vector, wide = ir.VectorType(SINGLE, LANES), ir.VectorType(DOUBLE, LANES)
        zero, wide_zero = constant(vector, 0.0), constant(wide, 0.0)
        old_sums, old_squares = arrays.load(9, slot), arrays.load(10, slot)
        hints = broadcast(builder, hint, wide)
        empty = builder.fcmp_ordered("==", old_sums, wide_zero)
        takes_hint = builder.and_(empty, builder.fcmp_ordered("==", hints, hints))
        shifts = builder.select(takes_hint, hints, arrays.load(8, slot))
        arrays.store(8, slot, shifts)
        total, square = (cgutils.alloca_once_value(builder, zero) for _ in range(2))
        exponents = _exponents(arrays, a, b, shifts)
        with rows(builder, stop) as (j, _):
            x = exponents(j)
            if x.type != vector:
                x = builder.fptrunc(x, vector)
            value = _exponential(builder, x)
            keeps_square = builder.fcmp_ordered(">", x, constant(vector, _SQUARE_CUTOFF))
            root = builder.select(keeps_square, value, zero)
            builder.store(builder.fadd(builder.load(total), value), total)
            builder.store(fused(builder, root, root, builder.load(square)), square)
        new_sums, new_squares = (builder.fpext(builder.load(kept), wide) for kept in (total, square))
        lives = builder.fcmp_ordered(">", arrays.load(7, ir.Constant(INT64, 0)), wide_zero)
        low = builder.and_(lives, builder.fcmp_ordered("<", new_sums, constant(wide, _LOWEST_SUM)))
        high = builder.fcmp_ordered(">", new_sums, constant(wide, _HIGHEST_SUM))
        refused = count(builder, builder.or_(builder.and_(empty, low), high))
        with builder.if_then(builder.icmp_signed("==", refused, ir.Constant(INT64, 0))):
            arrays.store(9, slot, builder.fadd(old_sums, new_sums))
            arrays.store(10, slot, builder.fadd(old_squares, new_squares))
        return refused

    return signature, generate


def _raise_shifts(
    typing: Any, D: Any, W: Any, stop: Any, a: Any, b: Any, slot: Any, live: Any, shift: Any, sums: Any, squares: Any
) -> Any:
    """Give empty slots a shift from their own largest exponent, and others one where theirs has become too low.

    Arguments as in ``add_exponentials``, which accepts the pairs afterwards. Returns the smallest and the largest of
    the largest exponents of the lanes that count, as float64 (inf and -inf if there is none).
    """
    integer, real = types.int64, types.float64
    signature = types.UniTuple(real, 2)(D, W, integer, real, real, integer, live, shift, sums, squares)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        arrays = Arrays(context, builder, signature, arguments)
        _, _, stop, a, b, slot, *_ = arguments
        so_far = cgutils.alloca_once_value(builder, constant(arrays.vector(0), -math.inf))
        exponents = _exponents(arrays, a, b, None)
        with rows(builder, stop) as (j, _):
            x, y = exponents(j), builder.load(so_far)
            builder.store(builder.select(builder.fcmp_ordered(">", x, y), x, y), so_far)
        largest = widened(builder, builder.load(so_far))
        old_shifts, old_sums, old_squares = (arrays.load(which, slot) for which in (7, 8, 9))
        zero = constant(largest.type, 0.0)
        lives = builder.fcmp_ordered(">", arrays.load(6, ir.Constant(INT64, 0)), zero)
        climb = builder.fsub(largest, old_shifts)
        empty = builder.fcmp_ordered("==", old_sums, zero)
        too_low = builder.fcmp_ordered(">", climb, constant(largest.type, _CLIMB))
        moves = builder.and_(lives, builder.or_(empty, too_low))
        new_shifts = builder.fsub(largest, constant(largest.type, HEADROOM))
        if arrays.vector(0) != new_shifts.type:  # what is kept is the very shift that is taken off
            new_shifts = builder.fpext(builder.fptrunc(new_shifts, arrays.vector(0)), new_shifts.type)
        drop = builder.fptrunc(builder.fsub(old_shifts, new_shifts), ir.VectorType(SINGLE, LANES))
        factor = widened(builder, _exponential(builder, drop))
        # An empty slot may stand anywhere: the factor may be huge, but 0 stays 0.
        arrays.store(7, slot, builder.select(moves, new_shifts, old_shifts))
        arrays.store(8, slot, builder.select(moves, builder.fmul(old_sums, factor), old_sums))
        squared = builder.fmul(factor, factor)
        arrays.store(9, slot, builder.select(moves, builder.fmul(old_squares, squared), old_squares))
        extremes = [
            extreme(builder, name, builder.select(lives, largest, constant(largest.type, neutral)))
            for name, neutral in (("fmin", math.inf), ("fmax", -math.inf))
        ]
        return context.make_tuple(builder, signature.return_type, extremes)

    return signature, generate


def _exponentials(typing: Any, x: Any, first: Any, offset: Any, result: Any) -> Any:
    """Fill ``result[first : first + LANES]`` with ``exp(x - offset)`` of the same places of x; both arrays float64."""
    signature = types.int64(x, types.int64, types.float64, result)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        arrays = Arrays(context, builder, signature, arguments)
        _, first, offset, _ = arguments
        difference = builder.fsub(arrays.load(0, first), broadcast(builder, offset, arrays.vector(0)))
        value = _exponential(builder, builder.fptrunc(difference, ir.VectorType(SINGLE, LANES)))
        arrays.store(3, first, widened(builder, value))
        return ir.Constant(INT64, 0)

    return signature, generate


add_exponentials: Any = intrinsic(_add_exponentials)
raise_shifts: Any = intrinsic(_raise_shifts)
exponentials: Any = intrinsic(_exponentials)


def _exponents(arrays: Arrays, a: Any, b: Any, shifts: Any) -> Any:
    """Function of the index j: ``a D + b W - shift`` of the row that begins there, in the type of D."""
    builder, vector = arrays.builder, arrays.vector(0)
    a, b = (broadcast(builder, value, vector) for value in (a, b))
    if shifts is not None and shifts.type != vector:
        shifts = builder.fptrunc(shifts, vector)

    def at(j: Any) -> Any:
        # Rounded before the shift is taken off, so that the largest exponent found is the very one that is summed: it
        # keeps its place in the band of trusted sums however far from 0 it lies.
        exponent = fused(builder, a, arrays.load(0, j), builder.fmul(b, arrays.load(1, j)))
        return exponent if shifts is None else builder.fsub(exponent, shifts)

    return at


def _exponential(builder: Any, x: Any) -> Any:
    vector = x.type
    counts = builder.fcmp_ordered(">=", x, constant(vector, CUTOFF))
    x = builder.select(counts, x, constant(vector, CUTOFF))
    ceiling = constant(vector, CEILING)
    x = builder.select(builder.fcmp_ordered("<", x, ceiling), x, ceiling)
    floor = cgutils.get_or_insert_function(builder.module, ir.FunctionType(vector, [vector]), f"llvm.floor.v{LANES}f32")
    half = constant(vector, 0.5)
    power = builder.call(floor, [fused(builder, x, constant(vector, 1.0 / _LOG2), half)])
    rest = fused(builder, power, constant(vector, -_LOG2_HIGH), x)
    rest = fused(builder, power, constant(vector, _LOG2_HIGH - _LOG2), rest)
    value = constant(vector, _POLYNOMIAL[0])
    for coefficient in (*_POLYNOMIAL[1:], 1.0, 1.0):
        value = fused(builder, value, rest, constant(vector, coefficient))
    integers = ir.VectorType(INT32, LANES)
    biased = builder.add(builder.fptosi(power, integers), ir.Constant(integers, [ir.Constant(INT32, 127)] * LANES))
    bits = builder.shl(biased, ir.Constant(integers, [ir.Constant(INT32, 23)] * LANES))
    scaled = builder.fmul(value, builder.bitcast(bits, vector))
    return builder.select(counts, scaled, constant(vector, 0.0))
