"""Samplers against closed forms: Gaussian data, a single point, the exact flow, and the equations of their papers."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq
from scipy.stats import norm

torch = pytest.importorskip("torch")

from regimes import noise_schedule  # noqa: E402
from regimes.validation.sampling import SAMPLERS, backward_times, sampler, schedule_times  # noqa: E402

STOCHASTIC = [name for name in SAMPLERS if sampler(name).stochastic] + ["ddim 0.5", "ddim 1"]
EVERY = [*SAMPLERS, "ddim 0.5", "ddim 1"]
TIMES = st.lists(st.floats(1e-4, 4.0), min_size=2, max_size=12, unique=True).filter(
    lambda values: min(np.diff(np.sort(values))) > 1e-5
)


def named(name):
    kind, *eta = name.split()
    return sampler(kind, eta=float(eta[0])) if eta else sampler(kind)


def delta(t):
    return -np.expm1(-2 * np.asarray(t))


def variance(t, own):
    """Of Gaussian data of variance ``own``, noised."""
    return own * np.exp(-2 * np.asarray(t)) + delta(t)


def simulated_variance(rule, times, own):
    """Of what a sampler makes of them, step by step: the score is linear."""
    square, weights = variance(times[0], own), rule.weights(times)
    for k, (t, s) in enumerate(pairwise(times)):
        if rule.name == "flow":
            x = torch.ones(1, 1, dtype=torch.float64)
            factor = float(rule.step(lambda x, t: x * (-1 / variance(t, own)), x, t, s))
        else:
            factor = weights.growth[k] - weights.score[k] / variance(t, own)
        square = factor**2 * square + weights.noise[k] ** 2
    return square


def orders(rule, own, steps, **grid):
    """Of convergence in the number of steps, from the errors of the final variance; and the errors."""
    grids = [backward_times(2.0, steps=count, **grid) for count in steps]
    errors = np.array([abs(simulated_variance(rule, times, own) - variance(times[-1], own)) for times in grids])
    return np.log2(errors[:-1] / errors[1:]), errors


@pytest.mark.parametrize("own", [0.3, 4.0])
@pytest.mark.parametrize("grid", [{"end": 0.1}, {"spacing": "quadratic"}], ids=["stops before 0", "shrinking steps"])
@pytest.mark.parametrize("name", EVERY)
def test_order_of_convergence_on_gaussian_data(name, grid, own):
    order, errors = orders(named(name), own, (200, 400, 800), **grid)
    expected = 2 if name == "flow" else 1
    assert np.abs(order - expected).max() < 0.1
    assert abs(order[1] - expected) < abs(order[0] - expected) + 0.01
    assert errors[-1] < 0.03


@pytest.mark.parametrize("name", ["euler-maruyama", "exponential", "flow"])
def test_equal_steps_down_to_zero_keep_the_order(name):
    order, _ = orders(named(name), 0.3, (400, 800, 1600))
    assert abs(order[1] - (2 if name == "flow" else 1)) < 0.1
    if name == "flow":
        order, _ = orders(sampler("flow", score_at_zero=True), 0.3, (400, 800, 1600))
        assert abs(order[1] - 2) < 0.1


@pytest.mark.parametrize("name", ["ancestral", "ddim", "ddim 0.5"])
def test_equal_steps_down_to_zero_cost_predictors_of_the_point_a_logarithm(name):
    """The error goes as h log(1/h): times the number of steps it grows by the same amount with each doubling."""
    steps = np.array([800, 1600, 3200, 6400])
    _, errors = orders(named(name), 0.3, steps)
    growth = np.diff(errors * steps)
    assert growth.min() > 0.5
    np.testing.assert_allclose(growth, growth[-1], rtol=0.05)


@settings(max_examples=30)
@given(TIMES, st.floats(0.05, 20.0))
def test_data_of_unit_variance_need_no_small_steps(values, scale):
    """The score is -x at all times: held fixed, it is solved exactly, whatever the steps of a flow."""
    times = np.sort(values)[::-1]
    x = torch.full((1, 1), scale, dtype=torch.float64)
    for t, s in pairwise(times):
        x = sampler("flow").step(lambda x, t: -x, x, t, s)
    assert float(x) == pytest.approx(scale, rel=1e-12)


@given(TIMES, st.floats(-3.0, 3.0), st.booleans(), st.floats(0.0, 1.0))
def test_data_of_one_point_keep_their_law_at_every_step(values, a, to_zero, eta):
    """Ancestral steps are exact there, and so are DDIM steps with any share of noise."""
    times = np.sort(values)[::-1]
    if to_zero:
        times = np.append(times, 0.0)
    for rule in (sampler("ancestral"), sampler("ddim", eta=eta)):
        weights = rule.weights(times)
        mean, square = np.exp(-times[0]) * a, delta(times[0])
        for k, t in enumerate(times[:-1]):
            factor = weights.growth[k] - weights.score[k] / delta(t)
            mean = factor * mean + weights.score[k] * np.exp(-t) * a / delta(t)
            square = factor**2 * square + weights.noise[k] ** 2
        assert mean == pytest.approx(np.exp(-times[-1]) * a, rel=1e-6, abs=1e-6)
        assert square == pytest.approx(delta(times[-1]), rel=1e-6, abs=1e-9)


@given(TIMES)
def test_one_share_of_noise_is_the_ancestral_step(values):
    times = np.append(np.sort(values)[::-1], 0.0)
    one, other = sampler("ddim", eta=1.0).weights(times), sampler("ancestral").weights(times)
    for name in ("growth", "score", "noise", "carry"):
        np.testing.assert_allclose(getattr(one, name), getattr(other, name), rtol=1e-12, atol=1e-300)


def test_a_step_to_zero_lands_on_the_denoised_point():
    x, t = torch.tensor([[0.7, -2.0]], dtype=torch.float64), 0.8
    gradient = torch.tensor([[-0.3, 1.1]], dtype=torch.float64)
    denoised = math.exp(t) * (x + float(delta(t)) * gradient)
    for rule in (sampler("ancestral"), sampler("ddim"), sampler("ddim", eta=0.3)):
        end = rule.step(lambda x, t: gradient, x, t, 0.0, torch.full_like(x, torch.nan))
        torch.testing.assert_close(end, denoised, rtol=1e-13, atol=0)


@pytest.mark.parametrize("name", ["ddpm-linear", "cosine"])
def test_ancestral_steps_are_those_of_the_paper(name):
    """Ho, Jain, Abbeel 2020, algorithm 2 with the posterior variance, in the paper's variables."""
    alpha_bar = noise_schedule(name, steps=100).alpha_bar
    beta = 1 - alpha_bar[1:] / alpha_bar[:-1]
    weights = sampler("ancestral").weights(schedule_times(name, steps=100))
    # x_{k-1} = (x_k - beta_k/sqrt(1 - alpha_bar_k) eps)/sqrt(1 - beta_k), eps = -sqrt(1 - alpha_bar_k) score
    np.testing.assert_allclose(weights.growth[:-1], (1 / np.sqrt(1 - beta))[::-1], rtol=1e-9)
    np.testing.assert_allclose(weights.score[:-1], (beta / np.sqrt(1 - beta))[::-1], rtol=1e-9)
    posterior = beta * (1 - alpha_bar[:-1]) / (1 - alpha_bar[1:])
    np.testing.assert_allclose(weights.noise[:-1] ** 2, posterior[::-1], rtol=1e-9)
    assert weights.noise[-1] == 0


