"""The transition of the random hierarchy model in mean field: whether there is one, where, and how sharp."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.estimation.roots import bracketed_root
from regimes.numerics.hierarchy.parameters import check_formula_range, checked_hierarchy
from regimes.numerics.interface.errors import NotConverged
from regimes.numerics.interface.plain import plain_fields

if TYPE_CHECKING:
    import mpmath

__all__ = ["HierarchyTransition", "epsilon_threshold", "hierarchy_transition"]

_DIGITS = 50
_CLOSE = 1e-9  # slopes as close to 1 are told apart by exact arithmetic
_NEAR_ONE = 1e-2  # a root as close to 1 is refined: its distance from 1 has lost two digits of float64
_FLAT = 1e-4  # a slope of the upward map as close to 1 has lost four digits of nu
_STEPS = 60
_STEP = Fraction(1, 10**6)  # first step from 1/v, relative


@dataclass(frozen=True)
class HierarchyTransition:
    """Mean-field transition of a random hierarchy model under the epsilon-process.

    Attributes
    ----------
    v, m, s : int
        Symbols, rules of a symbol, children of a symbol.
    exists : bool
        Whether there is a transition at 0 < epsilon* < 1, for deep trees.
    reason : str or None
        The condition that fails, with its numbers, where there is none.
    p_star : float or None
        Unstable fixed point of the upward map: the belief of the leaves at the transition.
    epsilon_star : float or None
        Noise at the transition; 1.0 where it is below 1 by less than float64 resolves, as for two rules and large v.
    slope : float or None
        lambda, the slope of the upward map at p_star.
    nu : float or None
        Exponent of the correlation length, log s/log lambda.
    chi_diverges : bool or None
        Whether the susceptibility at the transition grows without bound with the depth (lambda^2 > s).
    slope_at_one, slope_at_uniform : float
        Slopes of the upward map at its fixed points 1 and 1/v; a transition needs both below 1. One that is below 1 by
        less than float64 resolves is given as the largest number below 1.
    sources : tuple of str
        Formulas used.
    """

    v: int
    m: int
    s: int
    exists: bool
    reason: str | None
    p_star: float | None
    epsilon_star: float | None
    slope: float | None
    nu: float | None
    chi_diverges: bool | None
    slope_at_one: float
    slope_at_uniform: float
    sources: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Plain dictionary, ready for JSON.

        Returns
        -------
        dict
            The attributes by name.
        """
        return plain_fields(self)


def hierarchy_transition(v: int, m: int, s: int) -> HierarchyTransition:
    """Find the mean-field transition of a random hierarchy model.

    Deep trees keep their root where the belief of the leaves, ``1 - epsilon + epsilon/v``, exceeds the unstable fixed
    point p* of the upward map F, and lose it below. It lies between 1/v and 1 if, and only if, F is flatter than the
    diagonal at both.

    Parameters
    ----------
    v : int
        Number of symbols, at least 2.
    m : int
        Rules of a symbol, from 1 to v^(s-1).
    s : int
        Children of a symbol, at least 2.

    Returns
    -------
    HierarchyTransition
        With ``exists`` False, and the reason, where there is none.

    Raises
    ------
    ValueError
        If a parameter is no whole number in its range, or v^s exceeds 1e100.
    NotConverged
        If the search for the fixed point does not end.

    Notes
    -----
    sclocchi2024 (mean field); derived in docs/theory, ``hierarchy_fixed_point_rules`` and its neighbours. p* is in
    closed form for s = 2. For s > 2 it is a root in float64; where it lies within 1e-2 of 1 its distance from 1 is
    found in arithmetic of 50 digits and more. Over 3000 models with v up to 10^4 and s up to 8, ends included, the
    largest relative errors were 2e-15 for p*, 6e-14 for epsilon*, 1e-14 for the slope and 4e-11 for nu, where the slope
    is 1 but for 1e-4; where it is closer to 1 than that, nu too is found in arithmetic of 50 digits and more.
    The number of classes does not matter, nor the depth.

    Examples
    --------
    >>> result = hierarchy_transition(32, 8, 2)
    >>> round(result.p_star, 4), round(result.epsilon_star, 4), round(result.slope, 3)
    (0.2917, 0.7312, 1.442)
    >>> hierarchy_transition(8, 1, 2).reason
    "F'(1/v) must be below 1, got 1.77778 at v = 8, m = 1, s = 2: any information in the leaves grows ..."
    """
    v, m, s, _, _ = checked_hierarchy("hierarchy_transition", v, m, s)
    check_formula_range("hierarchy_transition", v, s)
    given = (v, m, s)
    at_one, at_uniform = (float(_value(name, *given)) for name in _CONDITIONS)
    reason = _failing_condition(given, at_one, at_uniform)
    found = None if reason is not None else _pair(given) if s == 2 else _many(given)
    return HierarchyTransition(
        v=v,
        m=m,
        s=s,
        exists=reason is None,
        reason=reason,
        p_star=found.p_star if found else None,
        epsilon_star=found.epsilon_star if found else None,
        slope=found.slope if found else None,
        nu=found.nu if found else None,
        chi_diverges=bool(_value("hierarchy_susceptibility_ratio", found.slope, s) > 1) if found else None,
        slope_at_one=_shown_slope(_CONDITIONS[0], at_one, given),
        slope_at_uniform=_shown_slope(_CONDITIONS[1], at_uniform, given),
        sources=(*_CONDITIONS, *(found.sources if found else ())),
    )


