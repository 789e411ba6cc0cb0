"""What a U-turn of a hierarchy keeps of its start, level by level: the exact law given the noised leaves, and draws."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regimes.numerics.hierarchy.belief_propagation import belief_propagation
from regimes.numerics.hierarchy.rules import HierarchyRules

__all__ = ["Kept", "expected_kept", "observed_kept"]

Array = NDArray[np.float64]
Tree = Sequence[NDArray[np.integer[Any]]]  # symbols (n, s^l) of the levels l = 0 to L

# Central differences of a marginal: the third order costs 1e-8 of the squared number of leaves, rounding 1e-11 of it.
_FIELD = 1e-4


@dataclass(frozen=True, eq=False)
class Kept:
    """What U-turns keep; rows are samples, columns the levels l = 0 (root) to L of the tree.

    ``share`` is that of the nodes with the symbol of the start, ``changed`` the same times whether the class is another
    one, ``squares`` the sum over nodes of the squared number of leaves kept below: of a draw, or their means given the
    noised leaves. ``squares`` is without bias over ``rng`` rather than exact between the root and the leaves.
    """

    share: Array
    changed: Array
    squares: Array


def expected_kept(rules: HierarchyRules, log_messages: Array, tree: Tree, *, rng: np.random.Generator) -> Kept:
    """Means of what is kept of a start, given messages (n, s^L, v) at its noised leaves, in logarithms.

    With the class c of the start a node keeps its symbol while the class changes with the probability
    ``P(symbol) - P(symbol | c) P(c)``. A field h on the start's symbols, of one sign below each node of a level, turns
    the mean number of leaves kept into a generating function: its slope, counted with the same signs, is the covariance
    of these numbers, and with random signs on average the sum of their variances (derived).
    """
    depth = rules.L
    marginals = belief_propagation(rules, log_messages, log=True).marginals
    own = [_own(marginals[level], tree[level]) for level in range(depth + 1)]
    prior = (tree[0] == np.arange(rules.classes)).astype(np.float64)
    clamped = belief_propagation(rules, log_messages, log=True, prior=prior).marginals
    same = own[0]
    changed = [own[level] - _own(clamped[level], tree[level]) * same for level in range(1, depth + 1)]
    squares = np.empty((len(same), depth + 1))
    for level in range(depth):
        signs = np.where(rng.random((len(same), rules.s**level)) < 0.5, -1.0, 1.0)
        below = own[depth].reshape(len(same), rules.s**level, -1).sum(axis=2)
        squares[:, level] = _response(rules, log_messages, tree[depth], signs) + np.square(below).sum(axis=1)
    squares[:, depth] = own[depth].sum(axis=1)
    shares = np.stack([each.mean(axis=1) for each in own], axis=1)
    joint = [np.zeros(len(same)), *(np.maximum(each, 0).mean(axis=1) for each in changed)]
    return Kept(shares, np.stack(joint, axis=1), squares)


def observed_kept(tree: Tree, drawn: Tree) -> Kept:
    """What drawn trees keep of the start; a symbol of -1 keeps nothing."""
    same = [found == own for found, own in zip(drawn, tree, strict=True)]
    shares = np.stack([each.mean(axis=1) for each in same], axis=1)
    leaves = same[-1].astype(np.float64)
    sums = [leaves.reshape(len(leaves), each.shape[1], -1).sum(axis=2) for each in same]
    squares = np.stack([np.square(each).sum(axis=1) for each in sums], axis=1)
    return Kept(shares, shares * ~same[0], squares)


def _own(marginal: Array, symbols: NDArray[np.integer[Any]]) -> Array:
    """Probability of the start's symbol at each node."""
    return np.take_along_axis(marginal, symbols[:, :, None].astype(np.intp), axis=2)[:, :, 0]


def _response(rules: HierarchyRules, log_messages: Array, leaves: NDArray[np.integer[Any]], signs: Array) -> Array:
    """Slope, in a field with signs, of the mean number of leaves kept, counted with the same signs."""
    at = np.repeat(signs, rules.leaves // signs.shape[1], axis=1)
    field = _FIELD * at[:, :, None] * (leaves[:, :, None] == np.arange(rules.v))
    counts = []
    for messages in (log_messages + field, log_messages - field):
        marginal = belief_propagation(rules, messages, log=True, levels=[rules.L]).marginals[rules.L]
        counts.append((at * _own(marginal, leaves)).sum(axis=1))
    return np.asarray((counts[0] - counts[1]) / (2 * _FIELD))