@pytest.mark.parametrize("eta", [0.0, 0.2, 1.0])
def test_ddim_steps_are_those_of_the_paper(eta):
    """Song, Meng, Ermon 2021, eq. 12 and 16, with 20 of 1000 steps."""
    times = schedule_times("ddpm-linear", count=20)
    alpha = np.exp(-2 * times)
    now, then = alpha[:-1], alpha[1:]
    deviation = eta * np.sqrt((1 - then) / (1 - now)) * np.sqrt(1 - now / then)
    x, score = 1.3, -0.4
    eps = -np.sqrt(1 - now) * score
    expected = np.sqrt(then) * (x - np.sqrt(1 - now) * eps) / np.sqrt(now)
    expected += np.sqrt(np.maximum(1 - then - deviation**2, 0)) * eps
    weights = sampler("ddim", eta=eta).weights(times)
    np.testing.assert_allclose(weights.growth * x + weights.score * score, expected, rtol=1e-7)
    np.testing.assert_allclose(weights.noise, deviation, rtol=1e-9, atol=1e-15)


def test_the_exponential_step_is_the_limit_of_small_euler_steps_with_its_score():
    t, s, x, score, pieces = 1.2, 0.9, 0.8, -1.7, 200_000
    small = (t - s) / pieces
    growth = (1 + small) ** np.arange(pieces)  # of what enters in the last, last but one, ... step
    mean = growth[-1] * (1 + small) * x + 2 * small * score * growth.sum()
    weights = sampler("exponential").weights([t, s])
    assert weights.growth[0] * x + weights.score[0] * score == pytest.approx(mean, rel=1e-5)
    assert weights.noise[0] ** 2 == pytest.approx(2 * small * (growth**2).sum(), rel=1e-5)


