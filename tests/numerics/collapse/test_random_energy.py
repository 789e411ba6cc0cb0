"""The random energy model, three numbers a point, against data drawn in d dimensions, closed forms and limits."""

import json

import numba
import numpy as np
import pytest
from scipy.special import logsumexp
from scipy.stats import chi2, f

from regimes import Mixture, compile_formula
from regimes.collapse import posterior_curves
from regimes.numerics.collapse.finite_size import (
    collapse_time,
    excess_entropy_with_classes,
    finite_size_collapse_time,
)
from regimes.numerics.collapse.random_energy import sampled_excess_entropy
from regimes.numerics.interface.result import plain

CURVES = ("excess_entropy", "leave_one_out", "clone_index", "clone_class")


def in_full_dimension(d, n, sigma, mu, t, samples, seed):
    """The four curves for each of many data sets, with one pair of probes each: every point, every distance."""
    rng = np.random.default_rng(seed)
    snr = 1 / np.expm1(2 * np.asarray(t))
    centre = np.full(d, mu)
    classes = rng.choice([-1, 1], (samples, n))
    points = classes[..., None] * centre + sigma * rng.standard_normal((samples, n, d))
    z = rng.standard_normal((samples, d))
    steps = points[:, :1] - points
    distance, overlap = (steps**2).sum(axis=2), np.einsum("sd,snd->sn", z, steps)
    same = classes == classes[:, :1]
    result = np.zeros((samples, len(snr), 4))
    for k, value in enumerate(snr):
        for sign in (1, -1):
            e = -value / 2 * distance - sign * np.sqrt(value) * overlap
            total, rest = logsumexp(e, axis=1), logsumexp(e[:, 1:], axis=1)
            weight = np.exp(e - total[:, None])
            own = (weight * same).sum(axis=1)
            result[:, k] += np.stack([
                total / np.log(n),
                (rest + np.log(n / (n - 1))) / np.log(n),
                (weight**2).sum(axis=1),
                own**2 + (1 - own) ** 2,
            ], axis=1) / 2  # fmt: skip
    return result


@pytest.mark.parametrize(
    ("d", "n", "sigma", "mu"), [(2, 2, 1.0, 0.4), (2, 5, 0.7, 1.0), (3, 12, 1.3, 0.6), (6, 40, 1.0, 0.5)]
)
def test_curves_and_their_covariance_are_those_of_data_in_full_dimension(d, n, sigma, mu):
    t = [0.05, 0.2, 0.5, 1.0, 2.0]
    full = in_full_dimension(d, n, sigma, mu, t, 6000, seed=d + n)
    result = sampled_excess_entropy(Mixture(d, mu or 0, sigma, n), t, samples=2000, rng=1)
    for place, curve in enumerate(CURVES):
        mean, stated = getattr(result, curve), getattr(result, f"{curve}_covariance")
        covariance = np.cov(full[..., place].T) / len(full) + stated
        difference = full[..., place].mean(axis=0) - mean
        scale = np.sqrt(np.diag(covariance))
        value = difference / scale @ np.linalg.solve(covariance / np.outer(scale, scale), difference / scale)
        assert chi2.sf(value, len(t)) > 1e-4, curve
        np.testing.assert_allclose(np.sqrt(np.diag(stated)), getattr(result, f"{curve}_se"))
        # The controls can only help: 2000 data sets are never worse than 2000 data sets without them.
        plain = full[..., place].std(axis=0) / np.sqrt(2000)
        assert np.all(getattr(result, f"{curve}_se") < 1.15 * plain + 1e-9), curve


def test_one_gaussian_in_full_dimension():
    t = [0.1, 0.3, 0.8]
    full = in_full_dimension(4, 30, 1.0, 0.0, t, 4000, seed=3)
    result = sampled_excess_entropy(Mixture(4, 0, 1, 30), t, samples=2000, rng=2)
    for place, curve in enumerate(CURVES[:3]):
        error = np.hypot(full[..., place].std(axis=0) / np.sqrt(len(full)), getattr(result, f"{curve}_se"))
        assert np.abs((full[..., place].mean(axis=0) - getattr(result, curve)) / error).max() < 4, curve
    assert result.clone_class is None
    assert result.clone_class_se is None


