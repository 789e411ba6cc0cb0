"""What x_t tells of the class, U-turns and training noise, by methods that share nothing with the derivations."""

import mpmath
import numpy as np
from scipy.integrate import solve_ivp

from regimes import formula
from regimes.numerics.compiled.compile import compile_formula


def test_any_claim_bounds_the_information_of_a_channel_and_of_each_class() -> None:
    """Enumeration of random channels from classes to symbols, with claims that have nothing to do with them."""
    rng = np.random.default_rng(0)
    ratio = compile_formula("class_log_ratio", target="numpy")
    part = compile_formula("class_part_information", target="numpy")
    for _ in range(60):
        classes, symbols = int(rng.integers(2, 5)), int(rng.integers(2, 6))
        joint = rng.dirichlet(np.full(classes * symbols, 0.3)).reshape(classes, symbols) + 1e-9
        joint /= joint.sum()
        w, P = joint.sum(axis=1), joint.sum(axis=0)
        claim = rng.dirichlet(np.ones(classes), symbols).T
        divergence = (joint / w[:, None] * np.log(joint / w[:, None] / P)).sum(axis=1)

        def scored(q: np.ndarray, joint: np.ndarray = joint, w: np.ndarray = w) -> np.ndarray:
            """Mean log ratio over the members of each class."""
            return (joint / w[:, None] * ratio(q, w[:, None])).sum(axis=1)

        parts = part(scored(claim), claim @ P, w)
        assert np.all(parts <= divergence + 1e-12)
        assert abs(w @ parts - w @ scored(claim)) < 1e-12
        assert w @ scored(claim) <= w @ divergence + 1e-12
        own = joint / P
        assert np.allclose(part(scored(own), own @ P, w), divergence, atol=1e-9)
        assert abs(w @ scored(own) - w @ divergence) < 1e-12


def test_retained_correlations_of_a_gaussian_component_by_simulation() -> None:
    """Resample from the posterior, and integrate the flow: 40 000 points each, within four standard errors."""
    rng = np.random.default_rng(1)
    variance, t, count = 2.5, 0.7, 40_000
    snr = float(np.exp(-2 * t) / -np.expm1(-2 * t))
    a = np.sqrt(variance) * rng.standard_normal(count)
    x = np.exp(-t) * a + np.sqrt(-np.expm1(-2 * t)) * rng.standard_normal(count)
    left = 1 / (1 / variance + snr)
    again = left * np.sqrt(snr) * x / np.sqrt(-np.expm1(-2 * t)) + np.sqrt(left) * rng.standard_normal(count)
    flow = solve_ivp(
        lambda u, y: -y + y / (variance * np.exp(-2 * u) - np.expm1(-2 * u)), (t, 0.0), [1.0], rtol=1e-10, atol=1e-12
    ).y[0, -1]
    for end, name in ((again, "resampled_correlation"), (flow * x, "transported_correlation")):
        predicted = float(formula(name).mp(snr, variance))
        error = (1 - predicted**2) / np.sqrt(count)
        assert abs(np.corrcoef(a, end)[0, 1] - predicted) < 4 * error


def test_the_flow_leads_two_gaussian_classes_where_the_formula_says() -> None:
    """The flow of the mixture, integrated from noised points of one class, against Phi(sqrt kappa)."""
    rng = np.random.default_rng(2)
    centre, t, count = 5.0, 1.3, 1000
    y = np.exp(-t) * (centre + rng.standard_normal(count)) + np.sqrt(-np.expm1(-2 * t)) * rng.standard_normal(count)

    def velocity(u: float, at: np.ndarray) -> np.ndarray:
        middle = centre * np.exp(-u)  # the noised classes have variance 1
        return -at + (at - middle * np.tanh(middle * at))

    end = solve_ivp(velocity, (t, 0.0), y, rtol=1e-6, atol=1e-8).y[:, -1]
    predicted = float(formula("flow_class_survival").mp((centre * np.exp(-t)) ** 2))
    assert abs(np.mean(end > 0) - predicted) < 4 * np.sqrt(predicted * (1 - predicted) / count)


def test_hidden_variance_moments_are_those_of_the_slope_of_the_mmse() -> None:
    """Quadrature of the slope of the whole mmse of three components in log sigma."""
    eigenvalues = [mpmath.mpf(each) for each in ("0.02", "0.7", "5")]
    with mpmath.workdps(30):
        total = sum(eigenvalues)

        def density(ell: mpmath.mpf) -> mpmath.mpf:
            snr = mpmath.exp(-2 * ell)
            return sum(2 * snr * each**2 / (1 + snr * each) ** 2 for each in eigenvalues) / total

        ends = [-40, -5, 0, 5, 40]
        mass, first, second = (mpmath.quad(lambda ell, k=k: ell**k * density(ell), ends) for k in range(3))
        assert abs(mass - 1) < 1e-20
        mean = sum(each * formula("hidden_log_noise").mp(each) for each in eigenvalues) / total
        assert abs(first - mean) < 1e-15
        between = sum(each * (mpmath.log(each) / 2 - mean) ** 2 for each in eigenvalues) / total
        assert abs(mpmath.sqrt(second - first**2) - formula("hidden_log_noise_spread").mp(between)) < 1e-15
        each = sum(each * formula("hidden_variance_density").mp(mpmath.mpf("0.3"), each) for each in eigenvalues)
        assert abs(each / total - density(mpmath.mpf("0.3"))) < 1e-20
