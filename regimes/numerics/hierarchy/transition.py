"""The transition of the random hierarchy model in mean field: whether there is one, where, and how sharp."""

from __future__ import annotations

import math

import numpy as np

from regimes.numerics.hierarchy.fixed_point import Made, Parameters, exact_value, fixed_point, made, value
from regimes.numerics.hierarchy.problem import Hierarchy, check_formula_range, checked_hierarchy
from regimes.numerics.interface.number import Number
from regimes.numerics.interface.result import Result

__all__ = ["HierarchyTransition", "epsilon_threshold", "hierarchy_transition"]

_CLOSE = 1e-9  # slopes as close to 1 are told apart by exact arithmetic
_POINTS = 801
_AT_ONE, _AT_UNIFORM = "hierarchy_slope_at_one", "hierarchy_slope_at_uniform"
_GROWTH = "hierarchy_susceptibility_ratio"


class HierarchyTransition(Result):
    """Mean-field transition of a random hierarchy model under the epsilon-process; only v, m and s matter.

    ``numbers``: ``transition.p_star`` (unstable fixed point of the upward map F: the belief of the leaves at the
    transition), ``transition.epsilon_star`` (noise there; 1.0 where it is below 1 by less than float64 resolves, as for
    two rules and large v), ``transition.slope`` (lambda, the slope of F at p*), ``transition.nu`` (exponent of the
    correlation length, log s/log lambda), ``transition.slope_at_one`` and ``transition.slope_at_uniform`` (slopes of F
    at its fixed points 1 and 1/v; a transition needs both below 1, and one that is below 1 by less than float64
    resolves is given as the largest number below 1), ``transition.susceptibility_growth`` (lambda^2/s: above 1 the
    susceptibility at the transition grows without bound with the depth). Where there is no transition the first four
    and the last have no value, and the condition that fails as their reason.

    ``curves``: ``belief`` and ``upward``, the map F.
    """

    kind = "hierarchy transition"
    problem_type = Hierarchy


def hierarchy_transition(hierarchy: Hierarchy) -> HierarchyTransition:
    """Find the mean-field transition of a random hierarchy model.

    Deep trees keep their root where the belief of the leaves, ``1 - epsilon + epsilon/v``, exceeds the unstable fixed
    point p* of the upward map F, and lose it below. It lies between 1/v and 1 if, and only if, F is flatter than the
    diagonal at both.

    Parameters
    ----------
    hierarchy : Hierarchy
        Symbols, rules and children; the number of classes does not matter, nor the depth.

    Returns
    -------
    HierarchyTransition
        With the reason where there is none.

    Notes
    -----
    sclocchi2024 (mean field); derived: ``hierarchy_fixed_point_rules`` and its neighbours. p* is in
    closed form for s = 2. For s > 2 it is a root in float64; where it lies within 1e-2 of 1 its distance from 1 is
    found in arithmetic of 50 digits and more. Over 3000 models with v up to 10^4 and s up to 8, ends included, the
    largest relative errors were 2e-15 for p*, 6e-14 for epsilon*, 1e-14 for the slope and 4e-11 for nu, where the slope
    is 1 but for 1e-4; where it is closer to 1 than that, nu too is found in arithmetic of 50 digits and more.

    Examples
    --------
    >>> result = hierarchy_transition(Hierarchy(32, 8))
    >>> [round(result[f"transition.{name}"].value, 4) for name in ("p_star", "epsilon_star", "slope")]
    [0.2917, 0.7312, 1.4422]
    >>> hierarchy_transition(Hierarchy(8, 1))["transition.p_star"].reason
    "F'(1/v) must be below 1, got 1.77778 at v = 8, m = 1, s = 2: any information in the leaves grows ..."
    """
    checked_hierarchy("hierarchy_transition", hierarchy)
    check_formula_range("hierarchy_transition", hierarchy, depth=False)
    given = (hierarchy.v, hierarchy.m, hierarchy.s)
    at_one, at_uniform = (made(lambda name=name: float(value(name, *given))) for name in (_AT_ONE, _AT_UNIFORM))
    reason = _failing_condition(given, at_one.value, at_uniform.value)
    found = fixed_point(given) if reason is None else None
    growth = made(lambda slope: float(value(_GROWTH, slope, hierarchy.s)), found.slope) if found else None
    rows = (
        ("p_star", "p*, unstable fixed point of the map F", found and found.p_star),
        ("epsilon_star", "epsilon*, noise of the epsilon-process", found and found.epsilon_star),
        ("slope", "lambda, slope of F at p*", found and found.slope),
        ("nu", "nu, exponent of the correlation length", found and found.nu),
        ("slope_at_one", "slope of F at 1", _shown_slope(_AT_ONE, at_one, given)),
        ("slope_at_uniform", "slope of F at 1/v", _shown_slope(_AT_UNIFORM, at_uniform, given)),
        ("susceptibility_growth", "growth of chi a level at p*, lambda^2/s", growth),
    )
    numbers = {
        f"transition.{name}": Number(label, each.value, formulas=each.formulas)
        if each
        else Number(label, None, reason=reason)
        for name, label, each in rows
    }
    belief = np.linspace(0.0, 1.0, _POINTS)[1:]
    return HierarchyTransition(
        hierarchy,
        numbers,
        {"belief": belief, "upward": value("hierarchy_upward", belief, *given)},
        assumes=("annealed average over the rules", "epsilon-process on the leaves"),
    )


