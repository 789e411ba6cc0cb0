"""Whether generated leaves obey the grammar, level by level, and whether they are copies of training points.

The share of a height h (pairs of leaves are h = 1, the whole tree h = L) is that of nodes whose children form a tuple
of the rules, among those whose children have symbols: chance gives ``m/v^(s-1)``, the law 1. Copies obey every rule and
show no knowledge of it, so they are left out.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from regimes.datasets.hierarchy.parse import parse_leaves
from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.hierarchy.rules import HierarchyRules
from regimes.validation.experiments.hierarchy_learned.form import HierarchyForm
from regimes.validation.experiments.runner.tree_denoisers import T_RANGE
from regimes.validation.sampling import NoiseStream, backward, backward_times
from regimes.validation.sampling.samplers import Score

__all__ = ["copies_and_overlap", "generated_leaves", "path", "rule_shares"]

Array = NDArray[np.float64]
Leaves = NDArray[np.int64]

_FEWEST = 10  # nodes behind a share
_BLOCK = 2**26


def path(t: float, steps: int) -> Array:
    """Times of a way back from t: equal steps of log-SNR, the last to the posterior mean."""
    return np.append(backward_times(t, end=T_RANGE[0], steps=steps - 1, spacing="log-snr"), 0.0)


def generated_leaves(form: HierarchyForm, score: Score, noise: NoiseStream) -> Leaves:
    """Leaves generated from pure noise around the mean of all symbols."""
    amplitude = float(compile_formula("signal_amplitude", target="numpy")(T_RANGE[1]))
    shape = (form.s**form.L, form.v)
    x = noise.substream(0).normal(0, 0, form.generated, shape) + amplitude / form.v
    times = path(T_RANGE[1], form.steps)
    ends = backward(score, x, times, sampler="ancestral", noise=noise.substream(1))
    return np.asarray(ends.argmax(dim=2).numpy(), dtype=np.int64)


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
