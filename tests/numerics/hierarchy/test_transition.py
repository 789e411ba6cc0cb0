"""The mean-field transition against a scan of the map, 50-digit arithmetic and iteration from the leaves."""

import json
import math
from fractions import Fraction
from types import SimpleNamespace

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regimes.numerics.hierarchy.problem import Hierarchy
from regimes.numerics.hierarchy.transition import HierarchyTransition, epsilon_threshold, hierarchy_transition

# v, m, s, p*, eps*, lambda, whether lambda^2 > s
TABLE = [
    (32, 8, 2, 0.2917, 0.7312, 1.442, True),
    (16, 4, 2, 0.2500, 0.8000, 1.360, False),
    (8, 2, 2, 0.1667, 0.9524, 1.102, False),
    (64, 8, 2, 0.1250, 0.8889, 1.605, True),
]


@pytest.mark.parametrize(("v", "m", "s", "p_star", "epsilon_star", "slope", "diverges"), TABLE)
def test_table_of_closed_forms(v, m, s, p_star, epsilon_star, slope, diverges):
    found = transition(v, m, s)
    assert found.exists
    assert found.reason is None
    assert abs(found.p_star - p_star) <= 0.00005
    assert abs(found.epsilon_star - epsilon_star) <= 0.00005
    assert abs(found.slope - slope) <= 0.0005
    assert found.nu == pytest.approx(math.log(s) / math.log(found.slope), rel=1e-14)
    assert found.susceptibility_growth == pytest.approx(found.slope**2 / s, rel=1e-14)
    assert (found.susceptibility_growth > 1) is diverges
    assert epsilon_threshold(Hierarchy(v, m, s)) == found.epsilon_star


def transition(v, m, s):
    """Values by name, and the reason where there is none."""
    numbers = hierarchy_transition(Hierarchy(v, m, s)).numbers
    values = {key.removeprefix("transition."): number.value for key, number in numbers.items()}
    reason = numbers["transition.p_star"].reason
    return SimpleNamespace(**values, reason=reason, exists=reason is None)


def upward(p, v, m, s):
    """The map, typed here: sums over tuples without the package's formulas."""
    right = p**s + (m - 1) * (1 - p**s) / (v**s - 1)
    return right / (p**s + (m * v - 1) * (1 - p**s) / (v**s - 1))


@pytest.mark.parametrize(("v", "s"), [(2, 2), (5, 2), (9, 2), (12, 2), (2, 3), (4, 3), (3, 4), (2, 5)])
def test_exists_where_a_scan_of_the_map_crosses_the_diagonal(v, s):
    grid = np.linspace(1 / v, 1, 20_001)[1:-1]
    for m in range(1, v ** (s - 1) + 1):
        found = transition(v, m, s)
        excess = upward(grid, v, m, s) - grid
        rises = np.flatnonzero((excess[:-1] < 0) & (excess[1:] >= 0))
        assert len(rises) == found.exists, (v, m, s)
        assert found.exists == (found.slope_at_one < 1 and found.slope_at_uniform < 1)
        if found.exists:
            assert grid[rises[0]] - 1e-15 <= found.p_star <= grid[rises[0] + 1] + 1e-15
            assert found.slope > 1
        else:
            assert found.p_star is found.epsilon_star is found.slope is found.nu is found.susceptibility_growth is None


@given(st.floats(0, 4), st.integers(2, 8), st.floats(0, 1))
@settings(max_examples=60)
def test_fixed_point_in_high_precision(log_v, s, place):
    """Root of F(p) = p by bisection in 150-digit arithmetic, the roots 1/v and 1 divided out."""
    v = max(2, round(10**log_v))
    low, high = s * (v - 1) * v ** (s - 1) / (v**s - 1), (v**s - 1) // (s * (v - 1))
    m = min(max(1, round(low * (max(high, 1) / low) ** place)), v ** (s - 1))
    found = transition(v, m, s)
    if not found.exists:
        return
    with mpmath.workdps(150):
        left, right = mpmath.mpf(0), mpmath.mpf(1) - mpmath.mpf(1) / v  # 1 - p, the trivial roots at both ends

        def excess(doubt):
            p = 1 - doubt
            return (upward(p, mpmath.mpf(v), mpmath.mpf(m), s) - p) / (doubt * (p - mpmath.mpf(1) / v))

        nudge = mpmath.mpf(10) ** -60
        left, right = left + nudge, right - nudge
        assert excess(left) > 0 > excess(right)
        while right - left > mpmath.mpf(10) ** -60 and right - left > left * mpmath.mpf(10) ** -18:
            middle = mpmath.sqrt(left * right) if right > 2 * left else (left + right) / 2
            left, right = (middle, right) if excess(middle) > 0 else (left, middle)
        doubt = (left + right) / 2
        assert abs(found.p_star / (1 - doubt) - 1) <= 1e-13
        assert abs(found.epsilon_star / (doubt * v / (v - 1)) - 1) <= 1e-13


@pytest.mark.parametrize(("v", "m", "s"), [(32, 8, 2), (16, 40, 3), (4, 3, 3), (10, 30, 4)])
def test_deep_trees_keep_or_lose_the_root_on_the_two_sides(v, m, s):
    star = epsilon_threshold(Hierarchy(v, m, s))
    for epsilon, root in ((star - 1e-6, 1.0), (star + 1e-6, 1 / v)):
        p = 1 - epsilon + epsilon / v
        for _ in range(400):
            p = upward(p, v, m, s)
        assert p == pytest.approx(root, abs=1e-9)