@pytest.mark.parametrize("name", ["ddim", "flow"])
@pytest.mark.parametrize("own", [0.2, 1.0, 9.0])
def test_flows_follow_the_exact_map(name, own):
    """Gaussian data: x_s = x_t sqrt(C_s/C_t)."""
    times = backward_times(1.5, end=0.05, steps=2000)
    x = torch.tensor([[-1.0, 0.5, 2.0]], dtype=torch.float64)
    start = x
    for t, s in pairwise(times):
        x = sampler(name).step(lambda x, t: x * (-1 / variance(t, own)), x, t, s)
    expected = start * math.sqrt(variance(times[-1], own) / variance(times[0], own))
    torch.testing.assert_close(x, expected, rtol=1e-5 if name == "flow" else 2e-3, atol=0)


def test_the_flow_of_a_mixture_keeps_the_quantiles():
    """In one dimension the flow is monotonic, so it takes the quantile of x_t to the same quantile of x_0."""
    centre, own, t = 2.0, 0.25, 3.0

    def cumulative(x, t):
        spread = math.sqrt(variance(t, own))
        return 0.5 * norm.cdf((x - centre * math.exp(-t)) / spread) + 0.5 * norm.cdf(
            (x + centre * math.exp(-t)) / spread
        )

    def score(x, t):
        spread, shrunk = float(variance(t, own)), centre * math.exp(-t)
        return -x / spread + shrunk / spread * torch.tanh(x * shrunk / spread)

    start = np.linspace(-2.5, 2.5, 21) + 0.01
    quantiles = [brentq(lambda y, x=x: cumulative(y, 0.0) - cumulative(x, t), -10, 10, xtol=1e-13) for x in start]
    errors = []
    for steps in (100, 200):
        x, times = torch.tensor(start[:, None]), backward_times(t, steps=steps)
        for now, then in pairwise(times):
            x = sampler("flow", score_at_zero=True).step(score, x, now, then)
        errors.append(np.sqrt(np.mean((x.numpy()[:, 0] - quantiles) ** 2)))
    assert errors[1] < 1e-3
    assert errors[0] / errors[1] == pytest.approx(4, abs=0.6)


@settings(max_examples=30)
@given(TIMES)
def test_a_step_needs_the_beginning_alone_unless_it_is_a_flow(values):
    times, seen = np.append(np.sort(values)[::-1], 0.0), []

    def score(x, t):
        seen.append(t)
        return -x

    for name in EVERY:
        x = torch.ones(2, 3, dtype=torch.float64)
        for t, s in pairwise(times):
            x = named(name).step(score, x, t, s, torch.zeros_like(x))
        ends = [each for t, s in pairwise(times) for each in (t, s)][:-1]
        assert seen == (ends if name == "flow" else times[:-1].tolist())
        seen.clear()


def test_a_step_changes_nothing_but_what_it_returns():
    x, normal = torch.ones(2, 3), torch.ones(2, 3)
    for name in EVERY:
        named(name).step(lambda x, t: x, x, 1.0, 0.5, normal)
    assert torch.equal(x, torch.ones(2, 3))
    assert torch.equal(normal, torch.ones(2, 3))


def test_a_score_that_hands_back_its_argument_is_no_trap():
    x = torch.ones(1, 1, dtype=torch.float64)
    weights = sampler("ddim").weights([1.0, 0.5])
    end = sampler("ddim").step(lambda x, t: x, x, 1.0, 0.5)
    assert float(end) == pytest.approx(weights.growth[0] + weights.score[0], rel=1e-14)


def test_names_and_options():
    assert [sampler(name).stochastic for name in SAMPLERS] == [True, True, True, False, False]
    assert sampler("ddim").eta == 0
    assert sampler("ddim", eta=0.1).stochastic
    rule = sampler("flow")
    assert sampler(rule) is rule


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: sampler("heun"), "^sampler: name must be one of euler-maruyama, .*, flow, got 'heun'$"),
        (lambda: sampler("ddim", eta=1.5), r"eta \(share of the noise\) must lie in 0 to 1, got 1.5"),
        (lambda: sampler("ddim", eta=float("nan")), "must lie in 0 to 1, got nan"),
        (lambda: sampler("ancestral", eta=1.0), "eta .* belongs to 'ddim', got 'ancestral'; leave eta out"),
        (lambda: sampler("ddim", score_at_zero=True), "score_at_zero belongs to 'flow', got 'ddim'"),
        (lambda: sampler(sampler("ddim"), eta=0.5), "go with the name of a sampler, got a sampler made before"),
        (lambda: sampler("ddim").weights([0.5, 1.0]), "^Sampler.weights: times must be strictly decreasing"),
        (
            lambda: sampler("ancestral").step(lambda x, t: -x, torch.ones(1, 1), 1.0, 0.5),
            "^Sampler.step: ancestral needs normal numbers of the shape of x; give normal$",
        ),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()
