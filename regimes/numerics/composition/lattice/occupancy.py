"""Which grid points are occupied, one bit a point, and which of a point's neighbours are.

Loads reach up to seven bytes past the last bit they need; they are in the order of bytes of every machine that numba
compiles for, the lowest first.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir  # type: ignore[import-untyped]
from numba import types
from numba.extending import intrinsic

from regimes.numerics.compiled.kernels import kernel

__all__ = ["any_neighbour", "fetch", "neighbours", "occupy", "three_rows", "trailing"]

_U: Any = np.uint64
_ONE, _THREE, _SEVEN, _NONE = _U(1), _U(3), _U(7), _U(0)


def _trailing(typing: Any, word: Any) -> Any:
    """Number of the lowest bit that is set; the word must not be 0."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.cttz(arguments[0], ir.Constant(ir.IntType(1), 1))

    return types.uint64(types.uint64), generate


def _eight(typing: Any, array: Any, index: Any) -> Any:
    """Eight bytes of a uint8 array as one number."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        data = context.make_array(signature.args[0])(context, builder, arguments[0]).data
        place = builder.bitcast(builder.gep(data, [arguments[1]]), ir.IntType(64).as_pointer())
        return builder.load(place, align=1)

    return types.uint64(array, types.uint64), generate


def _fetch(typing: Any, array: Any, index: Any) -> Any:
    """Bring a place of an array into the cache; the place need not exist."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        data = context.make_array(signature.args[0])(context, builder, arguments[0]).data
        place = builder.bitcast(builder.gep(data, [arguments[1]]), ir.IntType(8).as_pointer())
        number = ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [place.type, number, number, number])
        name = "llvm.prefetch.p0i8"
        function = builder.module.globals.get(name) or ir.Function(builder.module, kind, name)
        builder.call(function, [place, *(ir.Constant(number, value) for value in (0, 3, 1))])
        return context.get_dummy_value()

    return types.void(array, types.uint64), generate


trailing: Any = intrinsic(_trailing)
eight: Any = intrinsic(_eight)
fetch: Any = intrinsic(_fetch)


@kernel(inline="always")
def occupy(occupied: Any, point: Any) -> None:
    """Set the bit of a point."""
    occupied[point >> _THREE] |= np.uint8(_ONE << (point & _SEVEN))


@kernel(inline="always")
def neighbours(occupied: Any, point: Any, starts: Any, masks: Any, shifts: Any, ends: Any, lookup: Any, w: int) -> Any:
    """Places of one word of the neighbourhood with occupied points, by lookup those that stand for all of them."""
    word = _NONE
    for piece in range(_U(ends[w - 1] if w > 0 else 0), _U(ends[w])):
        start = point + starts[piece]
        word |= ((eight(occupied, start >> _THREE) >> (start & _SEVEN)) & masks[piece]) << shifts[piece]
    return lookup[word] if lookup.size > 0 else word


@kernel(inline="always")
def three_rows(occupied: Any, point: Any, above: Any, beside: Any, below: Any, mask: Any, shift: Any) -> Any:
    """Occupied places of a neighbourhood of three rows that are alike."""
    a, b, c = point + above, point + beside, point + below
    return (
        (eight(occupied, a >> _THREE) >> (a & _SEVEN)) & mask
        | ((eight(occupied, b >> _THREE) >> (b & _SEVEN)) & mask) << shift
        | ((eight(occupied, c >> _THREE) >> (c & _SEVEN)) & mask) << (shift + shift)
    )


@kernel(inline="always")
def any_neighbour(occupied: Any, point: Any, starts: Any, masks: Any) -> Any:
    """Whether any neighbour of a point is occupied."""
    for piece in range(_U(starts.size)):
        start = point + starts[piece]
        if (eight(occupied, start >> _THREE) >> (start & _SEVEN)) & masks[piece]:
            return True
    return False
