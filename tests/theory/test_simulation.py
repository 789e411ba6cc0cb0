"""Statements about random variables against simulation, each with its standard error."""

import math
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import ncx2

from regimes import formula
from regimes.numerics.compiled.compile import compile_formula

Array = NDArray[np.float64]


def compiled(name: str) -> Any:
    return compile_formula(name, target="numpy")


def score(sample: Array, theory: float) -> float:
    """Standard errors between the mean of independent draws and the theory."""
    return float((sample.mean() - theory) / (sample.std(ddof=1) / math.sqrt(len(sample))))


@pytest.mark.parametrize("kappa", [0.25, 1.0, 4.0])
def test_clones_end_in_the_same_class_as_often_as_predicted(kappa: float) -> None:
    """Draw a class, then x_t along the axis, then two clones from the posterior."""
    rng = np.random.default_rng(round(100 * kappa))
    draws, r = 10**6, math.sqrt(kappa)
    x = r * rng.choice([-1.0, 1.0], draws) + rng.standard_normal(draws)
    plus = 1 / (1 + np.exp(-2 * r * x))
    first, second = rng.random((2, draws)) < plus
    assert abs(score((first == second).astype(float), float(formula("clone_probability").mp(kappa)))) < 4


@pytest.mark.parametrize("kappa", [0.25, 1.0, 4.0])
def test_class_entropy_is_the_mean_surprise_about_the_true_class(kappa: float) -> None:
    rng = np.random.default_rng(round(100 * kappa) + 1)
    r = math.sqrt(kappa)
    x = r + rng.standard_normal(10**6)
    assert abs(score(np.log1p(np.exp(-2 * r * x)), float(formula("class_entropy").mp(r)))) < 4


def exact_score(x: Array, t: float, m: Array, sigma: float) -> Array:
    """Score in d dimensions by the responsibilities of both classes, without the hyperbolic form."""
    variance = -math.expm1(-2 * t) + sigma**2 * math.exp(-2 * t)
    centres = np.stack([m, -m]) * math.exp(-t)
    logits = -((x[:, None, :] - centres) ** 2).sum(axis=2) / (2 * variance)
    weights = np.exp(logits - logits.max(axis=1, keepdims=True))
    weights /= weights.sum(axis=1, keepdims=True)
    return np.asarray((weights @ centres - x) / variance)


def mixture(size: int, t: float, m: Array, sigma: float, rng: np.random.Generator) -> Array:
    data = m * rng.choice([-1.0, 1.0], (size, 1)) + sigma * rng.standard_normal((size, len(m)))
    noise = rng.standard_normal((size, len(m)))
    return np.asarray(math.exp(-t) * data + math.sqrt(-math.expm1(-2 * t)) * noise)


@pytest.mark.parametrize(("t", "sigma"), [(0.3, 0.5), (1.0, 1.0), (2.0, 1.7)])
def test_overlap_drifts_and_diffuses_as_its_potential_says(t: float, sigma: float) -> None:
    """Euler increments of the backward process in d dimensions, projected on the axis of the centres."""
    rng = np.random.default_rng(11)
    d, mu, dt, size = 24, 0.8, 1e-3, 50_000
    m = rng.standard_normal(d)
    m *= math.sqrt(d) * mu / np.linalg.norm(m)
    x = mixture(size, t, m, sigma, rng)
    drift = x + 2 * exact_score(x, t, m, sigma)
    q = x @ m / math.sqrt(d)
    theory = compiled("overlap_drift")(q, t, d, mu, sigma)
    np.testing.assert_allclose(drift @ m / math.sqrt(d), theory, rtol=1e-10, atol=1e-10)
    step = (drift * dt + math.sqrt(2 * dt) * rng.standard_normal((size, d))) @ m / math.sqrt(d)
    noise = (step - theory * dt) / math.sqrt(dt)
    assert abs(score(noise, 0.0)) < 4
    assert abs(score(noise**2, 2 * mu**2)) < 4


