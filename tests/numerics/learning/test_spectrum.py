"""Density, edges and weights of the features' spectrum: against simulated matrices and closed forms."""

import math

import numpy as np
import pytest
from hypothesis import given as drawn
from hypothesis import settings
from hypothesis import strategies as st

from regimes import compile_formula
from regimes.numerics.learning.features import random_features
from regimes.numerics.learning.finite_features import gaussian_features, true_features
from regimes.numerics.learning.spectrum import feature_spectrum
from regimes.numerics.learning.support import feature_support

inf = math.inf
LEVELS = {"one": ([1.0], [200]), "two": ([1.0, 2.0], [100, 100])}


def edge(which, *values):
    return float(compile_formula(f"bulk_{which}_edge", target="numpy")(*values))


SHARES = np.array([0.02, 0.1, 0.2, 0.3, 0.4, 0.6, 0.7, 0.8, 0.9, 0.97])  # none in a gap


def off(eigenvalues, counts, p, n, t, seed):
    """Quantiles of the theory over those of true features of one draw, less 1."""
    U = true_features("tanh", np.repeat(eigenvalues, counts), p, n, t, np.random.default_rng(seed)).covariance
    found = feature_spectrum(random_features(eigenvalues, counts=counts, features=p, samples=n, t=t))
    return found.quantile(SHARES) / np.quantile(np.linalg.eigvalsh(U), SHARES) - 1


@pytest.mark.parametrize("levels", LEVELS)
def test_eigenvalues_of_true_features_of_noised_points(levels):
    """Every quantile within 3%, averaged over noise exactly."""
    assert np.abs(off(*LEVELS[levels], p=400, n=1000, t=0.05, seed=1)).max() < 0.03


def test_what_is_left_near_the_floor_shrinks_with_the_dimension():
    """s^2 is that of weights at right angles; at p = 4 d it is off by some 1/d^(1/2), which the lowest shares see."""
    lowest = [off([1.0], [d], p=4 * d, n=2 * d, t=0.05, seed=0)[0] for d in (60, 120, 240)]
    assert lowest[0] > 1.2 * lowest[1] > 1.44 * lowest[2] > 0


@pytest.mark.parametrize("levels", LEVELS)
@pytest.mark.parametrize(("p", "n"), [(800, 400), (400, 800), (200, 1000), (600, 400), (800, 100), (400, inf)])
def test_eigenvalues_of_gaussian_features(levels, p, n):
    eigenvalues, counts = LEVELS[levels]
    given = random_features(eigenvalues, counts=counts, features=p, samples=n, t=0.1)
    found = feature_spectrum(given)
    assert found.weight == pytest.approx(1, abs=1e-6)
    draws = [gaussian_features(given, np.random.default_rng(seed)) for seed in range(4)]
    simulated = [np.linalg.eigvalsh(each.covariance) for each in draws]
    # Moments of the whole law: the mean of three smooth functions of the eigenvalues, but for 1/d.
    for power in (-1, 0.5, 1):
        theory = found.atom_weight * found.atom**power
        theory += sum(bulk.density * bulk.quadrature @ bulk.eigenvalues**power for bulk in found.bulks)
        each = np.array([np.mean(one**power) for one in simulated])
        assert abs(theory - each.mean()) < 5 * each.std(ddof=1) / 2 + 0.004 * theory
    # Edges, within the scatter of the outermost eigenvalues, some d^(-2/3) of the bulk's width.
    outer = [one[one > found.atom * (1 + 1e-9)] for one in simulated]
    low, high = found.bulks[0].low, found.bulks[-1].high
    assert np.mean([one[-1] for one in outer]) == pytest.approx(high, rel=0.05)
    assert np.mean([one[0] for one in outer]) - found.atom == pytest.approx(low - found.atom, rel=0.5, abs=2e-5)