def epsilon_threshold(v: int, m: int, s: int) -> float:
    """Noise of the epsilon-process above which deep trees lose their root, in mean field.

    Parameters
    ----------
    v, m, s : int
        Symbols, rules of a symbol, children of a symbol.

    Returns
    -------
    float
        epsilon*, between 0 and 1.

    Raises
    ------
    ValueError
        If a parameter is no whole number in its range, v^s exceeds 1e100, or there is no transition: the text names the
        condition that fails.
    NotConverged
        As for :func:`hierarchy_transition`.

    Notes
    -----
    sclocchi2024 (mean field); see :func:`hierarchy_transition`.

    Examples
    --------
    >>> round(epsilon_threshold(16, 4, 2), 4)
    0.8
    """
    result = hierarchy_transition(v, m, s)
    if result.epsilon_star is None:
        raise ValueError(f"epsilon_threshold: there is no transition: {result.reason}; change v, m or s")
    return result.epsilon_star


_Given = tuple[int, int, int]
_FOLLOWING = ("hierarchy_exponent", "hierarchy_susceptibility_ratio")
_CONDITIONS = ("hierarchy_slope_at_one", "hierarchy_slope_at_uniform")


def _value(name: str, *values: float) -> Any:
    return compile_formula(name, target="numpy")(*values)


def _failing_condition(given: _Given, at_one: float, at_uniform: float) -> str | None:
    """The condition that fails; both cannot, for the number of rules of a fixed point grows with p."""
    where = "at v = {}, m = {}, s = {}".format(*given)
    if not _below_one(_CONDITIONS[0], at_one, given):
        shown = _digits_beside_one(_CONDITIONS[0], at_one, given)
        return (
            f"F'(1) must be below 1, got {shown} {where}: any noise on the leaves grows on the way up, so deep "
            "trees lose their root at every epsilon above 0"
        )
    if not _below_one(_CONDITIONS[1], at_uniform, given):
        shown = _digits_beside_one(_CONDITIONS[1], at_uniform, given)
        return (
            f"F'(1/v) must be below 1, got {shown} {where}: any information in the leaves grows on the way "
            "up, so deep trees keep their root at every epsilon below 1"
        )
    return None


def _below_one(name: str, slope: float, given: _Given) -> bool:
    if abs(slope - 1) > _CLOSE:
        return slope < 1
    return bool(_exact(name, _digits(given), *given) < 1)


def _shown_slope(name: str, slope: float, given: _Given) -> float:
    """The slope in float64, on the side of 1 where it is."""
    if slope >= 1 and _below_one(name, slope, given):
        return math.nextafter(1.0, 0.0)
    return max(slope, 1.0) if abs(slope - 1) <= _CLOSE and not _below_one(name, slope, given) else slope


def _digits_beside_one(name: str, slope: float, given: _Given) -> str:
    """The slope as text that does not round to 1 unless it is 1."""
    if abs(slope - 1) > _CLOSE:
        return f"{slope:.6g}"
    excess = float(_exact(name, _digits(given), *given) - 1)
    return f"1 + {excess:.3g}" if excess else "1"


