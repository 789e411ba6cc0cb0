"""Limits and monotonicity of the clocks and of speciation, with independent methods where there is one."""

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
from scipy.stats import norm

from regimes import formula
from regimes.numerics.compiled.compile import compile_formula


def log_uniform(low: float, high: float) -> st.SearchStrategy[float]:
    return st.floats(math.log(low), math.log(high)).map(math.exp)


TIMES = log_uniform(1e-8, 100)
SIGMAS = log_uniform(1e-3, 1e3)
MUS = log_uniform(1e-2, 1e2)
DIMENSIONS = st.integers(1, 10**6)
EIGENVALUES = log_uniform(1e-3, 1e6)

CLOCKS = [
    ("alpha_bar", "time_from_alpha_bar", -1),
    ("snr", "time_from_snr", -1),
    ("log_snr", "time_from_log_snr", -1),
    ("edm_sigma", "time_from_edm_sigma", 1),
    ("flow_time", "time_from_flow_time", 1),
]


TINY = mpmath.mpf(10) ** -40


def mp(name: str, *inputs: Any) -> Any:
    return formula(name).mp(*inputs)


@pytest.fixture(autouse=True, scope="module")
def sixty_digits() -> Iterator[None]:
    """Arithmetic between reference values, which carry 50 digits each."""
    with mpmath.workdps(60):
        yield


@pytest.mark.parametrize(("clock", "inverse"), [row[:2] for row in CLOCKS])
@given(t=TIMES)
def test_clocks_are_inverse_to_each_other(clock: str, inverse: str, t: float) -> None:
    reading = formula(clock).mp(t, dps=150)
    assert abs(formula(inverse).mp(reading, dps=60) / t - 1) < mpmath.mpf(10) ** -50


@pytest.mark.parametrize(("clock", "direction"), [(row[0], row[2]) for row in CLOCKS])
@given(t=TIMES, ratio=log_uniform(1.000001, 10))
def test_clocks_are_monotone(clock: str, direction: int, t: float, ratio: float) -> None:
    early, late = formula(clock).mp(t, dps=150), formula(clock).mp(t * ratio, dps=150)
    assert direction * (late - early) > 0


@given(t=TIMES)
def test_clocks_agree_with_each_other(t: float) -> None:
    snr, alpha_bar, flow = mp("snr", t), mp("alpha_bar", t), formula("flow_time").mp(t, dps=150)
    with mpmath.workdps(150):
        for same in (alpha_bar / mp("noise_variance", t), 1 / mp("edm_sigma", t) ** 2, ((1 - flow) / flow) ** 2):
            assert abs(same / snr - 1) < TINY
        assert abs(mpmath.exp(mp("log_snr", t)) / snr - 1) < TINY
        assert abs(mp("signal_amplitude", t) ** 2 / alpha_bar - 1) < TINY


def test_clocks_at_both_ends() -> None:
    assert abs(mp("snr", 1e-12) * 2e-12 - 1) < 2e-12
    assert abs(mp("snr", 200) * mpmath.exp(400) - 1) < 1e-30
    assert abs(mp("flow_time", 200) - 1) < 1e-80
    assert abs(mp("edm_sigma", 1e-12) ** 2 / 2e-12 - 1) < 2e-12


@given(t=TIMES, sigma=SIGMAS)
def test_class_variance_lies_between_the_data_and_the_noise(t: float, sigma: float) -> None:
    variance = mp("cluster_variance", t, sigma)
    assert min(1, mpmath.mpf(sigma) ** 2) <= variance <= max(1, mpmath.mpf(sigma) ** 2)
    assert mp("covariance_eigenvalue", t, sigma**2) == pytest.approx(variance, rel=1e-15)


@given(k=st.integers(0, 200), offset=log_uniform(1e-3, 1))
def test_cosine_schedule_is_the_ratio_of_squared_cosines(k: int, offset: float) -> None:
    steps = 400
    angles = [(step / steps + offset) / (1 + offset) * math.pi / 2 for step in (0, k + 1)]
    betas = compile_formula("cosine_beta", target="numpy")(np.arange(k + 1), steps, offset)
    remaining = np.prod(1 - betas)
    assert remaining == pytest.approx(math.cos(angles[1]) ** 2 / math.cos(angles[0]) ** 2, rel=1e-12)


