"""Formulas of the theory on tensors.

The source that :mod:`regimes.numerics.compiled.compile` prints for numpy is run with torch in place of numpy: the
float-safe form is the same, and a warm process imports no sympy for it.
"""

from __future__ import annotations

import ast
import functools
import math
import operator
from collections.abc import Callable
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from regimes.numerics.compiled.compile import compile_formula

__all__ = ["TorchFormula", "torch_formula"]


@dataclass(frozen=True, eq=False)
class TorchFormula:
    """A formula as a function of tensors and numbers."""

    name: str
    arguments: tuple[str, ...]  # names of the inputs, in order
    _evaluate: Callable[..., Any]

    def __call__(self, *values: Any) -> Any:
        """Evaluate elementwise with broadcasting; the inputs are not checked against their domains.

        What depends on numbers alone, such as ``exp(-t)``, is computed in float64 and meets the tensors last.
        """
        if len(values) != len(self.arguments):
            names = ", ".join(self.arguments)
            raise ValueError(f"{self.name}: takes {len(self.arguments)} values ({names}), got {len(values)}")
        tensors = [value for value in values if isinstance(value, Tensor)]
        for name, value in zip(self.arguments, values, strict=True):
            if not isinstance(value, Tensor) and (np.ndim(value) > 0 or np.asarray(value).dtype.kind not in "biuf"):
                raise ValueError(
                    f"{self.name}: {name} must be a tensor or a number, got {type(value).__name__}; make it a tensor "
                    "with torch.as_tensor, or use compile_formula for arrays"
                )
            if isinstance(value, Tensor) and not value.is_floating_point():
                raise ValueError(
                    f"{self.name}: {name} must be a tensor of floating point, got {value.dtype}; convert it with "
                    ".to(torch.float64)"
                )
        result = self._evaluate(*(value if isinstance(value, Tensor) else float(value) for value in values))
        if not tensors:
            return float(result)
        # As torch itself has it, a tensor without dimensions does not decide the type beside one with dimensions.
        deciding = [tensor for tensor in tensors if tensor.ndim] or tensors
        dtype = functools.reduce(torch.promote_types, (tensor.dtype for tensor in deciding))
        shape = np.broadcast_shapes(*(tuple(tensor.shape) for tensor in tensors))
        result = torch.as_tensor(result, dtype=dtype, device=tensors[0].device)
        # An input that does not occur in the expression still counts for the shape.
        return result if tuple(result.shape) == shape else result.expand(shape).clone()


@functools.cache
def torch_formula(name: str) -> TorchFormula:
    """Make a formula of the theory a function of tensors; made once in a process.

    Examples
    --------
    >>> import torch
    >>> score = torch_formula("mixture_score")
    >>> score(torch.tensor([0.0, 2.0], dtype=torch.float64), 0.5, 3.0, 1.0).round(decimals=6).tolist()
    [0.0, -0.182918]
    """
    compiled = compile_formula(name, target="numpy")
    module = ast.parse(compiled.path.read_text(encoding="utf-8"))
    (function,) = (node for node in module.body if isinstance(node, ast.FunctionDef) and node.name == "scalar")
    missing = sorted({text for text in _functions(function) if not _known(text)})
    if missing:
        raise ValueError(
            f"torch_formula: torch has no {', '.join(missing)}, which {name} needs; use compile_formula with "
            "target='numpy'"
        )
    names: dict[str, Any] = {"numpy": _NUMPY, "scipy": SimpleNamespace(special=_SPECIAL)}
    exec(compile(ast.Module([function], []), str(compiled.path), "exec"), names)
    return TorchFormula(name, compiled.arguments, names["scalar"])


def _functions(function: ast.FunctionDef) -> list[str]:
    """Dotted names such as ``numpy.exp``; parts of longer ones are left out."""
    inner = {id(node.value) for node in ast.walk(function) if isinstance(node, ast.Attribute)}
    return [
        ast.unparse(node) for node in ast.walk(function) if isinstance(node, ast.Attribute) and id(node) not in inner
    ]


def _known(text: str) -> bool:
    module, _, name = text.rpartition(".")
    return hasattr({"numpy": _NUMPY, "scipy.special": _SPECIAL}.get(module), name)


def _either(of_tensor: Callable[[Tensor], Tensor], of_number: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def function(value: Tensor | float) -> Tensor | float:
        if isinstance(value, Tensor):
            return of_tensor(value)
        # The compiled form is safe over the whole domain; where exp(-x) underflows to 0, 0 is the answer.
        with np.errstate(over="ignore", under="ignore"):
            return float(of_number(value))

    return function


def _where(condition: Any, first: Any, second: Any) -> Any:
    if not isinstance(condition, Tensor):
        return first if condition else second
    if not isinstance(first, Tensor) and not isinstance(second, Tensor):  # torch would make these float32
        first = torch.tensor(first, dtype=torch.float64, device=condition.device)
    return torch.where(condition, first, second)


def _bound(of_tensors: Callable[[Tensor, Tensor], Tensor], side: str) -> Callable[[Any, Any], Any]:
    def function(first: Any, second: Any) -> Any:
        if isinstance(first, Tensor) and isinstance(second, Tensor):
            return of_tensors(first, second)
        if isinstance(first, Tensor):
            return torch.clamp(first, **{side: second})
        if isinstance(second, Tensor):
            return torch.clamp(second, **{side: first})
        return min(first, second) if side == "max" else max(first, second)

    return function


_ELEMENTARY = (
    "exp",
    "expm1",
    "log",
    "log1p",
    "sqrt",
    "sin",
    "cos",
    "tan",
    "arcsin",
    "arccos",
    "arctan",
    "sinh",
    "cosh",
    "tanh",
    "floor",
    "ceil",
    "sign",
)
_NUMPY = SimpleNamespace(
    **{name: _either(getattr(torch, name), getattr(np, name)) for name in _ELEMENTARY},
    pi=math.pi,
    where=_where,
    minimum=_bound(torch.minimum, "max"),
    maximum=_bound(torch.maximum, "min"),
    less=operator.lt,
    less_equal=operator.le,
    greater=operator.gt,
    greater_equal=operator.ge,
    equal=operator.eq,
    not_equal=operator.ne,
    logical_and=operator.and_,
    logical_or=operator.or_,
)
_SPECIAL = SimpleNamespace(erf=_either(torch.erf, math.erf), erfc=_either(torch.erfc, math.erfc))
