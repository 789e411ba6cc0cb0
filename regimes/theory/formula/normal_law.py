"""The normal law, as expressions that many derivations share."""

from __future__ import annotations

from typing import Any

from sympy import Rational, erfc, exp, log, pi, sqrt

__all__ = ["normal", "normal_below", "normal_entropy"]


def normal(z: Any) -> Any:
    """Density of a standard normal variable."""
    return exp(-(z**2) / 2) / sqrt(2 * pi)


def normal_below(z: Any) -> Any:
    """Probability that a standard normal variable lies below z."""
    return erfc(-z / sqrt(2)) / 2


def normal_entropy(variance: Any) -> Any:
    """Entropy of a normal variable, in nats."""
    return log(2 * pi * variance) / 2 + Rational(1, 2)
