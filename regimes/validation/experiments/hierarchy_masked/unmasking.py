"""The law of masked leaves given visible ones, exact and learned, and unmasking with either."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from regimes.numerics.hierarchy.belief_propagation import belief_propagation
from regimes.numerics.hierarchy.rules import HierarchyRules
from regimes.validation.running.torch_threads import torch_threads_kept
from regimes.validation.sampling import NoiseStream
from regimes.validation.training.masked_training import masked_probabilities

__all__ = ["Law", "evidence_of", "exact_law", "learned_law", "log_losses", "orders", "unmask"]

Array = NDArray[np.float64]
Leaves = NDArray[np.int64]
Visible = NDArray[np.bool_]
Law = Callable[[Leaves, Visible], Array]
"""``law(leaves, visible)``: probabilities (n, N, v) of the symbols of each leaf given the visible ones."""

_DOUBT = 1e-9
"""Weight of the symbols other than the visible one: strings that no rule allows, which unmasking several at once makes,
have a posterior too, that of the fewest errors; elsewhere it changes a probability by some 1e-8."""
_LEAST = 1e-12


def evidence_of(leaves: Leaves, visible: Visible, v: int, doubt: float = 0.0) -> Array:
    """Messages (n, N, v) of visible and masked leaves."""
    own = leaves[:, :, None] == np.arange(v)
    return np.where(visible[:, :, None], np.where(own, 1.0, doubt), 1.0)


def exact_law(rules: HierarchyRules) -> Law:
    """Belief propagation."""

    def law(leaves: Leaves, visible: Visible) -> Array:
        messages = evidence_of(leaves, visible, rules.v, _DOUBT)
        with torch_threads_kept():
            return belief_propagation(rules, messages, levels=[rules.L]).marginals[rules.L]

    return law


def learned_law(network: nn.Module) -> Law:
    """A trained network."""

    @torch.no_grad()
    def law(leaves: Leaves, visible: Visible) -> Array:
        found = masked_probabilities(network, torch.from_numpy(leaves), torch.from_numpy(visible))
        return np.asarray(found.double().numpy())

    return law


def orders(noise: NoiseStream, rows: int, leaves: int) -> NDArray[np.int64]:
    """Place of each leaf in a random order of its own for each row."""
    return np.asarray(noise.uniform(0, 0, rows, (leaves,)).argsort(dim=1).argsort(dim=1).numpy())


def unmask(
    law: Law,
    leaves: Leaves,
    place: NDArray[np.int64],
    known: NDArray[np.int64],
    tokens: Sequence[int],
    noise: NoiseStream,
) -> Leaves:
    """Draw the leaves that are not known, in their order: so many at each step, each from its own law.

    The first ``known`` leaves of a row's order are visible; a row that has no masked leaf left waits for the others.
    """
    found, visible_until = leaves.copy(), known.copy()
    for step, count in enumerate(tokens):
        active = np.flatnonzero(visible_until < leaves.shape[1])
        if not active.size:
            break
        first = visible_until[active, None]
        drawn_now = (place[active] >= first) & (place[active] < first + count)
        probabilities = np.cumsum(law(found[active], place[active] < first), axis=2)
        uniform = noise.uniform(step, 0, len(leaves), (leaves.shape[1],)).double().numpy()[active]
        symbols = (probabilities <= uniform[:, :, None] * probabilities[:, :, -1:]).sum(axis=2)
        found[active] = np.where(drawn_now, symbols, found[active])
        visible_until[active] += count
    return found


def log_losses(law: Law, leaves: Leaves, place: NDArray[np.int64], tokens: Sequence[int]) -> Array:
    """Minus the log-probability with which each row is generated in its order, (n,)."""
    loss, first = np.zeros(len(leaves)), 0
    for count in tokens:
        probabilities = law(leaves, place < first)
        own = np.take_along_axis(probabilities, leaves[:, :, None], axis=2)[:, :, 0]
        drawn_now = (place >= first) & (place < first + count)
        loss -= np.where(drawn_now, np.log(np.maximum(own, _LEAST)), 0.0).sum(axis=1)
        first += count
    return loss
