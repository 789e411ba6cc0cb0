"""Exact posterior of a hierarchy given its noised leaves: marginals, evidence, draws and the score."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from regimes.numerics.compiled.lanes import LANES
from regimes.numerics.compiled.threads import share_out
from regimes.numerics.estimation.streams import Stream, generator
from regimes.numerics.hierarchy.draw_kernel import draw_groups
from regimes.numerics.hierarchy.evidence import checked_levels, checked_messages, checked_prior, exponentials
from regimes.numerics.hierarchy.layout import aligned, flat_messages, kernel_tables, level_starts
from regimes.numerics.hierarchy.marginal_kernel import propagate_groups
from regimes.numerics.hierarchy.rules import HierarchyRules, checked_rules
from regimes.numerics.hierarchy.strong_evidence import SampleInLogarithms
from regimes.numerics.interface.checks import whole_number

__all__ = ["Beliefs", "belief_propagation", "sample_posterior"]

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Beliefs:
    """Posterior of a hierarchy given messages at its leaves.

    ``log_evidence`` (n,) is the logarithm of the sum over trees of prior, rules and messages, in nats. ``marginals`` is
    keyed by level l, so that ``marginals[0]`` is the root and a loop over it gives levels: probability of each symbol
    at each node, (n, s^l, symbols), the samples innermost in memory.
    """

    log_evidence: Array
    marginals: dict[int, Array]


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
    likelihoods = checked_messages(name, rules, messages)
    weights = checked_prior(name, rules, prior, len(likelihoods))
    wanted = checked_levels(rules, levels)
    n = likelihoods.shape[0]
    linear, shifts = exponentials(name, likelihoods) if log else (likelihoods, None)
    padded = -(-n // LANES) * LANES
    sizes = [rules.s**level * rules.symbols(level) * padded if level in wanted else 0 for level in range(rules.L + 1)]
    starts = np.concatenate([[0], np.cumsum(sizes)])
    out = aligned(int(starts[-1]))
    out_starts = np.where(np.array(sizes) > 0, starts[:-1], -1)
    log_evidence, sound = np.empty(n), np.empty(n, dtype=np.bool_)
    tables = kernel_tables(rules)
    flat, steps = flat_messages(linear)
    given, to = (flat, steps, n, weights), (out, out_starts, padded, max(wanted))

    def propagate(first: int, step: int) -> None:
        propagate_groups(first, step, given, tables.arrays, tables.shape, to, log_evidence, sound)

    share_out(propagate, padded // LANES, n * _products(rules))
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
        again = SampleInLogarithms(name, rules, likelihoods[sample], row, sample, log=log)
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
    rules, messages, log, prior
        As for :func:`regimes.hierarchy.belief_propagation`.
    draws : int
        Trees for each sample.
    rng : int or numpy.random.Generator
        Seed or generator.

    Returns
    -------
    tuple of ndarray, shape (draws, n, s^l)
        Symbols of the levels l = 0 to L.

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
    likelihoods = checked_messages(name, rules, messages)
    weights = checked_prior(name, rules, prior, len(likelihoods))
    draws = whole_number(name, "draws", "trees for each sample", draws, at_least=1)
    n = likelihoods.shape[0]
    linear, _ = exponentials(name, likelihoods) if log else (likelihoods, None)
    source = generator(Stream.HIERARCHY_DRAWS, rng, name)
    nodes = level_starts(rules)
    uniforms = source.random((draws, nodes[rules.L] + 1, n))
    trees = np.empty((draws, nodes[-1], n), dtype=np.int32)
    sound = np.empty(n, dtype=np.bool_)
    tables = kernel_tables(rules)
    flat, steps = flat_messages(linear)
    given = (flat, steps, n, weights)
    starts = np.array(nodes)

    def draw(first: int, step: int) -> None:
        draw_groups(first, step, given, tables.arrays, tables.shape, uniforms, trees, starts, sound)

    share_out(draw, -(-n // LANES), n * _products(rules))
    for sample in np.flatnonzero(~sound).tolist():
        row = weights[min(sample, len(weights) - 1)]
        again = SampleInLogarithms(name, rules, likelihoods[sample], row, sample, log=log)
        trees[:, :, sample] = again.draws(uniforms[:, :, sample])
    return tuple(trees[:, nodes[level] : nodes[level + 1]].transpose(0, 2, 1) for level in range(rules.L + 1))


def _products(rules: HierarchyRules) -> int:
    """Products of messages of one sample: of every rule of every node above the leaves."""
    return (rules.hierarchy.nodes - rules.leaves) * rules.v * rules.m
