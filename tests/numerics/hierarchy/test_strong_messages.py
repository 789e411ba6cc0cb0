"""Evidence that contradicts itself by hundreds of decades, against logarithms written here."""

import numpy as np
import pytest
from scipy.special import logsumexp

from regimes.hierarchy import random_hierarchy, sample_hierarchy
from regimes.numerics.hierarchy.belief_propagation import belief_propagation, sample_posterior
from regimes.numerics.hierarchy.noise import gaussian_log_messages
from regimes.numerics.hierarchy.problem import Hierarchy
from regimes.numerics.hierarchy.rules import HierarchyRules


def by_logarithms(rules, messages):
    """Log-evidence and log-marginals of every level of one sample, recursively and without normalisation."""
    up = [messages]
    for table in reversed(rules.tables):
        children = up[0].reshape(-1, rules.s, rules.v)
        terms = sum(children[:, j][:, table[:, :, j]] for j in range(rules.s))
        up.insert(0, logsumexp(terms, axis=2) - np.log(rules.m))
    down = [np.full((1, rules.classes), -np.log(rules.classes))]
    for level, table in enumerate(rules.tables):
        children = up[level + 1].reshape(-1, rules.s, rules.v)
        below = np.full(children.shape, -np.inf)
        for node, (belief, taken) in enumerate(zip(down[-1], children, strict=True)):
            for a, k in np.ndindex(table.shape[:2]):
                for j, symbol in enumerate(table[a, k]):
                    others = sum(taken[i, table[a, k, i]] for i in range(rules.s) if i != j)
                    below[node, j, symbol] = np.logaddexp(below[node, j, symbol], belief[a] + others - np.log(rules.m))
        down.append(below.reshape(-1, rules.v))
    joint = [u + d for u, d in zip(up, down, strict=True)]
    evidence = logsumexp(joint[0])
    return evidence, [np.exp(level - logsumexp(level, axis=1, keepdims=True)) for level in joint]


CHAIN = HierarchyRules([[[[0, 0]], [[1, 1]]]] * 3)  # all leaves are equal
CHAIN_MESSAGES = np.zeros((1, 8, 2))
CHAIN_MESSAGES[0, 0] = [0, -800]
CHAIN_MESSAGES[0, [1, 2, 4]] = [-322, 0]  # three conflicts that no single sum shows, together stronger than the first


def strong(seed, rules, samples, scale):
    rng = np.random.default_rng(seed)
    return np.exp(rng.uniform(0, np.log(scale), (samples, 1, 1))) * rng.normal(size=(samples, rules.leaves, rules.v))


CASES = {
    "chain": (CHAIN, CHAIN_MESSAGES),
    "deep": (
        random_hierarchy(Hierarchy(3, 2, 2, 4), rng=1),
        strong(1, random_hierarchy(Hierarchy(3, 2, 2, 4), rng=1), 24, 2000),
    ),
    "three children": (
        random_hierarchy(Hierarchy(3, 4, 3, 3), rng=2),
        strong(2, random_hierarchy(Hierarchy(3, 4, 3, 3), rng=2), 12, 2000),
    ),
    "off the data": (
        random_hierarchy(Hierarchy(8, 2, 2, 4), rng=1),
        gaussian_log_messages(np.random.default_rng(3).normal(size=(40, 16, 8)), 0.003),
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_no_level_depends_on_which_levels_are_asked_for(case):
    rules, messages = CASES[case]
    whole = belief_propagation(rules, messages, log=True)
    alone = [belief_propagation(rules, messages, log=True, levels=[level]) for level in range(rules.L + 1)]
    for sample, own in enumerate(messages):
        evidence, marginals = by_logarithms(rules, own)
        size = np.abs(own).max() * rules.leaves
        for level, marginal in enumerate(marginals):
            for found in (whole, alone[level]):
                assert found.log_evidence[sample] == pytest.approx(evidence, abs=1e-12 + 1e-15 * size)
                np.testing.assert_allclose(found.marginals[level][sample], marginal, rtol=0, atol=1e-12 + 4e-15 * size)


@pytest.mark.parametrize("case", CASES)
def test_what_is_impossible_is_never_drawn(case):
    rules, messages = CASES[case]
    trees = sample_posterior(rules, messages, log=True, draws=20)
    for sample, own in enumerate(messages):
        _, marginals = by_logarithms(rules, own)
        for level, marginal in enumerate(marginals):
            drawn = marginal[np.arange(len(marginal)), trees[level][:, sample]]
            assert drawn.min() > 1e-9


class Always(np.random.Generator):
    """Draws one number only."""

    def __init__(self, number):
        super().__init__(np.random.PCG64(0))
        self.number = number

    def random(self, size):
        return np.full(size, self.number)


@pytest.mark.parametrize("number", [0.0, np.nextafter(1, 0)])
def test_the_only_possible_tree_is_drawn_at_both_ends_of_the_random_numbers(number):
    """Leaves that are known leave one tree, and every other choice weighs nothing."""
    rules = random_hierarchy(Hierarchy(3, 2, 2, 3), rng=1)
    tree = sample_hierarchy(rules, 30, rng=2).tree
    trees = sample_posterior(rules, np.eye(3)[tree[-1]], rng=Always(number))
    for found, true in zip(trees, tree, strict=True):
        np.testing.assert_array_equal(found[0], true)
