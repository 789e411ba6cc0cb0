"""Leaves that a model generated against the rules of a hierarchy, and against the points it was trained on.

The share of a height h (pairs of leaves are h = 1, the whole tree h = L) is that of nodes whose children form a tuple
of the rules, among those whose children have symbols: chance gives ``m/v^(s-1)``, the law 1. Copies obey every rule and
show no knowledge of it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from regimes.datasets.hierarchy.parse import parse_leaves
from regimes.numerics.hierarchy.rules import HierarchyRules

__all__ = ["by_chance", "copies_and_overlap", "rule_shares"]

Array = NDArray[np.float64]
Leaves = NDArray[np.int64]

_FEWEST = 10  # nodes behind a share
_BLOCK = 2**26


def rule_shares(rules: HierarchyRules, leaves: Leaves) -> tuple[Array, Array]:
    """Share of obeyed rules at the heights 1 to L, nan where too few nodes have children, and standard errors."""
    shares, errors = np.full(rules.L, np.nan), np.full(rules.L, np.nan)
    if not len(leaves):
        return shares, errors
    tree = parse_leaves(rules, leaves).tree
    for height in range(1, rules.L + 1):
        parents, children = tree[rules.L - height] >= 0, tree[rules.L - height + 1] >= 0
        asked = children.reshape(*parents.shape, rules.s).all(axis=2)
        count = int(asked.sum())
        if count < _FEWEST:
            continue
        share = float(parents.sum() / count)
        left = (parents - share * asked).sum(axis=1)  # by sample: nodes of one sample are not independent
        shares[height - 1] = share
        # One node more of either kind, so that a share of 1 has an error too.
        errors[height - 1] = max(float(np.sqrt(np.sum(left**2)) / count), 0.5 / count)
    return shares, errors


def copies_and_overlap(leaves: Leaves, train: Leaves) -> tuple[NDArray[np.bool_], Array]:
    """Which samples equal a training point, and of each the largest share of leaves in common with one."""
    nearest = np.empty(len(leaves))
    block = max(1, _BLOCK // train.size)
    for first in range(0, len(leaves), block):
        common = (leaves[first : first + block, None] == train[None]).mean(axis=2)
        nearest[first : first + block] = common.max(axis=1)
    return nearest == 1.0, nearest


def by_chance(rules: HierarchyRules) -> Array:
    """Probability that a symbol comes back from pure noise, mean over the nodes of each level."""
    weights = np.full((1, rules.classes), 1 / rules.classes)
    found = [weights]
    for table in rules.tables:
        children = np.zeros((len(found[-1]), table.shape[2], rules.v))
        for parent, law in enumerate(found[-1]):
            for child in range(table.shape[2]):
                spread = np.repeat(law / table.shape[1], table.shape[1])
                children[parent, child] = np.bincount(table[:, :, child].ravel(), spread, rules.v)
        found.append(children.reshape(-1, rules.v))
    return np.array([(law**2).sum(axis=1).mean() for law in found])
