"""Predicted against measured orders of one set of images under one score, over its trainings."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from regimes.validation.experiments.class_tree.form import ClassTreeForm
from regimes.validation.experiments.class_tree.orders import (
    Estimate,
    combined,
    kendall,
    log_ratio,
    measured_times,
    permuted,
    right_couples,
    shuffles,
    slope,
    spearman,
)
from regimes.validation.experiments.class_tree.predictions import FORMS, Predicted
from regimes.validation.experiments.class_tree.runs import SeedFound
from regimes.validation.experiments.class_tree.transitions import ESTIMANDS

__all__ = ["MODELS", "OrderFound", "SourceFound", "source_found"]

Array = NDArray[np.float64]
Statistic = Callable[[Array, Array], Array]

MODELS = ("trained", "exact")

_STATISTICS: dict[str, Statistic] = {
    "spearman": spearman,
    "kendall": kendall,
    "slope": slope,
    "log_ratio": log_ratio,
}


@dataclass(frozen=True, eq=False)
class OrderFound:
    """Of one score and estimand: how predictions order pairs of classes, and merges of the tree."""

    times: Array  # (trainings, groups), as measured
    errors: Array
    pairs: dict[str, dict[str, Estimate]]  # by prediction and statistic
    merges: dict[str, dict[str, Estimate]]
    averaged: dict[str, Estimate]  # rank correlation of pairs by prediction, times averaged over trainings first
    gain_pairs: Estimate  # rank correlation of the bound less that of the distance of means
    gain_merges: Estimate
    couples: Estimate  # share of couples of merges that part in the order of the tree
    chance_couples: float  # the same for classes of permuted names, on average
    p_pairs: float  # share of permutations that do as well, the names as they are among them
    p_merges: float
    p_couples: float
    between: float | None  # rank correlation of measured times of pairs from one training to another


@dataclass(frozen=True, eq=False)
class SourceFound:
    """Of one set of images."""

    name: str
    seeds: tuple[SeedFound, ...]
    orders: dict[str, dict[str, OrderFound]]  # by score and estimand
    between: float | None  # rank correlation of predicted times of pairs from one half of the images to another
    # log of the times of pairs, and of merges, from clones under the exact empirical score over those that its
    # posterior gives for two groups that weigh alike
    estimator: tuple[Estimate, Estimate]
    steps: dict[str, Estimate]  # log of times of pairs in steps over those of draws, under the exact empirical score


def source_found(form: ClassTreeForm, seeds: Sequence[SeedFound], place: int, seed: int) -> SourceFound:
    """Measure times with errors, and compare orders."""
    predicted = [each.predicted for each in seeds]
    names = shuffles(len(predicted[0].classes), form.permutations, seed)
    orders: dict[str, dict[str, OrderFound]] = {}
    for model in MODELS:
        ends = [getattr(each, model) for each in seeds]
        times = [
            measured_times(of, what, form, (seed, 1, place, number))
            for number, (of, what) in enumerate(zip(ends, predicted, strict=True))
        ]
        chance = [permuted(of, what, names) for of, what in zip(ends, predicted, strict=True)]
        orders[model] = {
            name: _order(predicted, [each[name] for each in times], [each[name] for each in chance], names, name)
            for name in ESTIMANDS
        }
    pairs = predicted[0].pairs
    bounds = np.stack([each.times["bound"][:pairs] for each in predicted])
    ratios = np.log(orders["exact"]["clones"].times / np.stack([each.ideal for each in seeds]))
    none = np.zeros(len(seeds))
    return SourceFound(
        seeds[0].source,
        tuple(seeds),
        orders,
        _between(bounds),
        (combined(ratios[:, :pairs].mean(axis=1), none), combined(ratios[:, pairs:].mean(axis=1), none)),
        _steps(form, seeds[0], (seed, 2, place)),
    )


def _order(
    predicted: Sequence[Predicted], times: Sequence[Array], chance: Sequence[Array], names: NDArray[np.int64], of: str
) -> OrderFound:
    pairs = predicted[0].pairs
    rows = [{**each.times, "same": each.same[of]} for each in predicted]

    def over(statistic: Statistic, part: slice, name: str) -> Estimate:
        each = [statistic(time[:, part], row[name][part]) for time, row in zip(times, rows, strict=True)]
        return _estimate(each)

    def gain(part: slice) -> Estimate:
        return _estimate(
            [
                spearman(time[:, part], row["bound"][part]) - spearman(time[:, part], row["distance"][part])
                for time, row in zip(times, rows, strict=True)
            ]
        )

    of_pairs, of_merges = slice(0, pairs), slice(pairs, None)
    known = {"merges": ("bound", "distance", "same"), "pairs": (*FORMS, "distance", "same")}
    found = {
        what: {name: {key: over(each, part, name) for key, each in _STATISTICS.items()} for name in known[what]}
        for what, part in (("pairs", of_pairs), ("merges", of_merges))
    }
    couples = [right_couples(time[:, of_merges], each.children) for time, each in zip(times, predicted, strict=True)]
    by_chance = np.mean(
        [right_couples(time, each.children) for time, each in zip(chance, predicted, strict=True)], axis=0
    )
    merged = np.mean(
        [spearman(time, each.times["bound"][of_merges]) for time, each in zip(chance, predicted, strict=True)], axis=0
    )
    first = np.stack([time[0] for time in times])
    together = _estimate(couples)
    return OrderFound(
        times=first,
        errors=np.stack([time[1:].std(axis=0, ddof=1) for time in times]),
        pairs=found["pairs"],
        merges=found["merges"],
        averaged={name: _averaged(times, rows, of_pairs, name) for name in known["pairs"]},
        gain_pairs=gain(of_pairs),
        gain_merges=gain(of_merges),
        couples=together,
        chance_couples=float(by_chance.mean()),
        p_pairs=_share(_renamed(predicted, first[:, of_pairs], names), found["pairs"]["bound"]["spearman"].value),
        p_merges=_share(merged, found["merges"]["bound"]["spearman"].value),
        p_couples=_share(by_chance, together.value),
        between=_between(first[:, of_pairs]),
    )


def _estimate(each: Sequence[Array]) -> Estimate:
    """From rows as measured and redrawn of each training."""
    return combined([row[0] for row in each], [row[1:].std(ddof=1) for row in each])


def _averaged(times: Sequence[Array], rows: Sequence[dict[str, Array]], part: slice, name: str) -> Estimate:
    measured = np.mean([each[:, part] for each in times], axis=0)
    return _estimate([spearman(measured, np.mean([row[name][part] for row in rows], axis=0))])


def _renamed(predicted: Sequence[Predicted], times: Array, names: NDArray[np.int64]) -> Array:
    """Rank correlation of pairs, mean over trainings, were the classes called otherwise in the prediction."""
    classes, pairs = names.shape[1], predicted[0].groups[: predicted[0].pairs]
    first, second = np.array([(one[0], other[0]) for one, other in pairs]).T
    found = []
    for each, measured in zip(predicted, times, strict=True):
        table = np.zeros((classes, classes))
        table[first, second] = table[second, first] = each.times["bound"][: each.pairs]
        found.append(spearman(table[names[:, first], names[:, second]], measured))
    return np.asarray(np.mean(found, axis=0))


def _share(chance: Array, value: float) -> float:
    return float((1 + np.count_nonzero(chance >= value - 1e-12)) / (1 + len(chance)))


def _between(times: Array) -> float | None:
    if len(times) < 2:
        return None
    return float(np.mean([spearman(a[None], b)[0] for a, b in itertools.combinations(times, 2)]))


def _steps(form: ClassTreeForm, found: SeedFound, seed: Sequence[int]) -> dict[str, Estimate]:
    if found.iterated is None:
        return {}
    pairs = found.predicted.pairs
    # The starts are the same, and redrawn alike.
    stepped, drawn = (measured_times(each, found.predicted, form, seed) for each in found.iterated)
    return {
        name: _estimate([np.log(stepped[name][:, :pairs] / drawn[name][:, :pairs]).mean(axis=1)]) for name in ESTIMANDS
    }
