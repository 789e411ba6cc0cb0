"""Covariance spectra against numpy's dense eigenvalues, closed forms and repeated sampling."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chi2
from sklearn.datasets import load_digits

import regimes.numerics.posterior.spectrum as module
from regimes.numerics.interface.errors import NotConverged
from regimes.numerics.interface.result import plain
from regimes.numerics.posterior.spectrum import covariance_spectrum, gaussian_information


def decaying(n, d, seed=0):
    return np.random.default_rng(seed).normal(size=(n, d)) * np.geomspace(1, 0.05, d) + 30


def dense_eigenvalues(X, center=True):
    centred = np.asarray(X, dtype=float) - (np.mean(X, axis=0) if center else 0)
    return np.linalg.eigvalsh(centred.T @ centred / (len(X) - center))[::-1]


@pytest.mark.parametrize("center", [True, False])
@pytest.mark.parametrize(("n", "d"), [(400, 30), (30, 400), (90, 90), (700, 600), (2, 5), (5, 1)])
def test_all_eigenvalues(n, d, center):
    X = decaying(n, d)
    spectrum = covariance_spectrum(X, center=center)
    rank = min(n - 1, d) if center else min(n, d)
    expected = dense_eigenvalues(X, center)
    np.testing.assert_allclose(spectrum.eigenvalues, expected[:rank], rtol=1e-10, atol=1e-13 * expected[0])
    assert spectrum.Lambda == pytest.approx(expected[0], rel=1e-10)
    assert spectrum.Lambda == spectrum.eigenvalues[0]
    assert spectrum.total_variance == pytest.approx(expected.sum(), rel=1e-12)
    assert (spectrum.exact, spectrum.remainder, spectrum.remainder_count) == (True, 0.0, 0)


def test_memory_only_changes_the_blocks():
    X = decaying(900, 50)
    wide, narrow = covariance_spectrum(X), covariance_spectrum(X, memory=32 * 50**2 + 10000)
    np.testing.assert_allclose(wide.eigenvalues, narrow.eigenvalues, rtol=1e-12)
    tall = covariance_spectrum(X.T, memory=32 * 50**2 + 10000)
    np.testing.assert_allclose(tall.eigenvalues, covariance_spectrum(X.T).eigenvalues, rtol=1e-12)


@pytest.mark.parametrize(("n", "d"), [(900, 600), (600, 900), (800, 90)])
@pytest.mark.parametrize("dense", [True, False])
def test_many_values_in_single_precision(monkeypatch, n, d, dense):
    """The largest eigenvalue keeps six digits and more, the others five millionths of it."""
    X = decaying(n, d).astype(np.float32)
    expected = dense_eigenvalues(X)
    monkeypatch.setattr("regimes.numerics.posterior.eigenvalues._MANY", 1)
    monkeypatch.setattr(module, "DENSE_LIMIT", 4096 if dense else 50)
    for memory in (2**31, 32 * min(n, d) ** 2 + 200_000):
        spectrum = covariance_spectrum(X, top=None if dense else 8, memory=memory)
        found = spectrum.eigenvalues
        assert spectrum.Lambda == pytest.approx(expected[0], rel=2e-7)
        np.testing.assert_allclose(found, expected[: found.size], rtol=0, atol=5e-6 * expected[0])
        assert spectrum.total_variance == pytest.approx(expected.sum(), rel=1e-6)
        assert spectrum.Lambda_se == pytest.approx(covariance_spectrum(X.astype(float)).Lambda_se, rel=1e-5)


def test_top_eigenvalues_of_a_dense_spectrum_keep_the_trace_of_the_rest():
    X = decaying(300, 40)
    expected = dense_eigenvalues(X)
    spectrum = covariance_spectrum(X, top=5)
    np.testing.assert_allclose(spectrum.eigenvalues, expected[:5], rtol=1e-10)
    assert (spectrum.exact, spectrum.remainder_count) == (False, 35)
    assert spectrum.remainder == pytest.approx(expected[5:].sum(), rel=1e-10)
    assert spectrum.Lambda_se == pytest.approx(covariance_spectrum(X).Lambda_se, rel=1e-8)


@pytest.mark.parametrize(("n", "d"), [(200, 150), (150, 200)])
@pytest.mark.parametrize("memory", [2**31, 100_000])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_implicit_eigenvalues(monkeypatch, n, d, memory, dtype):
    X = decaying(n, d).astype(dtype)
    exact = covariance_spectrum(X)
    monkeypatch.setattr(module, "DENSE_LIMIT", 100)
    spectrum = covariance_spectrum(X, top=7, memory=memory)
    np.testing.assert_allclose(spectrum.eigenvalues, dense_eigenvalues(X)[:7], rtol=1e-8)
    assert spectrum.Lambda_se == pytest.approx(exact.Lambda_se, rel=1e-4)
    assert spectrum.remainder == pytest.approx(exact.total_variance - spectrum.eigenvalues.sum(), rel=1e-9)
    assert len(covariance_spectrum(X).eigenvalues) == 16
    again = covariance_spectrum(X, top=7, memory=memory)
    assert plain(again) == plain(spectrum)


def test_beyond_the_dense_limit_the_top_of_a_known_covariance_is_found():
    """Isotropic bulk with one planted direction: the eigenvalues that a plain randomised projection gets wrong."""
    generator = np.random.default_rng(1)
    X = generator.normal(size=(4200, 4300)).astype(np.float32)
    X[:, 0] *= 4
    spectrum = covariance_spectrum(X, top=3)
    # The same top by power iteration from numpy alone, run to convergence on a gap of 16 against 4.
    centred = X - X.mean(axis=0, dtype=float)
    v = generator.normal(size=X.shape[1])
    for _ in range(20):
        v = centred.T @ (centred @ v)
        v /= np.linalg.norm(v)
    assert spectrum.Lambda == pytest.approx(np.sum((centred @ v) ** 2) / (len(X) - 1), rel=1e-7)
    # Edge of the bulk (1 + sqrt(d/n))^2, up to fluctuations of order n^(-2/3).
    assert spectrum.eigenvalues[1] == pytest.approx((1 + np.sqrt(4300 / 4200)) ** 2, rel=0.02)
    assert (spectrum.exact, spectrum.remainder_count) == (False, 4196)


def test_standard_error_is_the_scatter_over_data_sets():
    scale = np.array([3.0, 1.5, 1.0, 0.5])
    runs = [covariance_spectrum(np.random.default_rng(seed).normal(size=(4000, 4)) * scale) for seed in range(80)]
    found, errors = np.array([run.Lambda for run in runs]), np.array([run.Lambda_se for run in runs])
    # Gaussian data: the variance of (v.x)^2 is 2 Lambda^2.
    assert np.mean(errors) == pytest.approx(9 * np.sqrt(2 / 4000), rel=0.02)
    z = (found - found.mean()) / errors
    assert chi2.ppf(1e-4, 79) < (z**2).sum() < chi2.ppf(1 - 1e-4, 79)


@pytest.mark.parametrize("center", [True, False])
@pytest.mark.parametrize(("n", "d"), [(5, 3), (4, 9)])
def test_standard_error_is_the_infinitesimal_jackknife(n, d, center):
    """From the slope of the eigenvalue in the weight of each point; so few points tell n from n - 1."""
    X, h = decaying(n, d) - 30, 1e-5

    def top(weights):
        shares = weights / weights.sum()
        centred = X - (shares @ X if center else 0)
        return np.linalg.eigvalsh((centred.T * shares) @ centred)[-1] * (n / (n - 1) if center else 1)

    slopes = [(top(1 + h * one) - top(1 - h * one)) / (2 * h) for one in np.eye(n)]
    assert covariance_spectrum(X, center=center).Lambda_se == pytest.approx(np.linalg.norm(slopes), rel=1e-7)


def test_digits():
    X = load_digits().data / 8 - 1
    assert covariance_spectrum(X).Lambda == pytest.approx(2.797, abs=0.0005)
    assert covariance_spectrum(X / 2).Lambda == pytest.approx(covariance_spectrum(X).Lambda / 4, rel=1e-12)


@settings(max_examples=30, deadline=None, derandomize=True)
@given(st.integers(2, 30), st.integers(1, 30), st.integers(0, 1000), st.floats(-100, 100))
def test_rotation_and_translation_change_nothing(n, d, seed, shift):
    generator = np.random.default_rng(seed)
    X = generator.normal(size=(n, d))
    rotation = np.linalg.qr(generator.normal(size=(d, d)))[0]
    one, other = covariance_spectrum(X), covariance_spectrum(X @ rotation + shift)
    np.testing.assert_allclose(one.eigenvalues, other.eigenvalues, rtol=1e-9, atol=1e-11 * one.Lambda)
    assert np.all(np.diff(one.eigenvalues) <= 0)
    assert np.all(one.eigenvalues >= 0)


def test_information_is_the_log_determinant():
    X = decaying(300, 20)
    spectrum = covariance_spectrum(X)
    covariance = np.cov(X.T)
    for snr in (1e-3, 1.0, 1e4):
        expected = np.linalg.slogdet(np.eye(20) + snr * covariance)[1] / 2
        assert float(gaussian_information(snr, spectrum)) == pytest.approx(expected, rel=1e-10)
    assert gaussian_information(np.ones((2, 3)), spectrum).shape == (2, 3)
    assert float(gaussian_information(0, spectrum)) == 0


def test_information_of_a_truncated_spectrum_is_a_tighter_bound_the_more_it_holds():
    X = decaying(300, 20)
    snr = np.geomspace(1e-3, 1e5, 30)
    exact = gaussian_information(snr, covariance_spectrum(X))
    last = np.full(30, np.inf)
    for top in (1, 3, 10, 19):
        bound = gaussian_information(snr, covariance_spectrum(X, top=top))
        assert np.all(bound >= exact * (1 - 1e-12))
        assert np.all(bound <= last)
        last = bound
    assert np.allclose(last, exact, rtol=1e-12)  # one eigenvalue left is its own mean


def test_scales_far_from_one():
    X = decaying(50, 6)
    for scale in (1e-100, 1e100):
        spectrum = covariance_spectrum(X * scale)
        np.testing.assert_allclose(spectrum.eigenvalues, covariance_spectrum(X).eigenvalues * scale**2, rtol=1e-9)


def test_an_iteration_that_stops_short_says_so(monkeypatch):
    from scipy.sparse.linalg import ArpackNoConvergence

    def stop(*arguments, **options):
        raise ArpackNoConvergence("no", np.zeros(2), np.zeros((4, 2)))

    monkeypatch.setattr(module, "DENSE_LIMIT", 10)
    monkeypatch.setattr("scipy.sparse.linalg.eigsh", stop)
    with pytest.raises(NotConverged, match="covariance_spectrum: .* 2 of 3 eigenvalues converged; ask for fewer"):
        covariance_spectrum(decaying(40, 30), top=3)


@pytest.mark.parametrize(
    ("X", "options", "message"),
    [
        (np.ones((4, 3)), {}, "covariance_spectrum: X must vary, got equal points"),
        (np.full((7, 3), 0.1), {}, "X must vary"),
        (np.zeros((4, 3)), {"center": False}, "X must not vanish, got zeros only"),
        ([[1.0, 2.0]], {}, "needs at least 2 points"),
        ([[1.0, np.nan], [0, 0]], {}, "must be finite, got nan in row 0, column 1"),
        (np.eye(3), {"top": 0}, r"top \(eigenvalues to keep\) must be at least 1, got 0"),
        (np.eye(3), {"memory": 0}, r"memory \(bytes\) must be at least 1"),
        (
            np.eye(30),
            {"memory": 1000},
            "memory must hold the working arrays, which take .* bytes more for n = 30, d = 30; allow",
        ),
    ],
)
def test_bad_input(X, options, message):
    with pytest.raises(ValueError, match=message):
        covariance_spectrum(X, **options)


@pytest.mark.parametrize("snr", [-1.0, np.nan, [1.0, np.inf]])
def test_bad_ratios(snr):
    with pytest.raises(ValueError, match="snr must be finite and not negative, got"):
        gaussian_information(snr, covariance_spectrum(np.eye(3)))
