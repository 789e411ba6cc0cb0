"""What a training of random features sees of a data set: eigenvalues of its covariance, and where its classes lie."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from regimes.datasets.points.dataset import Dataset
from regimes.numerics.interface.checks import check_memory

__all__ = ["Covariance", "covariance_of", "levels_of"]

Array = NDArray[np.float64]

_LEVELS = 128
_ZERO = 1e-12  # of the largest: eigenvalues of directions that no point reaches


@dataclass(frozen=True, eq=False)
class Covariance:
    """Eigenvalues of a covariance and how many directions have each; of classes, the share of each mean in these.

    ``classes`` (classes, levels): of the squared length of the class mean less the mean of all, the share in the
    directions of each level; empty without labels.
    """

    eigenvalues: Array
    counts: Array
    classes: Array


def covariance_of(data: Dataset, memory: int) -> Covariance:
    """Eigenvalues of the covariance of the points, d of them, near ones taken together."""
    advice = "take fewer columns or smaller images"
    check_memory("predict_training", f"the covariance of d = {data.d}", 24 * data.d**2, memory, advice)
    centred = np.asarray(data.X, dtype=np.float64) - data.X.mean(axis=0, dtype=np.float64)
    values, vectors = np.linalg.eigh(centred.T @ centred / max(data.n - 1, 1))
    values = np.where(values > _ZERO * values[-1], values, 0.0)
    if not values[-1] > 0:
        raise ValueError("predict_training: the points must vary, got equal points")
    place, eigenvalues, counts = levels_of(values, np.ones(data.d))
    classes = np.empty((0, eigenvalues.size))
    if data.labels is not None and len(data.classes) > 1:
        means = np.array([centred[data.labels == k].mean(axis=0) for k in range(len(data.classes))])
        squares = (means @ vectors) ** 2
        classes = np.zeros((len(means), eigenvalues.size))
        for direction, level in enumerate(place):
            classes[:, level] += squares[:, direction]
        classes /= np.maximum(classes.sum(axis=1, keepdims=True), np.finfo(float).tiny)
    return Covariance(eigenvalues, counts, classes)


def levels_of(values: Array, counts: Array) -> tuple[NDArray[np.intp], Array, Array]:
    """Level of each eigenvalue, and the levels: distinct eigenvalues, or means of near ones where these are many."""
    levels, place = np.unique(values, return_inverse=True)
    if levels.size > _LEVELS:
        above = levels > 0
        logs = np.log(levels[above])
        bins = np.zeros(levels.size, dtype=np.intp)
        bins[above] = 1 + ((logs - logs[0]) / (logs[-1] - logs[0]) * (_LEVELS - 1)).astype(np.intp)
        place = np.unique(bins[place], return_inverse=True)[1]
    many = np.asarray(np.bincount(place, weights=counts), dtype=np.float64)
    return place, np.bincount(place, weights=counts * values) / many, many
