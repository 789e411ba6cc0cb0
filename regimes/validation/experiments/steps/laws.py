"""Laws with an exact posterior mean, in the clock in which a sampler is a path, and paths of their data.

With s = snr, ``y_s = s a + B_s``. Against Brownian motion the path up to s has the density
``Z(y, s) = E exp(a.y - s |a|^2/2)``, which depends on its end alone, and a sampler that freezes its mean m over a step
has ``exp(m.dy - ds |m|^2/2)``. So the logarithm of the ratio of both is known path by path; its mean is the divergence.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from regimes.datasets.hierarchy.sample import sample_hierarchy
from regimes.numerics.decisions.step_grid import StepGrid
from regimes.numerics.hierarchy.belief_propagation import Beliefs, belief_propagation
from regimes.numerics.hierarchy.rules import HierarchyRules
from regimes.validation.running.torch_threads import torch_threads_kept
from regimes.validation.sampling import NoiseStream

__all__ = ["HierarchyLaw", "Law", "MixtureLaw", "log_ratios", "normals"]

Array = NDArray[np.float64]

_POINTS, _COMPONENTS, _SEED = range(3)  # substreams and steps of the data; noise has its own
_NOISE = 1


class Law(Protocol):
    """A law of data points (n, d)."""

    def draw(self, noise: NoiseStream, n: int) -> Array:
        """Data points."""
        ...

    def mean(self, y: Array, s: float) -> Array:
        """Posterior mean of the data point."""
        ...

    def log_evidence(self, y: Array, s: float) -> Array:
        """Logarithm of Z, up to a constant."""
        ...


@dataclass(frozen=True, eq=False)
class MixtureLaw:
    """``sum_k w_k N(c_k, diag(variances))``; one component is a Gaussian."""

    weights: Array  # (K,)
    centres: Array  # (K, d)
    variances: Array  # (d,)

    def draw(self, noise: NoiseStream, n: int) -> Array:
        """Data points."""
        uniform = noise.uniform(_COMPONENTS, 0, n, ()).double().numpy()
        component = np.searchsorted(np.cumsum(self.weights)[:-1], uniform, side="right")
        normal = normals(noise, _POINTS, n, self.variances.size)
        return np.asarray(self.centres[component] + np.sqrt(self.variances) * normal)

    def mean(self, y: Array, s: float) -> Array:
        """Posterior mean of the data point."""
        weighted = self._log_weights(y, s)
        weighted = np.exp(weighted - weighted.max(axis=1, keepdims=True))
        weighted /= weighted.sum(axis=1, keepdims=True)
        return np.asarray((weighted @ self.centres + self.variances * y) / (1 + s * self.variances))

    def log_evidence(self, y: Array, s: float) -> Array:
        """Logarithm of Z."""
        left = 1 + s * self.variances
        own = (self.variances * y**2 / left - np.log(left)).sum(axis=1) / 2
        return np.asarray(own + np.logaddexp.reduce(self._log_weights(y, s), axis=1))

    def _log_weights(self, y: Array, s: float) -> Array:
        left = 1 + s * self.variances
        return np.asarray(
            (y / left) @ self.centres.T - s / 2 * (self.centres**2 / left).sum(axis=1) + np.log(self.weights)
        )


@dataclass(frozen=True, eq=False)
class HierarchyLaw:
    """One-hot leaves of a random hierarchy, by belief propagation."""

    rules: HierarchyRules

    def draw(self, noise: NoiseStream, n: int) -> Array:
        """Data points."""
        seed = int(noise.uniform(_SEED, 0, 1, ()).double().item() * 2**24)
        leaves = sample_hierarchy(self.rules, n, rng=seed).leaves
        return np.asarray(leaves[:, :, None] == np.arange(self.rules.v), dtype=np.float64).reshape(n, -1)

    def mean(self, y: Array, s: float) -> Array:
        """Posterior mean of the data point."""
        return self._beliefs(y, [self.rules.L]).marginals[self.rules.L].reshape(y.shape)

    def log_evidence(self, y: Array, s: float) -> Array:
        """Logarithm of Z, up to a constant."""
        return np.asarray(self._beliefs(y, [0]).log_evidence - s * self.rules.leaves / 2)

    def _beliefs(self, y: Array, levels: list[int]) -> Beliefs:
        messages = y.reshape(len(y), self.rules.leaves, self.rules.v)
        with torch_threads_kept():
            return belief_propagation(self.rules, messages, log=True, levels=levels)


def log_ratios(law: Law, grid: StepGrid, n: int, noise: NoiseStream) -> Array:
    """Logarithm of the density of paths of the data over that of the sampler, (n,), both from the law of the data."""
    a = law.draw(noise, n)
    own = noise.substream(_NOISE)
    s = float(grid.snr[0])
    y = s * a + np.sqrt(s) * normals(own, 0, n, a.shape[1])
    found = -law.log_evidence(y, s)
    for step, (s, length) in enumerate(zip(*grid.steps, strict=True)):
        mean = law.mean(y, s)
        change = length * a + np.sqrt(length) * normals(own, step + 1, n, a.shape[1])
        found -= ((change - length / 2 * mean) * mean).sum(axis=1)
        y += change
    return np.asarray(found + law.log_evidence(y, float(grid.snr[-1])))


def normals(noise: NoiseStream, step: int, n: int, d: int) -> Array:
    """Standard normal numbers (n, d)."""
    return np.asarray(noise.normal(step, 0, n, (d,)).double().numpy())