@given(first=log_uniform(1e-5, 0.9), last=log_uniform(1e-5, 0.9), steps=st.integers(2, 1000))
def test_linear_schedule_is_a_straight_line_between_its_ends(first: float, last: float, steps: int) -> None:
    start, middle, end = (mp("linear_beta", k, steps, first, last) for k in (0, steps // 2, steps - 1))
    assert abs(start / first - 1) < TINY
    assert abs(end / last - 1) < TINY
    assert min(first, last) * (1 - TINY) <= middle <= max(first, last) * (1 + TINY)


@given(t=log_uniform(1e-3, 10), Lambda=EIGENVALUES)
def test_landau_curvature_is_the_exact_one_to_first_order(t: float, Lambda: float) -> None:
    """Gaussian data: -log P_t has curvature 1/(Delta_t + Lambda exp(-2t)) exactly."""
    ratio = Lambda * mp("snr", t)
    error = 1 / mp("covariance_eigenvalue", t, Lambda) - mp("landau_curvature", t, Lambda)
    assert 0 <= error * mp("noise_variance", t) <= ratio**2


@given(Lambda=EIGENVALUES)
def test_landau_curvature_vanishes_at_the_noise_matched_time(Lambda: float) -> None:
    t = formula("speciation_time_noise_matched").mp(Lambda, dps=80)
    size = Lambda * mp("snr", t) / mp("noise_variance", t)
    assert abs(mp("landau_curvature", t, Lambda)) < size * mpmath.mpf(10) ** -48
    assert mp("landau_curvature", t * 1.001, Lambda) > 0 > mp("landau_curvature", t * 0.999, Lambda)


@given(Lambda=log_uniform(1.000001, 1e12))
def test_the_three_conventions_of_speciation_are_ordered(Lambda: float) -> None:
    leading, matched, potential = (
        mp(name, Lambda) for name in ("speciation_time", "speciation_time_noise_matched", "speciation_time_potential")
    )
    assert leading < matched < potential
    assert abs(potential - leading - mpmath.log(2) / 2) < TINY
    assert matched - leading <= 1 / (2 * mpmath.mpf(Lambda))


@given(Lambda=log_uniform(1e-3, 0.999999))
def test_below_unit_variance_only_the_noise_matched_time_is_positive(Lambda: float) -> None:
    assert mp("speciation_time_noise_matched", Lambda) > 0 > mp("speciation_time", Lambda)


@given(d=DIMENSIONS, mu=MUS, sigma=SIGMAS)
def test_kappa_is_one_at_the_speciation_time_of_the_mixture(d: int, mu: float, sigma: float) -> None:
    assume(d * mu**2 > 1.000001 * sigma**2)
    t = formula("mixture_speciation_time").mp(d, mu, sigma, dps=80)
    assert abs(mp("mixture_kappa", t, d, mu, sigma) - 1) < TINY
    kappas = [mp("mixture_kappa", t * by, d, mu, sigma) for by in (0.5, 0.9, 1, 1.1, 2)]
    assert all(late < early for early, late in pairwise(kappas))


def test_free_entropy_criterion_against_quadrature() -> None:
    """Mean and standard deviation of the log-odds in class + are equal where kappa = 1."""
    d, mu, sigma = 64, 0.7, 1.3
    t = float(mp("mixture_speciation_time", d, mu, sigma))
    centre, spread = math.sqrt(d) * mu * math.exp(-t), math.sqrt(float(mp("cluster_variance", t, sigma)))

    def moment(order: int) -> float:
        def integrand(x: float) -> float:
            odds = norm.logpdf(x, centre, spread) - norm.logpdf(x, -centre, spread)
            return float(odds**order * norm.pdf(x, centre, spread))

        return float(quad(integrand, centre - 12 * spread, centre + 12 * spread, epsabs=1e-12)[0])

    mean, variance = moment(1), moment(2) - moment(1) ** 2
    assert mean == pytest.approx(2, rel=1e-9)
    assert math.sqrt(variance) == pytest.approx(mean, rel=1e-9)


@given(x=st.floats(-30, 30), t=log_uniform(1e-2, 10), m=log_uniform(1e-2, 30), sigma=log_uniform(0.1, 10))
def test_score_is_the_slope_of_the_log_density(x: float, t: float, m: float, sigma: float) -> None:
    def log_density(place: Any) -> Any:
        variance = 1 - mpmath.exp(-2 * mpmath.mpf(t)) + mpmath.mpf(sigma) ** 2 * mpmath.exp(-2 * mpmath.mpf(t))
        centre = m * mpmath.exp(-mpmath.mpf(t))
        return mpmath.log(sum(mpmath.npdf(place, side * centre, mpmath.sqrt(variance)) for side in (1, -1)) / 2)

    step = mpmath.mpf(10) ** -15
    numerical = (log_density(x + step) - log_density(x - step)) / (2 * step)
    score = mp("mixture_score", x, t, m, sigma)
    assert abs(score - numerical) < 1e-20 * (1 + m**3 + abs(x)) / min(1, sigma) ** 6


@given(q=st.floats(-30, 30), t=log_uniform(1e-2, 10), d=DIMENSIONS, mu=MUS, sigma=SIGMAS)
def test_drift_is_minus_the_slope_of_the_potential(q: float, t: float, d: int, mu: float, sigma: float) -> None:
    step = mpmath.mpf(10) ** -30
    with mpmath.workdps(110):
        ends = [formula("overlap_potential").mp(q + side * step, t, d, mu, sigma, dps=110) for side in (1, -1)]
        drift = formula("overlap_drift").mp(q, t, d, mu, sigma, dps=110)
        field = mpmath.sqrt(d) * mpmath.exp(-t) / mp("cluster_variance", t, sigma)
        # The third derivative of log cosh is at most 1 in size: it bounds the error of the central difference.
        bound = 2 * mu**2 * field**3 * step**2
        assert abs(drift + (ends[0] - ends[1]) / (2 * step)) <= bound + abs(drift) * TINY


@given(t=log_uniform(1e-2, 10), d=DIMENSIONS, mu=MUS, sigma=SIGMAS)
def test_potential_and_drift_have_their_symmetry(t: float, d: int, mu: float, sigma: float) -> None:
    assert mp("overlap_potential", 0, t, d, mu, sigma) == 0
    assert mp("overlap_drift", 0, t, d, mu, sigma) == 0
    assert mp("overlap_potential", 2, t, d, mu, sigma) == mp("overlap_potential", -2, t, d, mu, sigma)
    assert mp("overlap_drift", 2, t, d, mu, sigma) == -mp("overlap_drift", -2, t, d, mu, sigma)


@given(d=DIMENSIONS, mu=MUS)
def test_the_well_splits_at_the_printed_time_for_unit_variance(d: int, mu: float) -> None:
    assert abs(mp("overlap_curvature_time", d, mu, 1) - mpmath.log(2 * d * mpmath.mpf(mu) ** 2) / 2) < TINY


@given(d=DIMENSIONS, mu=MUS, sigma=SIGMAS)
def test_the_well_splits_where_its_curvature_changes_sign(d: int, mu: float, sigma: float) -> None:
    split = mp("overlap_curvature_time", d, mu, sigma)
    assume(split > 0.001)
    assert (2 * d * mu**2 + (sigma**2 - 1) ** 2) > 1
    for by, sign in ((0.99, -1), (1.01, 1)):
        t = split * by
        variance = mp("cluster_variance", t, sigma)
        force = mp("overlap_drift", variance / (math.sqrt(d) * mpmath.exp(-t)) * mpmath.mpf(10) ** -12, t, d, mu, sigma)
        assert mpmath.sign(-force) == sign


@given(mu=MUS, sigma=SIGMAS, d=DIMENSIONS)
def test_mixture_covariance_is_that_of_a_sample(mu: float, sigma: float, d: int) -> None:
    """Enumeration over both classes and a two-point law of variance sigma^2 inside each."""
    values = np.array([side * math.sqrt(d) * mu + inner * sigma for side in (1, -1) for inner in (1, -1)])
    assert float(mp("mixture_covariance", d, mu, sigma)) == pytest.approx(np.mean(values**2), rel=1e-12)
