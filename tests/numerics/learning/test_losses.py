"""Losses of random features against training time: gradient flow of finite matrices, and limits by hand."""

import math

import numpy as np
import pytest

from regimes.numerics.learning.features import random_features
from regimes.numerics.learning.finite_features import gaussian_features, true_features
from regimes.numerics.learning.losses import training_losses
from regimes.numerics.learning.spectrum import feature_spectrum

TIMES = np.concatenate([[0.0], np.geomspace(0.3, 3e6, 12)])


def flow(draw, given):
    """Losses of one finite draw: the flow is exact in the eigenvectors of U."""
    values, vectors = np.linalg.eigh(draw.covariance)
    overlap, d = vectors.T @ draw.overlap, given.dimension
    population = None if draw.population is None else vectors.T @ draw.population @ vectors
    train, test = [], []
    for time in TIMES:
        x = -2 * np.expm1(-2 * given.t) * time / given.psi_p * values
        train.append(1 - ((-np.expm1(-2 * x) / values)[:, None] * overlap**2).sum() / d)
        weight = (-np.expm1(-x) / values)[:, None] * overlap
        if population is not None:
            test.append(1 - 2 * (overlap * weight).sum() / d + (weight * (population @ weight)).sum() / d)
    return np.array(train), np.array(test)


@pytest.mark.parametrize(
    ("eigenvalues", "p", "n", "t", "activation"),
    [
        ([1.0], 800, 400, 0.05, "tanh"),
        ([1.0, 5.0], 800, 100, 0.2, "tanh"),
        ([0.0, 1.0], 400, 1000, 0.05, "relu"),
        ([0.5, 20.0], 100, 300, 0.5, "tanh"),
        ([1.0], 500, math.inf, 0.1, "erf"),
    ],
)
def test_both_losses_are_those_of_finite_matrices(eigenvalues, p, n, t, activation):
    counts = [200 // len(eigenvalues)] * len(eigenvalues)
    given = random_features(eigenvalues, counts=counts, features=p, samples=n, t=t, activation=activation)
    found = training_losses(given, TIMES)
    draws = [flow(gaussian_features(given, np.random.default_rng(seed)), given) for seed in range(3)]
    for curve, theory in ((0, found.train), (1, found.test)):
        simulated = np.mean([draw[curve] for draw in draws], axis=0)
        assert np.abs(theory / simulated - 1).max() < 0.006


def test_the_training_loss_is_that_of_true_features():
    given = random_features([1.0, 2.0], counts=[100, 100], features=400, samples=1000, t=0.1)
    draw = true_features("tanh", np.repeat([1.0, 2.0], 100), 400, 1000, 0.1, np.random.default_rng(0))
    assert training_losses(given, TIMES).train == pytest.approx(flow(draw, given)[0], abs=0.006)


def test_they_begin_at_one_and_directions_add_up():
    given = random_features([0.2, 1.0, 9.0], counts=[50, 30, 20], features=300, samples=150, t=0.1)
    found = training_losses(given, TIMES)
    assert (found.train[0], found.test[0]) == pytest.approx((1, 1), abs=1e-10)
    assert (np.diff(found.train) < 1e-9).all()
    assert (found.test >= found.train - 1e-9).all()
    assert found.test == pytest.approx(np.array([0.5, 0.3, 0.2]) @ found.test_of, rel=1e-12)


def test_endless_points_have_one_loss_which_ends_at_the_best_line():
    """With endless points and features the score of a linear activation is the Gaussian's: mmse of each direction."""
    t, lam = 0.3, 2.0
    given = random_features([lam], counts=[10], features=1e6, samples=math.inf, t=t, activation="linear")
    found = training_losses(given, [1e9])
    best = math.exp(-2 * t) * lam / (math.exp(-2 * t) * lam - math.expm1(-2 * t))
    assert (found.train[0], found.test[0]) == pytest.approx((best, best), rel=1e-5)


def test_more_points_lower_the_test_loss_and_close_the_gap():
    gaps, tests = [], []
    for n in (200, 2000, 20000):
        found = training_losses(random_features([1.0], counts=[100], features=400, samples=n, t=0.05), [1e5])
        gaps.append(float(found.test[0] - found.train[0]))
        tests.append(float(found.test[0]))
    assert gaps[0] > gaps[1] > gaps[2] > 0
    assert tests[0] > tests[1] > tests[2]


def test_what_has_no_loss_is_refused():
    given = random_features([1.0], counts=[100], features=200, samples=150, t=0.1)
    for time in (-1.0, math.nan, [1.0, math.inf], [[1.0]]):
        with pytest.raises(ValueError, match="time .of training. must be finite and not negative"):
            training_losses(given, time)
    linear = random_features([1.0], counts=[100], features=100, samples=300, t=0.2, activation="linear")
    assert feature_spectrum(linear).bulks[0].low == 0
    with pytest.raises(ValueError, match="the eigenvalues must stay above 0"):
        training_losses(linear, 1.0)
