"""Posterior of general Gaussian mixtures against the closed form, enumeration and each other."""

import numpy as np
import pytest
from scipy.integrate import quad

from regimes.numerics.interface.result import plain
from regimes.speciation import class_entropy, clone_probability, mixture_clones

T = np.geomspace(0.9, 4, 12)


def test_two_equal_classes_are_the_closed_form():
    centre = np.ones((1, 16))
    result = mixture_clones([0.5, 0.5], np.vstack([centre, -centre]), [1.0, 1.0], T, samples=20000, rng=1)
    kappa = 16 * np.exp(-2 * T)
    for value, error, exact in (
        (result.clone_probability, result.clone_probability_se, clone_probability(kappa)),
        (result.class_entropy, result.class_entropy_se, class_entropy(kappa)),
    ):
        assert np.abs((value - exact) / error).max() < 4


def test_unequal_weights_and_spreads_in_one_dimension_against_quadrature():
    weights, means, variances = (
        np.array([0.2, 0.5, 0.3]),
        np.array([-2.0, 0.5, 3.0]),
        np.array([0.3, 1.0, 2.0]),
    )
    result = mixture_clones(weights, means[:, None], variances, T, samples=40000, rng=2)
    for i in (0, 5, 11):
        centre = np.exp(-T[i]) * means
        spread = np.exp(-2 * T[i]) * variances - np.expm1(-2 * T[i])

        def joint(x, centre=centre, spread=spread):
            return weights * np.exp(-((x - centre) ** 2) / (2 * spread)) / np.sqrt(2 * np.pi * spread)

        clones = quad(lambda x: (joint(x) ** 2).sum() / joint(x).sum(), -12, 12, epsabs=1e-11)[0]
        entropy = quad(lambda x: -(joint(x) * np.log(joint(x) / joint(x).sum())).sum(), -12, 12, epsabs=1e-11)[0]
        assert abs(result.clone_probability[i] - clones) < 4 * result.clone_probability_se[i]
        assert abs(result.class_entropy[i] - entropy) < 4 * result.class_entropy_se[i]


def test_full_covariances_are_rotations_of_diagonal_ones():
    rng = np.random.default_rng(3)
    rotation = np.linalg.qr(rng.standard_normal((5, 5)))[0]
    means, spreads = rng.standard_normal((3, 5)), rng.uniform(0.1, 2, (3, 5))
    full = np.array([rotation @ np.diag(spread) @ rotation.T for spread in spreads])
    turned = mixture_clones([1, 2, 3], means @ rotation.T, full, T, samples=20000, rng=4)
    plain = mixture_clones([1, 2, 3], means, spreads, T, samples=20000, rng=5)
    error = np.hypot(turned.clone_probability_se, plain.clone_probability_se)
    assert np.abs((turned.clone_probability - plain.clone_probability) / error).max() < 4


def test_free_entropy_time_of_two_classes_is_where_kappa_is_one():
    centre = np.ones((1, 64))
    times = np.geomspace(1, 4, 40)
    found = [
        mixture_clones(
            [1, 1], np.vstack([centre, -centre]), [1.0, 1.0], times, samples=4000, rng=seed
        ).free_entropy_time()
        for seed in range(8)
    ]
    error = np.std(found, ddof=1) / np.sqrt(8)
    assert abs(np.mean(found) - 0.5 * np.log(64)) < 4 * error


def test_certainty_stays_finite():
    result = mixture_clones([1, 1], [[1e3], [-1e3]], [1e-3, 1e-3], [1e-4, 0.1], samples=50)
    assert result.clone_probability.tolist() == [1.0, 1.0]
    assert np.all(np.isfinite(result.class_entropy))
    assert np.all(result.log_odds_mean > 1e3)


def test_the_same_seed_gives_the_same_bytes():
    one, other = (mixture_clones([1, 1], [[1.0], [-1.0]], [1, 1], T, samples=100, rng=9) for _ in range(2))
    assert one.clone_probability.tobytes() == other.clone_probability.tobytes()
    assert plain(one) == plain(other)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([1], [[0.0]], [1.0]), "at least two classes"),
        (([1, 0], [[0.0], [1.0]], [1, 1]), "weights must be positive"),
        (([1, 1], [0.0, 1.0], [1, 1]), r"means must be finite, shape \(2, d\)"),
        (([1, 1], [[0.0], [1.0]], [1, 1, 1]), "covariances must have shape"),
        (([1, 1], [[0.0], [1.0]], [1, -1]), "positive semi-definite, got eigenvalue -1"),
        (([1, 1], np.zeros((2, 2)), np.array([[[1, 2], [0, 1]]] * 2)), "must be symmetric"),
    ],
)
def test_bad_input(arguments, message):
    with pytest.raises(ValueError, match=message):
        mixture_clones(*arguments, T)
