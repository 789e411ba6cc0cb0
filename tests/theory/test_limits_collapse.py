"""Limits and monotonicity of collapse, of the information and of the random energy model."""

import math
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import mpmath
import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.optimize import minimize_scalar

from regimes import formula
from regimes.numerics.compiled.compile import compile_formula


def log_uniform(low: float, high: float) -> st.SearchStrategy[float]:
    return st.floats(math.log(low), math.log(high)).map(math.exp)


TIMES = log_uniform(1e-3, 10)
SIGMAS = log_uniform(1e-2, 1e2)
DIMENSIONS = st.integers(1, 10**5)
SAMPLES = log_uniform(2, 1e12)
NOISE = st.floats(0.01, 0.99)
SPREADS = log_uniform(1e-2, 1e2)
TINY = mpmath.mpf(10) ** -40


@pytest.fixture(autouse=True, scope="module")
def sixty_digits() -> Iterator[None]:
    """Arithmetic between reference values, which carry 50 digits each."""
    with mpmath.workdps(60):
        yield


def mp(name: str, *inputs: Any) -> Any:
    return formula(name).mp(*inputs)


def slope(name: str, place: int, *inputs: Any, order: int = 1) -> Any:
    """Numerical derivative in one input, by central differences to about 20 digits."""
    values = [mpmath.mpf(value) for value in inputs]
    step = abs(values[place]) * mpmath.mpf(10) ** -15

    def shifted(by: Any) -> Any:
        return formula(name).mp(*values[:place], values[place] + by, *values[place + 1 :], dps=70)

    with mpmath.workdps(70):
        if order == 1:
            return (shifted(step) - shifted(-step)) / (2 * step)
        return (shifted(step) - 2 * shifted(0) + shifted(-step)) / step**2


@given(d=DIMENSIONS, n=SAMPLES, sigma=SIGMAS, more=log_uniform(1.01, 10))
def test_collapse_is_later_backward_for_more_points_and_earlier_for_wider_data(
    d: int, n: float, sigma: float, more: float
) -> None:
    t = mp("collapse_time", d, n, sigma)
    assert t > 0
    assert mp("collapse_time", d, n * more, sigma) < t
    assert mp("collapse_time", d, n, sigma * more) > t
    assert mp("collapse_time", d + 1, n, sigma) > t


@given(d=st.integers(1, 1000), sigma=SIGMAS)
def test_collapse_time_at_both_ends_of_n(d: int, sigma: float) -> None:
    few = mp("collapse_time", d, mpmath.mpf(1) + mpmath.mpf(10) ** -30, sigma)
    assert abs(few - mpmath.log(1 + mpmath.mpf(sigma) ** 2 * d / 2 * mpmath.mpf(10) ** 30) / 2) < mpmath.mpf(10) ** -25
    many = mpmath.mpf(10) ** (20 * d)
    ratio = mpmath.mpf(sigma) ** 2 / (many ** (mpmath.mpf(2) / d) - 1)
    assert abs(mp("collapse_time", d, many, sigma) / (ratio / 2) - 1) < ratio


@given(d=DIMENSIONS, n=SAMPLES, sigma=SIGMAS)
def test_excess_entropy_vanishes_at_the_collapse_time(d: int, n: float, sigma: float) -> None:
    t = formula("collapse_time").mp(d, n, sigma, dps=80)
    alpha = mpmath.log(n) / d
    assert abs(mp("excess_entropy", t, d, n, sigma)) < alpha * TINY
    values = [mp("excess_entropy", t * by, d, n, sigma) for by in (0.5, 0.99, 1.01, 2)]
    assert values[1] < 0 < values[2]
    assert all(early < late for early, late in pairwise(values))


@given(d=DIMENSIONS, n=SAMPLES, sigma=SIGMAS)
def test_excess_entropy_tends_to_alpha(d: int, n: float, sigma: float) -> None:
    alpha = mpmath.log(n) / d
    assert 0 < alpha - mp("excess_entropy", 40, d, n, sigma) < sigma**2 * mpmath.exp(-79.9)