def test_posterior_curves_of_fresh_data_sets():
    """Data in 24 dimensions with their own kernel: Hotelling's test over times, the data redrawn."""
    d, n, mu, redraws = 24, 300, 0.8, 40
    t = np.array([0.25, 0.4, 0.55, 0.75, 1.1, 1.8])
    rng = np.random.default_rng(8)
    runs = []
    for seed in range(redraws):
        labels = rng.integers(2, size=n)
        points = (2 * labels[:, None] - 1) * mu + rng.standard_normal((n, d))
        runs.append(posterior_curves(points, t, labels=labels, probes=128, rng=seed, groups=0))
    result = sampled_excess_entropy(Mixture(d, mu or 0, 1, n), t, samples=3000, rng=3)
    for curve in CURVES:
        values = np.array([getattr(run, curve) for run in runs])
        keep = values.std(axis=0) > 1e-6  # clones of one class are certain at early times
        covariance = np.cov(values[:, keep].T) / redraws
        difference = values[:, keep].mean(axis=0) - getattr(result, curve)[keep]
        covariance += getattr(result, f"{curve}_covariance")[np.ix_(keep, keep)]
        k, scale = int(keep.sum()), np.sqrt(np.diag(covariance))
        value = difference / scale @ np.linalg.solve(covariance / np.outer(scale, scale), difference / scale)
        assert f.sf(value * (redraws - k) / (k * (redraws - 1)), k, redraws - k) > 1e-3, curve


def test_two_points_have_a_gaussian_exponent():
    """With one other point E log S = -snr/2 E|a - a'|^2."""
    d, sigma, mu = 5, 0.8, 0.6
    t = np.array([0.05, 0.3, 1.0, 3.0])
    result = sampled_excess_entropy(Mixture(d, mu or 0, sigma, 2), t, samples=2000, rng=4)
    exact = 1 - (d * sigma**2 + d * mu**2) / np.expm1(2 * t) / np.log(2)
    assert np.abs((result.leave_one_out - exact) / result.leave_one_out_se).max() < 4


@pytest.mark.long
def test_standard_errors_and_covariance_are_those_of_repetition():
    t, repeats = [0.3, 0.6, 0.8, 1.0, 2.0], 40
    runs = [sampled_excess_entropy(Mixture(32, 0.7, 1, 200), t, samples=100, rng=seed) for seed in range(repeats)]
    low, high = chi2.ppf([1e-4, 1 - 1e-4], repeats - 1)
    for curve in CURVES:
        values = np.array([getattr(run, curve) for run in runs])
        covariance = np.mean([getattr(run, f"{curve}_covariance") for run in runs], axis=0)
        keep = np.diag(covariance) > 1e-8
        squares = ((values - values.mean(axis=0)) ** 2).sum(axis=0) / np.diag(covariance)
        assert np.all(squares[keep] > low), curve
        assert np.all(squares[keep] < high), curve
        # Combinations of times that cancel what times have in common.
        steps = np.diff(values[:, keep], axis=1)
        stated = np.diff(np.diff(covariance[np.ix_(keep, keep)], axis=0), axis=1)
        squares = ((steps - steps.mean(axis=0)) ** 2).sum(axis=0) / np.diag(stated)
        assert np.all((squares > low) & (squares < high)), curve


@pytest.mark.parametrize("d", [256, 1024])
def test_controls_leave_the_excess_entropy_the_information_at_late_times(d):
    """Far above collapse the sum has its mean: f/alpha = 1 - I/log n with the information about point and class."""
    n = 5000
    t = np.array([1.35, 2.0]) * collapse_time(Mixture(d, 0, 1, n))
    exact = excess_entropy_with_classes(t, Mixture(d, 1, 1, n)) * d / np.log(n)
    result = sampled_excess_entropy(Mixture(d, 1, 1, n), t, samples=200)
    assert np.all(result.excess_entropy_se < [0.002, 2e-4])
    # The sum falls short of its mean, and the own point adds to it.
    assert np.all(np.abs(result.excess_entropy - exact) < 4 * result.excess_entropy_se + [0.01, 2e-4])


def test_leave_one_out_root_is_the_finite_size_prediction():
    d, n = 256, 2000
    t = finite_size_collapse_time(Mixture(d, 1, 1, n)) * np.linspace(0.97, 1.03, 5)
    result = sampled_excess_entropy(Mixture(d, 1, 1, n), t, samples=1000)
    root = np.interp(0.0, result.leave_one_out, t)
    assert root / finite_size_collapse_time(Mixture(d, 1, 1, n)) == pytest.approx(1, abs=2e-3)
    assert 0.4 < np.interp(root, t, result.clone_index) < 0.6


