"""u - log(1 + u), which divergences of Gaussian laws consist of, and its float-safe form."""

from __future__ import annotations

from typing import Any

from sympy import Integer, Piecewise, Rational, log

from regimes.theory.formula.formula import log1p

__all__ = ["log_excess", "log_excess_stable"]

_NEAR = Rational(1, 100)
_TERMS = 12  # the first that is left out is below 1e-48 of the sum


def log_excess(u: Any) -> Any:
    """The excess of u over log(1 + u)."""
    return u - log(1 + u)


def log_excess_stable(u: Any, w: Any, logarithm: Any = None) -> Any:
    """The same where u is small too, u^2/2 to first order: ``w`` is u/(2 + u), ``logarithm`` a safer log(1 + u).

    It is u w - 2 (artanh w - w), since log(1 + u) = 2 artanh w.
    """
    series: Any = Integer(0)
    for k in range(_TERMS, 0, -1):
        series = w**2 * (series + Rational(1, 2 * k + 1))
    near = w * (u - 2 * series)
    return Piecewise((near, w**2 < _NEAR**2), (u - (log1p(u) if logarithm is None else logarithm), True))
