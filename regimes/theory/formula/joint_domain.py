"""Values that go together: the domains of several inputs and the relations between them."""

from __future__ import annotations

import random
from collections.abc import Mapping, Set
from dataclasses import dataclass
from functools import cached_property
from numbers import Integral
from typing import Any

import mpmath
import sympy

from regimes.theory.formula.special_functions import EVALUATION
from regimes.theory.formula.variable import Variable

__all__ = ["JointDomain", "exact"]

_DIGITS = 70
_DRAWS = 10_000


@dataclass(frozen=True)
class JointDomain:
    """Variables, each with its domain, and relations between their symbols."""

    variables: tuple[Variable, ...]
    relations: tuple[Any, ...] = ()

    @property
    def symbols(self) -> set[Any]:
        """Symbols of the variables."""
        return {variable.symbol for variable in self.variables}

    def only(self, symbols: Set[Any]) -> JointDomain:
        """The domain of some of the variables, with the relations between these."""
        relations = tuple(each for each in self.relations if each.free_symbols <= symbols)
        return JointDomain(tuple(each for each in self.variables if each.symbol in symbols), relations)

    def broken(self, values: Mapping[Any, Any]) -> Any:
        """The first relation that values by symbol break; None if they break none of those whose symbols all occur."""
        with mpmath.workdps(_DIGITS):
            for relation, symbols, holds in self._tests:
                if all(symbol in values for symbol in symbols) and not holds(
                    *[exact(values[each]) for each in symbols]
                ):
                    return relation
        return None

    def sample(self, rng: random.Random) -> tuple[sympy.Rational, ...]:
        """Draw an exact rational point, one value for each variable."""
        for _ in range(_DRAWS):
            point = tuple(variable.sample(rng) for variable in self.variables)
            if self.broken({v.symbol: value for v, value in zip(self.variables, point, strict=True)}) is None:
                return point
        raise ValueError(f"JointDomain: {_DRAWS} points drawn, none with {self.relations}; do the relations agree?")

    @cached_property
    def _tests(self) -> list[tuple[Any, list[Any], Any]]:
        tests = []
        for relation in self.relations:
            symbols = sorted(relation.free_symbols, key=str)
            tests.append((relation, symbols, sympy.lambdify(symbols, relation, modules=EVALUATION)))
        return tests


def exact(value: Any) -> Any:
    """Turn a number into multiple precision without a detour through float64."""
    if isinstance(value, sympy.Rational):
        return mpmath.mpf(int(value.p)) / int(value.q)
    if isinstance(value, Integral):  # numpy's integers among them, which mpmath does not take
        return mpmath.mpf(int(value))
    if isinstance(value, mpmath.mpf | sympy.Float | str):
        return mpmath.mpf(value)
    return mpmath.mpf(float(value))
