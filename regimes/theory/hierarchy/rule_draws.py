"""All draws of the rules of one small level, enumerated: what averages over rules are checked against.

The level has v = 3 symbols below, s = 2 children, m = 2 rules and n_c = 2 symbols above, 0 the true one, whose true
tuple is (0, 0). The other three rules are drawn from the other eight tuples: 168 draws.
"""

from __future__ import annotations

from collections import Counter
from functools import cache
from itertools import combinations, product

import sympy
from sympy import Rational

from regimes.theory.formula.symbols import m, n_c, p, q, s, v

__all__ = ["DRAWN", "enumerated_downward", "enumerated_upward"]

DRAWN = {v: 3, s: 2, m: 2, n_c: 2}
"""The parameters of the level, for substitution into a general expression."""

_TUPLES = tuple(product(range(3), repeat=2))


def enumerated_upward(parents: tuple[int, ...], *, right: int = 0) -> sympy.Expr:
    """Average weight, under the messages of the children, of the rules of some parents.

    Examples
    --------
    >>> enumerated_upward((0, 1), right=2)
    p**2
    """
    return sum(
        share * _weight(entry)
        for parent in parents
        for entry, share in _frequencies(parent).items()
        if not any(entry[:right])
    )


def enumerated_downward(children: tuple[int, ...]) -> sympy.Expr:
    """Average weight, under the messages of the parent and the sibling, of the rules with some first child.

    Examples
    --------
    >>> enumerated_downward((0, 1, 2)).subs({p: 1, q: 1})
    5/4
    """
    return sum(
        (q, 1 - q)[parent] * share * _weight(entry[1:])
        for parent in (0, 1)
        for entry, share in _frequencies(parent).items()
        if entry[0] in children
    )


@cache
def _frequencies(parent: int) -> dict[tuple[int, ...], Rational]:
    """Share of the draws in which each tuple is a rule of the parent."""
    found: Counter[tuple[int, ...]] = Counter()
    draws = 0
    for own in _TUPLES[1:]:
        for others in combinations([entry for entry in _TUPLES[1:] if entry != own], 2):
            draws += 1
            found.update((_TUPLES[0], own) if parent == 0 else others)
    return {entry: Rational(number, draws) for entry, number in found.items()}


def _weight(symbols: tuple[int, ...]) -> sympy.Expr:
    return sympy.prod(p if symbol == 0 else (1 - p) / 2 for symbol in symbols)
