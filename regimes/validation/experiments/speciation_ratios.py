"""Measured over predicted times of several trained models, and which prediction comes nearest."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from regimes.numerics.checks import seeded
from regimes.validation.agreement import Agreement

__all__ = ["Comparison", "PairTimes", "compare_predictions", "crossing_agreement", "mean_time", "training_scatter"]

_STREAM = 0x726174696F  # of the redraws
_REDRAWS = 4000

Measured = tuple[float, float]  # value, standard error


@dataclass(frozen=True)
class PairTimes:
    """Times of one pair of classes.

    Attributes
    ----------
    name : str
        Of the pair.
    measured : tuple of (float, float)
        For each training, and their standard errors over clones.
    predicted : dict of (float, float)
        By prediction, and standard errors.
    samples : int
        Pairs of clones at each time, of each training.
    """

    name: str
    measured: tuple[Measured, ...]
    predicted: dict[str, Measured]
    samples: int


@dataclass(frozen=True)
class Comparison:
    """How near each prediction comes.

    Attributes
    ----------
    scatter : float or None
        Deviation of log(measured time) from one training to the next, beyond what the clones explain; None where no
        model was trained twice.
    ratios : dict of dict of (float, float)
        Measured over predicted for each prediction and pair, with the standard error: clones, trainings, probes.
    rms, mean, expected : dict of float
        Of log(measured/predicted) over the pairs; ``expected`` is the rms that the standard errors alone would give.
    share_best : dict of float
        Share of redraws, of the pairs with replacement and of every time by its error, in which the prediction has the
        smallest rms.
    best : str or None
        That with the smallest rms.
    """

    scatter: float | None
    ratios: dict[str, dict[str, Measured]]
    rms: dict[str, float]
    mean: dict[str, float]
    expected: dict[str, float]
    share_best: dict[str, float]
    best: str | None

    def to_dict(self) -> dict[str, Any]:
        """Plain dictionary, ready for JSON."""
        return {
            "training_scatter": self.scatter,
            "ratios": {name: {pair: list(each) for pair, each in of.items()} for name, of in self.ratios.items()},
            "rms_log_ratio": self.rms,
            "mean_log_ratio": self.mean,
            "rms_from_errors_alone": self.expected,
            "share_best": self.share_best,
            "best": self.best,
        }


def training_scatter(pairs: Sequence[PairTimes]) -> float | None:
    """Deviation of the logarithm of a measured time from one training to the next.

    Parameters
    ----------
    pairs : sequence of PairTimes
        Those trained twice or more count.

    Returns
    -------
    float or None
        Root of the mean variance over trainings less that of the clones, 0 where the clones explain all of it.
    """
    found = []
    for pair in pairs:
        if len(pair.measured) > 1:
            times, errors = np.array(pair.measured).T
            found.append(np.log(times).var(ddof=1) - np.mean((errors / times) ** 2))
    return math.sqrt(max(0.0, float(np.mean(found)))) if found else None


def mean_time(pair: PairTimes, scatter: float | None) -> Measured:
    """Geometric mean over trainings, and its standard error.

    Parameters
    ----------
    pair : PairTimes
        With one training at least.
    scatter : float or None
        :func:`training_scatter`.

    Returns
    -------
    (float, float)
        Time and error.
    """
    times, errors = np.array(pair.measured).T
    time = float(np.exp(np.log(times).mean()))
    return time, time * math.sqrt((float(np.mean((errors / times) ** 2)) + (scatter or 0.0) ** 2) / times.size)


def compare_predictions(pairs: Sequence[PairTimes], predictions: Mapping[str, str], *, rng: int) -> Comparison:
    """Put measured times over predicted ones.

    Parameters
    ----------
    pairs : sequence of PairTimes
        Pairs without a measured time are left out; means are over those for which all predictions exist.
    predictions : mapping
        Names of the predictions, in words.
    rng : int
        Seed of the redraws.

    Returns
    -------
    Comparison
        Ratios, their means and which prediction is best.
    """
    scatter = training_scatter(pairs)
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
        return Comparison(scatter, ratios, {}, {}, {}, {}, None)
    table, spread = np.array(logs), np.array(errors)
    rms = np.sqrt((table**2).mean(axis=0))
    generator = seeded(rng, _STREAM)
    chosen = generator.integers(len(table), size=(_REDRAWS, len(table)))
    # The measured time is common to all predictions.
    moved = table[chosen] + generator.normal(size=(*chosen.shape, 1)) * spread[chosen][..., :1]
    moved += generator.normal(size=moved.shape) * spread[chosen][..., 1:]
    wins = np.bincount((moved**2).mean(axis=1).argmin(axis=1), minlength=len(predictions)) / _REDRAWS
    expected = np.sqrt((spread[:, :1] ** 2 + spread[:, 1:] ** 2).mean(axis=0))

    def named(values: Any) -> dict[str, float]:
        return dict(zip(predictions, np.asarray(values).tolist(), strict=True))

    best = list(predictions)[int(rms.argmin())]
    return Comparison(scatter, ratios, named(rms), named(table.mean(axis=0)), named(expected), named(wins), best)


def crossing_agreement(
    pairs: Sequence[PairTimes], prediction: str, words: str, scatter: float | None
) -> list[Agreement]:
    """Each pair's measured time beside a predicted one.

    Parameters
    ----------
    pairs : sequence of PairTimes
        The pairs.
    prediction, words : str
        Name of the prediction, and in words.
    scatter : float or None
        :func:`training_scatter`.

    Returns
    -------
    list of Agreement
        Where both exist.
    """
    found = []
    for pair in pairs:
        if pair.measured and prediction in pair.predicted:
            (time, error), (value, value_error) = mean_time(pair, scatter), pair.predicted[prediction]
            name, se = f"class crossing, {pair.name}, {words}", math.hypot(error, value_error)
            found.append(Agreement(name, value, value, time, se, pair.samples * len(pair.measured)))
    return found
