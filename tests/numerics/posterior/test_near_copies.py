"""Near copies: found at any distance, not found where there are none; their curve against sums in float64."""

import numpy as np
import pytest
from scipy.special import softmax
from sklearn.datasets import load_digits, load_iris

import regimes.numerics.posterior.neighbours as module
from regimes.numerics.posterior.curves import posterior_curves
from regimes.numerics.posterior.near_copies import near_copies


def copies_of(X, share, count, seed=1):
    """The first points again, each moved by a share of the median distance to the nearest neighbour."""
    steps = np.random.default_rng(seed).normal(size=(count, X.shape[1]))
    apart = np.linalg.norm(X[:, None] - X[None], axis=2) + np.diag(np.full(len(X), np.inf))
    return X[:count] + share * np.median(apart.min(axis=1)) * steps / np.linalg.norm(steps, axis=1)[:, None]


@pytest.mark.parametrize("count", [1, 15, 150])
@pytest.mark.parametrize("share", [0.0, 1e-9, 1e-6, 1e-3, 1e-2, 0.1])
def test_copies_are_found_whatever_their_distance(share, count):
    X = np.random.default_rng(0).normal(size=(150, 16))
    found = near_copies(np.concatenate([X, copies_of(X, share, count)]))
    assert (found.groups, found.points, found.ties) == (count, 2 * count, 0)
    np.testing.assert_array_equal(found.labels[150:], found.labels[:count])
    assert found.margin == np.inf if share == 0 else found.margin == pytest.approx(found.between / found.within)
    assert found.plateau_end == pytest.approx(np.log1p(found.within**2 / 4) / 2, rel=1e-12)


def test_copies_by_rounding_and_in_groups_of_several():
    X = np.random.default_rng(0).normal(size=(150, 16))
    found = near_copies(np.concatenate([X, X[:30].astype(np.float32), X[:20] + 1e-3, X[:10]]))
    assert (found.groups, found.points) == (30, 90)
    assert near_copies(np.ones((5, 2))).groups == 1


def families(rng, n, d):
    centres = rng.normal(size=(3, d))
    yield "isotropic", rng.normal(size=(n, d))
    yield "power law", rng.normal(size=(n, d)) / np.arange(1, d + 1)
    yield "heavy tails", rng.normal(size=(n, d)) / np.abs(rng.normal(size=n))[:, None]
    yield "surface", np.tanh(rng.normal(size=(n, 2)) @ rng.normal(size=(2, d)))
    yield "tight clusters", (centres + 0.01 * rng.normal(size=(n // 3, 1, d))).reshape(-1, d)
    yield "whole numbers", rng.integers(4, size=(n, d)).astype(float)
    yield "rounded", rng.normal(size=(n, d)).round(1)


def test_no_copies_where_there_are_none():
    rng = np.random.default_rng(3)
    for n, d in [(60, 2), (150, 2), (150, 5), (300, 40)]:
        for name, X in families(rng, n, d):
            assert near_copies(X).groups == 0, (name, n, d)
    digits, iris = near_copies(load_digits().data), near_copies(load_iris().data)
    assert (digits.groups, digits.ties) == (0, 0)
    assert (iris.groups, iris.ties) == (0, 1)  # two flowers measured alike: the values come in steps of 0.1


def test_blocks_and_the_projection_find_the_same(monkeypatch):
    X = np.random.default_rng(0).normal(size=(700, 600)).astype(np.float32)
    X[650:] = X[:50] + np.float32(1e-3)
    whole, pieces = near_copies(X), near_copies(X, memory=5_000_000)
    monkeypatch.setattr(module, "_MOST_WORK", 0)
    for other in (pieces, near_copies(X)):
        np.testing.assert_array_equal(whole.labels, other.labels)
        assert (other.groups, other.within) == (50, whole.within)
    with pytest.raises(ValueError, match="near_copies: memory must hold 32 numbers of each point and one row"):
        near_copies(X, memory=1000)


@pytest.mark.parametrize("single", [0, 30])
def test_the_curve_of_groups_is_the_posterior_summed_within_them(single):
    rng = np.random.default_rng(5)
    X = rng.normal(size=(30 + single, 6))
    X = np.concatenate([X, X[:30] + 0.02 * rng.normal(size=(30, 6)), X[:8] + 0.02 * rng.normal(size=(8, 6))])
    copies = near_copies(X)
    t = np.array([1e-3, 0.02, 0.1, 0.3, 1.0, 3.0])
    curves = posterior_curves(X, t, labels=copies.as_classes, singles=copies.singles, groups=5, probes=4000)
    draws = np.random.default_rng(6)
    mu, z = draws.integers(len(X), size=4000), draws.normal(size=(4000, 6))
    member = np.eye(copies.labels.max() + 1)[copies.labels]
    for k, time in enumerate(t):
        noise = -np.expm1(-2 * time)
        x = np.exp(-time) * X[mu] + np.sqrt(noise) * z
        square = ((x[:, None] - np.exp(-time) * X[None]) ** 2).sum(axis=2)
        phi = ((softmax(-square / (2 * noise), axis=1) @ member) ** 2).sum(axis=1)
        error = np.hypot(phi.std() / np.sqrt(4000), curves.clone_class_se[k])
        assert abs(curves.clone_class[k] - phi.mean()) < 4 * error + 1e-7, time
    exact = posterior_curves(X, t, labels=copies.labels, groups=0, probes=4000)
    np.testing.assert_allclose(curves.clone_class, exact.clone_class, rtol=1e-6)
    np.testing.assert_allclose(curves.clone_class_leave_one_out, exact.clone_class_leave_one_out, rtol=1e-6)


def test_of_very_many_points_some_are_compared(monkeypatch):
    rng = np.random.default_rng(2)
    X = rng.normal(size=(400, 6))
    X = np.concatenate([X, X[:60] + 1e-4, X[100:120]])
    whole = near_copies(X)
    assert (whole.compared, whole.groups) == (460, 80)
    monkeypatch.setattr("regimes.numerics.posterior.near_copies.MOST_COMPARED", 300)
    some = near_copies(X)
    assert some.compared == 300
    sizes, all_sizes = (np.bincount(found.labels)[found.labels] for found in (some, whole))
    assert np.all(sizes <= all_sizes)
    assert np.array_equal(some.labels[100:120], some.labels[460:])  # equal points
    pairs = int((some.labels[:60] == some.labels[400:460]).sum())
    assert 60 * (300 / 460) ** 2 / 2 < pairs < 60
    assert some.groups == 20 + pairs
    assert some.within == pytest.approx(whole.within, rel=0.5)


def test_a_group_left_out_with_single_points():
    rng = np.random.default_rng(8)
    X = rng.normal(size=(40, 5))
    X = np.concatenate([X, X[:10] + 1e-3])
    copies = near_copies(X)
    t = np.array([0.05, 0.3, 1.0])
    curves = posterior_curves(X, t, labels=copies.as_classes, singles=True, groups=5, probes=3000)
    replicates = posterior_curves(X, t, labels=copies.labels, groups=5, probes=3000).jackknife_clone_class
    np.testing.assert_allclose(curves.jackknife_clone_class, replicates, rtol=1e-6)