@given(d=DIMENSIONS, n=SAMPLES, sigma=SIGMAS)
def test_critical_number_of_points_inverts_the_collapse_time(d: int, n: float, sigma: float) -> None:
    t = formula("collapse_time").mp(d, n, sigma, dps=80)
    assert abs(mp("log_critical_samples", t, d, sigma) / mpmath.log(n) - 1) < TINY
    assert mp("isotropic_information", t, d, sigma) == mp("log_critical_samples", t, d, sigma)


@given(t=TIMES, d=DIMENSIONS, n=SAMPLES, sigma=SIGMAS)
def test_the_forms_of_the_excess_entropy_agree(t: float, d: int, n: float, sigma: float) -> None:
    variance = mp("cluster_variance", t, sigma)
    entropy = mpmath.log(2 * mpmath.pi * mpmath.e * variance) / 2
    direct = mp("excess_entropy", t, d, n, sigma)
    size = 1 + abs(direct)
    assert abs(mp("excess_entropy_definition", t, d, n, entropy) - direct) < size * TINY
    assert abs(mp("separated_entropy", t, d, n) - entropy - direct) < size * TINY
    information = mp("isotropic_information", t, d, sigma)
    assert abs(mp("excess_entropy_from_information", d, n, information) - direct) < size * TINY
    assert mp("excess_entropy_corrected", t, d, n, sigma, 0) == direct
    assert abs(mp("excess_entropy_corrected", t, d, n, sigma, 0.5) + mpmath.mpf(0.5) / d - direct) < size * TINY


@given(snr=log_uniform(1e-6, 1e6), eigenvalue=log_uniform(1e-6, 1e6))
def test_gaussian_channel_obeys_i_mmse(snr: float, eigenvalue: float) -> None:
    mmse = mp("gaussian_channel_mmse", snr, eigenvalue)
    assert abs(2 * slope("gaussian_channel_information", 0, snr, eigenvalue) / mmse - 1) < 1e-20
    assert 0 < mmse <= min(eigenvalue, 1 / mpmath.mpf(snr))


@given(eigenvalues=st.lists(log_uniform(1e-3, 1e3), min_size=2, max_size=6), snr=log_uniform(1e-3, 1e3))
def test_equal_eigenvalues_carry_the_most_information(eigenvalues: list[float], snr: float) -> None:
    each = sum(mp("gaussian_channel_information", snr, value) for value in eigenvalues)
    mean = mpmath.fsum(eigenvalues) / len(eigenvalues)
    assert each <= len(eigenvalues) * mp("gaussian_channel_information", snr, mean) * (1 + TINY)


@pytest.mark.parametrize("t", [0.1, 0.5, 2.0])
def test_index_entropy_against_enumeration(t: float) -> None:
    """Three points on a line: the posterior over the index by Bayes' rule, averaged by quadrature."""
    places = np.array([-1.0, 0.2, 0.9]) * math.exp(-t)
    variance = -math.expm1(-2 * t)

    def weights(x: float) -> Any:
        return np.exp(-((x - places) ** 2) / (2 * variance)) / math.sqrt(2 * math.pi * variance)

    def integral(of: Any) -> float:
        reach = 12 * math.sqrt(variance)
        return float(quad(of, places[0] - reach, places[-1] + reach, limit=400, epsabs=1e-12, points=list(places))[0])

    def posterior_entropy(x: float) -> float:
        posterior = weights(x) / weights(x).sum()
        return -float(np.sum(posterior * np.log(np.maximum(posterior, 1e-300)))) * float(weights(x).mean())

    def entropy_density(x: float) -> float:
        density = float(weights(x).mean())
        return -density * math.log(max(density, 1e-300))

    direct, entropy = integral(posterior_entropy), integral(entropy_density)
    assert float(mp("index_entropy", 1, 3, t, entropy)) == pytest.approx(direct, abs=1e-9)
    assert 0 < direct < math.log(3)


