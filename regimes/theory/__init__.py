"""What is true: formulas with checked derivations (sympy and mpmath only)."""

from regimes.theory.catalogue import catalogue, formula
from regimes.theory.formula.formula import Formula, Step, StepCheck, Variable

__all__ = ["Formula", "Step", "StepCheck", "Variable", "catalogue", "formula"]
