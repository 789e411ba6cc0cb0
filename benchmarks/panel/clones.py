"""What the exact score of the given points does, by simulation: clones are drawn from the posterior and counted.

The posterior over training indices is a softmax of -|x_t - e^-t a|^2 / (2 Delta_t), summed here in float64 by numpy.
Nothing of the package is used: neither its kernel, nor its levels, nor its groups of near copies.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from panel.crossings import Reference, Search, crossing

LEVEL = 0.5504
"""Normalised clone probability at which a class is decided; for two Gaussian classes it is 0.775 of the paper."""

DRAWS = 16
"""Clones that are drawn from one noised point."""


def near_copies(X: np.ndarray) -> np.ndarray:
    """Group of each point: equal points, and pairs that are ten times closer than the fifth nearest other of either.

    The fifth, since the nearest may be copies themselves; of either, since smooth patches all lie close together.
    """
    squares = (X**2).sum(axis=1)
    distance = np.sqrt(np.maximum(squares[:, None] + squares - 2 * X @ X.T, 0))
    distance[distance < 1e-6 * np.sqrt(squares.max())] = 0  # what the product loses
    np.fill_diagonal(distance, np.inf)
    fifth = np.partition(distance, 4, axis=1)[:, 4]
    copies = (distance == 0) | (distance < 0.1 * np.minimum(fifth[:, None], fifth))
    group = np.arange(len(X))
    for i, j in np.argwhere(copies):
        if i < j and group[i] != group[j]:
            group[group == group[j]] = group[i]
    return group


@dataclass
class Clones:
    """Clones under the exact score of X, with the same noise at all times."""

    X: np.ndarray
    probes: int = 2000

    def __post_init__(self) -> None:
        rng = np.random.default_rng(1)
        n, d = self.X.shape
        self.start = np.resize(rng.permutation(n), self.probes)  # points may come class by class
        self.signal = self.X[self.start] @ self.X.T
        self.noise = rng.normal(size=(self.probes, d)) @ self.X.T
        self.squares = (self.X**2).sum(axis=1)
        self.uniform = rng.random((self.probes, DRAWS))
        self.drawn: dict[float, np.ndarray] = {}

    def indices(self, t: float) -> np.ndarray:
        """Training indices on which clones end that were born at t, shape (probes, DRAWS)."""
        if t not in self.drawn:
            shrink, variance = np.exp(-t), -np.expm1(-2 * t)
            logits = shrink * (shrink * self.signal + np.sqrt(variance) * self.noise) - shrink**2 * self.squares / 2
            logits = (logits - logits.max(axis=1, keepdims=True)) / variance
            heap = np.cumsum(np.exp(logits), axis=1)
            wanted = self.uniform * heap[:, -1:]
            self.drawn[t] = np.array([np.searchsorted(row, u) for row, u in zip(heap, wanted, strict=True)])
        return self.drawn[t]

    def agreement(self, t: float, label: np.ndarray) -> np.ndarray:
        """Share of pairs of clones with one label, of each noised point."""
        found = label[self.indices(t)]
        pairs = (found[:, :, None] == found[:, None, :]).sum(axis=(1, 2)) - DRAWS
        return pairs / (DRAWS * (DRAWS - 1))

    def class_time(self, labels: np.ndarray) -> Reference:
        """When clones agree about the class."""
        floor = (np.bincount(labels) ** 2).sum() / len(labels) ** 2
        return crossing(lambda t: (self.agreement(t, labels) - floor) / (1 - floor), LEVEL, Search())

    def point_time(self, groups: np.ndarray) -> Reference:
        """When half of the pairs agree about the training point, near copies being one."""
        return crossing(lambda t: self.agreement(t, groups), 0.5, Search())


def information_time(X: np.ndarray, number: int, probes: int = 2000) -> Reference:
    """When a noised point of the population tells log(number) nats about its data point, from many more points.

    -E log p(x_t) is estimated with the other points as the population: a cross-entropy, so the time is too late. On
    Gaussian data what remains falls about as one over the root of their number: half of them tell how much that is,
    which is taken off, and the error is as large as the difference that they make. On five families with known truth,
    heavy tails among them, it is late by 0 to 3%.
    """
    rng = np.random.default_rng(2)
    start = np.resize(rng.permutation(len(X)), probes)
    z = rng.normal(size=(probes, X.shape[1]))
    squares = (X**2).sum(axis=1)
    across = squares[start][:, None] + squares - 2 * X[start] @ X.T
    tilt = (z * X[start]).sum(axis=1)[:, None] - z @ X.T
    half = rng.permutation(len(X)) % 2

    def time(left_out: np.ndarray) -> Reference:
        counted = (~left_out).sum(axis=1)

        def information(t: float) -> np.ndarray:
            shrink, variance = np.exp(-t), -np.expm1(-2 * t)
            square = shrink**2 * across + 2 * shrink * np.sqrt(variance) * tilt  # beside |z|^2 Delta_t
            exponent = np.where(left_out, -np.inf, -square / (2 * variance))
            top = exponent.max(axis=1)
            return -(top + np.log(np.exp(exponent - top[:, None]).sum(axis=1) / counted))

        return crossing(information, np.log(number), Search())

    own = start[:, None] == np.arange(len(X))
    whole, fewer = time(own), time(own | (half[start][:, None] == half))
    if whole.value is None or fewer.value is None:
        return whole
    later = fewer.value - whole.value
    return Reference(float(whole.value - later / (np.sqrt(2) - 1)), float(np.hypot(whole.error, later)))
