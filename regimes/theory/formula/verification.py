"""How a line of a derivation is checked: by algebra, and by 50-digit arithmetic at points of the domain."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import mpmath
import sympy
from sympy.codegen.cfunctions import expm1, log1p
from sympy.functions.elementary.hyperbolic import HyperbolicFunction

from regimes.theory.formula.joint_domain import JointDomain, exact
from regimes.theory.formula.special_functions import EVALUATION

__all__ = ["DIGITS", "StepCheck", "compare", "evaluate"]

DIGITS = 50
"""Decimal digits of the reference arithmetic; checks demand agreement to 45."""

_GUARD = 20
_AGREEMENT = 45
_ROUNDS = 3
_LONG = 60  # operations; simplifying a longer expression with branches can take minutes
_GUARDS = (_GUARD, 720, 2880)  # exp(-x) is as small as 1e-308 in float64, its square, added to 1, 1e-616
_POINTS = 3
_POINTS_WITH_INTEGRALS = 2  # each takes seconds
_ATTEMPTS = 10  # a step with symbols of its own may have no real value at some points
_POINTS_WITH_BRANCHES = 24  # three points could all miss a branch


@dataclass(frozen=True)
class StepCheck:
    """How one line of a derivation was verified.

    Attributes
    ----------
    reason : str
        The reason given in the step.
    method : str
        ``"symbolic"`` if sympy reduced the difference to zero (and the numbers agree as well), ``"numeric"``
        if only the evaluation at random points of the domain shows it, ``"failed"`` otherwise.
    digits : float
        Decimal digits to which both sides agree at the worst of the points.
    points : int
        Number of random points.
    """

    reason: str
    method: str
    digits: float
    points: int

    def __str__(self) -> str:
        places = f"{self.points} random points to {self.digits:.0f} digits"
        return {
            "symbolic": f"proven by sympy, and at {places}",
            "numeric": f"equal at {places}",
            "failed": f"FAILED: equal to {self.digits:.1f} digits only",
        }[self.method]


def compare(reason: str, left: Any, right: Any, domain: JointDomain, seed: int) -> StepCheck:
    """Compare two expressions by simplification and at random points of a domain; the reason seeds the points."""
    rng = random.Random(f"{reason}/{seed}")
    left, right = _without_derivatives(left), _without_derivatives(right)
    free = left.free_symbols | right.free_symbols
    used = domain.only(free)
    stray = free - used.symbols
    if stray:
        raise ValueError(f"step '{reason}': symbols without a domain: {sorted(map(str, stray))}")
    difference = left - right
    points = _number_of_points(difference) if free else 1
    if difference.has(sympy.zoo, sympy.nan):
        return StepCheck(reason, "failed", 0.0, points)
    symbols = tuple(v.symbol for v in used.variables)
    sides = (_Side(left, symbols), _Side(right, symbols))
    found: list[float] = []
    for _ in range(_ATTEMPTS * points):
        agreement = _agreement(sides, used.sample(rng))
        if agreement is not None:
            found.append(agreement)
        if len(found) == points:
            break
    digits = min(found, default=0.0)
    if digits < _AGREEMENT:
        return StepCheck(reason, "failed", digits, len(found))
    return StepCheck(reason, "symbolic" if _proven(difference) else "numeric", digits, len(found))


def evaluate(function: Any, values: Sequence[Any], dps: int, *, adaptive: bool = True) -> Any:
    """Evaluate in multiple precision until the digits asked for no longer change; values are taken exactly.

    Without ``adaptive`` once, with the first guard digits: quadrature judges its own error, and repeating it takes
    long. A value that vanishes has an absolute error instead, of 1e-2880 of the terms that cancel.
    """
    previous = None
    for guard in _GUARDS if adaptive else _GUARDS[:1]:
        with mpmath.workdps(dps + guard):
            try:
                value = function(*[exact(entry) for entry in values])
            except ZeroDivisionError:  # a denominator that cancels at this precision
                if not adaptive or guard == _GUARDS[-1]:
                    raise
                continue
            # A difference of nearly equal numbers shows as 0, or as a change when digits are added.
            if previous is not None and value != 0 and abs(1 - previous / value) <= mpmath.mpf(10) ** -dps:
                break
        previous = value
    with mpmath.workdps(dps):
        return +value


def _number_of_points(difference: Any) -> int:
    if difference.has(sympy.Piecewise):
        return _POINTS_WITH_BRANCHES
    return _POINTS_WITH_INTEGRALS if difference.has(sympy.Integral) else _POINTS


class _Side:
    """One side of an equality, with the terms of its sum: a difference that cancels is held against them."""

    def __init__(self, side: Any, symbols: tuple[Any, ...]) -> None:
        self._terms = side.args if isinstance(side, sympy.Add) else ()
        self._functions = [sympy.lambdify(symbols, part, modules=EVALUATION) for part in (side, *self._terms)]
        self._known: dict[Any, Any] = {}

    def value(self, point: tuple[Any, ...]) -> Any:
        return self._value(0, point)

    def scale(self, point: tuple[Any, ...]) -> Any:
        sizes = (self._value(part, point) for part in range(len(self._functions)))
        return max((abs(size) for size in sizes if size is not None), default=mpmath.mpf(0))

    def _value(self, part: int, point: tuple[Any, ...]) -> Any:
        place = (part, point, mpmath.mp.prec)
        if place not in self._known:  # a side is its own scale, and an integral takes seconds
            self._known[place] = _finite_real(self._functions[part], [exact(value) for value in point])
        return self._known[place]


def _agreement(sides: tuple[_Side, _Side], point: tuple[Any, ...]) -> float | None:
    """Digits to which both sides agree at a point; None where neither has a real value."""
    precision, digits = DIGITS + _GUARD, 0.0
    for _ in range(_ROUNDS):
        with mpmath.workdps(precision):
            one, other = (side.value(point) for side in sides)
            if one is None and other is None:
                return None
            if one is None or other is None:
                return 0.0
            if one == other:
                return float(DIGITS)
            scale = max(side.scale(point) for side in sides)
            # What is this small has come out of numbers of order one, and has lost as many digits.
            lost = max(0, int(-mpmath.log10(scale)))
            digits = min(float(DIGITS), float(-mpmath.log10(abs(one - other) / scale)))
        if precision - lost >= _AGREEMENT:
            break
        precision = DIGITS + _GUARD + lost
    return digits


def _finite_real(function: Any, values: list[Any]) -> Any:
    """Value of one side, or None where it is not a finite real number: nan would compare as no difference."""
    try:
        value = mpmath.mpmathify(function(*values))
    except ZeroDivisionError:
        return None
    if isinstance(value, mpmath.mpc) and value.imag == 0:
        value = value.real
    return value if isinstance(value, mpmath.mpf) and mpmath.isfinite(value) else None


def _without_derivatives(side: Any) -> Any:
    side = sympy.sympify(side)
    return side.doit(integrals=False) if side.has(sympy.Derivative, sympy.Subs, sympy.Limit) else side


def _proven(difference: Any) -> bool:
    """Whether sympy reduces the difference to zero, without attempting what it would grind on in vain."""
    hard = (HyperbolicFunction, sympy.log, sympy.Min, sympy.Max)
    integrals = any(integral.has(*hard) for integral in difference.atoms(sympy.Integral))
    branches = difference.has(sympy.Piecewise, sympy.Abs) and difference.count_ops() > _LONG
    if integrals or branches:
        return bool(sympy.expand(difference) == 0)
    difference = difference.doit()
    difference = difference.rewrite(sympy.exp).replace(expm1, lambda x: sympy.exp(x) - 1)
    difference = difference.replace(log1p, lambda x: sympy.log(1 + x))
    return any(reduce(difference) == 0 for reduce in (sympy.expand, _numerator, sympy.simplify, _by_logarithms))


def _numerator(difference: Any) -> Any:
    """Numerator over a common denominator, expanded: most lines are proven by it, in a tenth of what simplify takes."""
    return sympy.expand(sympy.fraction(sympy.together(difference))[0])


def _by_logarithms(difference: Any) -> Any:
    combined = sympy.logcombine(sympy.expand_log(sympy.factor(difference), force=True), force=True)
    return sympy.simplify(sympy.expand_log(sympy.simplify(combined), force=True))
