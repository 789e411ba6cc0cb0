"""A law on the line and the law of a sampler's samples of it, by quadrature."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from regimes.numerics.decisions.step_grid import StepGrid
from regimes.validation.experiments.steps.laws import MixtureLaw

__all__ = ["Line"]

Array = NDArray[np.float64]

_TINY = 1e-14  # densities of the data below it are left out of a divergence


@dataclass(frozen=True, eq=False)
class Line:
    """Nodes at equal distances, in the coordinate x_t of the Ornstein-Uhlenbeck process."""

    law: MixtureLaw  # one-dimensional
    nodes: Array

    def density(self, s: float) -> Array:
        """Of the noised data."""
        y = self._scale(s) * self.nodes
        logs = self.law.log_evidence(y[:, None], s) - y**2 / (2 * s) - np.log(2 * np.pi * s) / 2
        return np.asarray(self._scale(s) * np.exp(logs))

    def mmse(self, s: float) -> float:
        """Least squared error of the data point."""
        second = self.law.weights @ self.law.centres[:, 0] ** 2 + self.law.variances[0]
        mean = self.law.mean(self._scale(s) * self.nodes[:, None], s)[:, 0]
        return float(second - self._sum(self.density(s) * mean**2))

    def samples(self, grid: StepGrid) -> Array:
        """Density of the final samples of a sampler that starts with the law of the data."""
        found = self.density(float(grid.snr[0]))
        for s, length in zip(*grid.steps, strict=True):
            y, after = self._scale(s) * self.nodes, self._scale(s + length)
            centre = (y + length * self.law.mean(y[:, None], s)[:, 0]) / after
            variance = length / after**2
            kernel = np.exp(-((self.nodes[:, None] - centre) ** 2) / (2 * variance)) / np.sqrt(2 * np.pi * variance)
            found = kernel @ found * self._spacing
        return np.asarray(found)

    def divergence(self, data: Array, samples: Array) -> float:
        """Of one density from another, in nats."""
        kept = data > _TINY
        return self._sum(np.where(kept, data * np.log(np.where(kept, data / samples, 1.0)), 0.0))

    def edges(self, data: Array, bins: int) -> Array:
        """Between bins that are equally likely under a density."""
        return np.asarray(np.interp(np.arange(1, bins) / bins, self._below(data), self.nodes + self._spacing / 2))

    def masses(self, density: Array, edges: Array) -> Array:
        """Probability of each bin."""
        inner = np.interp(edges, self.nodes + self._spacing / 2, self._below(density))
        return np.diff(inner, prepend=0.0, append=1.0)

    @property
    def _spacing(self) -> float:
        return float(self.nodes[1] - self.nodes[0])

    def _below(self, density: Array) -> Array:
        return np.asarray(np.cumsum(density) * self._spacing)

    def _sum(self, values: Array) -> float:
        return float(values.sum() * self._spacing)

    @staticmethod
    def _scale(s: float) -> float:
        """Of y, in units of x_t."""
        return float(np.sqrt(s * (1 + s)))
