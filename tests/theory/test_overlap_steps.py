"""Steps of the overlap against brute force: the posterior of an earlier state, integrated."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from regimes import formula
from regimes.numerics.compiled.compile import compile_formula

Array = NDArray[np.float64]

CASES = [
    (0.7, 1.5, 0.2, 16, 0.8, 0.6),
    (-2.0, 0.9, 0.85, 16, 0.8, 1.7),
    (0.01, 3.1, 1.0, 256, 1.0, 1.0),
    (5.0, 2.0, 1e-3, 64, 1.0, 0.3),
]


def value(name: str, *inputs: float) -> Any:
    return compile_formula(name, target="numpy")(*inputs)


def cluster(t: float, sigma: float) -> float:
    return 1 - math.exp(-2 * t) + sigma**2 * math.exp(-2 * t)


def posterior(q: float, t: float, dt: float, d: float, mu: float, sigma: float) -> tuple[Array, Array]:
    """Density of the overlap at t - dt given that at t, on a grid: prior times likelihood of the forward process."""
    s = t - dt
    centre, spread = math.sqrt(d) * mu**2 * math.exp(-s), mu * math.sqrt(cluster(s, sigma))
    width = min(spread, mu * math.sqrt(math.expm1(2 * dt)))
    around = [centre, -centre, q * math.exp(dt)]
    grid = np.linspace(min(around) - 12 * spread, max(around) + 12 * spread, int(60 * 24 * spread / width) + 60_001)
    prior = sum(np.exp(-((grid - side * centre) ** 2) / (2 * spread**2)) for side in (1, -1))
    likelihood = np.exp(-((q - math.exp(-dt) * grid) ** 2) / (-2 * mu**2 * math.expm1(-2 * dt)))
    density = prior * likelihood
    return grid, density / density.sum()


@pytest.mark.parametrize("case", CASES)
def test_mean_and_variance_are_those_of_the_posterior(case: tuple[float, ...]) -> None:
    grid, density = posterior(*case)
    mean = float(grid @ density)
    assert value("overlap_step_mean", *case) == pytest.approx(mean, rel=1e-9, abs=1e-9)
    variance = float((grid - mean) ** 2 @ density)
    assert value("overlap_step_variance", *case) == pytest.approx(variance, rel=1e-9)


@pytest.mark.parametrize("case", CASES)
def test_the_drift_comes_back_from_the_mean_at_any_step(case: tuple[float, ...]) -> None:
    q, t, dt, *where = case
    grid, density = posterior(*case)
    drift = value("overlap_drift", q, t, *where)
    samples = compile_formula("overlap_drift_from_step", target="numpy")(q, grid, dt)
    assert float(samples @ density) == pytest.approx(drift, rel=1e-7, abs=1e-9 / dt)


@given(q=st.floats(-5, 5), t=st.floats(0.2, 5), mu=st.floats(0.2, 2), sigma=st.floats(0.3, 2), d=st.integers(1, 1000))
@settings(max_examples=10)
def test_short_steps_have_drift_and_noise_of_the_potential(q: float, t: float, mu: float, sigma: float, d: int) -> None:
    """First order in dt, with a rest of second order."""
    drift = float(formula("overlap_drift").mp(q, t, d, mu, sigma))

    def rests(dt: float) -> tuple[float, float]:
        mean = formula("overlap_step_mean").mp(q, t, dt, d, mu, sigma)
        variance = formula("overlap_step_variance").mp(q, t, dt, d, mu, sigma)
        return float((mean - q) / dt - drift), float(variance / dt - 2 * mu**2)

    for coarse, fine in zip(rests(1e-6), rests(1e-7), strict=True):
        assert fine == pytest.approx(coarse / 10, rel=1e-2, abs=1e-12)


def test_the_law_of_the_overlap_is_that_of_the_mixture() -> None:
    t, d, mu, sigma = 1.2, 30, 0.7, 1.3
    rng = np.random.default_rng(3)
    m = rng.standard_normal(d)
    m *= math.sqrt(d) * mu / np.linalg.norm(m)
    side = rng.choice([-1.0, 1.0], 40_000)
    a = side[:, None] * m + sigma * rng.standard_normal((40_000, d))
    x = math.exp(-t) * a + math.sqrt(-math.expm1(-2 * t)) * rng.standard_normal(a.shape)
    q = np.sort(x @ m / math.sqrt(d))
    law = compile_formula("overlap_distribution", target="numpy")(q, t, d, mu, sigma)
    largest = np.abs(law - (np.arange(q.size) + 0.5) / q.size).max() * math.sqrt(q.size)
    assert largest < 1.95  # Kolmogorov's law: p = 0.001


@given(q=st.floats(0, 30), t=st.floats(0.01, 5), mu=st.floats(0.1, 3), sigma=st.floats(0.1, 3))
def test_the_law_is_symmetric_and_rises(q: float, t: float, mu: float, sigma: float) -> None:
    low, high, further = (value("overlap_distribution", place, t, 50, mu, sigma) for place in (-q, q, q + 0.5))
    assert low + high == pytest.approx(1, abs=1e-15)
    assert low <= 0.5 <= high <= further <= 1


def test_a_step_past_zero_is_no_step() -> None:
    with pytest.raises(ValueError, match=r"^overlap_step_mean: dt \(length of the step, less than t\) must lie in"):
        formula("overlap_step_mean").mp(0.1, 1, -0.5, 4, 1, 1)
