"""The number of images at which half of the samples are copies, how it moves with training, how far n* lies above."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from regimes.validation.experiments.data_needed.runs import Advised, SourceFound
from regimes.validation.experiments.runner.along_training import Estimate, interval, mean_of
from regimes.validation.experiments.runner.along_training import exponents as on_number
from regimes.validation.experiments.runner.helping import HELPS, NOT_HELPS, NOT_TOLD
from regimes.validation.measurement.estimate import crossing

__all__ = [
    "decades_above",
    "exponents",
    "half_numbers",
    "n_star_helps",
    "shares",
    "surely_copied",
    "what_decides",
]

Array = NDArray[np.float64]
Values = list[float | None]

_HALF, _DECADE = 0.5, 1.0


def shares(found: SourceFound, n: int) -> Array:
    """Shares of copies, (seeds, snapshots)."""
    return np.stack([each.shares for each in found.trainings[n]])


def half_numbers(found: SourceFound, place: int) -> Values:
    """log10 of the number of images at which the share falls through one half, at one snapshot, for each seed.

    On straight lines in log n; None where it does not lie between two sizes.
    """
    sizes = found.form.sizes
    of = np.stack([shares(found, n)[:, place] for n in sizes], axis=1)
    return [crossing(np.log10(sizes), 1 - row, 1 - _HALF) for row in of]


def exponents(found: SourceFound, level: float) -> tuple[Values, tuple[int, ...]]:
    """Slope of log step on log n, for each seed, and the sizes: those of which all seeds pass that share."""
    log_step = np.log(found.form.training.snapshots)
    return on_number({n: [crossing(log_step, row, level) for row in shares(found, n)] for n in found.form.sizes})


def what_decides(exponent: Estimate) -> str:
    """Passes through each image where the step grows as n, steps where it does not grow."""
    ends = interval(exponent)
    if ends is None:
        return NOT_TOLD
    low, high = ends
    if low > 1:
        return "n beyond passes"
    if low > 0:
        return "passes" if high >= 1 else "passes in part"
    return "steps" if high < 1 else NOT_TOLD


def surely_copied(whole: Advised, parts: Sequence[Advised]) -> int | None:
    """The largest number of images that, as ``advise`` says, the exact score copies."""
    return max((each.n for each in (whole, *parts) if each.copies == 1), default=None)


def decades_above(found: SourceFound, place: int) -> tuple[Estimate, Estimate]:
    """log10 of n* over the number of half copies, at one snapshot: at least and at most, means over seeds."""
    halves, least = half_numbers(found, place), surely_copied(found.whole, found.parts)
    most = found.whole.log10_n_star

    def above(top: float | None) -> Estimate:
        return mean_of([None if each is None or top is None else top - each for each in halves])

    return above(None if least is None else float(np.log10(least))), above(most if np.isfinite(most) else None)


def n_star_helps(least: Estimate, most: Estimate) -> str:
    """Whether n* says within a decade how many images end the copying of a trained model."""
    low, high = interval(least), interval(most)
    if low is not None and low[0] > _DECADE:
        return NOT_HELPS
    return HELPS if high is not None and high[1] < _DECADE else NOT_TOLD
