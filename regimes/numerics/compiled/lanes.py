"""Sixteen samples side by side: a vector type for numba, so that a kernel reads as if it were for one sample.

Numba vectorises inner loops over slices poorly: the views, their bounds and possible overlaps stay in the code. These
few operations on LLVM's own vector type become plain vector instructions of whatever width the machine has. No number
is ever summed across lanes and there is no fastmath, so a sample's result does not depend on its neighbours, and
only the fused multiply-add may differ in its last bit from a machine without one.
"""

from __future__ import annotations

from typing import Any

import numba.types
from llvmlite import ir  # type: ignore[import-untyped]
from numba.extending import intrinsic, models, register_model

__all__ = [
    "LANES",
    "LINE",
    "add",
    "any_outside",
    "divide",
    "entry",
    "filled",
    "load",
    "minimum",
    "multiply",
    "multiply_add",
    "number",
    "settle",
    "store",
    "stream",
    "within",
]

LANES = 16
LINE = 64
"""Bytes of a cache line."""

# Of varying completeness in their type information, from one release of numba to the next.
types: Any = numba.types
_PrimitiveModel: Any = models.PrimitiveModel

_BYTES = 8
_VECTOR = ir.VectorType(ir.DoubleType(), LANES)


class _Lanes(types.Type):  # type: ignore[misc]
    def __init__(self) -> None:
        super().__init__(name=f"lanes{LANES}")


_lanes = _Lanes()


@register_model(_Lanes)
class _LanesModel(_PrimitiveModel):  # type: ignore[misc]
    def __init__(self, manager: Any, frontend: Any) -> None:
        super().__init__(manager, frontend, _VECTOR)


def _place(context: Any, builder: Any, kind: Any, array: Any, index: Any) -> Any:
    data = context.make_array(kind)(context, builder, array).data
    return builder.bitcast(builder.gep(data, [index]), _VECTOR.as_pointer())


def _spread(builder: Any, number: Any) -> Any:
    first = builder.insert_element(ir.Constant(_VECTOR, ir.Undefined), number, ir.Constant(ir.IntType(32), 0))
    return builder.shuffle_vector(first, first, ir.Constant(ir.VectorType(ir.IntType(32), LANES), [0] * LANES))


def _entry(typing: Any, array: Any, index: Any) -> Any:
    """``array[index]`` of a contiguous int32 array, index not negative: without numba's look for negative ones."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        array, index = arguments
        data = context.make_array(signature.args[0])(context, builder, array).data
        return builder.sext(builder.load(builder.gep(data, [index])), ir.IntType(64))

    return types.intp(array, types.intp), generate


def _number(typing: Any, array: Any, index: Any) -> Any:
    """``array[index]`` of a contiguous float64 array, index not negative."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        array, index = arguments
        data = context.make_array(signature.args[0])(context, builder, array).data
        return builder.load(builder.gep(data, [index]))

    return types.float64(array, types.intp), generate


def _load(typing: Any, array: Any, index: Any) -> Any:
    """``array[index : index + LANES]`` of a contiguous float64 array."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        pointer = _place(context, builder, signature.args[0], *arguments)
        return builder.load(pointer, align=_BYTES)

    return _lanes(array, types.intp), generate


def _store(typing: Any, array: Any, index: Any, value: Any) -> Any:
    """``array[index : index + LANES] = value``."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        pointer = _place(context, builder, signature.args[0], *arguments[:2])
        builder.store(arguments[2], pointer, align=_BYTES)
        return context.get_dummy_value()

    return types.void(array, types.intp, _lanes), generate


def _stream(typing: Any, array: Any, index: Any, value: Any) -> Any:
    """``store`` past the caches, for what is not read again soon; the place must be the start of a cache line."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        pointer = _place(context, builder, signature.args[0], *arguments[:2])
        written = builder.store(arguments[2], pointer, align=LINE)
        written.set_metadata("nontemporal", builder.module.add_metadata([ir.Constant(ir.IntType(32), 1)]))
        return context.get_dummy_value()

    return types.void(array, types.intp, _lanes), generate


def _settle(typing: Any) -> Any:
    """Wait until all that was streamed can be read by other threads."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        builder.fence("seq_cst")
        return context.get_dummy_value()

    return types.void(), generate


def _filled(typing: Any, number: Any) -> Any:
    """One number in every lane."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return _spread(builder, arguments[0])

    return _lanes(types.float64), generate


def _binary(instruction: str) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return getattr(builder, instruction)(*arguments)

    return generate


def _add(typing: Any, x: Any, y: Any) -> Any:
    """``x + y``."""
    return _lanes(_lanes, _lanes), _binary("fadd")


def _multiply(typing: Any, x: Any, y: Any) -> Any:
    """``x * y``."""
    return _lanes(_lanes, _lanes), _binary("fmul")


def _divide(typing: Any, x: Any, y: Any) -> Any:
    """``x / y``."""
    return _lanes(_lanes, _lanes), _binary("fdiv")


def _minimum(typing: Any, x: Any, y: Any) -> Any:
    """The smaller of both; y where one is nan."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        x, y = arguments
        return builder.select(builder.fcmp_ordered("<", x, y), x, y)

    return _lanes(_lanes, _lanes), generate


def _within(typing: Any, x: Any, limit: Any) -> Any:
    """1 in every lane that does not exceed the limit, -1 in the others and where it is nan."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        x, limit = arguments
        small = builder.fcmp_ordered("<=", x, _spread(builder, limit))
        return builder.select(small, ir.Constant(_VECTOR, [1.0] * LANES), ir.Constant(_VECTOR, [-1.0] * LANES))

    return _lanes(_lanes, types.float64), generate


def _multiply_add(typing: Any, x: Any, y: Any, total: Any) -> Any:
    """``x * y + total``, fused where the machine can."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        x, y, total = arguments
        product = builder.fmul(x, y, flags=("contract",))
        return builder.fadd(product, total, flags=("contract",))

    return _lanes(_lanes, _lanes, _lanes), generate


def _any_outside(typing: Any, x: Any, low: Any, high: Any) -> Any:
    """Whether a lane does not lie between low and high, both included, or is nan."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        x, low, high = arguments
        below = builder.fcmp_unordered("<", x, _spread(builder, low))
        above = builder.fcmp_unordered(">", x, _spread(builder, high))
        outside = builder.bitcast(builder.or_(below, above), ir.IntType(LANES))
        return builder.icmp_unsigned("!=", outside, ir.Constant(ir.IntType(LANES), 0))

    return types.boolean(_lanes, types.float64, types.float64), generate


entry: Any = intrinsic(_entry)
load: Any = intrinsic(_load)
store: Any = intrinsic(_store)
filled: Any = intrinsic(_filled)
add: Any = intrinsic(_add)
multiply: Any = intrinsic(_multiply)
divide: Any = intrinsic(_divide)
minimum: Any = intrinsic(_minimum)
multiply_add: Any = intrinsic(_multiply_add)
any_outside: Any = intrinsic(_any_outside)
stream: Any = intrinsic(_stream)
settle: Any = intrinsic(_settle)
number: Any = intrinsic(_number)
within: Any = intrinsic(_within)
