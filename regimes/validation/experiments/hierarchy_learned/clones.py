"""Whether two clones end at the same training point: phi_index, between that of the law and that of memory.

Clones are born at noised training points. Under the law their leaves are two draws from the posterior of all data, and
the nearest training point may differ; a denoiser that has memorised its points draws one of these. The *memory* of a
denoiser is the area under its phi_index over log-SNR, 0 for the exact denoiser of the law and 1 for the posterior over
the training points alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from regimes.numerics.posterior.curves import posterior_curves
from regimes.validation.experiments.hierarchy_learned.form import HierarchyForm, times_at
from regimes.validation.experiments.hierarchy_learned.grammar import path
from regimes.validation.measurement.clones import SimulatedModel, measure_clones
from regimes.validation.measurement.nearest import NearestPoint
from regimes.validation.sampling import NoiseStream
from regimes.validation.sampling.samplers import Score

__all__ = ["CloneShares", "clones_together", "together_by_memory"]

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class CloneShares:
    """Clones of one training: S looks at it, at K noise levels."""

    learned: Array  # (S, K, pairs): whether the clones share the training point
    law: Array  # (K, pairs): under the exact denoiser, of the same noised points and with the same noise
    memory: Array  # (K,): under the posterior over the training points

    @property
    def share(self) -> Array:
        """Memory at each look, (S,)."""
        return np.asarray(self._above_law.mean(axis=2).sum(axis=1) / self._way)

    @property
    def share_se(self) -> Array:
        """Standard error over pairs; that of the way from the law to memory is small beside it."""
        variance = self._above_law.var(axis=2, ddof=1) / self.law.shape[1]
        return np.asarray(np.sqrt(variance.sum(axis=1)) / self._way)

    @property
    def _above_law(self) -> Array:
        return np.asarray(self.learned - self.law)

    @property
    def _way(self) -> float:
        return float((self.memory - self.law.mean(axis=1)).sum())


def clones_together(form: HierarchyForm, score: Score, points: Tensor, noise: NoiseStream) -> Array:
    """Whether pairs of clones share the training point nearest to their ends, (K, pairs)."""
    model = SimulatedModel(score, points, NearestPoint(points))
    found = []
    for k, t in enumerate(times_at(form.log_snr)):
        pairs = measure_clones(model, path(t, form.steps), pairs=form.turns, noise=noise.substream(k))
        found.append(pairs.same_index(model.nearest.copies))
    return np.stack(found)


def together_by_memory(form: HierarchyForm, points: Tensor) -> Array:
    """The same probability under the posterior over the training points, (K,)."""
    times = np.array(times_at(form.log_snr))
    order = np.argsort(times)
    curves = posterior_curves(points.flatten(1).double().numpy(), times[order])
    return np.asarray(curves.clone_index[np.argsort(order)])
