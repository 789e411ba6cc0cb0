"""Agreement of theory and simulation."""

import numpy as np
import pytest
from scipy import stats

from regimes.validation import Agreement, chi_square, correlated_chi_square


@pytest.mark.parametrize("se", [0.0, -1.0, float("nan"), float("inf")])
def test_without_an_error_there_is_nothing_to_compare(se):
    with pytest.raises(ValueError, match="se of phi must be positive and finite"):
        Agreement("phi", 1.0, 0.5, 0.5, se, 100)


def test_one_sample_is_none():
    with pytest.raises(ValueError, match="needs at least 2 samples, got 1"):
        Agreement("phi", 1.0, 0.5, 0.5, 0.1, 1)


def agreements(differences, se=0.1):
    return [Agreement("f", float(i), 0.0, value, se, 100) for i, value in enumerate(differences)]


def test_chi_square_of_independent_points_is_scipys():
    differences = np.random.default_rng(0).normal(0, 0.1, 7)
    test = chi_square("f", agreements(differences))
    assert test.dof == 7
    assert test.value == pytest.approx(np.sum(differences**2) / 0.01)
    assert test.p == pytest.approx(stats.chi2.sf(test.value, 7))
    with pytest.raises(ValueError, match="needs at least one comparison"):
        chi_square("f", [])


def test_correlated_p_values_are_uniform():
    rng = np.random.default_rng(1)
    root = rng.normal(size=(5, 5)) / [1, 10, 100, 1, 1]
    covariance = root @ root.T
    p = [correlated_chi_square("f", root @ rng.normal(size=5), covariance).p for _ in range(2000)]
    assert stats.kstest(p, "uniform").pvalue > 1e-3


def test_an_estimated_covariance_widens_the_law():
    # 8 values from 12 draws: as if the covariance were known, most true hypotheses would be rejected.
    rng = np.random.default_rng(2)
    root = rng.normal(size=(8, 8))
    honest, naive = [], []
    for _ in range(1000):
        draws = rng.normal(size=(12, 8)) @ root.T
        mean, covariance = draws.mean(axis=0), np.cov(draws.T) / 12
        honest.append(correlated_chi_square("f", mean, covariance, draws=12).p)
        naive.append(correlated_chi_square("f", mean, covariance).p)
    assert stats.kstest(honest, "uniform").pvalue > 1e-3
    assert np.mean(np.asarray(naive) < 0.01) > 0.3


def test_directions_without_variance_do_not_count():
    covariance = np.ones((3, 3)) * 0.04  # three times the same number
    test = correlated_chi_square("f", [0.2, 0.2, 0.2], covariance)
    assert test.dof == 1
    assert test.value == pytest.approx(1.0)


def test_what_cannot_be_compared_is_refused():
    with pytest.raises(ValueError, match=r"covariance of shape \(k, k\), got \(2,\) and \(3, 3\)"):
        correlated_chi_square("f", [0, 0], np.eye(3))
    with pytest.raises(ValueError, match="every variance of f must be positive"):
        correlated_chi_square("f", [0.0, 0.1], np.diag([1.0, 0.0]))
    with pytest.raises(ValueError, match="needs more than 3 draws, got 3"):
        correlated_chi_square("f", [0, 0, 0], np.eye(3), draws=3)