def test_overlap_alone_keeps_the_law_of_the_mixture() -> None:
    """The one-dimensional backward process carries q from t = 4 to t = 0.4; its second moment is known throughout."""
    rng = np.random.default_rng(12)
    d, mu, sigma, size = 16, 1.0, 0.7, 20_000
    times = np.linspace(4.0, 0.4, 3601)
    drift = compiled("overlap_drift")

    def second_moment(t: float) -> float:
        centre = math.sqrt(d) * mu * math.exp(-t)
        return mu**2 * (centre**2 + float(compiled("cluster_variance")(t, sigma)))

    side = rng.choice([-1.0, 1.0], size)
    spread = math.sqrt(float(compiled("cluster_variance")(times[0], sigma)))
    q = mu * (side * math.sqrt(d) * mu * math.exp(-times[0]) + spread * rng.standard_normal(size))
    assert abs(score(q**2, second_moment(times[0]))) < 4
    for start, end in pairwise(times):
        dt = start - end
        q = q + drift(q, start, d, mu, sigma) * dt + mu * math.sqrt(2 * dt) * rng.standard_normal(size)
    assert abs(score(q**2, second_moment(times[-1]))) < 4


def energies(x2: float, n: int, d: int, delta: float, s2: float, rng: np.random.Generator) -> Array:
    """d times the energies of n points seen from x_t with ``|x_t|^2 = x2``.

    Only the component of a along x_t and the squared norm of the rest enter, so two numbers a point are exact.
    """
    along, rest = math.sqrt(s2) * rng.standard_normal(n), s2 * rng.chisquare(d - 1, n)
    return np.asarray(((math.sqrt(x2) - along) ** 2 + rest) / (2 * delta))


@pytest.mark.parametrize("tilt", [0.3, 1.0, 2.0])
@pytest.mark.parametrize("d", [2, 5])
def test_cumulants_of_the_energies_at_small_dimension(tilt: float, d: int) -> None:
    """exp(d g) is the mean of exp(-lambda d e) exactly, at every d, when |x_t|^2 = d A."""
    delta, s2, spread = 0.6, 0.3, 0.9
    rng = np.random.default_rng(d)
    a = math.sqrt(s2) * rng.standard_normal((400_000, d))
    x = np.full(d, math.sqrt(spread))
    weights = np.exp(-tilt * ((x - a) ** 2).sum(axis=1) / (2 * delta))
    assert abs(score(weights, math.exp(d * float(compiled("random_energy_cumulants")(tilt, delta, s2, spread))))) < 4
    reduced = np.exp(-tilt * energies(d * spread, 400_000, d, delta, s2, rng))
    assert abs(score(reduced, float(weights.mean()))) < 6  # both sides fluctuate: 4 standard errors of a difference
    energy = ((x - a) ** 2).sum(axis=1) / (2 * delta * d)
    weighted = (energy - float(compiled("random_energy_typical")(tilt, delta, s2, spread))) * weights / weights.mean()
    assert abs(score(weighted, 0.0)) < 4


def test_rate_is_the_exponent_of_a_fraction_of_the_points() -> None:
    """The law of an energy is a noncentral chi-square; -log P(energy < e)/d tends to the rate as log(d)/d."""
    delta, s2, spread, energy = 0.6, 0.3, 0.9, 0.7
    rate = float(compiled("random_energy_rate")(energy, delta, s2, spread))
    dimensions = np.array([50, 100, 200, 400, 800])
    logarithms = ncx2.logcdf(2 * delta * dimensions * energy / s2, dimensions, dimensions * spread / s2)
    deviation = -logarithms / dimensions - rate
    assert np.all(deviation > 0)
    assert np.all(np.diff(deviation) < 0)
    # The prefactor is 1/(tilt sqrt(2 pi d g'')) (1 + O(1/d)): when d doubles, d times the deviation grows by log(2)/2
    # up to a remainder that halves.
    remainder = math.log(2) / 2 - np.diff(dimensions * deviation)
    assert np.all(remainder > 0)
    assert np.all(remainder[1:] < 2 / 3 * remainder[:-1])


