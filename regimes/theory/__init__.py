"""What is true: formulas with checked derivations (sympy and mpmath only).

Importing this loads neither sympy nor a formula: a formula is built when it is asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

# Trap: the package regimes.theory.formula and the function share a name. The import of the catalogue loads the package
# first, so that the function stays.
from regimes.theory.catalogue import catalogue, formula

if TYPE_CHECKING:
    from regimes.theory.formula.formula import Formula, Step, StepCheck, Variable

__all__ = ["Formula", "Step", "StepCheck", "Variable", "catalogue", "formula"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module("regimes.theory.formula.formula"), name)
