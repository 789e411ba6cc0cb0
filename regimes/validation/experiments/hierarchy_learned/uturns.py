"""U-turns of fresh points: which symbols of each level come back, beside the posterior at the same noised points.

The exact value at x_t is the posterior probability of the symbols that the point had. All scores take the same noise,
so that a difference between two has a small error of its own and no error of the steps.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from regimes.datasets.hierarchy.parse import parse_leaves
from regimes.validation.experiments.hierarchy_learned.form import HierarchyForm, SeedData, times_at
from regimes.validation.experiments.hierarchy_learned.grammar import path
from regimes.validation.experiments.runner.tree_denoisers import one_hot
from regimes.validation.sampling import NoiseStream, noised, u_turn
from regimes.validation.sampling.samplers import Score
from regimes.validation.scores import HierarchyBeliefScore

__all__ = ["kept_by_posterior", "kept_by_turns"]

Array = NDArray[np.float64]


def kept_by_turns(form: HierarchyForm, data: SeedData, score: Score, noise: NoiseStream) -> Array:
    """Share of the nodes of each level with their symbol after a U-turn, (noise levels, turns, L + 1)."""
    points, kept = one_hot(data.fresh), []
    for k, t in enumerate(times_at(form.log_snr)):
        rows = _rows(form, k)
        ends = u_turn(score, points[rows], t, times=path(t, form.steps), sampler="ancestral", noise=noise.substream(k))
        parsed = parse_leaves(data.rules, ends.argmax(dim=2).numpy())
        kept.append(parsed.kept([symbols[rows] for symbols in data.fresh.tree]))
    return np.stack(kept)


def kept_by_posterior(form: HierarchyForm, data: SeedData, noise: NoiseStream) -> Array:
    """Posterior probability of the symbols, mean over the nodes of a level, at the noised points of these U-turns."""
    points, score, kept = one_hot(data.fresh), HierarchyBeliefScore(data.rules), []
    for k, t in enumerate(times_at(form.log_snr)):
        rows = _rows(form, k)
        x = noised(points[rows], t, noise=noise.substream(k).substream(0))  # as a U-turn noises them
        levels = []
        for level, symbols in enumerate(data.fresh.tree):
            belief = score.posterior(x, t, level=level).double().numpy().reshape(len(x), symbols.shape[1], -1)
            own = np.take_along_axis(belief, symbols[rows][:, :, None].astype(np.intp), axis=2)
            levels.append(own.mean(axis=(1, 2)))
        kept.append(np.stack(levels, axis=1))
    return np.stack(kept)


def _rows(form: HierarchyForm, level: int) -> slice:
    """Every noise level has points of its own."""
    return slice(level * form.turns, (level + 1) * form.turns)
