"""How well an order of predicted times is that of measured ones, with errors and what chance would give."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from regimes.numerics.estimation.streams import Stream, generator
from regimes.validation.experiments.class_tree.form import ClassTreeForm
from regimes.validation.experiments.class_tree.predictions import Predicted
from regimes.validation.experiments.class_tree.transitions import (
    ESTIMANDS,
    Ends,
    Groups,
    Redraws,
    levels,
    redraws,
    transition_curves,
)
from regimes.validation.measurement.falling import crossing_times

__all__ = [
    "Estimate",
    "combined",
    "kendall",
    "log_ratio",
    "measured_times",
    "permuted",
    "right_couples",
    "shuffles",
    "slope",
    "spearman",
]

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Estimate:
    """A number and its standard error."""

    value: float
    se: float


def measured_times(ends: Ends, predicted: Predicted, form: ClassTreeForm, seed: Sequence[int]) -> dict[str, Array]:
    """Times of all groups (R, groups) by estimand: the first row as measured, the others of redraws."""
    drawn = generator(Stream.CLASS_TREE, seed[0], "class-tree", *seed[1:])
    return _times(ends, predicted.groups, redraws(ends, len(predicted.classes), form.redraws, drawn))


def permuted(ends: Ends, predicted: Predicted, names: NDArray[np.int64]) -> dict[str, Array]:
    """Times (P, merges) that the merges would have if the classes bore other names, a row a permutation (P, K)."""
    once = redraws(ends, len(predicted.classes), 0, np.random.default_rng(0))
    rows = []
    for of in names:
        groups = [(of[list(one)].tolist(), of[list(other)].tolist()) for one, other in _merges(predicted)]
        rows.append(_times(ends, groups, once))
    return {name: np.concatenate([each[name] for each in rows]) for name in ESTIMANDS}


def shuffles(classes: int, count: int, seed: int) -> NDArray[np.int64]:
    """Permutations of the names of classes, (count, K)."""
    drawn = generator(Stream.CLASS_TREE, seed, "class-tree", 0)
    return drawn.permuted(np.tile(np.arange(classes), (count, 1)), axis=1)


def combined(values: ArrayLike, errors: ArrayLike) -> Estimate:
    """Mean over trainings; the larger of what their scatter and their own errors give."""
    of, own = np.asarray(values, dtype=np.float64), np.asarray(errors, dtype=np.float64)
    scatter = float(of.std(ddof=1)) if of.size > 1 else 0.0
    return Estimate(float(of.mean()), max(scatter, float(np.sqrt(np.mean(own**2)))) / math.sqrt(of.size))


def spearman(measured: Array, predicted: Array) -> Array:
    """Rank correlation of each row (R, G) with (G,) or (R, G)."""
    from scipy.stats import rankdata

    one, other = (rankdata(each, axis=-1) for each in (measured, predicted))
    one, other = (each - each.mean(axis=-1, keepdims=True) for each in (one, other))
    size = np.sqrt(np.sum(one**2, axis=-1) * np.sum(other**2, axis=-1))
    return np.asarray(np.sum(one * other, axis=-1) / np.maximum(size, 1e-12))


def kendall(measured: Array, predicted: Array) -> Array:
    """Share of the couples of groups in one order less that in the other, of those whose predicted times differ."""
    first, second = np.triu_indices(len(predicted), 1)
    order = np.sign(predicted[first] - predicted[second])
    found = np.sign(measured[:, first] - measured[:, second])
    return np.asarray((found * order).sum(axis=1) / max(np.count_nonzero(order), 1))


def slope(measured: Array, predicted: Array) -> Array:
    """Of the straight line through measured (R, G) over predicted times by least squares."""
    centred = predicted - predicted.mean()
    return np.asarray(measured @ centred / np.sum(centred**2))


def log_ratio(measured: Array, predicted: Array) -> Array:
    """Mean of log(measured/predicted) over the groups that are predicted to part."""
    known = predicted > 0
    return np.asarray(np.log(measured[:, known] / predicted[known]).mean(axis=1))


def right_couples(times: Array, couples: Sequence[tuple[int, int]]) -> Array:
    """Share of couples of merges whose inner one parts at less noise than the outer, of each row (R, merges)."""
    inner, outer = np.array(couples).T
    return np.asarray((times[:, inner] < times[:, outer]).mean(axis=1))


def _merges(predicted: Predicted) -> tuple[Groups, ...]:
    return predicted.groups[predicted.pairs :]


def _times(ends: Ends, groups: Sequence[Groups], of: Redraws) -> dict[str, Array]:
    found: dict[str, list[Array]] = {name: [] for name in ESTIMANDS}
    for each in groups:
        curves = transition_curves(ends, each, of)
        for name in ESTIMANDS:
            found[name].append(crossing_times(ends.t, curves[name], levels()[name]))
    return {name: np.stack(times, axis=1) for name, times in found.items()}
