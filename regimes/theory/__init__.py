"""What is true: formulas with checked derivations (sympy and mpmath only)."""

from regimes.public import attach

__getattr__, __dir__ = attach(__name__, __file__)
