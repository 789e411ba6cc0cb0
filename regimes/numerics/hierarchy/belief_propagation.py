"""Exact posterior of a hierarchy given its noised leaves: marginals, evidence, draws and the score."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import get_num_threads
from numpy.typing import ArrayLike, NDArray

from regimes.numerics.compiled.lanes import LANES
from regimes.numerics.hierarchy.kernel import draw_groups, propagate_groups
from regimes.numerics.hierarchy.layout import aligned, flat_messages, kernel_tables, level_starts
from regimes.numerics.hierarchy.logarithms import draw_logarithms, propagate_logarithms, raise_logarithms
from regimes.numerics.hierarchy.rules import HierarchyRules, checked_rules
from regimes.numerics.interface.checks import real_array, seeded, whole_number

__all__ = ["Beliefs", "belief_propagation", "sample_posterior"]

Array = NDArray[np.float64]

_STREAM = 0x7472656573  # sets the draws apart from other uses of a seed


@dataclass(frozen=True, eq=False)
class Beliefs:
    """Posterior of a hierarchy given messages at its leaves.

    Attributes
    ----------
    log_evidence : ndarray, shape (n,)
        Logarithm of the probability of the evidence: the sum over trees of prior, rules and messages, in nats.
    marginals : dict of ndarray, shape (n, s^l, symbols)
        Keyed by level l, so that ``marginals[0]`` is the root and a loop over it gives levels: probability of each
        symbol at each node. The samples lie innermost in memory.
    """

    log_evidence: Array
    marginals: dict[int, Array]

    def to_dict(self) -> dict[str, Any]:
        """Plain dictionary, ready for JSON.

        Returns
        -------
        dict
            The attributes, arrays as lists.
        """
        return {
            "log_evidence": self.log_evidence.tolist(),
            "marginals": {str(level): array.tolist() for level, array in self.marginals.items()},
        }


def belief_propagation(
    rules: HierarchyRules,
    messages: ArrayLike,
    *,
    log: bool = False,
    prior: ArrayLike | None = None,
    levels: Sequence[int] | None = None,
) -> Beliefs:
    """Exact marginals at the nodes of a hierarchy given messages at its leaves.

    Upwards, ``nu(a)`` of a node is the sum over the rules of a of the product of the children's messages; downwards,
    the message to a child with symbol b is the sum over the rules with b in its place of the parent's downward message
    times the siblings' upward ones; a marginal is proportional to the product of both. Cost is linear in the number
    of leaves, memory a message a node for each sample (and sixteen trees for each thread).

    Parameters
    ----------
    rules : HierarchyRules
        The rules.
    messages : array_like, shape (n, d, v)
        For each sample and leaf the likelihood of what was observed there given each symbol, in any positive scale;
        fastest with the samples innermost in memory, as :func:`regimes.hierarchy.leaf_messages` returns them.
    log : bool
        The messages are logarithms of likelihoods; -inf for an impossible symbol. Nothing in the numbers tells
        logarithms from likelihoods: numbers of the other kind give wrong beliefs without an error, unless one is
        negative where likelihoods are expected.
    prior : array_like, shape (classes,) or (n, classes), optional
        Probabilities of the root's symbols, up to a factor; uniform if not given.
    levels : sequence of int, optional
        Levels whose marginals are wanted, 0 for the root; all if not given.

    Returns
    -------
    Beliefs
        Evidence and marginals.

    Raises
    ------
    ValueError
        If a shape is wrong, a message or a prior is negative, infinite or not a number, or the evidence of a sample
        contradicts the rules.

    Notes
    -----
    sclocchi2024 (belief propagation for the random hierarchy model). Messages are normalised products in float64; a
    sample whose products become too small for them is computed again in logarithms.

    Examples
    --------
    >>> from regimes.hierarchy import HierarchyRules, belief_propagation, leaf_messages
    >>> rules = HierarchyRules([[[[0, 1]], [[1, 0]]], [[[0, 0]], [[1, 1]]]])
    >>> messages = leaf_messages([[0, 0, 1, 1]], "epsilon", 0.5, 2)
    >>> belief_propagation(rules, messages).marginals[0].round(4).tolist()
    [[[0.9878, 0.0122]]]
    """
    name = "belief_propagation"
    rules = checked_rules(name, rules)
    given = _checked_messages(name, rules, messages)
    weights = _checked_prior(name, rules, prior, len(given))
    wanted = _checked_levels(rules, levels)
    n = given.shape[0]
    linear, shifts = _exponentials(name, given) if log else (given, None)
    padded = -(-n // LANES) * LANES
    sizes = [
        rules.s**level * rules.symbols(level) * padded if level in wanted else 0 for level in range(rules.depth + 1)
    ]
    starts = np.concatenate([[0], np.cumsum(sizes)])
    out = aligned(int(starts[-1]))
    out_starts = np.where(np.array(sizes) > 0, starts[:-1], -1)
    log_evidence, sound = np.empty(n), np.empty(n, dtype=np.bool_)
    tables = kernel_tables(rules)
    flat, steps = flat_messages(linear)
    propagate_groups(
        flat, steps, n, weights, tables.arrays, tables.shape, max(wanted), out, out_starts, padded,
        min(get_num_threads(), padded // LANES), log_evidence, sound,
    )  # fmt: skip
    marginals = {}
    for level in wanted:
        shape = (rules.s**level, rules.symbols(level), padded)
        lanes = out[starts[level] : starts[level + 1]].reshape(shape)[:, :, :n]
        # A view of fewer samples than lanes would keep all of them in memory.
        marginals[level] = (lanes.copy() if n < LANES else lanes).transpose(2, 0, 1)
    if shifts is not None:
        log_evidence += shifts
    for sample in np.flatnonzero(~sound).tolist():
        row = weights[min(sample, len(weights) - 1)]
        again = _Logarithms(name, rules, given[sample], row, sample, log=log)
        log_evidence[sample], exact = again.marginals()
        for level in wanted:
            marginals[level][sample] = exact[level]
    return Beliefs(log_evidence, marginals)


def sample_posterior(
    rules: HierarchyRules,
    messages: ArrayLike,
    *,
    log: bool = False,
    prior: ArrayLike | None = None,
    draws: int = 1,
    rng: int | np.random.Generator = 0,
) -> tuple[NDArray[np.int32], ...]:
    """Independent trees from the posterior given messages at the leaves.

    With messages from noised leaves this is a U-turn: forward to the noise, and back by the exact backward process.

    Parameters
    ----------
    rules : HierarchyRules
        The rules.
    messages : array_like, shape (n, d, v)
        As for :func:`regimes.hierarchy.belief_propagation`.
    log : bool
        The messages are logarithms; as for :func:`regimes.hierarchy.belief_propagation`, a wrong flag is not noticed.
    prior : array_like, shape (classes,) or (n, classes), optional
        Probabilities of the root's symbols.
    draws : int
        Trees for each sample.
    rng : int or numpy.random.Generator
        Seed or generator.

    Returns
    -------
    tuple of ndarray, shape (draws, n, s^l)
        Symbols of the levels l = 0 to L.

    Raises
    ------
    ValueError
        As for :func:`regimes.hierarchy.belief_propagation`, or if draws is not positive.

    Notes
    -----
    sclocchi2024 (sampling by belief propagation): the root from its marginal, then rules from the root down.

    Examples
    --------
    >>> from regimes.hierarchy import HierarchyRules, leaf_messages, sample_posterior
    >>> rules = HierarchyRules([[[[0, 1]], [[1, 0]]], [[[0, 0]], [[1, 1]]]])
    >>> trees = sample_posterior(rules, leaf_messages([[0, 0, 1, 1]], "masking", 0.0, 2), draws=2)
    >>> trees[2].tolist()
    [[[0, 0, 1, 1]], [[0, 0, 1, 1]]]
    """
    name = "sample_posterior"
    rules = checked_rules(name, rules)
    given = _checked_messages(name, rules, messages)
    weights = _checked_prior(name, rules, prior, len(given))
    draws = whole_number(name, "draws", "trees for each sample", draws, at_least=1)
    n = given.shape[0]
    linear, _ = _exponentials(name, given) if log else (given, None)
    generator = seeded(rng, _STREAM)
    nodes = level_starts(rules)
    uniforms = generator.random((draws, nodes[rules.depth] + 1, n))
    trees = np.empty((draws, nodes[-1], n), dtype=np.int32)
    sound = np.empty(n, dtype=np.bool_)
    tables = kernel_tables(rules)
    flat, steps = flat_messages(linear)
    threads = min(get_num_threads(), -(-n // LANES))
    draw_groups(
        flat, steps, n, weights, tables.arrays, tables.shape, uniforms, trees, np.array(nodes), threads, sound
    )  # fmt: skip
    for sample in np.flatnonzero(~sound).tolist():
        row = weights[min(sample, len(weights) - 1)]
        again = _Logarithms(name, rules, given[sample], row, sample, log=log)
        trees[:, :, sample] = again.draws(uniforms[:, :, sample])
    return tuple(trees[:, nodes[level] : nodes[level + 1]].transpose(0, 2, 1) for level in range(rules.depth + 1))


class _Logarithms:
    """One sample in logarithms: what is wrong with it, or its exact posterior."""

    def __init__(
        self, function: str, rules: HierarchyRules, messages: Array, prior: Array, sample: int, *, log: bool
    ) -> None:
        _refuse_invalid(function, messages, sample, log=log)
        with np.errstate(divide="ignore"):
            leaves = messages if log else np.log(messages)
            self.log_prior = np.log(prior)
        self.rules = rules
        self.tables = np.concatenate([table.ravel() for table in rules.tables])
        rule_starts = np.cumsum([0, *(table.size for table in rules.tables), 0])
        self.starts = np.array([level_starts(rules), rule_starts])
        self.shape = (rules.classes, rules.v, rules.m, rules.s, rules.depth)
        self.up = np.full((level_starts(rules)[-1], max(rules.classes, rules.v)), -np.inf)
        self.evidence, level, node = raise_logarithms(
            np.ascontiguousarray(leaves), self.tables, self.starts, self.shape, self.up
        )
        if level < 0 and not (self.up[0, : rules.classes] + self.log_prior > -np.inf).any():
            raise ValueError(
                f"{function}: prior and messages of sample {sample} contradict each other: every class that the "
                "messages allow has prior 0"
            )
        if level >= 0:
            raise ValueError(
                f"{function}: the evidence of sample {sample} is contradictory: the messages below node {node} of "
                f"level {level} leave no symbol possible there; messages must allow at least "
                "one tree that the rules make"
            )

    def marginals(self) -> tuple[float, list[Array]]:
        """Log-evidence, and the marginals of all levels."""
        down = np.empty_like(self.up)
        left = propagate_logarithms(self.up, self.log_prior, self.tables, self.starts, self.shape, down)
        internal = self.starts[0, self.rules.depth]
        evidence = self.evidence + left - internal * float(np.log(self.rules.m))
        levels = range(self.rules.depth + 1)
        rows = [
            down[self.starts[0, level] : self.starts[0, level + 1], : self.rules.symbols(level)] for level in levels
        ]
        return evidence, [np.exp(row) for row in rows]

    def draws(self, uniforms: Array) -> NDArray[np.int32]:
        """Trees, one for each row of uniforms."""
        trees = np.empty((uniforms.shape[0], self.up.shape[0]), dtype=np.int32)
        rows = np.ascontiguousarray(uniforms)
        draw_logarithms(self.up, self.log_prior, self.tables, self.starts, self.shape, rows, trees)
        return trees


def _checked_messages(function: str, rules: HierarchyRules, messages: ArrayLike) -> Array:
    given = real_array(function, "messages", messages)
    if given.ndim != 3 or given.shape[0] == 0 or given.shape[1:] != (rules.leaves, rules.v):
        raise ValueError(
            f"{function}: messages must have shape (n, {rules.leaves}, {rules.v}): samples, leaves and symbols; got "
            f"{given.shape}"
        )
    return given


def _checked_prior(function: str, rules: HierarchyRules, prior: ArrayLike | None, n: int) -> Array:
    """Rows that sum to one: a single one where all samples share it."""
    if prior is None:
        return np.full((1, rules.classes), 1 / rules.classes)
    weights = real_array(function, "prior", prior)
    if weights.shape not in {(rules.classes,), (n, rules.classes)}:
        raise ValueError(
            f"{function}: prior must have shape ({rules.classes},) or ({n}, {rules.classes}), got {weights.shape}"
        )
    rows = np.atleast_2d(weights)
    if not (np.isfinite(rows) & (rows >= 0)).all() or not (rows.sum(axis=1) > 0).all():
        raise ValueError(f"{function}: prior must be finite, not negative and not all zero")
    rows = rows / rows.max(axis=1, keepdims=True)
    return np.ascontiguousarray(rows / rows.sum(axis=1, keepdims=True))


def _checked_levels(rules: HierarchyRules, levels: Any) -> list[int]:
    if levels is None:
        return list(range(rules.depth + 1))
    if isinstance(levels, str | bytes) or np.ndim(levels) == 0:
        raise ValueError(
            f"belief_propagation: levels must be a sequence of levels of the tree, such as [0], got {levels!r}"
        )
    levels = list(levels)
    wanted = sorted(
        {whole_number("belief_propagation", "levels", "level of the tree", level, at_least=0) for level in levels}
    )
    if not wanted or wanted[-1] > rules.depth:
        raise ValueError(f"belief_propagation: levels must be some of 0 (root) to {rules.depth} (leaves), got {levels}")
    return wanted


def _exponentials(function: str, logarithms: Array) -> tuple[Array, Array]:
    """Likelihoods scaled to a largest of one at each leaf, and the sum of what was taken out of each sample."""
    largest = logarithms.max(axis=2, keepdims=True)
    for sample in np.flatnonzero(~np.isfinite(largest).all(axis=(1, 2))).tolist():
        _refuse_invalid(function, logarithms[sample], sample, log=True)
        leaf = int(np.flatnonzero(~np.isfinite(largest[sample, :, 0]))[0])
        raise ValueError(
            f"{function}: the evidence of sample {sample} is contradictory: its message at leaf {leaf} allows no symbol"
        )
    return np.exp(logarithms - largest), largest.sum(axis=(1, 2))


def _refuse_invalid(function: str, messages: Array, sample: int, *, log: bool) -> None:
    wrong = np.isnan(messages) | (messages == np.inf) | (False if log else messages < 0)
    if wrong.any():
        leaf, symbol = np.argwhere(wrong)[0]
        rule = "numbers or -inf" if log else "finite and not negative"
        raise ValueError(
            f"{function}: messages must be {rule}, got {messages[leaf, symbol]:g} at sample {sample}, leaf {leaf}, "
            f"symbol {symbol}"
        )
