"""Families of data whose population is known: how a data set is drawn, and everything that intervals claim to hold.

All are mixtures of Gaussians over a hidden k (a class, or the scale of a heavy tail; none for a Gaussian), so that
I(a; x_t) = I(k; x_t) + E_k sum_i 1/2 log(1 + snr lambda_i(k)) needs the posterior of k alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

SAMPLES = 200_000
"""Noised points in averages that have no closed form; the same random numbers at every time."""

WEIGHTS = np.array([0.4, 0.25, 0.2, 0.1, 0.05])
FREEDOM = 5


def spread(t: float) -> tuple[float, float, float]:
    """e^-t, Delta_t and the signal-to-noise ratio."""
    variance = -np.expm1(-2 * t)
    return np.exp(-t), variance, np.exp(-2 * t) / variance


@dataclass(frozen=True)
class Gaussian:
    """Independent coordinates of given variances; labels, where there are any, say nothing."""

    variances: np.ndarray
    labelled: bool = False

    @property
    def top(self) -> float:
        return float(self.variances.max())

    @property
    def covariance(self) -> np.ndarray:
        return self.variances

    def draw(self, n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray | None]:
        X = rng.normal(size=(n, len(self.variances))) * np.sqrt(self.variances)
        return X, (rng.random(n) < 0.5).astype(int) if self.labelled else None

    def information(self, t: float) -> float:
        return float(0.5 * np.log1p(spread(t)[2] * self.variances).sum())

    def log_density(self, x: np.ndarray, t: float) -> np.ndarray:
        shrink, variance, _ = spread(t)
        total = shrink**2 * self.variances + variance
        return -0.5 * (x**2 / total + np.log(2 * np.pi * total)).sum(axis=1)

    def agreement(self, t: float) -> float | None:
        return None


@dataclass(frozen=True)
class Classes:
    """Classes of unit covariance around given centres in the first coordinates."""

    centres: np.ndarray
    weights: np.ndarray
    d: int

    @cached_property
    def covariance(self) -> np.ndarray:
        around = self.centres - self.weights @ self.centres
        between = np.linalg.eigvalsh((self.weights[:, None] * around).T @ around)
        return np.ones(self.d) + np.concatenate([between, np.zeros(self.d - len(between))])

    @property
    def top(self) -> float:
        return float(self.covariance.max())

    def draw(self, n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray | None]:
        labels = rng.choice(len(self.weights), size=n, p=self.weights)
        X = rng.normal(size=(n, self.d))
        X[:, : self.centres.shape[1]] += self.centres[labels]
        return X, labels

    @cached_property
    def _noised(self) -> tuple[np.ndarray, np.ndarray]:
        """Every class by its share, and standard normal noise in the space of the centres."""
        rng = np.random.default_rng(11)
        labels = np.searchsorted(np.cumsum(self.weights), (np.arange(SAMPLES) + 0.5) / SAMPLES)
        z = rng.normal(size=(SAMPLES // 2, self.centres.shape[1]))
        order = rng.permutation(SAMPLES)
        return labels[order], np.concatenate([z, -z])

    def posterior(self, t: float) -> tuple[np.ndarray, np.ndarray]:
        """Posterior of the class of noised points, and their classes; the variance of a noised class is 1."""
        labels, z = self._noised
        moved = np.exp(-t) * self.centres
        x = moved[labels] + z
        logits = x @ moved.T - 0.5 * (moved**2).sum(axis=1) + np.log(self.weights)
        q = np.exp(logits - logits.max(axis=1, keepdims=True))
        return q / q.sum(axis=1, keepdims=True), labels

    def information(self, t: float) -> float:
        q, _ = self.posterior(t)
        # H(k) - H(k | x), each entropy as the mean over the posterior: less noise than at the true class.
        told = (q * np.log(np.maximum(q, 1e-300))).sum(axis=1).mean() - (self.weights * np.log(self.weights)).sum()
        return float(told + 0.5 * self.d * np.log1p(spread(t)[2]))

    def log_density(self, x: np.ndarray, t: float) -> np.ndarray:
        moved = np.zeros((len(self.weights), self.d))
        moved[:, : self.centres.shape[1]] = np.exp(-t) * self.centres
        squares = ((x[:, None, :] - moved) ** 2).sum(axis=2)
        return np.log(np.exp(-0.5 * squares) @ self.weights) - 0.5 * self.d * np.log(2 * np.pi)

    def agreement(self, t: float) -> float | None:
        """Normalised class clone probability of the population."""
        floor = (self.weights**2).sum()
        return float(((self.posterior(t)[0] ** 2).sum(axis=1).mean() - floor) / (1 - floor))


@dataclass(frozen=True)
class HeavyTails:
    """Multivariate t: a Gaussian times the square root of FREEDOM / chi^2; covariance 1, and one direction of 4."""

    d: int
    high: float = 4.0

    @property
    def top(self) -> float:
        return self.high

    @cached_property
    def covariance(self) -> np.ndarray:
        return np.concatenate([[self.high], np.ones(self.d - 1)])

    @property
    def _scatter(self) -> np.ndarray:
        return self.covariance * (FREEDOM - 2) / FREEDOM

    def draw(self, n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray | None]:
        scale = np.sqrt(FREEDOM / rng.chisquare(FREEDOM, size=(n, 1)))
        return rng.normal(size=(n, self.d)) * np.sqrt(self._scatter) * scale, None

    @cached_property
    def _scales(self) -> tuple[np.ndarray, np.ndarray]:
        """FREEDOM / chi^2 on a grid of log chi^2, with weights: a trapezoid of a smooth density is exact."""
        grid = np.linspace(-16, 5, 400)
        log_weight = FREEDOM / 2 * grid - np.exp(grid) / 2
        weight = np.exp(log_weight - log_weight.max())
        return FREEDOM / np.exp(grid), weight / weight.sum()

    @cached_property
    def _noised(self) -> tuple[np.ndarray, ...]:
        """Scale, squared first coordinate and squared length of the others, in units of their noised variances."""
        rng, number = np.random.default_rng(12), SAMPLES // 16
        scale = FREEDOM / rng.chisquare(FREEDOM, size=number)
        return scale, rng.chisquare(1, size=number), rng.chisquare(self.d - 1, size=number)

    def _log_given(self, first: np.ndarray, rest: np.ndarray, scale: np.ndarray, t: float) -> np.ndarray:
        """Log density of squares given the scale, up to what does not depend on it."""
        shrink, variance, _ = spread(t)
        low, high = self._scatter[1], self._scatter[0]
        of_first, of_rest = (shrink**2 * scale * each + variance for each in (high, low))
        return -0.5 * (first / of_first + np.log(of_first) + rest / of_rest + (self.d - 1) * np.log(of_rest))

    def information(self, t: float) -> float:
        shrink, variance, snr = spread(t)
        nodes, weight = self._scales
        scale, first, rest = self._noised
        first = first * (shrink**2 * scale * self._scatter[0] + variance)
        rest = rest * (shrink**2 * scale * self._scatter[1] + variance)
        own = self._log_given(first, rest, scale, t)
        each = self._log_given(first[:, None], rest[:, None], nodes, t)
        told = -np.log(np.exp(each - own[:, None]) @ weight).mean()
        return float(told + 0.5 * (weight @ np.log1p(snr * nodes[:, None] * self._scatter).sum(axis=1)))

    def log_density(self, x: np.ndarray, t: float) -> np.ndarray:
        """By drawn scales instead of the grid."""
        shrink, variance, _ = spread(t)
        scale = FREEDOM / np.random.default_rng(13).chisquare(FREEDOM, size=4000)
        total = shrink**2 * scale[:, None] * self._scatter + variance
        each = -0.5 * (x**2 @ (1 / total).T) - 0.5 * np.log(2 * np.pi * total).sum(axis=1)
        top = each.max(axis=1)
        return top + np.log(np.exp(each - top[:, None]).mean(axis=1))

    def agreement(self, t: float) -> float | None:
        return None


Model = Gaussian | Classes | HeavyTails

FAMILIES: dict[str, Callable[[int], Model]] = {
    "isotropic": lambda d: Gaussian(np.full(d, 2.25), labelled=True),
    "two classes": lambda d: Classes(np.array([[3.0], [-3.0]]), np.array([0.5, 0.5]), d),
    "power law": lambda d: Gaussian(10.0 / np.arange(1, d + 1)),
    "heavy tails": lambda d: HeavyTails(d),
    "manifold": lambda d: Gaussian(np.where(np.arange(d) < 16, 4.0, 0.01)),
    "five classes": lambda d: Classes(4.0 * np.eye(5), WEIGHTS, d),
}
"""By name, for a dimension. The labels of the isotropic one are drawn without looking at the points."""
