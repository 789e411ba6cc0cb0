"""Steps of a stochastic sampler by simulation and quadrature: paths, variances, starts."""

import math
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.integrate import quad

from regimes import formula
from regimes.numerics.compiled.compile import compile_formula

Array = NDArray[np.float64]

CENTRE, WIDTH = 1.0, 0.4  # two classes on the line


def compiled(name: str) -> Any:
    return compile_formula(name, target="numpy")


def posterior_mean(y: Array, s: float) -> Array:
    """Of the data point given y = s a + sqrt(s) z: in each class c the mean is (c + WIDTH^2 y)/(1 + s WIDTH^2)."""
    spread = 1 + s * WIDTH**2
    return np.asarray((WIDTH**2 * y + CENTRE * np.tanh(CENTRE * y / spread)) / spread)


def mmse(s: float) -> float:
    """By quadrature over y, of a density that is a mixture of two normal laws."""
    scale = math.sqrt(s + s**2 * WIDTH**2)

    def square(y: float) -> float:
        density = sum(math.exp(-(((y - c * s) / scale) ** 2) / 2) for c in (-CENTRE, CENTRE))
        return density / (2 * scale * math.sqrt(2 * math.pi)) * float(posterior_mean(np.array(y), s)) ** 2

    reach = s * CENTRE + 10 * scale
    return CENTRE**2 + WIDTH**2 - quad(square, -reach, reach, limit=200)[0]


def test_girsanov_weight_of_a_frozen_mean_is_the_left_riemann_error_of_the_mmse() -> None:
    """Paths of a mixture: the mean of log dP/dQ along them, dP of the data and dQ of the sampler."""
    grid, parts, paths = np.array([0.05, 0.4, 1.5, 5.0]), 60, 40_000
    rng = np.random.default_rng(11)
    a = CENTRE * rng.choice([-1.0, 1.0], paths) + WIDTH * rng.standard_normal(paths)
    y = grid[0] * a + math.sqrt(grid[0]) * rng.standard_normal(paths)
    weight, coarse, fine = np.zeros(paths), 0.0, 0.0
    for begin, end in pairwise(grid):
        frozen, part = posterior_mean(y, begin), (end - begin) / parts
        coarse += (end - begin) * mmse(begin) / 2
        for k in range(parts):
            mean = posterior_mean(y, begin + k * part)
            gain = part * a + math.sqrt(part) * rng.standard_normal(paths)
            weight += (mean - frozen) * gain - (mean**2 - frozen**2) * part / 2
            y = y + gain
            fine += part * mmse(begin + k * part) / 2
    # In parts of its steps the weight sees the data freeze the mean over each: the expected value is exact.
    expected = coarse - fine
    information = quad(lambda s: mmse(s) / 2, grid[0], grid[-1])[0]
    assert 0 < expected < coarse - information
    assert coarse - information == pytest.approx(expected, rel=0.05)
    assert abs(weight.mean() - expected) < 4 * weight.std() / math.sqrt(paths)


def test_variances_of_an_ancestral_sampler_are_those_of_the_recursion() -> None:
    """In x_t with the weights of an ancestral step and the exact denoiser, drawn, and without drawing."""
    variances, draws = np.array([0.01, 1.0, 20.0]), 100_000
    times = np.array([2.5, 1.2, 0.7, 0.3, 0.1])
    rng = np.random.default_rng(5)
    true = compiled("covariance_eigenvalue")
    x = np.sqrt(true(times[0], variances)) * rng.standard_normal((draws, 3))
    exact, lacking = true(times[0], variances), np.zeros(3)
    kept = variances - compiled("gaussian_channel_mmse")(compiled("snr")(times[0]), variances)
    for t, s in pairwise(times):
        gain = variances * math.exp(-t) / true(t, variances)
        factor = compiled("posterior_state_weight")(s, t - s) + compiled("posterior_point_weight")(s, t - s) * gain
        noise = compiled("posterior_step_variance")(s, t - s)
        x = factor * x + math.sqrt(noise) * rng.standard_normal(x.shape)
        exact = factor**2 * exact + noise
        begin, end = compiled("snr")(t), compiled("snr")(s)
        mmse = compiled("gaussian_channel_mmse")(begin, variances)
        lacking += compiled("variance_deficit")(end - begin, mmse)
        kept += compiled("variance_gain")(end - begin, mmse)
        share = exact / true(s, variances)
        assert kept / (kept + lacking) == pytest.approx(share, rel=1e-12)
        # Together they are the variance of the posterior mean of the data.
        assert kept + lacking == pytest.approx(variances - variances / (1 + end * variances), rel=1e-12)
    assert lacking[1] / kept[1] > 0.02
    found = (x**2).mean(axis=0) / exact
    assert np.abs(found - 1).max() < 4 * math.sqrt(2 / draws)


def normal_divergence(of: tuple[float, float], other: tuple[float, float]) -> float:
    """By quadrature, of two normal laws of given means and variances."""

    def log_density(x: float, mean: float, variance: float) -> float:
        return -((x - mean) ** 2) / (2 * variance) - math.log(2 * math.pi * variance) / 2

    def integrand(x: float) -> float:
        return math.exp(log_density(x, *of)) * (log_density(x, *of) - log_density(x, *other))

    reach = 12 * math.sqrt(of[1])
    return float(quad(integrand, of[0] - reach, of[0] + reach, limit=200, epsabs=1e-12)[0])


@pytest.mark.parametrize(("snr", "variance", "mean"), [(0.02, 3.0, 0.5), (0.3, 0.1, 0.0), (2.0, 1.0, 1.5)])
def test_divergences_of_gaussians_are_those_by_quadrature(snr: float, variance: float, mean: float) -> None:
    exploding = normal_divergence((mean, variance + 1 / snr), (0.0, 1 / snr))
    assert float(formula("exploding_start_divergence").mp(snr, variance, mean)) == pytest.approx(exploding, abs=1e-9)
    signal = snr / (1 + snr)
    noised = signal * variance + 1 - signal
    preserving = normal_divergence((math.sqrt(signal) * mean, noised), (0.0, 1.0))
    at_first = formula("preserving_start_divergence").mp(noised, math.sqrt(signal) * mean)
    assert float(at_first) == pytest.approx(preserving, abs=1e-9)
    lacking = normal_divergence((0.0, 1.0), (0.0, 1 - signal))
    assert float(formula("variance_deficit_divergence").mp(signal, 1 - signal)) == pytest.approx(lacking, abs=1e-9)


def test_late_start_is_the_divergence_of_a_mixture_from_its_gaussian() -> None:
    """Of x = a + sigma z, the information by I-MMSE from the mmse of the mixture."""
    snr = 1.5
    variance = WIDTH**2 + 1 / snr

    def density(x: float) -> float:
        parts = (math.exp(-((x - c) ** 2) / (2 * variance)) for c in (-CENTRE, CENTRE))
        return sum(parts) / (2 * math.sqrt(2 * math.pi * variance))

    total = variance + CENTRE**2
    gaussian = lambda x: -(x**2) / (2 * total) - math.log(2 * math.pi * total) / 2  # noqa: E731
    divergence = quad(lambda x: density(x) * (math.log(density(x)) - gaussian(x)), -12, 12)[0]
    information = quad(lambda s: mmse(s) / 2, 1e-12, snr)[0]
    of_gaussian = float(formula("gaussian_channel_information").mp(snr, CENTRE**2 + WIDTH**2))
    assert float(formula("late_start_divergence").mp(of_gaussian, information)) == pytest.approx(divergence, abs=1e-7)