def epsilon_threshold(hierarchy: Hierarchy) -> float:
    """Noise of the epsilon-process above which deep trees lose their root, in mean field.

    Parameters
    ----------
    hierarchy : Hierarchy
        Symbols, rules and children.

    Returns
    -------
    float
        epsilon*, between 0 and 1.

    Raises
    ------
    ValueError
        If there is no transition: the text names the condition that fails.

    Notes
    -----
    sclocchi2024 (mean field); see :func:`hierarchy_transition`.

    Examples
    --------
    >>> round(epsilon_threshold(Hierarchy(16, 4)), 4)
    0.8
    """
    found = hierarchy_transition(hierarchy)["transition.epsilon_star"]
    if found.value is None:
        raise ValueError(f"epsilon_threshold: there is no transition: {found.reason}; change v, m or s")
    return found.value


def _failing_condition(given: Parameters, at_one: float, at_uniform: float) -> str | None:
    """The condition that fails; both cannot, for the number of rules of a fixed point grows with p."""
    where = "at v = {}, m = {}, s = {}".format(*given)
    if not _below_one(_AT_ONE, at_one, given):
        shown = _digits_beside_one(_AT_ONE, at_one, given)
        return (
            f"F'(1) must be below 1, got {shown} {where}: any noise on the leaves grows on the way up, so deep "
            "trees lose their root at every epsilon above 0"
        )
    if not _below_one(_AT_UNIFORM, at_uniform, given):
        shown = _digits_beside_one(_AT_UNIFORM, at_uniform, given)
        return (
            f"F'(1/v) must be below 1, got {shown} {where}: any information in the leaves grows on the way "
            "up, so deep trees keep their root at every epsilon below 1"
        )
    return None


def _below_one(name: str, slope: float, given: Parameters) -> bool:
    if abs(slope - 1) > _CLOSE:
        return slope < 1
    return bool(exact_value(name, given, *given) < 1)


def _shown_slope(name: str, slope: Made, given: Parameters) -> Made:
    """The slope in float64, on the side of 1 where it is."""
    found = slope.value
    if abs(found - 1) <= _CLOSE:
        below = _below_one(name, found, given)
        found = min(found, math.nextafter(1.0, 0.0)) if below else max(found, 1.0)
    return Made(found, slope.formulas)


def _digits_beside_one(name: str, slope: float, given: Parameters) -> str:
    """The slope as text that does not round to 1 unless it is 1."""
    if abs(slope - 1) > _CLOSE:
        return f"{slope:.6g}"
    excess = float(exact_value(name, given, *given) - 1)
    return f"1 + {excess:.3g}" if excess else "1"
