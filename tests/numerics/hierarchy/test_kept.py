"""What U-turns keep: responses and clamped roots of belief propagation against sums over all trees."""

from itertools import product

import numpy as np
import pytest

from regimes import Hierarchy
from regimes.hierarchy import random_hierarchy, sample_hierarchy
from regimes.numerics.hierarchy.belief_propagation import sample_posterior
from regimes.numerics.hierarchy.uturns.kept import expected_kept, observed_kept


def all_trees(rules):
    """Every tree, as symbols of each level."""
    trees = [[(root,)] for root in range(rules.classes)]
    for table in rules.tables:
        grown = []
        for tree in trees:
            for choice in product(range(rules.m), repeat=len(tree[-1])):
                children = [table[symbol, rule] for symbol, rule in zip(tree[-1], choice, strict=True)]
                grown.append([*tree, tuple(np.concatenate(children).tolist())])
        trees = grown
    return [np.array([tree[level] for tree in trees]) for level in range(rules.L + 1)]


@pytest.fixture(scope="module")
def case():
    rules = random_hierarchy(Hierarchy(4, 3, L=2), rng=3)
    tree = sample_hierarchy(rules, 1, rng=4).tree
    messages = np.random.default_rng(5).normal(size=(1, 4, 4))
    return rules, tree, messages


def test_means_are_those_over_all_trees(case):
    rules, tree, messages = case
    n = 4000  # copies, for the random signs
    trees = all_trees(rules)
    weight = np.exp(messages[0][np.arange(4), trees[-1]].sum(axis=1))
    weight /= weight.sum()
    start = [np.repeat(level, len(weight), axis=0) for level in tree]
    exact = observed_kept(start, trees)
    found = expected_kept(
        rules,
        np.repeat(messages, n, axis=0),
        [np.repeat(level, n, axis=0) for level in tree],
        rng=np.random.default_rng(1),
    )
    np.testing.assert_allclose(found.share[0], weight @ exact.share, rtol=1e-12)
    np.testing.assert_allclose(found.changed[0], weight @ exact.changed, rtol=1e-10, atol=1e-14)
    squares = weight @ exact.squares
    np.testing.assert_allclose(found.squares[0, [0, 2]], squares[[0, 2]], rtol=1e-7)
    middle = found.squares[:, 1]
    assert abs(middle.mean() - squares[1]) < 4 * middle.std() / np.sqrt(n)
    assert np.unique(middle.round(6)).size == 2  # signs of the two nodes agree or differ


def test_draws_have_these_means():
    rules = random_hierarchy(Hierarchy(4, 2, L=3), rng=1)
    data = sample_hierarchy(rules, 3000, rng=2)
    messages = 1.5 * (data.leaves[:, :, None] == np.arange(4)) + np.random.default_rng(3).normal(size=(3000, 8, 4))
    expected = expected_kept(rules, messages, data.tree, rng=np.random.default_rng(4))
    drawn = [level[0] for level in sample_posterior(rules, messages, log=True, rng=5)]
    observed = observed_kept(data.tree, drawn)
    for name in ("share", "changed", "squares"):
        difference = getattr(observed, name) - getattr(expected, name)
        z = difference.mean(axis=0) / (difference.std(axis=0) / np.sqrt(3000) + 1e-300)
        assert np.abs(z[np.abs(difference).max(axis=0) > 0]).max() < 4


def test_a_stray_node_keeps_nothing_and_counts_as_another_class():
    tree = [np.array([[0]]), np.array([[1, 0]]), np.array([[1, 1, 0, 0]])]
    drawn = [np.array([[-1]]), np.array([[1, -1]]), np.array([[1, 1, 0, 1]])]
    found = observed_kept(tree, drawn)
    assert found.share.tolist() == [[0.0, 0.5, 0.75]]
    assert found.changed.tolist() == [[0.0, 0.5, 0.75]]
    assert found.squares.tolist() == [[9.0, 5.0, 3.0]]