def test_a_transition_next_to_certainty_keeps_its_digits():
    """The largest m below (v^s - 1)/(s (v - 1)): F'(1) is 1 in float64, and epsilon* is 3e-29."""
    v, s = 10_000, 8
    m = (v**s - 1) // (s * (v - 1))
    found = transition(v, m, s)
    assert found.exists
    assert found.slope_at_one == np.nextafter(1, 0)  # so that what says that there is a transition is below 1
    # to first order in 1 - p: sum_k (v^k - m) = (1 - p) sum_k k (v^k - m), k < s
    first = mpmath.mpf(sum(v**k - m for k in range(s))) / sum(k * (v**k - m) for k in range(s))
    assert found.epsilon_star == pytest.approx(float(first * v / (v - 1)), rel=1e-12)
    assert found.nu == pytest.approx(2.08e28, rel=0.01)
    assert not transition(v, m + 1, s).exists


@pytest.mark.parametrize("v", [10**5, 10**9, 10**15, 10**23, 10**49])
@pytest.mark.parametrize("last", [True, False])
def test_two_rules_or_nearly_too_many_and_any_number_of_symbols(v, last):
    """Next to either end: slopes in fractions, and nu from the fixed point formula of a rational map of degree 2."""
    m = v // 2 if last else 2
    slopes = [Fraction(2 * m, v + 1), Fraction(2 * v, m * (v + 1))]
    found = transition(v, m, 2)
    assert all(slope < 1 for slope in slopes)
    assert found.exists
    for shown, slope in zip((found.slope_at_one, found.slope_at_uniform), slopes, strict=True):
        assert shown < 1
        assert shown == pytest.approx(float(slope), rel=1e-14)
    slope = 1 - 1 / (1 - sum(1 / (1 - slope) for slope in slopes))  # over the three fixed points 1/(1 - F') sums to 1
    with mpmath.workdps(150):
        nu = mpmath.log(2) / mpmath.log(mpmath.mpf(slope.numerator) / slope.denominator)
    assert found.nu == pytest.approx(float(nu), rel=1e-10)


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ((8, 1, 2), r"F'\(1/v\) must be below 1, got 1.77778 at v = 8, m = 1, s = 2: any information .* below 1$"),
        ((8, 5, 2), r"F'\(1\) must be below 1, got 1.11111 at v = 8, m = 5, s = 2: any noise .* above 0$"),
        ((7, 4, 2), r"F'\(1\) must be below 1, got 1 at v = 7, m = 4, s = 2"),
        ((10**15, 5 * 10**14 + 1, 2), r"F'\(1\) must be below 1, got 1 \+ 1e-15 at v = 1000000000000000"),
        ((2, 1, 2), r"F'\(1/v\) must be below 1, got 1.33333 at v = 2, m = 1, s = 2"),
        ((3, 9, 3), r"F'\(1\) must be below 1, got 2.07692 at v = 3, m = 9, s = 3"),
    ],
)
def test_where_there_is_none_the_failing_condition_is_named(given, reason):
    found = transition(*given)
    assert not found.exists
    with pytest.raises(ValueError, match="epsilon_threshold: there is no transition: " + reason.removesuffix("$")):
        epsilon_threshold(Hierarchy(*given))
    assert found.epsilon_star is None


def test_too_many_tuples_for_float64():
    with pytest.raises(ValueError, match=r"^hierarchy_transition: v\^s must be at most 1e100, got 10000\^26"):
        hierarchy_transition(Hierarchy(10_000, 2, 26))


def test_numbers_in_place_of_a_hierarchy():
    with pytest.raises(ValueError, match=r"^hierarchy_transition: hierarchy must be a Hierarchy, got int; make it of"):
        hierarchy_transition(32)


PAIR, MANY = ("hierarchy_fixed_point_pair",), ("hierarchy_fixed_point_rules",)
FORMULAS = {
    2: {
        "p_star": PAIR,
        "epsilon_star": ("hierarchy_threshold_pair",),
        "slope": ("hierarchy_slope_pair",),
        "nu": ("hierarchy_slope_pair", "hierarchy_exponent"),
        "susceptibility_growth": ("hierarchy_slope_pair", "hierarchy_susceptibility_ratio"),
    },
    3: {
        "p_star": MANY,
        "epsilon_star": (*MANY, "hierarchy_epsilon_from_belief"),
        "slope": (*MANY, "hierarchy_slope"),
        "nu": (*MANY, "hierarchy_slope", "hierarchy_exponent"),
        "susceptibility_growth": (*MANY, "hierarchy_slope", "hierarchy_susceptibility_ratio"),
    },
}
ENDS = {"slope_at_one": ("hierarchy_slope_at_one",), "slope_at_uniform": ("hierarchy_slope_at_uniform",)}


@pytest.mark.parametrize(
    ("v", "m", "s"), [(32, 8, 2), (10**9, 2, 2), (4, 3, 3), (10_000, (10_000**8 - 1) // (8 * 9999), 8)]
)
def test_formulas_are_those_that_made_the_number(v, m, s):
    """In float64 and, next to a slope or a belief of 1, in exact arithmetic."""
    result = hierarchy_transition(Hierarchy(v, m, s))
    wanted = FORMULAS[min(s, 3)] | ENDS
    assert {key: number.formulas for key, number in result.numbers.items()} == {
        f"transition.{name}": formulas for name, formulas in wanted.items()
    }


def test_a_result_comes_back_from_json():
    for parameters in ((32, 8, 2), (8, 1, 2), (16, 40, 3)):
        result = hierarchy_transition(Hierarchy(*parameters))
        assert HierarchyTransition.from_dict(json.loads(json.dumps(result.to_dict(), allow_nan=False))) == result
