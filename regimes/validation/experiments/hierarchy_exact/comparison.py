"""Simulated U-turns against the exact law given the same noised leaves.

Given x_t and the rules every difference has mean 0 whatever the rules, so that starts are independent samples. Levels
of one start are not: their covariance is that of the sample. Times and models share no start.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from regimes.validation.experiments.hierarchy_exact.runs import UTurnPoint
from regimes.validation.outcome.agreement import Agreement, ChiSquare, chi_square, correlated_chi_square

__all__ = ["QUANTITIES", "WAYS", "Block", "blocks_of", "joint_test", "mean_z_test"]

Array = NDArray[np.float64]

WAYS = {"once": "one draw", "iterated": "small steps"}
QUANTITIES = {
    "share": "symbol kept",
    "changed": "symbol kept, class changed",
    "squares": "pairs of leaves kept",
}

_LEAST = 20  # expected starts, kept or not, below which a share is left out: its law is no normal one


@dataclass(frozen=True, eq=False)
class Block:
    """Levels of one model at one time."""

    quantity: str
    way: str
    point: UTurnPoint
    levels: list[int]
    theory: Array  # (k,)
    difference: Array  # (n, k): simulation less the exact mean of each start

    @property
    def mean(self) -> Array:
        """Of the difference."""
        return np.asarray(self.difference.mean(axis=0))

    @property
    def covariance(self) -> Array:
        """Of the mean difference."""
        return np.atleast_2d(np.cov(self.difference, rowvar=False)) / len(self.difference)

    def agreement(self) -> list[Agreement]:
        """Each level for itself."""
        name = f"{QUANTITIES[self.quantity]}, {WAYS[self.way]}, {self.point.model.name}"
        errors = np.sqrt(np.diag(self.covariance))
        columns = zip(self.levels, self.theory, self.mean, errors, strict=True)
        return [
            Agreement(f"{name}, level {level}", self.point.t, theory, theory + mean, se, len(self.difference))
            for level, theory, mean, se in columns
        ]


def blocks_of(points: Sequence[UTurnPoint], quantity: str, way: str) -> list[Block]:
    """The differences at all times, without the shares that too few starts keep or lose."""
    found = []
    for point in points:
        levels = _levels(quantity, point.model.L)
        scale = _scale(quantity, point)
        exact = getattr(point.exact_for(way), quantity) / scale
        difference = getattr(point.kept[way], quantity) / scale - exact
        theory, n = exact.mean(axis=0), len(exact)
        good = [level for level in levels if n * min(theory[level], 1 - theory[level]) >= _LEAST]
        if good:
            found.append(Block(quantity, way, point, good, theory[good], difference[:, good]))
    return found


def joint_test(name: str, blocks: Sequence[Block]) -> ChiSquare:
    """All levels, times and models at once; the covariance within a time is that of its sample, of thousands."""
    sizes = [len(block.levels) for block in blocks]
    covariance = np.zeros((sum(sizes), sum(sizes)))
    for start, size, block in zip(np.cumsum([0, *sizes]), sizes, blocks, strict=False):
        covariance[start : start + size, start : start + size] = block.covariance
    return correlated_chi_square(name, np.concatenate([block.mean for block in blocks]), covariance)


def mean_z_test(name: str, blocks: Sequence[Block]) -> tuple[ChiSquare, float, float]:
    """Whether the deviations have a sign in common: the mean of all z-scores against its own error."""
    count, total, variance = 0, 0.0, 0.0
    for block in blocks:
        errors = np.sqrt(np.diag(block.covariance))
        total += float(np.sum(block.mean / errors))
        variance += float((block.covariance / np.outer(errors, errors)).sum())
        count += len(errors)
    mean, se = total / count, math.sqrt(variance) / count
    return chi_square(name, [Agreement(name, 0.0, 0.0, mean, se, max(count, 2))]), mean, se


def _levels(quantity: str, depth: int) -> list[int]:
    """The class cannot be kept where it changes; the squares of single leaves are the leaves."""
    return list(range(int(quantity == "changed"), depth + int(quantity != "squares")))


def _scale(quantity: str, point: UTurnPoint) -> Array | float:
    """Squares become the probability that two leaves below a node are both kept, one leaf twice among them."""
    if quantity != "squares":
        return 1.0
    model = point.model
    return np.array([float(model.s ** (2 * model.L - level)) for level in range(model.L + 1)])
