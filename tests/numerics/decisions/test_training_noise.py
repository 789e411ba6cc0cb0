"""Mean and spread of the training noise: known covariances, few points, scale."""

import numpy as np
import pytest

from regimes import load_dataset
from regimes.numerics.decisions.training_noise import hidden_variance, hidden_variance_density, hidden_variance_noise


def test_known_spectra_within_their_intervals_and_few_points_corrected() -> None:
    spectrum = 1 / np.arange(1, 25.0)
    truth = hidden_variance_noise(spectrum)
    rng = np.random.default_rng(0)
    found = [hidden_variance(rng.normal(size=(60, 24)) * np.sqrt(spectrum)) for _ in range(40)]
    held = [
        (
            each.mean_interval[0] < truth[0] < each.mean_interval[1],
            each.std_interval[0] < truth[1] < each.std_interval[1],
        )
        for each in found
    ]
    assert np.mean(held, axis=0).min() > 0.85
    assert all(each.enough for each in found)
    plain = np.mean([hidden_variance_noise(each.eigenvalues)[0] for each in found])
    assert abs(np.mean([each.mean for each in found]) - truth[0]) < abs(plain - truth[0]) / 2
    assert not hidden_variance(rng.normal(size=(30, 24))).enough


def test_the_scale_shifts_the_mean_and_the_density_has_its_moments() -> None:
    X = np.random.default_rng(1).normal(size=(200, 6)) * np.arange(1, 7)
    one, other = hidden_variance(X), hidden_variance(1e3 * X)
    assert other.mean - one.mean == pytest.approx(np.log(1e3))
    assert other.std == pytest.approx(one.std)
    log_sigma = np.linspace(-8, 10, 4001)
    density, step = hidden_variance_density(log_sigma, one.eigenvalues), log_sigma[1] - log_sigma[0]
    mean, std = hidden_variance_noise(one.eigenvalues)
    assert density.sum() * step == pytest.approx(1, abs=1e-4)
    assert (log_sigma * density).sum() * step == pytest.approx(mean, abs=1e-3)
    assert np.sqrt(((log_sigma - mean) ** 2 * density).sum() * step) == pytest.approx(std, abs=1e-3)


def test_directions_below_the_smallest_noise_do_not_move_the_mean_of_the_digits() -> None:
    """The smallest noise tenfold, from .002 to .02 and to .2: what is fainter than it is left out."""
    eigenvalues = hidden_variance(load_dataset("digits").X).eigenvalues
    means = [hidden_variance_noise(eigenvalues[eigenvalues > noise**2])[0] for noise in (0.002, 0.02, 0.2)]
    assert np.abs(np.diff(means)).max() < 0.05


def test_few_or_equal_points_are_refused_with_the_rule() -> None:
    with pytest.raises(ValueError, match="needs at least 8 points, got 4"):
        hidden_variance(np.eye(4))
    with pytest.raises(ValueError, match="must vary"):
        hidden_variance(np.ones((9, 2)))
    with pytest.raises(ValueError, match="one positive"):
        hidden_variance_noise([0.0])
