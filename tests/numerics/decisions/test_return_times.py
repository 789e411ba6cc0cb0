"""Return probabilities: against closed form, against float64 with the same noise, and their mean against clones."""

import numpy as np
import pytest

from regimes.numerics.decisions.return_times import ReturnProbabilities, last_return_times, return_probabilities
from regimes.numerics.estimation.streams import Stream, generator
from regimes.numerics.posterior.curves import posterior_curves
from regimes.numerics.posterior.near_copies import near_copies
from regimes.numerics.speciation.clone_probability import clone_probability

T = np.array([0.02, 0.1, 0.4, 1.0])


def brute(X, t, groups, rows, noises):
    """P of the group of mu from all distances to x_t, in double precision, with the noise of the solver."""
    z = generator(Stream.RETURNS, 0).standard_normal((noises * rows.size, X.shape[1]))
    found = np.zeros((noises, rows.size, t.size))
    for k, (mu, noise) in enumerate(zip(np.tile(rows, noises), z, strict=True)):
        for j, time in enumerate(t):
            for sign in (1, -1):
                x = np.exp(-time) * X[mu] + sign * np.sqrt(-np.expm1(-2 * time)) * noise
                e = -((x - np.exp(-time) * X) ** 2).sum(axis=1) / (-2 * np.expm1(-2 * time))
                weight = np.exp(e - e.max())
                found[k // rows.size, k % rows.size, j] += weight[groups == groups[mu]].sum() / weight.sum() / 2
    return found.mean(axis=0)


def test_two_points_return_as_two_classes_clone():
    """For two points alone w is the clone probability at kappa = snr distance^2/4."""
    X = np.array([[0.3, -1.0, 0.2], [1.1, 0.4, -0.1]])
    found = return_probabilities(X, T, noises=1500)
    kappa = ((X[0] - X[1]) ** 2).sum() / 4 / np.expm1(2 * T)
    exact = np.array([clone_probability(each) for each in kappa])
    assert np.abs((found.values - exact) / np.maximum(found.error, 1e-12))[:, 1:].max() < 4
    assert found.values[:, 0] == pytest.approx(exact[0], abs=1e-3)
    assert found.formulas == ("snr", "return_probability")


def test_equal_to_brute_force_with_groups_of_near_copies_and_equal_points():
    X = np.random.default_rng(1).normal(size=(40, 6))
    X[:5] = X[5:10] + 1e-5
    X[10] = X[11] = X[12]
    copies = near_copies(X)
    rows = np.array([0, 7, 11, 30])
    options = {"chosen": rows, "noises": 5, "labels": copies.as_classes, "singles": copies.singles}
    found = return_probabilities(X, T, **options)
    assert found.values == pytest.approx(brute(X, T, copies.labels, rows, 5), abs=1e-5)
    alone = return_probabilities(X, T, chosen=rows, noises=5)
    assert alone.values == pytest.approx(brute(X, T, np.arange(40), rows, 5), abs=1e-5)
    assert alone.values[2, 0] == pytest.approx(1 / 3, abs=1e-6)
    assert found.values[2, 0] == pytest.approx(1, abs=1e-6)


def test_the_mean_over_the_points_is_the_probability_that_clones_share_their_point():
    X = np.random.default_rng(2).normal(size=(120, 10))
    found = return_probabilities(X, T, noises=60)
    clones = posterior_curves(X, T, probes=4096)
    error = np.hypot(np.sqrt((found.error**2).sum(axis=0)) / 120, clones.clone_index_se)
    assert np.abs((found.values.mean(axis=0) - clones.clone_index) / np.maximum(error, 1e-9)).max() < 4


def test_times_of_logistic_curves_are_exact_with_their_errors_and_ends_are_told():
    t, roots = np.geomspace(0.1, 3, 7), np.array([0.2, 0.9])
    odds = np.concatenate([-3 * np.log(t / roots[:, None]), np.full((1, 7), 2.0), np.full((1, 7), -2.0)])
    w = 1 / (1 + np.exp(-odds))
    found = ReturnProbabilities(t, np.arange(4), w, 0.05 * w * (1 - w), 8, ())
    time, error = last_return_times(found)
    assert time.tolist() == pytest.approx([0.2, 0.9, np.inf, 0.0])
    assert error.tolist() == pytest.approx([0.2 * 0.05 / 3, 0.9 * 0.05 / 3, 0.0, 0.0])


@pytest.mark.parametrize(
    ("options", "rule"),
    [
        ({"t": [1.0, 0.5]}, "t must increase"),
        ({"chosen": [0, 40]}, "chosen must list numbers of points, 0 to 3"),
        ({"noises": 1}, "noises"),
        ({"labels": [0, 2, 2, 0]}, "labels must be 0 to K - 1"),
    ],
)
def test_bad_input_is_refused_by_its_rule(options, rule):
    with pytest.raises(ValueError, match=rule):
        return_probabilities(np.eye(4), **({"t": [0.5, 1.0]} | options))
