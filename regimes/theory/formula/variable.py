"""An input of a formula: its symbol, its meaning and its domain."""

from __future__ import annotations

import random
from dataclasses import dataclass

import sympy

__all__ = ["Variable"]


@dataclass(frozen=True)
class Variable:
    """An input of a formula: its symbol, what it means, and the set in which it lives."""

    symbol: sympy.Symbol
    meaning: str
    domain: sympy.Set

    @property
    def name(self) -> str:
        """The ASCII name under which the value is passed."""
        return str(self.symbol.name)

    def sample(self, rng: random.Random) -> sympy.Rational:
        """Draw an exact rational point of the domain, spread over its scale.

        Parameters
        ----------
        rng : random.Random
            Source of randomness.

        Returns
        -------
        sympy.Rational
            A point strictly inside the domain (an integer where the domain holds integers only).
        """
        low, high = self.domain.inf, self.domain.sup
        if self.domain.is_subset(sympy.S.Integers):
            if not low.is_finite:
                low = high - 59 if high.is_finite else sympy.Integer(-40)
            count = min(60, int(high - low) + 1) if high.is_finite else 60
            return sympy.Integer(low + rng.randrange(count))
        step = sympy.Rational(rng.randrange(1, 2**20), 2**20)  # inside (0, 1)
        if low.is_finite and high.is_finite:
            return sympy.Rational(low + (high - low) * step)
        scale = sympy.Rational(round(10 ** rng.uniform(-1.5, 1.0) * 2**20), 2**20)
        if low.is_finite:
            return sympy.Rational(low + scale)
        if high.is_finite:
            return sympy.Rational(high - scale)
        return sympy.Rational(scale * rng.choice((-1, 1)))
