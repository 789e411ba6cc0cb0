"""Limits and monotonicity of the steps of samplers, and the schedule of the literature."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from regimes.numerics.compiled.compile import compile_formula

ENDS = st.one_of(st.just(0.0), st.floats(1e-8, 20.0))
STEPS = st.floats(1e-10, 20.0)
SHARES = st.floats(0.0, 1.0)


def value(name, *arguments):
    return float(compile_formula(name, target="numpy")(*arguments))


def delta(t):
    return -math.expm1(-2 * t)


@given(ENDS, STEPS)
def test_a_step_back_and_the_step_out_again_give_the_law_of_x_t(s, h):
    """Mean and variance of x_s given the data point come out when x_t is averaged over its own law."""
    state, point, variance = (
        value(f"posterior_{name}", s, h) for name in ("state_weight", "point_weight", "step_variance")
    )
    assert state * math.exp(-s - h) + point == pytest.approx(math.exp(-s), rel=1e-12)
    assert state**2 * delta(s + h) + variance == pytest.approx(delta(s), rel=1e-12)


@given(STEPS)
def test_the_last_step_lands_on_the_data_point(h):
    assert value("posterior_state_weight", 0.0, h) == 0
    assert value("posterior_point_weight", 0.0, h) == pytest.approx(1, rel=1e-14)
    assert value("posterior_step_variance", 0.0, h) == 0


@given(ENDS, STEPS, SHARES, SHARES)
def test_more_noise_keeps_less_of_the_state_and_asks_more_of_the_score(s, h, one, other):
    low, high = sorted((one, other))
    assert value("ddim_variance", s, h, low) <= value("ddim_variance", s, h, high)
    assert value("ddim_state_weight", s, h, low) >= value("ddim_state_weight", s, h, high) * (1 - 1e-14)
    assert value("ddim_score_weight", s, h, low) <= value("ddim_score_weight", s, h, high) * (1 + 1e-14)


@given(ENDS, STEPS)
def test_all_noise_is_the_ancestral_step_and_none_the_flow(s, h):
    assert value("ddim_variance", s, h, 1.0) == pytest.approx(value("posterior_step_variance", s, h), rel=1e-14)
    assert value("ddim_state_weight", s, h, 1.0) == pytest.approx(value("posterior_state_weight", s, h), rel=1e-13)
    assert value("ddim_score_weight", s, h, 1.0) == pytest.approx(value("ancestral_score_weight", h), rel=1e-13)
    assert value("ddim_variance", s, h, 0.0) == 0
    kept = math.sqrt(delta(s) / delta(s + h))
    assert value("ddim_state_weight", s, h, 0.0) == pytest.approx(kept, rel=1e-13)


@given(st.floats(1e-12, 1e-5), st.floats(0.5, 10.0))
def test_short_steps_are_euler_steps(h, s):
    """Twice the score and 2h of noise for the process, once and none for its flow."""
    for name in ("frozen_score_weight", "ancestral_score_weight", "euler_score_weight"):
        assert value(name, h) == pytest.approx(2 * h, rel=2 * h + 1e-14)
    assert value("flow_score_weight", h) == pytest.approx(h, rel=2 * h + 1e-14)
    assert value("ddim_score_weight", s, h, 0.0) == pytest.approx(h, rel=4 * h + 1e-14)
    for name in ("frozen_score_variance", "euler_variance"):
        assert value(name, h) == pytest.approx(2 * h, rel=4 * h + 1e-14)
    assert value("posterior_step_variance", s, h) == pytest.approx(2 * h, rel=8 * h + 1e-14)
    assert value("backward_growth", h) == pytest.approx(value("euler_growth", h), rel=2 * h**2 + 1e-15)


@given(STEPS, STEPS)
def test_steps_without_a_score_compose(first, second):
    whole = first + second
    growth = value("backward_growth", second)
    assert value("backward_growth", first) * growth == pytest.approx(value("backward_growth", whole), rel=1e-13)
    score = growth * value("frozen_score_weight", first) + value("frozen_score_weight", second)
    assert score == pytest.approx(value("frozen_score_weight", whole), rel=1e-13)
    variance = growth**2 * value("frozen_score_variance", first) + value("frozen_score_variance", second)
    assert variance == pytest.approx(value("frozen_score_variance", whole), rel=1e-13)


@given(ENDS, st.floats(1e-6, 10.0), st.floats(1e-6, 10.0))
def test_steps_at_a_given_data_point_compose(s, second, first):
    """From s + second + first to s in one step or two: the chain of x_s given x_t and the data point."""
    middle = s + second
    state, point, variance = (
        lambda end, step, name=name: value(f"posterior_{name}", end, step)
        for name in ("state_weight", "point_weight", "step_variance")
    )
    whole = first + second
    assert state(middle, first) * state(s, second) == pytest.approx(state(s, whole), rel=1e-12, abs=1e-300)
    carried = state(s, second)
    assert carried * point(middle, first) + point(s, second) == pytest.approx(point(s, whole), rel=1e-12)
    assert carried**2 * variance(middle, first) + variance(s, second) == pytest.approx(variance(s, whole), rel=1e-10)


def test_posterior_variance_of_the_linear_schedule():
    """Ho, Jain, Abbeel 2020, eq. 7 with the paper's schedule, beta from 1e-4 to 0.02 in a thousand steps.

    Step 2 in the paper's numbering: beta_2 beta_1/(1 - (1 - beta_1)(1 - beta_2)) = 5.4532e-5.
    """
    beta = np.linspace(1e-4, 0.02, 1000)[:2]
    t = -np.log(np.cumprod(1 - beta)) / 2
    expected = beta[1] * beta[0] / (1 - (1 - beta[0]) * (1 - beta[1]))
    assert value("posterior_step_variance", t[0], t[1] - t[0]) == pytest.approx(expected, rel=1e-9)
    assert expected == pytest.approx(5.4532e-5, rel=1e-4)