def test_condensed_phase_has_the_lowest_energy():
    """Below t_C, log S tends to d (1/2 - e_min) with rate(e_min) = alpha; what is missing is of order log(d)/d."""
    deviations = []
    for d, n in ((32, 10), (64, 100), (128, 10_000)):  # one alpha
        t = 0.75 * collapse_time(Mixture(d, 0, 1, n))
        delta, s2 = -np.expm1(-2 * t), np.exp(-2 * t)
        energies = np.linspace(0.5, (delta + 2 * s2) / (2 * delta), 200_001)  # up to the mean energy
        rates = compile_formula("random_energy_rate", target="numpy")(energies, delta, s2, delta + s2)
        lowest = energies[np.argmin(np.abs(rates - np.log(n) / d))]
        leave_one_out = sampled_excess_entropy(Mixture(d, 0, 1, n), [t], samples=300).leave_one_out[0]
        log_sum = (leave_one_out - 1) * np.log(n) + np.log(n - 1)
        deviations.append((0.5 - lowest) - log_sum / d)
        assert 0 < deviations[-1] < 0.5 * np.log(d) / d
    assert deviations[0] > 1.5 * deviations[1] > 1.5**2 * deviations[2]


def test_only_ratios_matter():
    """Units of the data are units of sqrt(1/snr)."""
    t = np.array([0.2, 0.5, 1.0])
    scaled = np.log1p(np.expm1(2 * t) * 9.0) / 2
    one = sampled_excess_entropy(Mixture(8, 0.5, 1, 50), t, samples=64, rng=5)
    other = sampled_excess_entropy(Mixture(8, 1.5, 3, 50), scaled, samples=64, rng=5)
    for curve in CURVES:
        np.testing.assert_allclose(getattr(other, curve), getattr(one, curve), rtol=1e-9)


def test_ends_are_finite_and_bounded():
    for mixture in (Mixture(2, 1, 1, 2), Mixture(2, 1, 1e-3, 3), Mixture(100_000, 1, 30, 50)):
        result = sampled_excess_entropy(mixture, [1e-8, 1e-3, 0.1, 1, 10, 300], samples=32)
        for curve in CURVES:
            assert np.isfinite(getattr(result, curve)).all()
            assert np.isfinite(getattr(result, f"{curve}_covariance")).all()
        assert result.excess_entropy[-1] == pytest.approx(1, abs=1e-12)
        assert result.clone_index[-1] == pytest.approx(1 / mixture.n, abs=1e-12)
        assert result.excess_entropy[0] == pytest.approx(0, abs=0.05)


@pytest.mark.skipif(numba.config.NUMBA_NUM_THREADS < 2, reason="one thread only")
def test_threads_change_no_bit_and_progress_is_told():
    found, threads = [], numba.get_num_threads()
    try:
        for number in (1, 2):
            numba.set_num_threads(number)
            steps: list[tuple[int, int]] = []
            result = sampled_excess_entropy(
                Mixture(16, 0.6, 1, 100), [0.4, 0.8], samples=60, rng=6,
                progress=lambda _, done, total, steps=steps: steps.append((done, total)),
            )  # fmt: skip
            assert steps[-1] == (60, 60)
            assert [done for done, _ in steps] == sorted({done for done, _ in steps})
            found.append(json.dumps(plain(result)))
    finally:
        numba.set_num_threads(threads)
    assert found[0] == found[1]


def test_a_generator_gives_a_seed():
    small = Mixture(4, 0, 1, 9)
    one, other = (sampled_excess_entropy(small, [0.5], samples=40, rng=np.random.default_rng(7)) for _ in range(2))
    assert one.excess_entropy == other.excess_entropy
    again = np.random.default_rng(7)
    first, second = (sampled_excess_entropy(small, [0.5], samples=40, rng=again) for _ in range(2))
    assert first.excess_entropy != second.excess_entropy


@pytest.mark.parametrize(
    ("mixture", "options", "message"),
    [
        (Mixture(1, 0, 1, 10), {}, r"d \(dimension\) must be at least 2, got 1"),
        (Mixture(4.5, 0, 1, 10), {}, r"d \(dimension\) must be a whole number, got 4.5"),
        (Mixture(4, 0, 1, 1.5), {}, r"n \(number of training points\) must be a whole number, got 1.5"),
        (Mixture(4, 0, 1), {}, "the mixture needs n, the number of training points"),
        (Mixture(4, 0, 1, 10), {"t": [0]}, r"t \(Ornstein-Uhlenbeck time\) must be positive and finite, got 0"),
        (Mixture(4, 0, 1, 10), {"samples": 8}, r"samples \(number of data sets\) must be at least 32, got 8"),
        (Mixture(4, 0, 1, 10), {"memory": 1000}, "10 points, 2000 samples and 1 times would take .* raise memory"),
    ],
)
def test_bad_input(mixture, options, message):
    with pytest.raises(ValueError, match=f"^sampled_excess_entropy: {message}"):
        sampled_excess_entropy(mixture, **{"t": [1], **options})
