"""The unstable fixed point of the upward map and what follows from it, each with the formulas that made it."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple

from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.estimation.roots import bracketed_root
from regimes.numerics.interface.errors import NotConverged
from regimes.theory.formula.record import note, recorded

if TYPE_CHECKING:
    import mpmath

__all__ = ["FixedPoint", "Made", "Parameters", "exact_value", "fixed_point", "made", "value"]

Parameters = tuple[int, int, int]
"""v, m and s."""

_DIGITS = 50
_NEAR_ONE = 1e-2  # a root as close to 1 is refined: its distance from 1 has lost two digits of float64
_FLAT = 1e-4  # a slope of the upward map as close to 1 has lost four digits of nu
_STEPS = 60
_STEP = Fraction(1, 10**6)  # first step from 1/v, relative


class Made(NamedTuple):
    """A value with the formulas that made it."""

    value: Any
    formulas: tuple[str, ...]


class FixedPoint(NamedTuple):
    """The belief p*, the noise of the leaves that gives it, the slope of the map there, and its exponent."""

    p_star: Made
    epsilon_star: Made
    slope: Made
    nu: Made


def fixed_point(given: Parameters) -> FixedPoint:
    """In closed form for two children, else as a root; there has to be one."""
    return _pair(given) if given[2] == 2 else _many(given)


def made(compute: Callable[..., Any], *inputs: Made) -> Made:
    """A value computed from others, with its formulas and theirs."""
    with recorded() as used:
        for each in inputs:
            note(*each.formulas)
        found = compute(*(each.value for each in inputs))
    return Made(found, tuple(used))


def value(name: str, *values: Any) -> Any:
    """A formula in float64."""
    return compile_formula(name, target="numpy")(*values)


def exact_value(name: str, given: Parameters, *values: Any) -> Any:
    """A formula with as many digits as these parameters need, and 50 more."""
    from regimes.theory.catalogue import formula

    note(name)
    return formula(name).mp(*values, dps=_digits(given))


def _digits(given: Parameters) -> int:
    return _DIGITS + math.ceil(2 * given[2] * math.log10(given[0]))


def _pair(given: Parameters) -> FixedPoint:
    v, m, s = given
    names = ("hierarchy_fixed_point_pair", "hierarchy_threshold_pair", "hierarchy_slope_pair")
    p_star, epsilon_star, slope = (made(lambda name=name: float(value(name, v, m))) for name in names)
    if slope.value - 1 > _FLAT:
        return FixedPoint(p_star, epsilon_star, slope, _exponent(slope, s))
    exact = made(lambda: exact_value("hierarchy_slope_pair", given, v, m))
    return FixedPoint(p_star, epsilon_star, slope, _exact_exponent(exact, given))


def _many(given: Parameters) -> FixedPoint:
    v, _, s = given
    p_star = made(lambda: _float_root(given))
    if p_star.value is None:  # closer to 1/v than float64 tells apart
        return _refined(given, Fraction(v - 1, v), Fraction(v - 1, v) - _STEP / v)
    if 1 - p_star.value < _NEAR_ONE:
        return _refined(given, Fraction(1 - p_star.value), Fraction(2 * (1 - p_star.value)))
    slope = made(lambda p: float(value("hierarchy_slope", p, *given)), p_star)
    if slope.value - 1 <= _FLAT:
        doubt = 1 - Fraction(p_star.value)
        return _refined(given, doubt, doubt - _STEP * Fraction(p_star.value))
    epsilon_star = made(lambda p: float(value("hierarchy_epsilon_from_belief", p, v)), p_star)
    return FixedPoint(p_star, epsilon_star, slope, _exponent(slope, s))


def _exponent(slope: Made, s: int) -> Made:
    return made(lambda found: float(value("hierarchy_exponent", found, s)), slope)


def _exact_exponent(slope: Made, given: Parameters) -> Made:
    return made(lambda found: float(exact_value("hierarchy_exponent", given, found, given[2])), slope)


def _float_root(given: Parameters) -> float | None:
    """Root in log p, which keeps the digits of a small p; the number of rules of a fixed point grows with p."""
    v, m, s = given

    def excess(log_p: float) -> float:
        return math.log(float(value("hierarchy_fixed_point_rules", math.exp(log_p), v, s)) / m)

    low, high = -math.log(v) * (1 - 1e-9), -(2.0**-53)
    if excess(low) >= 0:
        return None
    if excess(high) <= 0:  # closer to 1 than float64 resolves
        return math.exp(high)
    return math.exp(bracketed_root(excess, low, high, tolerance=1e-15, what="fixed point of the upward map"))


def _refined(given: Parameters, doubt: Fraction, other: Fraction) -> FixedPoint:
    """The same in exact arithmetic, from two guesses of 1 - p*."""
    import mpmath

    with mpmath.workdps(_digits(given)):
        found = made(lambda: _exact_doubt(given, doubt, other))
        epsilon_star = made(
            lambda u: float(exact_value("hierarchy_epsilon_from_belief", given, 1 - u, given[0])), found
        )
        slope = made(lambda u: exact_value("hierarchy_slope", given, 1 - u, *given), found)
        return FixedPoint(
            made(lambda u: float(1 - u), found), epsilon_star, made(float, slope), _exact_exponent(slope, given)
        )


def _exact_doubt(given: Parameters, doubt: Fraction, other: Fraction) -> mpmath.mpf:
    """Secant steps in 1 - p on the exact formula, until they change nothing."""
    import mpmath

    v, m, s = given

    def excess(doubt: mpmath.mpf) -> mpmath.mpf:
        return exact_value("hierarchy_fixed_point_rules", given, 1 - doubt, v, s) - m

    old, new = (mpmath.mpf(guess.numerator) / guess.denominator for guess in (other, doubt))
    at_old, at_new = excess(old), excess(new)
    for _ in range(_STEPS):
        if at_new == 0 or abs(new - old) <= min(abs(new), mpmath.mpf(1) / v) * mpmath.mpf(10) ** -20:
            return new
        old, new, at_old = new, new - at_new * (new - old) / (at_new - at_old), at_new
        at_new = excess(new)
    raise NotConverged("hierarchy_transition", _STEPS, float(abs(at_new)), "report the parameters")