def cumulants(tilt: float, delta: float, s2: float, spread: float) -> float:
    """g(lambda) by Gauss-Hermite quadrature over one component of the data.

    The logarithm of the mean is affine in y^2, y the component of x_t: at y^2 = A it is its own average.
    """
    nodes, weights = np.polynomial.hermite_e.hermegauss(80)
    energies = (math.sqrt(spread) - math.sqrt(s2) * nodes) ** 2 / (2 * delta)
    return math.log(np.sum(weights * np.exp(-tilt * energies)) / math.sqrt(2 * math.pi))


@given(delta=st.floats(0.2, 0.99), ratio=log_uniform(0.01, 2), spread=log_uniform(0.1, 5), tilt=st.floats(0.01, 2))
def test_cumulants_against_quadrature(delta: float, ratio: float, spread: float, tilt: float) -> None:
    s2 = ratio * delta
    exact = float(mp("random_energy_cumulants", tilt, delta, s2, spread))
    assert cumulants(tilt, delta, s2, spread) == pytest.approx(exact, rel=1e-6)


@given(delta=NOISE, s2=SPREADS, spread=SPREADS, tilt=log_uniform(1e-2, 1e2))
def test_energies_and_their_width_are_derivatives_of_the_cumulants(
    delta: float, s2: float, spread: float, tilt: float
) -> None:
    energy = mp("random_energy_typical", tilt, delta, s2, spread)
    assert abs(slope("random_energy_cumulants", 0, tilt, delta, s2, spread) / energy + 1) < 1e-20
    assert slope("random_energy_cumulants", 0, tilt, delta, s2, spread, order=2) > 0
    assert (
        abs(
            mp(
                "random_energy_tilt",
                formula("random_energy_typical").mp(tilt, delta, s2, spread, dps=90),
                delta,
                s2,
                spread,
            )
            / tilt
            - 1
        )
        < TINY
    )


@given(delta=NOISE, s2=SPREADS, spread=SPREADS, ratio=log_uniform(0.02, 5))
def test_rate_is_the_legendre_transform_of_the_cumulants(delta: float, s2: float, spread: float, ratio: float) -> None:
    """The maximum over the tilt, searched numerically, over tilts of both signs."""
    cumulant = compile_formula("random_energy_cumulants", target="numpy")
    energy = ratio * (s2 + spread) / (2 * delta)

    def minus_dual(logarithm: float) -> float:  # D = Delta_t + lambda s2 > 0 is all that bounds the tilt
        tilt = (math.exp(logarithm) - delta) / s2
        return tilt * energy + float(cumulant(tilt, delta, s2, spread))

    best = minimize_scalar(minus_dual, bracket=(math.log(delta), math.log(delta) + 0.1), tol=1e-12)
    assert -best.fun == pytest.approx(float(mp("random_energy_rate", energy, delta, s2, spread)), rel=1e-9, abs=1e-12)


@given(delta=NOISE, s2=SPREADS, spread=SPREADS, ratio=log_uniform(0.02, 50))
def test_rate_is_convex_with_its_minimum_zero_at_the_mean_energy(
    delta: float, s2: float, spread: float, ratio: float
) -> None:
    mean = (mpmath.mpf(s2) + spread) / (2 * mpmath.mpf(delta))
    assert abs(mp("random_energy_rate", mean, delta, s2, spread)) < TINY
    assume(abs(ratio - 1) > 1e-9)
    energy = mean * ratio
    assert mp("random_energy_rate", energy, delta, s2, spread) > 0
    assert (
        abs(
            slope("random_energy_rate", 0, energy, delta, s2, spread)
            + mp("random_energy_tilt", energy, delta, s2, spread)
        )
        < 1e-15
    )
    assert slope("random_energy_rate", 0, energy, delta, s2, spread, order=2) > 0
    assert mpmath.sign(mp("random_energy_tilt", energy, delta, s2, spread)) == mpmath.sign(mean - energy)


