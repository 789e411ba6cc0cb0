"""A hundred planted data sets, and what is right to say of each: from the parameters that made it, not from its points.

Drawn from one seed, before any answer was written. Classes are Gaussian, isotropic, at the corners of a rectangle, so
that their information is that of one or two pairs, and every limit below is a closed form.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

CASES = 100
_SEED = 20261130
_LARGEST, _SMALLEST = 5.0, 5e-5  # OU times of the 1000 steps of the linear betas of ho2020, to two digits
_CLEAR = 1.5  # a limit within this factor of the sampler's is left out of the draw

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Verdict:
    """What is true of a case, word by word."""

    classes: str
    copies_in_data: bool
    exact_score: str
    samples: str
    start: str


@dataclass(frozen=True)
class Planted:
    """Parameters of a case: ``classes`` 0 is without labels, ``told`` whether labels are those that made the points."""

    seed: int
    n: int
    d: int
    classes: int
    told: bool
    scale: float
    copied_points: int
    samples: int
    copied_samples: int

    @property
    def half_distance(self) -> float:
        """From the middle to each of two means, in units of the spread within a class."""
        return 4.0

    def draw(self) -> tuple[Array, NDArray[np.int64] | None, Array | None]:
        """Points, labels and samples of a model."""
        rng = np.random.default_rng(self.seed)
        X, made = self._law(self.n, rng)
        if self.copied_points:
            near = rng.choice(self.n, 2 * self.copied_points, replace=False).reshape(2, -1)
            X[near[0]] = X[near[1]] + 1e-4 * self.scale * rng.standard_normal((self.copied_points, self.d))
            made[near[0]] = made[near[1]]
        labels = None
        if self.classes:
            labels = made if self.told else rng.permutation(made)
        samples = None
        if self.samples:
            samples, _ = self._law(self.samples, rng)
            some = rng.choice(self.n, self.copied_samples)
            jitter = 1e-5 * self.scale * rng.standard_normal((self.copied_samples, self.d))
            samples[: self.copied_samples] = X[some] + jitter
        return X, labels, samples

    def _law(self, n: int, rng: np.random.Generator) -> tuple[Array, NDArray[np.int64]]:
        corners = np.array([[1, 0], [-1, 0]] if self.pairs == 1 else [[1, 1], [1, -1], [-1, 1], [-1, -1]])
        made = rng.permutation(np.arange(n) % len(corners)) if self.pairs else np.zeros(n, dtype=np.int64)
        X = rng.standard_normal((n, self.d))
        if self.pairs:
            X[:, : self.pairs] += self.half_distance * corners[made][:, : self.pairs]
        return self.scale * X, made.astype(np.int64)

    @property
    def pairs(self) -> int:
        """Axes along which the law has two means; data without labels have two classes all the same."""
        return {0: 1, 1: 0, 2: 1, 4: 2}[self.classes]

    @property
    def class_time(self) -> float:
        """Where a class is one noised spread from the middle (kappa = 1)."""
        return float(0.5 * np.log1p(self.scale**2 * (self.half_distance**2 - 1)))

    @property
    def log_n_star(self) -> float:
        """Nats that a sample at the smallest noise carries about its point."""
        within = self.d / 2 * np.log1p(self.scale**2 / np.expm1(2 * _SMALLEST))
        return float(within + (self.pairs * np.log(2) if self.class_time > _SMALLEST else 0.0))

    def verdict(self) -> Verdict:
        """What is right to say."""
        return Verdict(
            classes=self._classes(),
            copies_in_data=self.copied_points > 0,
            exact_score="copies" if self.log_n_star > np.log(self.n) else "new",
            samples="none given" if not self.samples else "copied" if self.copied_samples else "new",
            start="Gaussian" if not self.pairs else "not asked",
        )

    def _classes(self) -> str:
        if self.classes < 2:
            return "no labels" if self.classes == 0 else "one class"
        if not self.told:
            return "not told"
        if self.class_time > _LARGEST:
            return "decided above the largest noise"
        return "decided in between" if self.class_time > _SMALLEST else "undecided at the smallest noise"

    def clear(self) -> bool:
        """Whether no limit lies so near to another that either answer would do."""
        times = (self.class_time / _LARGEST, self.class_time / _SMALLEST, self.log_n_star / np.log(self.n))
        return all(ratio > _CLEAR or ratio < 1 / _CLEAR for ratio in times)


def planted_cases() -> list[Planted]:
    """All cases."""
    rng = np.random.default_rng(_SEED)
    cases: list[Planted] = []
    while len(cases) < CASES:
        n, d = int(rng.choice([40, 120, 400, 1000])), int(rng.choice([1, 2, 8, 24]))
        classes = int(rng.choice([0, 1, 2, 2, 2, 4] if d > 1 else [0, 1, 2]))
        samples = int(rng.choice([0, 80]))
        case = Planted(
            seed=int(rng.integers(2**31)),
            n=n,
            d=d,
            classes=classes,
            told=bool(rng.random() < 0.75),
            scale=float(rng.choice([1e-3, 1.0, 1.0, 1.0, 3.0, 1000.0])),
            copied_points=int(rng.choice([0, 0, max(3, n // 20)])) if d > 1 else 0,  # on a line all are near
            samples=samples,
            copied_samples=int(rng.choice([0, samples // 2])),
        )
        if case.clear():
            cases.append(case)
    return cases
