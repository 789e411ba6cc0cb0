"""Measured over predicted times of several trained models, and which prediction comes nearest."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from regimes.numerics.estimation.streams import Stream, generator
from regimes.validation.outcome.agreement import Agreement

__all__ = ["Comparison", "PairTimes", "compare_predictions", "crossing_agreement", "mean_time", "training_scatter"]

_REDRAWS = 4000

Measured = tuple[float, float]  # value, standard error


@dataclass(frozen=True)
class PairTimes:
    """Times of one pair of classes."""

    name: str
    measured: tuple[Measured, ...]  # for each training, and their standard errors over clones
    predicted: dict[str, Measured]  # by prediction, and standard errors
    samples: int  # pairs of clones at each time, of each training
    common: float = 0.0  # relative error that all trainings share: of the confusion matrix of their one classifier


@dataclass(frozen=True)
class Comparison:
    """How near each prediction comes, by its key."""

    scatter: (
        float | None
    )  # of log(measured time) over trainings, beyond what the clones explain; None with one training
    largest_scatter: float | None  # what that is below with 95% confidence
    ratios: dict[str, dict[str, Measured]]  # measured over predicted by pair; errors hold clones, trainings, probes
    rms: dict[str, float]  # of log(measured/predicted) over the pairs
    mean: dict[str, float]
    expected: dict[str, float]  # the rms that the standard errors alone would give
    # Share of redraws, of the pairs with replacement and of every time by its error, in which it has the smallest rms.
    share_best: dict[str, float]
    best: str | None  # that with the smallest rms


def training_scatter(pairs: Sequence[PairTimes]) -> tuple[float, float] | None:
    """Deviation of the logarithm of a measured time from one training to the next."""
    from scipy.stats import chi2

    between, clones, dof = 0.0, 0.0, 0
    for pair in pairs:
        if len(pair.measured) > 1:
            times, errors = np.array(pair.measured).T
            free = times.size - 1
            between += free * float(np.log(times).var(ddof=1))
            clones += free * float(np.mean((errors / times) ** 2))
            dof += free
    if dof == 0:
        return None
    largest = between / float(chi2.ppf(0.05, dof)) - clones / dof
    return math.sqrt(max(0.0, (between - clones) / dof)), math.sqrt(max(0.0, largest))


def mean_time(pair: PairTimes, scatter: float | None) -> Measured:
    """Geometric mean over trainings, and its standard error."""
    times, errors = np.array(pair.measured).T
    time = float(np.exp(np.log(times).mean()))
    variance = (float(np.mean((errors / times) ** 2)) + (scatter or 0.0) ** 2) / times.size + pair.common**2
    return time, time * math.sqrt(variance)


def compare_predictions(pairs: Sequence[PairTimes], predictions: Mapping[str, str], *, rng: int) -> Comparison:
    """Put measured times over predicted ones."""
    scatter, largest = training_scatter(pairs) or (None, None)
    ratios: dict[str, dict[str, Measured]] = {name: {} for name in predictions}
    logs, errors = [], []
    for pair in pairs:
        if not pair.measured:
            continue
        time, error = mean_time(pair, scatter)
        for name, (value, value_error) in pair.predicted.items():
            ratios[name][pair.name] = time / value, time / value * math.hypot(error / time, value_error / value)
        if set(pair.predicted) == set(predictions):
            predicted = np.array([pair.predicted[name] for name in predictions])
            logs.append(np.log(time / predicted[:, 0]))
            errors.append([error / time, *(predicted[:, 1] / predicted[:, 0])])
    if not logs:
        return Comparison(scatter, largest, ratios, {}, {}, {}, {}, None)
    table, spread = np.array(logs), np.array(errors)
    rms = np.sqrt((table**2).mean(axis=0))
    drawn = generator(Stream.REDRAWN_PAIRS, rng, "digits-speciation")
    chosen = drawn.integers(len(table), size=(_REDRAWS, len(table)))
    # The measured time is common to all predictions.
    moved = table[chosen] + drawn.normal(size=(*chosen.shape, 1)) * spread[chosen][..., :1]
    moved += drawn.normal(size=moved.shape) * spread[chosen][..., 1:]
    wins = np.bincount((moved**2).mean(axis=1).argmin(axis=1), minlength=len(predictions)) / _REDRAWS
    expected = np.sqrt((spread[:, :1] ** 2 + spread[:, 1:] ** 2).mean(axis=0))

    def named(values: Any) -> dict[str, float]:
        return dict(zip(predictions, np.asarray(values).tolist(), strict=True))

    best = list(predictions)[int(rms.argmin())]
    return Comparison(
        scatter, largest, ratios, named(rms), named(table.mean(axis=0)), named(expected), named(wins), best
    )


def crossing_agreement(
    pairs: Sequence[PairTimes], prediction: str, words: str, scatter: float | None
) -> list[Agreement]:
    """Each pair's measured time beside a predicted one."""
    found = []
    for pair in pairs:
        if pair.measured and prediction in pair.predicted:
            (time, error), (value, value_error) = mean_time(pair, scatter), pair.predicted[prediction]
            name, se = f"class crossing, {pair.name}, {words}", math.hypot(error, value_error)
            found.append(Agreement(name, value, value, time, se, pair.samples * len(pair.measured)))
    return found
