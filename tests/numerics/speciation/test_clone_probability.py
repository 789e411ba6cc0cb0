"""Clone probability and class entropy against 50-digit references, sampling and limits."""

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from regimes import formula
from regimes.speciation import (
    class_entropy,
    class_information,
    clone_disagreement,
    clone_probability,
    log_clone_disagreement,
)
from regimes.validation import Agreement

# Both ends, both sides of the self-dual point sqrt(pi/2), and where r^2/2 is large and rounds.
DISTANCES = [1e-3, 0.0123, 0.4, 1.0, 1.2533, 1.2534, 2.0, 3.3, 7.77, 12.0, 20.123, 29.9, 33.3, 36.99, 37.0]


def mean_sech(r):
    """E sech(r u) at 60 digits by splitting the integral at the scales of both factors, without the duality."""
    r = mpmath.mpf(r)
    edges = sorted(
        {
            mpmath.mpf(0),
            *(mpmath.mpf(x) / r for x in (1, 4, 16, 60, 150)),
            *map(mpmath.mpf, (1, 3, 6, 10, 18)),
        }
    )
    edges = [edge for edge in edges if edge <= 18]

    def density(u):
        return mpmath.sech(r * u) * mpmath.exp(-u * u / 2)

    return 2 * mpmath.quad(density, edges) / mpmath.sqrt(2 * mpmath.pi)


@pytest.mark.parametrize("r", DISTANCES)
def test_disagreement_has_thirteen_digits(r):
    with mpmath.workdps(50):
        exact = mpmath.exp(-(mpmath.mpf(r) ** 2) / 2) * mean_sech(r) / 2
        assert abs(mpmath.mpf(float(clone_disagreement(r))) / exact - 1) < 1e-13


@pytest.mark.parametrize("r", [*DISTANCES, 38.6, 100.0, 333.3, 999.9, 1000.0])
def test_log_disagreement_has_thirteen_digits_where_the_value_underflows(r):
    with mpmath.workdps(50):
        exact = mpmath.log(mean_sech(r) / 2) - mpmath.mpf(r) ** 2 / 2
        assert abs(mpmath.mpf(float(log_clone_disagreement(r))) / exact - 1) < 1e-13


def test_reference_agrees_with_the_formula_of_the_theory():
    for kappa in (0.04, 1.0, 6.25):
        exact = formula("clone_probability").mp(kappa, dps=30)
        assert abs(float(exact - mpmath.mpf(float(clone_probability(kappa))))) < 2e-16


@pytest.mark.parametrize("r", [1e-3, 0.3, 1.0, 1.5, 3.0, 6.0, 12.0, 20.0])
def test_class_entropy_has_thirteen_digits(r):
    def kernel(u):
        v = r * u
        return (mpmath.exp(v) * mpmath.log1p(mpmath.exp(-2 * v)) + mpmath.exp(-v) * mpmath.log1p(mpmath.exp(2 * v))) / 2

    with mpmath.workdps(40):
        edges = [edge for edge in sorted({0, 1, 4, 10, 16, 1 / r, 4 / r, 20 / r, 60 / r}) if edge <= 16]
        integral = mpmath.quad(lambda u: kernel(u) * mpmath.exp(-u * u / 2), edges) / mpmath.sqrt(2 * mpmath.pi)
        exact = 2 * mpmath.exp(-(mpmath.mpf(r) ** 2) / 2) * integral
        assert abs(mpmath.mpf(float(class_entropy(r * r))) / exact - 1) < 1e-13


def test_published_value_at_kappa_one():
    # biroli2024: phi(t_S) = 0.775
    assert float(clone_probability(1.0)) == pytest.approx(0.7752002, abs=5e-8)


@pytest.mark.parametrize("d", [256, 1024, 4096, 16384])
def test_published_value_at_the_speciation_time_of_the_mixture(d):
    kappa = d * np.exp(-2 * 0.5 * np.log(d))  # mu = sigma = 1, hence Gamma_t = 1
    assert float(clone_probability(kappa)) == pytest.approx(0.775, rel=0.002)


def test_limits():
    assert float(clone_probability(0.0)) == 0.5
    assert float(clone_probability(np.inf)) == 1.0
    assert float(class_entropy(0.0)) == pytest.approx(np.log(2), abs=1e-15)
    assert float(clone_disagreement(40.0)) == 0.0
    assert np.isfinite(log_clone_disagreement(1e6))


@given(st.floats(1e-4, 60.0), st.floats(1e-3, 10.0))
def test_monotone(r, step):
    assert clone_disagreement(r + step) <= clone_disagreement(r)
    assert class_entropy((r + step) ** 2) <= class_entropy(r**2) + 1e-16


@given(st.floats(0.05, 3.0))
def test_information_grows_at_half_the_error_of_the_class(r):
    """I-MMSE: dI/dkappa is half the mean squared error of the sign of the class, 2 (1 - phi)."""
    kappa, step = r * r, 1e-4 * r * r
    slope = (class_information(kappa + step) - class_information(kappa - step)) / (2 * step)
    assert float(slope) == pytest.approx(float(clone_disagreement(r)), rel=1e-6)


def test_shape_blocks_and_scalars():
    r = np.linspace(0.01, 5, 9000).reshape(3, 3000)
    values = clone_disagreement(r)
    assert values.shape == (3, 3000)
    assert values[2, 17] == clone_disagreement(r[2, 17])


def test_against_sampling():
    """Two posterior draws from one x_t, by brute force."""
    rng, samples = np.random.default_rng(7), 400_000
    for kappa in (0.25, 1.0, 4.0):
        sign = rng.choice([-1, 1], size=samples)
        y = sign * np.sqrt(kappa) + rng.standard_normal(samples)
        plus = 1 / (1 + np.exp(-2 * np.sqrt(kappa) * y))
        same = (rng.random(samples) < plus) == (rng.random(samples) < plus)
        error = float(same.std(ddof=1) / np.sqrt(samples))
        check = Agreement("phi", kappa, float(clone_probability(kappa)), float(same.mean()), error, samples)
        assert abs(check.z) < 4


@pytest.mark.parametrize("function", [clone_probability, clone_disagreement, log_clone_disagreement, class_entropy])
def test_negative_and_nan_are_refused(function):
    for bad in (-1.0, np.nan):
        with pytest.raises(ValueError, match="must be non-negative, got"):
            function([0.5, bad])
