"""Copies: against all distances, in parts, and how often chance makes one."""

import numpy as np
import pytest

from regimes.numerics.decisions.copied_points import are_copies, copied_points
from regimes.numerics.posterior.near_copies import near_copies


def brute(X, samples, groups):
    apart = np.sqrt(((samples[:, None] - X) ** 2).sum(axis=-1))
    nearest, first = apart.argmin(axis=1), apart.min(axis=1)
    apart[groups[nearest][:, None] == groups] = np.inf
    return nearest, first, apart.min(axis=1)


@pytest.mark.parametrize("memory", [2**31, 80_000])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_equal_to_all_distances_whole_and_in_parts(memory, dtype):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(400, 6)).astype(dtype) + 5
    X[:20] = X[20:40] + 1e-4
    X[50] = X[51]
    groups = near_copies(X).labels
    samples = np.concatenate([X[rng.choice(400, 70)] + 1e-3 * rng.normal(size=(70, 6)), 5 + rng.normal(size=(60, 6))])
    found = copied_points(X, samples, groups=groups, memory=memory)
    nearest, first, outside = brute(X.astype(float), samples, groups)
    assert np.array_equal(groups[found.nearest], groups[nearest])
    assert found.distance == pytest.approx(first, rel=1e-9)
    assert found.outside == pytest.approx(outside, rel=1e-9)
    assert np.array_equal(found.copied, first < outside / 3)
    assert found.copied[:70].all()


def test_a_copy_of_one_of_two_near_copies_is_one_for_their_group_alone():
    X = np.concatenate([np.eye(5) * 4, np.eye(5) * 4 + 1e-3])
    sample = X[:1] + 4e-4
    assert not copied_points(X, sample).copied[0]
    assert copied_points(X, sample, groups=near_copies(X).labels).copied[0]


@pytest.mark.parametrize("d", [1, 2, 3])
def test_chance_makes_copies_of_a_share_that_falls_as_three_to_the_dimensions(d):
    copies = near_copies(np.random.default_rng(d).random((3000, d)))
    shares = are_copies(copies.apart, copies.beyond)[0].mean()
    assert abs(shares - 3.0**-d) < 4 * np.sqrt(2 * 3.0**-d / 3000)  # neighbours are not independent


def test_neighbours_of_all_points_are_those_outside_their_groups():
    X = np.random.default_rng(3).normal(size=(80, 4))
    X[:8] = X[8:16] + 1e-4
    X[20] = X[21]
    copies = near_copies(X)
    apart = np.sqrt(((X[:, None] - X) ** 2).sum(axis=-1))
    apart[copies.labels[:, None] == copies.labels] = np.inf
    nearest, first = apart.argmin(axis=1), apart.min(axis=1)
    assert copies.apart == pytest.approx(first)
    assert np.array_equal(copies.labels[copies.neighbour], copies.labels[nearest])
    apart[copies.labels[nearest][:, None] == copies.labels] = np.inf
    assert copies.beyond == pytest.approx(apart.min(axis=1))


def test_bad_samples_are_refused():
    X = np.eye(4)
    for samples in (np.zeros((3, 5)), np.full((2, 4), np.nan), np.zeros((0, 4))):
        with pytest.raises(ValueError, match="samples must be finite, of shape"):
            copied_points(X, samples)
    with pytest.raises(ValueError, match="memory must hold some points"):
        copied_points(X, X, memory=10)
