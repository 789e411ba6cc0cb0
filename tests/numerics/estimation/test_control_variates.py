"""Means by regression on controls: unbiased, with the errors that repetition shows, unharmed by useless controls."""

import numpy as np
import pytest
from scipy.stats import chi2

from regimes.numerics.estimation.control_variates import control_means, controlled_mean

RATES = np.array([0.5, 1.0, 2.0])


def draw(size, rng):
    """A curve whose mean is known, and controls: a linear one, a bent one, a copy of the first, a rare one."""
    x = rng.standard_normal((size, 3))
    noise = rng.standard_normal((size, 1)) * [0.1, 0.2, 0.3]
    rare = (rng.random((size, 1)) < 1e-5) * 1e3 * np.ones(3)
    values = RATES * x + np.abs(x) + noise
    return values, np.stack([x + 1, np.abs(x), 2 * (x + 1) + 1e-9 * np.abs(x), rare], axis=-1)


def chunks(count, rng):
    return (draw(1000, rng)[1] for _ in range(count // 1000))


EXACT = np.sqrt(2 / np.pi) * np.ones(3)


def test_means_and_their_covariance_are_those_of_repetition():
    found, stated = [], []
    for seed in range(200):
        rng = np.random.default_rng([1, seed])
        means = control_means(chunks(4000, rng), np.ones(3))
        mean, covariance = controlled_mean(*draw(400, rng), means, [1, 2, 3])
        found.append(mean)
        stated.append(covariance)
    found, covariance = np.array(found), np.mean(stated, axis=0)
    z = (found.mean(axis=0) - EXACT) / np.sqrt(np.diag(covariance) / len(found))
    assert np.abs(z).max() < 4
    low, high = chi2.ppf([1e-4, 1 - 1e-4], 3 * (len(found) - 1))
    deviation = found - found.mean(axis=0)
    assert low < np.einsum("ia,ab,ib->", deviation, np.linalg.inv(covariance), deviation) < high
    # What is left is the noise, of which nothing is known, and the error of the sampled control: 0.6/sqrt(4000).
    expected = np.sqrt(np.array([0.1, 0.2, 0.3]) ** 2 / 400 + (1 - 2 / np.pi) / 4000)
    np.testing.assert_allclose(np.sqrt(np.diag(covariance)), expected, rtol=0.05)


@pytest.mark.long
def test_skewed_controls_and_values_leave_no_bias():
    """Factors fitted to the draws they are used on bias this mean by 0.15 of its standard error, 0.5 with 64 draws."""
    found, stated = [], []

    def skewed(size, rng):
        x = rng.standard_normal((size, 1))
        bend = np.logaddexp(0.0, 2 * (x - 1.5))
        return np.minimum(np.exp(2 * x), 20.0), np.stack([x, bend], axis=-1)

    rng = np.random.default_rng(9)
    exact = np.mean([skewed(10**6, rng)[0].mean() for _ in range(20)])
    for seed in range(800):
        rng = np.random.default_rng([2, seed])
        means = control_means(iter([skewed(2000, rng)[1]]), np.zeros(1))
        mean, covariance = controlled_mean(*skewed(256, rng), means, [1])
        found.append(mean[0])
        stated.append(covariance[0, 0])
    error = np.sqrt(np.mean(stated) / len(found))
    assert abs(np.mean(found) - exact) < 4 * error
    assert np.std(found) == pytest.approx(np.sqrt(np.mean(stated)), rel=0.1)


def test_times_share_the_noise():
    rng = np.random.default_rng(3)
    means = control_means(chunks(400_000, rng), np.ones(3))
    _, covariance = controlled_mean(*draw(10_000, rng), means, [1])
    common = np.outer([0.1, 0.2, 0.3], [0.1, 0.2, 0.3]) / 10_000
    sampled = (1 - 2 / np.pi) / 400_000 * np.eye(3)  # the x of different times are independent here
    np.testing.assert_allclose(covariance, common + sampled, rtol=0.06, atol=1e-8)


def test_an_exact_control_that_is_the_curve_leaves_no_error():
    rng = np.random.default_rng(4)
    controls = rng.standard_normal((500, 2, 1)) + 3
    means = control_means((rng.standard_normal((1000, 2, 1)) + 3 for _ in range(3)), np.array([3.0, 3.0]))
    mean, covariance = controlled_mean(5 * controls[..., 0] - 1, controls, means, [])
    np.testing.assert_allclose(mean, 14, rtol=1e-13)
    assert np.abs(covariance).max() < 1e-28


def test_a_copy_of_the_exact_control_changes_nothing():
    """Its sampled mean is far less well known: alone it would count, beside the original it must not."""
    rng = np.random.default_rng(5)
    values, controls = draw(300, rng)
    means = control_means(chunks(1000, rng), np.ones(3))
    plain, copied = (controlled_mean(values, controls, means, use) for use in ([], [2]))
    np.testing.assert_allclose(copied[0], plain[0], rtol=1e-12)
    np.testing.assert_allclose(copied[1], plain[1], rtol=1e-12)


def test_a_control_that_lives_on_rare_events_is_left_out_where_none_is_drawn():
    rng = np.random.default_rng(6)
    values, controls = draw(300, rng)
    assert not controls[..., 3].any()
    means = control_means(chunks(400_000, rng), np.ones(3))
    assert np.all(means.variance[:, 3] > 0)
    plain, rare = (controlled_mean(values, controls, means, use) for use in ([1], [1, 3]))
    assert plain[0].tolist() == rare[0].tolist()
    assert plain[1].tolist() == rare[1].tolist()


@pytest.mark.parametrize("use", [[], [1]])
def test_constant_controls_and_values(use):
    rng = np.random.default_rng(7)
    controls = np.ones((100, 1, 2))
    means = control_means(iter([np.ones((50, 1, 2))]), np.array([1.0]))
    values = rng.standard_normal((100, 1))
    mean, covariance = controlled_mean(values, controls, means, use)
    assert mean[0] == values.mean()
    assert covariance[0, 0] == pytest.approx(values.var(ddof=1) / 100)
