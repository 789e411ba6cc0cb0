"""Candidate class posteriors of noised points of one fold, from models that have seen neither it nor another fold."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from regimes.numerics.interface.progress import Progress, silent
from regimes.numerics.speciation.class_bound.gaussian import GaussianClasses, Noising, fit_gaussians
from regimes.numerics.speciation.class_bound.kernel import TEMPERATURES, ClassSums
from regimes.numerics.speciation.class_bound.probes import Used
from regimes.numerics.speciation.class_bound.subspace import AXES, leading_axes

__all__ = ["CANDIDATES", "Candidates", "Moments", "moments"]

Array = NDArray[np.float64]
Single = NDArray[np.float32]
Counts = NDArray[np.int64]

CANDIDATES = (
    "class weights",
    "Gaussian classes of one covariance",
    "Gaussian classes of own covariances",
    *(f"kernel of the points{'' if factor == 1 else f', {factor} times wider'}" for factor in TEMPERATURES),
)
"""What a class posterior is made of, in the order of the weights."""


@dataclass(frozen=True, eq=False)
class Moments:
    """Posterior of the true class of each candidate, and products of two summed over the classes; means of +z and -z.

    Shapes (time, point, C) and (time, point, C, C).
    """

    own: Single
    squares: Single


class Candidates:
    """Models of every pair of folds left out, and of every single one (the pair of a fold with itself)."""

    def __init__(self, used: Used, classes: int, generator: np.random.Generator, report: Progress = silent) -> None:
        self._used, self._classes = used, classes
        self._folds = int(used.fold.max()) + 1
        self._models: dict[tuple[int, int], GaussianClasses] = {}
        many = used.points.shape[1] > AXES
        spare = used.spare if many else np.zeros(len(used.points), dtype=bool)
        shared = leading_axes(used.points[spare], generator) if spare.sum() >= 2 * AXES else None
        projected = None if shared is None else used.points @ shared
        for i in range(self._folds):
            for j in range(i, self._folds):
                report("models of classes", len(self._models), self._folds * (self._folds + 1) // 2)
                seen = (used.fold != i) & (used.fold != j)
                axes = shared
                if many and shared is None:
                    axes = leading_axes(used.points[seen], generator)
                if axes is None:
                    inner = used.points[seen]
                else:
                    inner = projected[seen] if projected is not None else used.points[seen] @ axes
                model = fit_gaussians(np.asarray(inner, dtype=np.float64), used.members[seen], classes)
                self._models[i, j] = model if axes is None else model.within(axes)

    def model(self, i: int, j: int) -> GaussianClasses:
        """The Gaussian classes that have seen neither fold."""
        return self._models[min(i, j), max(i, j)]

    def kernel(self, fold: int) -> ClassSums:
        """The points of all other folds."""
        seen = self._used.fold != fold
        used = self._used
        return ClassSums(used.points[seen], used.fold[seen], used.members[seen], (self._folds, self._classes))

    def posteriors(
        self, fold: int, sums: Single, points: Single, noise: Single, at: Noising
    ) -> Iterator[tuple[int, Single]]:
        """Of each fold left out besides, the candidates' posteriors, shape (C, sign, time, point, class)."""
        for other in range(self._folds):
            model = self.model(fold, other)
            signal, shaken = points @ model.axes, noise @ model.axes
            prior = np.exp(model.log_weight).astype(np.float32)
            kept = sums[..., np.arange(self._folds) != other, :].sum(axis=-2)
            found = np.empty((len(CANDIDATES), *kept.shape[1:]), np.float32)
            found[0] = prior
            found[1] = _softmax(model.pooled(signal, shaken, at))
            found[2] = _softmax(model.own(signal, shaken, at))
            total = kept.sum(axis=-1, keepdims=True)
            # Where the fold left out holds all the weight there is, the rest says nothing.
            found[3:] = np.where(total > 0, kept / np.where(total > 0, total, 1), prior)
            yield other, found


def moments(posteriors: Single, members: Counts) -> Moments:
    """Moments of the candidates over both signs of the noise."""
    own = posteriors[..., np.arange(members.size), members].mean(axis=1)  # candidate, time, point
    count, _, times, rows, classes = posteriors.shape
    flat = np.ascontiguousarray(posteriors.transpose(2, 3, 0, 1, 4)).reshape(times, rows, count, 2 * classes)
    return Moments(own.transpose(1, 2, 0), np.asarray(flat @ flat.swapaxes(-1, -2) / 2, dtype=np.float32))


def _softmax(log_joint: Single) -> Single:
    log_joint -= log_joint.max(axis=-1, keepdims=True)
    weight = np.exp(log_joint, out=log_joint)
    weight /= weight.sum(axis=-1, keepdims=True)
    return weight