def gaps(d: int, n: int, size: int, seed: int) -> tuple[Array, float, float]:
    """log E Z - log Z at the closed-form collapse time for ``size`` draws of x_t, the prediction, and the width w."""
    rng = np.random.default_rng(seed)
    t = float(compiled("collapse_time")(d, n, 1.0))
    delta, s2 = float(compiled("noise_variance")(t)), math.exp(-2 * t)
    result = np.empty(size)
    squares = (delta + s2) * rng.chisquare(d, size)
    means = math.log(n) + d * compiled("random_energy_cumulants")(1.0, delta, s2, squares / d)
    for i, (x2, mean) in enumerate(zip(squares, means, strict=True)):
        energy = energies(x2, n, d, delta, s2, rng)
        low = energy.min()
        result[i] = mean - (math.log(np.exp(low - energy).sum()) - low)
    width, ratio = float(compiled("collapse_width")(t, d, 1.0)), float(compiled("collapse_margin_ratio")(t, 1.0))
    xi = np.linspace(-9, 9, 721)
    predicted = float(compiled("collapse_gap_integrand")(0.0, width, ratio, xi).sum() * (xi[1] - xi[0]))
    return result, predicted, width


@pytest.mark.parametrize(("d", "n"), [(64, 2000), (256, 2000)])
def test_gap_at_the_collapse_time(d: int, n: int) -> None:
    """About log 2 nats, up to the finite width of the tilted law.

    Which energies are present is known to about one nat, the spacing of the lowest ones. Moving the edge by one nat
    moves -log Phi by phi(0)/(Phi(0) w) = 0.8/w: the deviation must be smaller than that. At 30000 draws it is
    -0.005(6) at d = 64 and -0.023(5) at d = 256 (w = 3.5 and 3.8), that is 1% and 3% of the gap.
    """
    sample, predicted, width = gaps(d, n, 10_000, seed=d)
    error = float(sample.std() / math.sqrt(len(sample)))
    assert abs(sample.mean() - predicted) < 2 / math.sqrt(2 * math.pi) / width
    assert sample.mean() > 50 * error  # the gap is there ...
    assert abs(sample.mean() - predicted) < 0.1 * predicted  # ... and the prediction accounts for nearly all of it


def test_gap_in_full_dimension() -> None:
    """The same with points and x_t drawn in d dimensions."""
    d, n, size = 64, 2000, 300
    rng = np.random.default_rng(5)
    t = float(compiled("collapse_time")(d, n, 1.0))
    delta, s2 = float(compiled("noise_variance")(t)), math.exp(-2 * t)
    result = np.empty(size)
    for i in range(size):
        x = math.sqrt(delta + s2) * rng.standard_normal(d)
        energy = ((x - math.sqrt(s2) * rng.standard_normal((n, d))) ** 2).sum(axis=1) / (2 * delta)
        mean = math.log(n) + d * float(compiled("random_energy_cumulants")(1.0, delta, s2, x @ x / d))
        result[i] = mean - math.log(np.exp(-energy).sum())
    reduced, _, _ = gaps(d, n, 4000, seed=6)
    error = math.hypot(result.std() / math.sqrt(size), reduced.std() / math.sqrt(len(reduced)))
    assert abs(result.mean() - reduced.mean()) < 4 * error


@pytest.mark.long
def test_deviation_of_the_excess_entropy_shrinks_with_the_dimension() -> None:
    """At fixed alpha = log(n)/d: the gap is a property of order 1/d of f, and what the prediction misses is smaller.

    The deviation in nats is within 0.05 and changes sign (two corrections of order 1/w, from the skewness of the
    tilted law and from the discreteness at the edge, have opposite signs): it is f, hence the deviation over d, that
    converges.
    """
    deviations, errors, per_dimension = [], [], []
    for d, n, size in [(16, 7, 60_000), (32, 45, 30_000), (64, 2000, 20_000)]:
        sample, predicted, width = gaps(d, n, size, seed=d + 1)
        deviations.append(abs(sample.mean() - predicted) / d)
        errors.append(sample.std() / math.sqrt(size) / d)
        per_dimension.append(sample.mean() / d)
        assert abs(sample.mean() - predicted) < 2 / math.sqrt(2 * math.pi) / width
    assert per_dimension[0] > per_dimension[1] > per_dimension[2]
    assert deviations[0] - 2 * errors[0] > deviations[2] + 2 * errors[2]
