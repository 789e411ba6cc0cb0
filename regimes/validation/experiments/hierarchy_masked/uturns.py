"""U-turns by masking: what comes back of each level, and which block of leaves changes with which latent.

The exact value is the posterior probability of the symbols of the start at the same masked leaves.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from regimes.datasets.hierarchy.parse import parse_leaves
from regimes.numerics.hierarchy.belief_propagation import belief_propagation
from regimes.numerics.hierarchy.rules import HierarchyRules
from regimes.validation.experiments.hierarchy_masked.form import MaskedForm, RulesData
from regimes.validation.experiments.hierarchy_masked.unmasking import Law, evidence_of, orders, unmask
from regimes.validation.running.torch_threads import torch_threads_kept
from regimes.validation.sampling import NoiseStream

__all__ = ["changed_blocks", "posterior_kept", "turns"]

Array = NDArray[np.float64]
Leaves = NDArray[np.int64]
Tree = list[NDArray[np.int64]]

_MASKS, _ORDERS, _DRAWS = range(3)


def posterior_kept(form: MaskedForm, data: RulesData, noise: NoiseStream) -> Array:
    """Probability that a node keeps its symbol, mean over each level, (masked shares, turns, L + 1)."""
    leaves = np.asarray(data.turns.leaves, dtype=np.int64)
    messages = evidence_of(leaves, _visible(form, leaves, noise), data.rules.v)
    with torch_threads_kept():
        marginals = belief_propagation(data.rules, messages).marginals
    levels = [
        np.take_along_axis(marginals[level], symbols[:, :, None].astype(np.intp), axis=2).mean(axis=(1, 2))
        for level, symbols in enumerate(data.turns.tree)
    ]
    return np.stack(levels, axis=1).reshape(len(form.masked), form.turns, -1)


def turns(form: MaskedForm, data: RulesData, law: Law, noise: NoiseStream) -> dict[str, Array]:
    """U-turns one leaf after the other in random order; ``kept`` as :func:`posterior_kept`.

    ``leaves`` (masked shares, turns): leaves that changed; ``valid``: whether the end obeys all rules; with
    ``height``, ``below`` and ``run`` of :func:`changed_blocks`.
    """
    start = np.asarray(data.turns.leaves, dtype=np.int64)
    visible = _visible(form, start, noise)
    # Visible leaves first, then the masked ones in random order.
    place = np.argsort(
        np.argsort(orders(noise.substream(_ORDERS), *start.shape) + start.size * ~visible, axis=1), axis=1
    )
    known = visible.sum(axis=1)
    ends = unmask(law, start, place, known, [1] * start.shape[1], noise.substream(_DRAWS))
    parsed = parse_leaves(data.rules, ends)
    begun = [np.asarray(symbols, dtype=np.int64) for symbols in data.turns.tree]
    ended = [np.asarray(symbols, dtype=np.int64) for symbols in parsed.tree]
    rows = {
        "kept": parsed.kept(begun),
        "leaves": (ends != start).sum(axis=1).astype(np.float64),
        "valid": (ended[0][:, 0] >= 0).astype(np.float64),
    } | changed_blocks(data.rules, begun, ended)
    return {name: row.reshape(len(form.masked), form.turns, *row.shape[1:]) for name, row in rows.items()}


def changed_blocks(rules: HierarchyRules, start: Tree, end: Tree) -> dict[str, Array]:
    """Of each turn the height of the highest changed latent, -1 where nothing changed.

    ``below``: changed leaves below it, mean over the changed latents of that height; ``run``: longest run of changed
    leaves side by side.
    """
    changed = [one != other for one, other in zip(start, end, strict=True)]
    leaves = changed[-1]
    any_of_level = np.stack([each.any(axis=1) for each in changed], axis=1)
    level = np.where(any_of_level.any(axis=1), any_of_level.argmax(axis=1), rules.L + 1)
    below = np.zeros(len(leaves))
    for depth in range(rules.L + 1):
        rows = np.flatnonzero(level == depth)
        counts = leaves[rows].reshape(len(rows), rules.s**depth, rules.s ** (rules.L - depth)).sum(axis=2)
        moved = changed[depth][rows]
        below[rows] = (counts * moved).sum(axis=1) / np.maximum(moved.sum(axis=1), 1)
    run, longest = np.zeros(len(leaves)), np.zeros(len(leaves))
    for column in leaves.T:
        run = (run + 1) * column
        longest = np.maximum(longest, run)
    return {"height": (rules.L - level).astype(np.float64), "below": below, "run": longest}


def _visible(form: MaskedForm, leaves: Leaves, noise: NoiseStream) -> NDArray[np.bool_]:
    uniform = noise.substream(_MASKS).uniform(0, 0, len(leaves), (leaves.shape[1],)).numpy()
    return np.asarray(uniform >= np.repeat(form.masked, form.turns)[:, None])
