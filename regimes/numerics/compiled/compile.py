"""Where sympy meets numba: a formula becomes a function, generated once and cached on disk between processes.

A formula is printed as Python source from its float-safe form. Two targets: ``"numpy"`` evaluates arrays with numpy
alone (what the calculators load: neither sympy nor numba is imported once the source is there), ``"numba"`` compiles
it to machine code.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np

from regimes.numerics.compiled.formula_files import TARGETS, Target, named_source, own_source
from regimes.numerics.compiled.sealed_file import digest
from regimes.theory.formula.record import note

if TYPE_CHECKING:
    from regimes.theory.formula.formula import Formula

__all__ = ["CompiledFormula", "compile_formula"]


@dataclass(frozen=True, eq=False)
class CompiledFormula:
    """A formula as a function of float64 arrays.

    Attributes
    ----------
    name : str
        Name of the formula.
    target : str
        ``"numba"`` or ``"numpy"``.
    arguments : tuple of str
        Names of the inputs, in order.
    scalar : callable
        The function of plain floats: a numba dispatcher that other kernels can call (target ``"numba"``), or the
        generated Python function.
    path : pathlib.Path
        The generated source.
    """

    name: str
    target: Target
    arguments: tuple[str, ...]
    scalar: Callable[..., Any]
    path: Path
    _elementwise: Callable[..., Any]

    @functools.cached_property
    def analytic(self) -> Callable[..., Any]:
        """The scalar for kernels that call it with complex numbers too; for formulas that are analytic in them."""
        from regimes.numerics.compiled.kernels import kernel

        written: Any = self.scalar  # a kernel, of target "numba"
        compiled: Callable[..., Any] = kernel(error_model="numpy")(written.py_func)
        return compiled

    def __call__(self, *values: Any) -> Any:
        """Evaluate elementwise with broadcasting; the inputs are not checked against their domains.

        Takes an array or a number for each input, in order, and raises a ValueError if their number is wrong.
        """
        if len(values) != len(self.arguments):
            names = ", ".join(self.arguments)
            raise ValueError(f"{self.name}: takes {len(self.arguments)} arrays ({names}), got {len(values)}")
        note(self.name)
        arrays = [np.asarray(value, dtype=np.float64) for value in values]
        shape = np.broadcast_shapes(*(array.shape for array in arrays))
        # The compiled form is safe over the whole domain; where exp(-x) underflows to 0, 0 is the answer.
        with np.errstate(over="ignore", under="ignore"):
            result = np.asarray(self._values(arrays, shape), dtype=np.float64)
        if result.shape != shape:  # an input that does not occur in the expression
            result = np.broadcast_to(result, shape).copy()
        return result[()]

    def _values(self, arrays: list[Any], shape: tuple[int, ...]) -> Any:
        if self.target == "numpy":
            return self._elementwise(*arrays)
        result = np.empty(shape)
        self._elementwise(*(np.broadcast_to(array, shape).ravel() for array in arrays), result.ravel())
        return result


def compile_formula(formula: Formula | str, *, target: Target = "numba") -> CompiledFormula:
    """Compile a formula to a function of float64 arrays.

    Parameters
    ----------
    formula : Formula or str
        A formula, or the name of one in the catalogue (which spares a warm process the import of sympy).
    target : {"numba", "numpy"}
        Machine code, or array operations of numpy. Both are generated from the same float-safe form and agree
        to rounding.

    Returns
    -------
    CompiledFormula
        Callable with arrays, one for each input, that broadcast against each other.

    Raises
    ------
    ValueError
        If no formula has that name, the target is unknown, or the formula holds what has no float64 form
        (an integral, say: those are solvers, built from compiled integrands).

    Examples
    --------
    >>> from regimes import compile_formula
    >>> snr = compile_formula("snr", target="numpy")
    >>> snr([0.5, 1.0]).round(6).tolist()
    [0.581977, 0.156518]
    """
    if target not in TARGETS:
        raise ValueError(f"compile_formula: target must be 'numba' or 'numpy', got {target!r}")
    if isinstance(formula, str):
        return _compile_named(formula, target)
    return _load(formula.name, target, *own_source(formula, target))


@functools.cache
def _compile_named(name: str, target: Target) -> CompiledFormula:
    if not name.isidentifier():
        raise ValueError(f"compile_formula: {name!r} is not the name of a formula")
    return _load(name, target, *named_source(name, target))


def _load(name: str, target: Target, path: Path, source: bytes) -> CompiledFormula:
    # Not by the import system: its own cache of byte code has no checksum. The module is entered because numba finds
    # the globals of machine code by the name of their module, which is therefore a name of this very source.
    module = ModuleType(f"_regimes_generated_{name}_{digest(source)}")
    module.__file__ = str(path)
    sys.modules[module.__name__] = module
    exec(compile(b"\n" + source, str(path), "exec"), vars(module))  # below the line of the seal
    return CompiledFormula(name, target, tuple(module.ARGUMENTS), module.scalar, path, module.elementwise)
