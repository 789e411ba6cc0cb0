"""The random hierarchy model: published numbers, averages over simulated draws of rules, limits."""

import math
from functools import cache
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from regimes import formula
from regimes.numerics.compiled.compile import compile_formula

Array = NDArray[np.float64]


def value(name: str, *inputs: float) -> float:
    return float(formula(name).mp(*inputs, dps=25))


def compiled(name: str, *inputs: float) -> float:
    return float(compile_formula(name, target="numpy")(*inputs))


def score(sample: Array) -> float:
    """Standard errors between the mean of independent draws and zero."""
    return float(sample.mean() / (sample.std(ddof=1) / math.sqrt(len(sample))))


# (v, m) with s = 2: p*, eps*, lambda, as printed in the project's table of closed forms.
CLOSED = [
    (32, 8, 0.2917, 0.7312, 1.442),
    (16, 4, 0.2500, 0.8000, 1.360),
    (8, 2, 0.1667, 0.9524, 1.102),
    (64, 8, 0.1250, 0.8889, 1.605),
]


@pytest.mark.parametrize(("v", "m", "p_star", "epsilon_star", "slope"), CLOSED)
def test_closed_forms_for_two_children(v: int, m: int, p_star: float, epsilon_star: float, slope: float) -> None:
    assert abs(value("hierarchy_fixed_point_pair", v, m) - p_star) <= 0.00005
    assert abs(value("hierarchy_threshold_pair", v, m) - epsilon_star) <= 0.00005
    assert abs(value("hierarchy_slope_pair", v, m) - slope) <= 0.0005


@pytest.mark.parametrize(("v", "m"), [row[:2] for row in CLOSED])
def test_slope_is_the_slope_by_differences(v: int, m: int) -> None:
    step = 2.0**-20
    for p in (1 / v, value("hierarchy_fixed_point_pair", v, m), 0.7, 1 - step):
        rise = formula("hierarchy_upward").mp(p + step, v, m, 2) - formula("hierarchy_upward").mp(p - step, v, m, 2)
        assert float(rise / (2 * step)) == pytest.approx(value("hierarchy_slope", p, v, m, 2), rel=1e-9)
    assert value("hierarchy_slope", 1, v, m, 2) == pytest.approx(value("hierarchy_slope_at_one", v, m, 2), rel=1e-15)
    at_uniform = value("hierarchy_slope", 1 / v, v, m, 2)  # v is a power of 2
    assert at_uniform == pytest.approx(value("hierarchy_slope_at_uniform", v, m, 2), rel=1e-15)


def test_exponent_of_the_correlation_length() -> None:
    """log 2/log 1.36 = 2.254 for (16, 4, 2), whose susceptibility stays finite: 1.36^2 < 2."""
    assert value("hierarchy_exponent", 1.36, 2) == pytest.approx(math.log(2) / math.log(1.36), rel=1e-15)
    assert value("hierarchy_susceptibility_ratio", 1.36, 2) < 1 < value("hierarchy_susceptibility_ratio", 1.442, 2)


# Simulated draws of rules: a level with n symbols above, tuples drawn without replacement, true symbols all 0.
LEVELS = [(4, 3, 2, 4), (3, 4, 3, 3), (4, 2, 2, 7), (6, 5, 2, 1), (5, 1, 2, 5)]
DRAWS = 20_000


@cache
def simulated(v: int, m: int, s: int, n: int) -> tuple[Array, Array]:
    """Whether each tuple is a rule of the true parent, and of any wrong one; shape (draws, tuples)."""
    rng = np.random.default_rng([v, m, s, n])
    others = rng.permuted(np.tile(np.arange(1, v**s), (DRAWS, 1)), axis=1)
    true, wrong = np.zeros((2, DRAWS, v**s))
    true[:, 0] = 1
    np.put_along_axis(true, others[:, : m - 1], 1, axis=1)
    np.put_along_axis(wrong, others[:, m - 1 : m * n - 1], 1, axis=1)
    return true, wrong


def tuples(v: int, s: int) -> NDArray[np.int64]:
    return np.array(list(product(range(v), repeat=s)))


@pytest.mark.parametrize("p", [0.9, 0.5, 0.3])
@pytest.mark.parametrize(("v", "m", "s", "n"), LEVELS)
def test_beliefs_up_and_down_are_ratios_of_averages_over_rules(v: int, m: int, s: int, n: int, p: float) -> None:
    true, wrong = simulated(v, m, s, n)
    symbols = tuples(v, s)
    message = np.where(symbols == 0, p, (1 - p) / (v - 1))
    weight = message.prod(axis=1)
    right, any_ = true @ weight, (true + wrong) @ weight
    if m * n > 1:
        spread = right - value("hierarchy_upward_to_class", p, v, m, s, n) * any_
        assert abs(score(spread)) < 4 if spread.std() > 1e-12 else abs(spread.mean()) < 1e-12
    q = 0.37 if n > 1 else 1 - 1e-9
    above = q * true + (1 - q) / max(n - 1, 1) * wrong
    siblings = message[:, 1:].prod(axis=1)
    child = above @ (siblings * (symbols[:, 0] == 0))
    assert abs(score(child - value("hierarchy_downward", q, p, v, m, s) * (above @ siblings))) < 4


