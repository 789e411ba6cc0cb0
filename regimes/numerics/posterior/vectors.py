"""Vectors of sixteen numbers in LLVM's own terms, for intrinsics of numba that read and write arrays."""

from __future__ import annotations

from typing import Any

import numba.core.cgutils
import numba.types
from llvmlite import ir  # type: ignore[import-untyped]

__all__ = [
    "DOUBLE",
    "INT32",
    "INT64",
    "LANES",
    "SINGLE",
    "Arrays",
    "broadcast",
    "constant",
    "count",
    "extreme",
    "fused",
    "rows",
    "widened",
]

LANES = 16

# Of varying completeness in their type information, from one release of numba to the next.
cgutils: Any = numba.core.cgutils
types: Any = numba.types

SINGLE, DOUBLE, INT32, INT64 = ir.FloatType(), ir.DoubleType(), ir.IntType(32), ir.IntType(64)


class Arrays:
    """Reads and writes sixteen numbers of the array arguments of an intrinsic, by the place of the argument."""

    def __init__(self, context: Any, builder: Any, signature: Any, arguments: Any) -> None:
        self.builder = builder
        self._context, self._kinds, self._arguments = context, signature.args, arguments

    def vector(self, which: int) -> Any:
        """Vector type of an argument."""
        single = self._kinds[which].dtype == types.float32
        return ir.VectorType(SINGLE if single else DOUBLE, LANES)

    def load(self, which: int, index: Any) -> Any:
        """Sixteen numbers from an index on."""
        return self.builder.load(self._pointer(which, index), align=self._align(which))

    def store(self, which: int, index: Any, value: Any) -> None:
        """Write sixteen numbers from an index on."""
        self.builder.store(value, self._pointer(which, index), align=self._align(which))

    def _align(self, which: int) -> int:
        return int(self._kinds[which].dtype.bitwidth) // 8

    def _pointer(self, which: int, index: Any) -> Any:
        proxy = cgutils.create_struct_proxy(self._kinds[which])
        data = proxy(self._context, self.builder, value=self._arguments[which]).data
        return self.builder.bitcast(self.builder.gep(data, [index]), self.vector(which).as_pointer())


def fused(builder: Any, x: Any, y: Any, z: Any) -> Any:
    """``x y + z``, in one rounding where the processor has it."""
    name = f"llvm.fmuladd.v{LANES}f{32 if x.type.element == SINGLE else 64}"
    kind = ir.FunctionType(x.type, [x.type] * 3)
    return builder.call(cgutils.get_or_insert_function(builder.module, kind, name), [x, y, z])


def constant(vector: Any, value: float) -> Any:
    """A number in every lane."""
    if vector.element == SINGLE:
        value = float(types.float32.cast_python_value(value))  # LLVM's text form of a float admits no other
    return ir.Constant(vector, [ir.Constant(vector.element, value)] * LANES)


def broadcast(builder: Any, value: Any, vector: Any) -> Any:
    """A computed number in every lane."""
    if value.type != vector.element:
        value = builder.fptrunc(value, vector.element)
    undefined = ir.Constant(vector, ir.Undefined)
    lane = ir.Constant(INT32, 0)
    first = builder.insert_element(undefined, value, lane)
    return builder.shuffle_vector(first, undefined, ir.Constant(ir.VectorType(INT32, LANES), [lane] * LANES))


def widened(builder: Any, value: Any) -> Any:
    """The same numbers in float64."""
    wide = ir.VectorType(DOUBLE, LANES)
    return value if value.type == wide else builder.fpext(value, wide)


def count(builder: Any, flags: Any) -> Any:
    """How many of sixteen flags are set, as int64."""
    mask = ir.IntType(LANES)
    kind = ir.FunctionType(mask, [mask])
    bits = cgutils.get_or_insert_function(builder.module, kind, f"llvm.ctpop.i{LANES}")
    return builder.zext(builder.call(bits, [builder.bitcast(flags, mask)]), INT64)


def extreme(builder: Any, name: str, vector: Any) -> Any:
    """The least (fmin) or the largest (fmax) of the lanes."""
    kind = ir.FunctionType(DOUBLE, [vector.type])
    reduce = cgutils.get_or_insert_function(builder.module, kind, f"llvm.vector.reduce.{name}.v{LANES}f64")
    return builder.call(reduce, [vector])


def rows(builder: Any, stop: Any) -> Any:
    """Loop over the rows of sixteen before ``stop``; yields (index of the first number, iteration)."""
    start, step = ir.Constant(INT64, 0), ir.Constant(INT64, LANES)
    return cgutils.for_range_slice(builder, start, stop, step, intp=INT64)
