"""The overlap q = m.x/sqrt(d) of the symmetric mixture: its law, and steps of it sorted into bins.

What is averaged in a bin is the deviation of each sample from the theory at its own q: the width of a bin brings no
bias.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from regimes.numerics.compiled.compile import compile_formula
from regimes.validation.outcome.agreement import ChiSquare
from regimes.validation.scores import MixtureScore

__all__ = ["Binned", "OverlapLaw", "binned", "histogram_test"]

Array = NDArray[np.float64]

_GRID = 20_001
_REACH = 6.0
_EXPECTED = 20


def _value(name: str, *values: Any) -> Any:
    return compile_formula(name, target="numpy")(*values)


@dataclass(frozen=True)
class OverlapLaw:
    """The mixture, and what theory says of its overlap."""

    d: int
    mu: float  # distance of a class centre from the origin per square root of d
    sigma: float

    def score(self) -> MixtureScore:
        """Exact score in d dimensions; the centres lie along the diagonal."""
        m = np.full(self.d, self.mu)
        return MixtureScore([1, 1], np.stack([m, -m]), self.sigma)

    def overlap(self, x: Tensor) -> Array:
        """Overlaps of states, float64."""
        q = x.sum(dim=1, dtype=torch.float64) * (self.mu / self.d**0.5)
        return np.asarray(q.cpu().numpy())

    def drift(self, q: Any, t: Any) -> Any:
        """-V'(q, t)."""
        return _value("overlap_drift", q, t, self.d, self.mu, self.sigma)

    def potential(self, q: Any, t: float) -> Any:
        """V(q, t), 0 at q = 0."""
        return _value("overlap_potential", q, t, self.d, self.mu, self.sigma)

    def distribution(self, q: Any, t: float) -> Any:
        """Probability of an overlap below q."""
        return _value("overlap_distribution", q, t, self.d, self.mu, self.sigma)

    def edges(self, t: float, shares: Any) -> Array:
        """Overlaps below which there are given shares of the law at t, to the accuracy of a grid."""
        spread = self.mu * np.sqrt(_value("cluster_variance", t, self.sigma))
        reach = self.d**0.5 * self.mu**2 * _value("signal_amplitude", t) + _REACH * spread
        grid = np.linspace(-reach, reach, _GRID)
        return np.asarray(np.interp(shares, self.distribution(grid, t), grid))

    def exact_step(self, q: Array, earlier: Array, t: float, dt: float) -> tuple[Array, Array]:
        """Drift and noise 2 mu^2 of single samples from overlaps at t and at t - dt, each without bias at any dt."""
        where = (self.d, self.mu, self.sigma)
        deviation = earlier - _value("overlap_step_mean", q, t, dt, *where)
        noise = 2 * self.mu**2 * deviation**2 / _value("overlap_step_variance", q, t, dt, *where)
        return _value("overlap_drift_from_step", q, earlier, dt), noise

    def euler_step(self, q: Array, earlier: Array, t: float, dt: float) -> tuple[Array, Array]:
        """The same for one step of Euler and Maruyama's rule, whose increment has the mean -V' dt exactly."""
        drift = (earlier - q) / dt
        return drift, dt * (drift - self.drift(q, t)) ** 2


@dataclass(frozen=True, eq=False)
class Binned:
    """Samples of drift and noise in bins of q."""

    sums: Array  # (7, B): what binned gives, of any number of parts

    @property
    def count(self) -> Array:
        """Samples in each bin."""
        return np.asarray(self.sums[0])

    @property
    def q(self) -> Array:
        """Their mean overlap."""
        return np.asarray(self.sums[1] / self.sums[0])

    @property
    def theory(self) -> Array:
        """Mean of -V' at their overlaps."""
        return np.asarray(self.sums[2] / self.sums[0])

    @property
    def drift(self) -> Array:
        """Mean of the measured drift."""
        return self.theory + self._mean(3)[0]

    @property
    def drift_se(self) -> Array:
        """Standard error of its deviation from -V'."""
        return self._mean(3)[1]

    @property
    def noise(self) -> Array:
        """Mean of the measured 2 mu^2."""
        return self._mean(5)[0]

    @property
    def noise_se(self) -> Array:
        """Its standard error."""
        return self._mean(5)[1]

    def joined(self, bins: int) -> Binned:
        """The same in fewer bins, whose number must divide the present one."""
        return Binned(self.sums.reshape(7, bins, -1).sum(axis=2))

    def _mean(self, row: int) -> tuple[Array, Array]:
        mean, square = self.sums[row : row + 2] / self.sums[0]
        return mean, np.sqrt((square - mean**2) / (self.sums[0] - 1))


def binned(law: OverlapLaw, q: Array, t: float, drift: Array, noise: Array, edges: Array) -> Array:
    """Sums over samples in bins of q."""
    theory = law.drift(q, t)
    deviation, place = drift - theory, np.searchsorted(edges, q)
    columns = (np.ones_like(q), q, theory, deviation, deviation**2, noise, noise**2)
    return np.array([np.bincount(place, weights=column, minlength=edges.size + 1) for column in columns])


def histogram_test(law: OverlapLaw, q: Array, t: float, bins: int) -> tuple[ChiSquare, Array, Array]:
    """Pearson's chi-square of overlaps at t against their exact law."""
    from scipy.special import chdtrc

    # The quantiles are those of a grid; a shade more keeps the open ends at what is demanded.
    share = 1.01 * _EXPECTED / q.size
    low, high = law.edges(t, [share, 1 - share]).tolist()
    edges = np.linspace(low, high, bins - 1)
    probability = np.diff(law.distribution(edges, t), prepend=0.0, append=1.0)
    kept, gathered = [], 0.0
    for edge, each in zip(edges, probability, strict=False):
        gathered += q.size * each
        if gathered >= _EXPECTED:
            kept.append(edge)
            gathered = 0.0
    if gathered + q.size * probability[-1] < _EXPECTED:
        kept.pop()
    inner = np.array(kept)
    expected = q.size * np.diff(law.distribution(inner, t), prepend=0.0, append=1.0)
    counts = np.bincount(np.searchsorted(inner, q), minlength=inner.size + 1).astype(np.float64)
    value = float(np.sum((counts - expected) ** 2 / expected))
    return ChiSquare(f"law of q, t = {t:.3g}", value, inner.size, float(chdtrc(inner.size, value))), inner, counts