def test_edges_of_white_data_and_endless_points_are_closed():
    given = random_features([2.0], counts=[100], features=700, samples=inf, t=0.2)
    floor, variance = given.floor, float(given.levels[0]) + given.b2
    (piece,) = feature_support(given)
    assert piece == pytest.approx((edge("low", floor, variance, 7), edge("high", floor, variance, 7)), rel=1e-12)
    found = feature_spectrum(given)
    assert (found.atom_weight, found.atom) == (1 - 1 / 7, given.s2 + given.v2)
    x = found.bulks[0].eigenvalues - floor
    ends = [end - floor for end in piece]
    density = np.sqrt((ends[1] - x) * (x - ends[0])) / (2 * np.pi * 7 * variance * x)
    assert found.bulks[0].density == pytest.approx(density, rel=1e-9)


def test_the_bulk_of_the_points_comes_to_its_published_edges():
    """bonnaire2025, theorem 3.2: s^2 + v^2 (1 +- sqrt(p/n))^2 for p > n, both large beside d.

    To leading order, in which its n modes have the weight: n - d are there, and d lie below.
    """
    away = []
    for large in (10, 100, 1000):
        given = random_features([1.0], counts=[100], features=400 * large, samples=100 * large, t=0.1)
        below, bulk, above = feature_spectrum(given).bulks
        published = edge("low", given.s2, given.v2, 4), edge("high", given.s2, given.v2, 4)
        away.append(max(abs(bulk.low / published[0] - 1), abs(bulk.high / published[1] - 1)))
        assert [below.weight * given.psi_p, above.weight * given.psi_p] == pytest.approx([1, 1], rel=1e-6)
        assert bulk.weight == pytest.approx(0.25 - 1 / given.psi_p, rel=1e-6)
        assert below.high < published[0]
    assert away[0] > 8 * away[1] > 64 * away[2]
    assert away[2] < 1e-3


def test_weights_count_directions_and_points():
    found = feature_spectrum(random_features([1.0, 50.0], counts=[90, 10], features=1000, samples=400, t=0.05))
    weights = [bulk.weight for bulk in found.bulks]
    assert weights[-1] == pytest.approx(10 / 1000, abs=1e-9)
    assert sum(weights) == pytest.approx(0.5, abs=1e-9)
    assert found.atom_weight == 0.5


def test_a_hard_edge_and_a_vanishing_one():
    for activation, p, n in (("tanh", 600, 400), ("linear", 200, 300)):
        given = random_features([1.0, 3.0], counts=[100, 100], features=p, samples=n, t=0.1, activation=activation)
        found = feature_spectrum(given)
        assert found.bulks[0].low == given.s2
        assert found.weight == pytest.approx(1, abs=1e-8)


@settings(max_examples=25, deadline=None)
@drawn(
    st.lists(st.floats(1e-2, 30.0), min_size=1, max_size=5),
    st.sampled_from([0.3, 0.9, 1.0, 2.5, 20.0]),
    st.sampled_from([0.2, 1.0, 3.0, 50.0, inf]),
    st.floats(0.01, 1.0),
)
def test_weight_and_mean_of_any_spectrum(eigenvalues, psi_p, psi_n, t):
    d = 120.0
    many = [d / len(eigenvalues)] * len(eigenvalues)
    given = random_features(eigenvalues, counts=many, features=psi_p * d, samples=psi_n * d, t=t)
    found = feature_spectrum(given)
    assert found.weight == pytest.approx(1, abs=1e-6)
    mean = found.atom * found.atom_weight
    mean += sum(bulk.density * bulk.quadrature @ bulk.eigenvalues for bulk in found.bulks)
    assert mean == pytest.approx(given.shares @ given.levels + given.b2 + given.v2 + given.s2, rel=1e-5)


def test_shares_outside_are_refused():
    found = feature_spectrum(random_features([1.0], counts=[50], features=100, samples=70, t=0.1))
    with pytest.raises(ValueError, match=r"share must lie in \[0, 1\], got \[1.2\]"):
        found.quantile([0.5, 1.2])


@pytest.mark.parametrize(("variance", "t"), [(1.0, 5.0), (1e-6, 0.1)])
def test_points_lost_in_rounding_are_named(variance, t):
    given = random_features([variance], counts=[100], features=1200, samples=200, t=t)
    with pytest.raises(ValueError, match=r"modes of the points must be told from the floor.* scale the data"):
        feature_spectrum(given)
