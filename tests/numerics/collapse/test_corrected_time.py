"""The corrected collapse time: its gap against sums over drawn points, the time against populations that are known."""

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.special import logsumexp
from sklearn.datasets import load_digits

from regimes.numerics.collapse.condensed_gap import condensed_gaps, poisson_sum_gap
from regimes.numerics.collapse.corrected_time import collapse_times_by_size, corrected_collapse_time
from regimes.numerics.collapse.information_bound import information_bound
from regimes.numerics.posterior.curves import posterior_curves


def truth(eigenvalues, n):
    return brentq(lambda t: np.log1p(eigenvalues / np.expm1(2 * t)).sum() / 2 - np.log(n), 1e-4, 10)


@pytest.mark.parametrize("d", [2, 3, 4])
@pytest.mark.parametrize("margin", [-1.0, 0.0, 1.5])
def test_gap_of_points_spread_evenly(d, margin):
    """Poisson points in a cube: S is the sum of exp(-r^2/2), scaled to a mean of 1; the tilted r^2/2 is Gamma(d/2)."""
    rng = np.random.default_rng(1)
    density, half = np.exp(margin - d / 2) / (2 * np.pi) ** (d / 2), 14.0 if d < 4 else 9.0
    logs = [
        logsumexp(-(rng.uniform(-half, half, size=(count, d)) ** 2).sum(axis=1) / 2) + d / 2 - margin
        for count in rng.poisson(density * (2 * half) ** d, size=2500)
    ]
    error = np.std(logs) / np.sqrt(2500)
    assert abs(poisson_sum_gap(np.array([margin]), np.sqrt(d / 2), 1.0)[0] + np.mean(logs)) < 4 * error + 0.002


def test_gap_of_many_dimensions_is_log_two():
    wide = poisson_sum_gap(np.array([0.0]), 20.0, 0.1)[0]
    assert wide == pytest.approx(np.log(2), abs=0.01)
    slopes, gaps = condensed_gaps(1000.0)
    assert np.all(np.diff(slopes) > 0)
    assert gaps[0] == pytest.approx(np.log(2), abs=0.05)


@pytest.mark.parametrize(("d", "n"), [(16, 500), (40, 400), (64, 128)])
def test_gap_and_slope_of_gaussian_points_at_the_collapse_time(d, n):
    """Sums over drawn points at the time that is exact: a gap from the slope is true to a tenth."""
    rng = np.random.default_rng(2)
    snr = 1 / np.expm1(2 * truth(np.ones(d), n))
    full, fewer = [], []
    for _ in range(30):
        X, z = rng.normal(size=(n, d)), rng.normal(size=(200, d))
        step = X[:200, None] - X if n > 200 else X[np.arange(200) % n][:, None] - X
        exponent = -snr / 2 * (step**2).sum(axis=2) - np.sqrt(snr) * np.einsum("ij,ikj->ik", z, step)
        exponent[np.arange(200), np.arange(200) % n] = -np.inf
        full.append(logsumexp(exponent, axis=1).mean())
        fewer.append(np.mean([logsumexp(np.delete(exponent, np.s_[g::20], axis=1), axis=1).mean() for g in range(20)]))
    gap = -(np.mean(full) + np.log(n / (n - 1)))
    slope = (np.mean(full) - np.mean(fewer)) / np.log(20 / 19) - 1
    assert np.interp(slope, *condensed_gaps(float(n))) == pytest.approx(gap, rel=0.12)


@pytest.mark.parametrize(
    ("eigenvalues", "n", "within"),
    [
        (np.ones(64), 128, 0.02),
        pytest.param(np.ones(64), 640, 0.02, marks=pytest.mark.long),
        (np.ones(16), 500, 0.03),
        pytest.param(np.ones(16), 2000, 0.03, marks=pytest.mark.long),
    ],
)
def test_collapse_time_of_gaussian_points(eigenvalues, n, within):
    """In 64 dimensions, and on a manifold of 16 in 512: on average over draws, whose scatter is allowed for."""
    exact, found = truth(eigenvalues, n), []
    for seed in range(6):
        rng = np.random.default_rng(seed)
        X = rng.normal(size=(n, eigenvalues.size)) * np.sqrt(eigenvalues)
        if eigenvalues.size == 16:
            X = X @ np.linalg.qr(rng.normal(size=(512, 16)))[0].T
        found.append(
            corrected_collapse_time(posterior_curves(X, np.geomspace(0.6, 1.4, 8) * exact, rng=seed, probes=2048))
        )
    times = np.array([each.time for each in found])
    assert abs(times.mean() / exact - 1) < within
    assert min(each.uncorrected for each in found) > exact
    assert np.mean([each.interval[0] < exact < each.interval[1] for each in found]) >= 5 / 6
    assert "poisson_sum_exponent" in found[0].formulas


def test_parts_of_the_digits_collapse_where_all_of_them_say():
    """The information at the time of an eighth of the points, from all points: far above their own collapse time."""
    X = load_digits().data / 8 - 1
    for part in collapse_times_by_size(X, information_bound(X))[:2]:
        curve = posterior_curves(X, [part.time * 0.99, part.time, part.time * 1.01])
        margin = np.log(curve.n / part.n)
        gap = poisson_sum_gap(np.array([margin]), 2.2, 0.8)[0]  # some eleven dimensions; 0.3 and 0.5 nats
        information = (1 - curve.leave_one_out) * np.log(curve.n) - gap
        per_nat = 0.02 * part.time / abs(information[2] - information[0])
        # The points of ten separate classes have a gap that is smaller by 0.15 nats than what is added.
        assert abs(information[1] - np.log(part.n)) * per_nat < 3 * part.error + (0.1 * gap + 0.15) * per_nat


def test_small_sizes_and_missing_times():
    X = np.random.default_rng(0).normal(size=(80, 8))
    assert [part.n for part in collapse_times_by_size(X, information_bound(X))] == [20, 40]
    above = corrected_collapse_time(posterior_curves(X, [2.0, 3.0], probes=200))
    assert above.time is None
    assert "stays above 0 for t from 2 to 3" in above.reason
    with pytest.raises(ValueError, match="corrected_collapse_time: curves need at least 5 jackknife groups"):
        corrected_collapse_time(posterior_curves(X, [0.1, 1.0], groups=0, probes=200))


def test_a_tenth_of_the_gap_is_in_the_interval():
    """As a time: a tenth of its nats over how fast the leave-one-out estimate gains them."""
    X = np.random.default_rng(3).normal(size=(300, 24))
    curves = posterior_curves(X, np.geomspace(0.3, 0.9, 24), probes=2048)
    found = corrected_collapse_time(curves)
    gained = np.gradient(curves.leave_one_out * np.log(300), curves.t)
    tenth = 0.1 * found.gap / np.interp(found.time, curves.t, gained)
    assert found.unsure[0] == pytest.approx(tenth, rel=0.2)
    reach = found.time - found.interval[0]
    assert reach == pytest.approx(np.hypot(found.unsure[0], 2.093 * found.error), rel=1e-3)  # t of 19 degrees