@pytest.mark.parametrize("p", [0.9, 0.3])
@pytest.mark.parametrize(("v", "m", "s", "n"), LEVELS[:3])
def test_children_of_a_posterior_sample_follow_the_chain(v: int, m: int, s: int, n: int, p: float) -> None:
    true, wrong = simulated(v, m, s, n)
    symbols = tuples(v, s)
    weight = np.where(symbols == 0, p, (1 - p) / (v - 1)).prod(axis=1)
    one, both = symbols[:, 0] == 0, (symbols[:, :2] == 0).all(axis=1)
    for rules, kind, inputs in ((true, "right", (p, v, m, s)), (wrong, "wrong", (p, s))):
        for event, name in ((one, "chain"), (both, "pair")):
            spread = rules @ (weight * event) - value(f"hierarchy_{name}_{kind}", *inputs) * (rules @ weight)
            if name == "pair" and kind == "wrong" and s == 2:
                assert np.abs(spread).max() == 0
            else:
                assert abs(score(spread)) < 4


@pytest.mark.parametrize(("v", "m", "s", "n"), [(4, 3, 2, 4), (3, 2, 3, 5), (8, 2, 2, 2)])
def test_size_bias_where_the_leaves_say_nothing(v: int, m: int, s: int, n: int) -> None:
    """Trees from random rules: two drawn from the same rules hold the same first symbol of a level this often."""
    rng = np.random.default_rng([v, m, s, n, 1])
    depth, draws = 3, 20_000
    first = [np.empty((2, draws), dtype=np.int64) for _ in range(depth + 1)]
    first[0] = rng.integers(n, size=(2, draws))
    for level in range(depth):
        parents = n if level == 0 else v
        drawn = rng.permuted(np.tile(np.arange(v**s), (draws, 1)), axis=1)[:, : parents * m]
        rule = first[level] * m + rng.integers(m, size=(2, draws))
        first[level + 1] = drawn[np.arange(draws), rule] // v ** (s - 1)
    q = 1 / n
    for level in range(1, depth + 1):
        q = value("hierarchy_downward", q, 1 / v, v, m, s)
        assert abs(score((first[level][0] == first[level][1]) - q)) < 4
    assert q > 1 / v


@given(st.integers(2, 40), st.integers(2, 6), st.floats(0.01, 0.99), st.floats(0.01, 0.99), st.data())
def test_every_probability_is_one(v: int, s: int, p: float, q: float, data: st.DataObject) -> None:
    m = data.draw(st.integers(1, v ** (s - 1)))
    n = data.draw(st.integers(1, v**s // m))
    for name, inputs in {
        "hierarchy_upward": (p, v, m, s),
        "hierarchy_upward_to_class": (p, v, m, s, n),
        "hierarchy_downward": (q, p, v, m, s),
        "hierarchy_marginal": (p, q, v),
        "hierarchy_chain_right": (p, v, m, s),
        "hierarchy_chain_wrong": (p, s),
        "hierarchy_pair_right": (p, v, m, s),
        "hierarchy_pair_wrong": (p, s),
        "hierarchy_chain_marginal": (q, p, v, m, s),
        "hierarchy_chain_eigenvalue": (p, v, m, s),
        "hierarchy_spin_variance": (p, q, v),
    }.items():
        assert 0 <= compiled(name, *inputs) <= 1 + 1e-15, name
    assert abs(compiled("hierarchy_sibling_covariance", q, p, v, m, s)) <= 0.25 + 1e-15
    assert compiled("hierarchy_upward", p, v, m, s) <= compiled("hierarchy_upward", min(1.0, 1.01 * p), v, m, s)


@pytest.mark.parametrize("s", [2, 3, 8])
def test_the_chain_near_certainty(s: int) -> None:
    """One wrong child of s makes a wrong parent: s - 1 of s are right, (s - 1)(s - 2) of s (s - 1) pairs."""
    near = np.nextafter(1.0, 0.0)
    assert compiled("hierarchy_chain_wrong", near, s) == pytest.approx((s - 1) / s, rel=1e-15)
    assert compiled("hierarchy_pair_wrong", near, s) == pytest.approx((s - 2) / s, rel=1e-15)
    assert compiled("hierarchy_chain_eigenvalue", near, 16, 4, s) == pytest.approx(1 / s, rel=1e-14)
    assert compiled("hierarchy_chain_right", 1.0, 16, 4, s) == 1


def test_posterior_of_a_one_hot_leaf() -> None:
    """The softmax of the messages is Bayes' rule with the normal densities of all components."""
    rng = np.random.default_rng(5)
    v, t = 6, 0.4
    delta = -math.expm1(-2 * t)
    x = math.exp(-t) * np.eye(v)[2] + math.sqrt(delta) * rng.standard_normal(v)
    log_density = np.array([-((x - math.exp(-t) * np.eye(v)[k]) ** 2).sum() / (2 * delta) for k in range(v)])
    bayes = np.exp(log_density - np.logaddexp.reduce(log_density))
    message = np.array([compiled("one_hot_log_message", component, t) for component in x])
    np.testing.assert_allclose(np.exp(message - np.logaddexp.reduce(message)), bayes, rtol=1e-12)
