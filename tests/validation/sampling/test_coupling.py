"""Runs with halved steps on the same noise."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

torch = pytest.importorskip("torch")

from regimes.validation.sampling import (  # noqa: E402
    CoarseNoise,
    NoiseStream,
    backward,
    backward_times,
    halved_times,
    sampler,
)

RULES = [sampler("euler-maruyama"), sampler("exponential"), sampler("ancestral"), sampler("ddim", eta=0.5)]
NAMES = [rule.name for rule in RULES]
TIMES = st.lists(st.floats(0.01, 4.0), min_size=2, max_size=8, unique=True).filter(
    lambda values: min(np.diff(np.sort(values))) > 1e-3
)


def both(score, x, times, rule, seed=3):
    fine = halved_times(times)
    noise = NoiseStream(seed)
    coarse = CoarseNoise(noise, fine, rule)
    return (
        backward(score, x, times, sampler=rule, noise=coarse),
        backward(score, x, fine, sampler=rule, noise=noise),
    )


def doubles(rows, shape, seed=1):
    return NoiseStream(seed, 9).normal(0, 0, rows, shape, dtype=torch.float64)


def mixture(x, t):
    spread, shrunk = 0.25 * math.exp(-2 * t) - math.expm1(-2 * t), 1.5 * math.exp(-t)
    return (shrunk * torch.tanh(x * shrunk / spread) - x) / spread


@settings(max_examples=30)
@given(TIMES, st.booleans())
def test_without_a_score_exponential_paths_agree(values, to_zero):
    times = np.sort(values)[::-1]
    if to_zero:
        times = np.append(times, 0.0)
    coarse, fine = both(lambda x, t: 0 * x, doubles(6, (2,)), times, "exponential")
    torch.testing.assert_close(coarse, fine, rtol=1e-11, atol=1e-11)


@settings(max_examples=30)
@given(TIMES, st.booleans(), st.sampled_from([sampler("ancestral"), sampler("ddim", eta=1.0)]))
def test_for_a_single_point_ancestral_paths_agree(values, to_zero, rule):
    times = np.sort(values)[::-1]
    if to_zero:
        times = np.append(times, 0.0)

    def score(x, t):
        return (0.7 * math.exp(-t) - x) / -math.expm1(-2 * t)

    coarse, fine = both(score, doubles(6, (2,)), times, rule)
    torch.testing.assert_close(coarse, fine, rtol=1e-9, atol=1e-9)


def test_without_a_score_euler_paths_share_their_brownian_motion():
    """x (1 + h) + sqrt(2h) z against (x (1 + h/2) + sqrt(h) z_1)(1 + h/2) + sqrt(h) z_2, z = (z_1 + z_2)/sqrt(2)."""
    h, x, noise = 0.4, doubles(9, (2,)), NoiseStream(3)
    coarse, fine = both(lambda x, t: 0 * x, x, [1.0, 1.0 - h], "euler-maruyama")
    first = noise.normal(0, 0, 9, (2,), dtype=torch.float64)
    torch.testing.assert_close(fine - coarse, x * h**2 / 4 + math.sqrt(h) * first * h / 2, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("rule", RULES, ids=NAMES)
def test_coarse_noise_is_standard_normal_and_independent(rule):
    times = np.array([1.0, 0.7, 0.1, 0.0])
    coarse = CoarseNoise(NoiseStream(2), halved_times(times), rule)
    numbers = [coarse.normal(step, 0, 200_000, ()).double() for step in range(3)]
    for k, values in enumerate(numbers):
        assert stats.kstest(values.numpy(), "norm").pvalue > 1e-3
        assert abs(values.square().mean() - 1) < 4 * math.sqrt(2 / values.numel())
        for other in numbers[:k]:
            assert abs((values * other).mean()) * math.sqrt(values.numel()) < 4
    assert torch.equal(numbers[1][100:200].float(), coarse.normal(1, 100, 100, ()))
    assert not torch.equal(numbers[1].float(), coarse.substream(1).normal(1, 0, 200_000, ()))


@pytest.mark.parametrize("rule", RULES, ids=NAMES)
def test_the_law_of_the_coarse_run_does_not_change(rule):
    own, times = 0.3, np.array([1.0, 0.8, 0.5, 0.1, 0.0])
    spread = own * np.exp(-2 * times) - np.expm1(-2 * times)
    x = doubles(40_000, ()) * math.sqrt(spread[0])
    coarse, _ = both(lambda x, t: x / -(own * math.exp(-2 * t) - math.expm1(-2 * t)), x, times, rule)
    weights, square = rule.weights(times), spread[0]
    for k in range(4):
        square = (weights.growth[k] - weights.score[k] / spread[k]) ** 2 * square + weights.noise[k] ** 2
    assert abs(float(coarse.square().mean() / square - 1)) < 4 * math.sqrt(2 / coarse.numel())


@pytest.mark.parametrize("rule", RULES, ids=NAMES)
def test_halving_measures_the_error_with_a_small_spread(rule):
    times = backward_times(2.0, steps=100, spacing="quadratic")
    x = doubles(4000, ())
    coarse, fine = both(mixture, x, times, rule)
    other = backward(mixture, x, times, sampler=rule, noise=77)
    assert (coarse - fine).std() < 0.25 * (other - fine).std()
    same_class = (coarse.sign() == fine.sign()).double().mean()
    assert same_class > 0.97


@pytest.mark.parametrize("rule", RULES[:3], ids=NAMES[:3])
def test_the_spread_shrinks_with_the_step(rule):
    x, spreads = doubles(2000, ()), []
    for steps in (25, 100, 400):
        times = backward_times(1.5, steps=steps, spacing="quadratic")
        coarse, fine = both(lambda x, t: -x / (1 + 0.5 * math.exp(-2 * t)), x, times, rule)
        spreads.append(float((coarse - fine).std()))
    assert spreads[0] > 2.5 * spreads[1] > 6 * spreads[2]


def test_several_lengths_of_step():
    times = np.array([1.0, 0.6, 0.0])
    halves = halved_times(times)
    quarters = halved_times(halves)
    noise, x = NoiseStream(4), doubles(10, (2,))
    runs = [
        backward(lambda x, t: 0 * x, x, grid, noise=source)
        for grid, source in [
            (quarters, noise),
            (halves, CoarseNoise(noise, quarters)),
            (times, CoarseNoise(CoarseNoise(noise, quarters), halves)),
        ]
    ]
    torch.testing.assert_close(runs[0], runs[1], rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(runs[0], runs[2], rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: CoarseNoise(NoiseStream(0), [1.0, 0.5, 0.0], "flow"), "^CoarseNoise: sampler must be stochastic, got"),
        (lambda: CoarseNoise(NoiseStream(0), [1.0, 0.5, 0.2, 0.0]), "even number of steps, got 3 steps; make them by"),
        (lambda: CoarseNoise(NoiseStream(0), [0.5, 1.0, 0.0]), "strictly decreasing"),
        (lambda: CoarseNoise(NoiseStream(0), [1.0, 0.5, 0.0]).normal(1, 0, 1, ()), r"step must lie in 0 to 0, got 1; "),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()