@given(d=DIMENSIONS, n=SAMPLES, sigma=SIGMAS)
def test_own_cluster_condenses_at_the_collapse_time(d: int, n: float, sigma: float) -> None:
    t = formula("collapse_time").mp(d, n, sigma, dps=80)
    delta = formula("noise_variance").mp(t, dps=80)
    s2 = mpmath.mpf(sigma) ** 2 * mpmath.exp(-2 * t)
    assume(delta < 1)
    alpha = mpmath.log(n) / d
    assert abs(mp("random_energy_condensation", delta, s2, 0) / alpha - 1) < TINY
    assert abs(mp("random_energy_rate", 0.5, delta, s2, delta + s2) / alpha - 1) < TINY
    assert abs(mp("random_energy_typical", 1, delta, s2, delta + s2) - 0.5) < TINY
    assert abs(mp("random_energy_annealed", 1, delta, s2, delta + s2, alpha) + 0.5) < TINY * (1 + alpha)


@given(delta=NOISE, s2=SPREADS, separation=log_uniform(1e-3, 1e2))
def test_the_other_cluster_condenses_at_a_larger_density(delta: float, s2: float, separation: float) -> None:
    own, other = (mp("random_energy_condensation", delta, s2, m) for m in (0, separation))
    assert other > own > 0
    spread = mpmath.mpf(delta) + s2 + separation
    energy = formula("random_energy_typical").mp(1, delta, s2, spread, dps=80)
    assert abs(mp("random_energy_rate", energy, delta, s2, spread) / other - 1) < TINY


@given(t=TIMES, d=st.integers(1, 10**4), sigma=SIGMAS)
def test_collapse_width_is_the_deviation_of_the_tilted_energies(t: float, d: int, sigma: float) -> None:
    delta, s2 = mp("noise_variance", t), mpmath.mpf(sigma) ** 2 * mpmath.exp(-2 * mpmath.mpf(t))
    curvature = slope("random_energy_cumulants", 0, 1, delta, s2, mp("cluster_variance", t, sigma), order=2)
    width = mp("collapse_width", t, d, sigma)
    assert abs(width**2 / (d * curvature) - 1) < 1e-15
    assert width**2 <= mpmath.mpf(d) / 2
    assert 0 < mp("collapse_margin_ratio", t, sigma) < 1


@given(t=TIMES, d=st.integers(1, 10**4), sigma=SIGMAS)
def test_margin_ratio_is_the_deviation_of_the_condensation_density(t: float, d: int, sigma: float) -> None:
    """The rate at the dominating energy of lambda = 1, differentiated in A = |x_t|^2/d around Gamma_t."""
    delta, s2 = mp("noise_variance", t), mpmath.mpf(sigma) ** 2 * mpmath.exp(-2 * mpmath.mpf(t))
    variance = delta + s2
    step = variance * mpmath.mpf(10) ** -15
    with mpmath.workdps(70):
        shifted = [
            formula("random_energy_rate").mp(
                formula("random_energy_typical").mp(1, delta, s2, spread, dps=70), delta, s2, spread, dps=70
            )
            for spread in (variance + step, variance - step)
        ]
    deviation = d * abs(shifted[0] - shifted[1]) / (2 * step) * variance * mpmath.sqrt(mpmath.mpf(2) / d)
    assert abs(deviation / mp("collapse_width", t, d, sigma) / mp("collapse_margin_ratio", t, sigma) - 1) < 1e-15


def mean_gap(margin: float, width: float, ratio: float) -> float:
    integrand = compile_formula("collapse_gap_integrand", target="numpy")
    return float(quad(lambda xi: float(integrand(margin, width, ratio, xi)), -12, 12, epsabs=1e-12)[0])


def test_gap_is_log_two_at_the_condensation_point_without_fluctuations() -> None:
    assert mean_gap(0.0, 1.0, 1e-9) == pytest.approx(math.log(2), abs=1e-9)


@given(width=log_uniform(0.1, 100), ratio=st.floats(0.01, 0.99), distance=st.floats(0, 5))
def test_gap_is_at_most_one_nat_and_shrinks_with_the_margin(width: float, ratio: float, distance: float) -> None:
    """At c = 1 Phi(xi) is uniform, and the mean of -log of a uniform variable is 1."""
    gaps = [mean_gap((distance + more) * width, width, ratio) for more in (0, 1, 2)]
    assert gaps[0] > gaps[1] > gaps[2] > 0
    assert gaps[0] <= 1