@dataclass(frozen=True)
class _FixedPoint:
    """Unstable fixed point and what follows from it."""

    p_star: float
    epsilon_star: float
    slope: float
    nu: float
    sources: tuple[str, ...]


def _pair(given: _Given) -> _FixedPoint:
    v, m, s = given
    names = ("hierarchy_fixed_point_pair", "hierarchy_threshold_pair", "hierarchy_slope_pair")
    p_star, epsilon_star, slope = (float(_value(name, v, m)) for name in names)
    digits = _digits(given)
    nu = (
        float(_value("hierarchy_exponent", slope, s))
        if slope - 1 > _FLAT
        else float(_exact("hierarchy_exponent", digits, _exact("hierarchy_slope_pair", digits, v, m), s))
    )
    return _FixedPoint(p_star, epsilon_star, slope, nu, (*names, *_FOLLOWING))


def _many(given: _Given) -> _FixedPoint:
    v, _, s = given
    sources = ("hierarchy_fixed_point_rules", "hierarchy_epsilon_from_belief", "hierarchy_slope", *_FOLLOWING)
    p_star = _float_root(given)
    if p_star is None:  # closer to 1/v than float64 tells apart
        return _FixedPoint(*_refined(given, Fraction(v - 1, v), Fraction(v - 1, v) - _STEP / v), sources)
    if 1 - p_star < _NEAR_ONE:
        return _FixedPoint(*_refined(given, Fraction(1 - p_star), Fraction(2 * (1 - p_star))), sources)
    epsilon_star = float(_value("hierarchy_epsilon_from_belief", p_star, v))
    slope = float(_value("hierarchy_slope", p_star, *given))
    if slope - 1 <= _FLAT:
        doubt = 1 - Fraction(p_star)
        return _FixedPoint(*_refined(given, doubt, doubt - _STEP * Fraction(p_star)), sources)
    return _FixedPoint(p_star, epsilon_star, slope, float(_value("hierarchy_exponent", slope, s)), sources)


def _float_root(given: _Given) -> float | None:
    """Root in log p, which keeps the digits of a small p; the number of rules of a fixed point grows with p."""
    v, m, s = given

    def excess(log_p: float) -> float:
        return math.log(float(_value("hierarchy_fixed_point_rules", math.exp(log_p), v, s)) / m)

    low, high = -math.log(v) * (1 - 1e-9), -(2.0**-53)
    if excess(low) >= 0:
        return None
    if excess(high) <= 0:  # closer to 1 than float64 resolves
        return math.exp(high)
    return math.exp(bracketed_root(excess, low, high, tolerance=1e-15, what="fixed point of the upward map"))


def _refined(given: _Given, doubt: Fraction, other: Fraction) -> tuple[float, float, float, float]:
    """p*, epsilon*, slope and nu: secant steps in 1 - p on the exact formula, until they change nothing."""
    import mpmath

    digits = _digits(given)
    v, m, s = given
    with mpmath.workdps(digits):

        def excess(value: mpmath.mpf) -> mpmath.mpf:
            return _exact("hierarchy_fixed_point_rules", digits, 1 - value, v, s) - m

        old, new = (mpmath.mpf(value.numerator) / value.denominator for value in (other, doubt))
        at_old, at_new = excess(old), excess(new)
        for _ in range(_STEPS):
            if at_new == 0 or abs(new - old) <= min(abs(new), mpmath.mpf(1) / v) * mpmath.mpf(10) ** -20:
                epsilon_star = _exact("hierarchy_epsilon_from_belief", digits, 1 - new, v)
                slope = _exact("hierarchy_slope", digits, 1 - new, *given)
                nu = _exact("hierarchy_exponent", digits, slope, s)
                return float(1 - new), float(epsilon_star), float(slope), float(nu)
            old, new, at_old = new, new - at_new * (new - old) / (at_new - at_old), at_new
            at_new = excess(new)
    raise NotConverged("hierarchy_transition", _STEPS, float(abs(at_new)), "report the parameters")


def _digits(given: _Given) -> int:
    return _DIGITS + math.ceil(2 * given[2] * math.log10(given[0]))


def _exact(name: str, digits: int, *values: Any) -> Any:
    from regimes.theory.catalogue import formula

    return formula(name).mp(*values, dps=digits)
