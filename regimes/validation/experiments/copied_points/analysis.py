"""How well each prediction ranks what is copied, and whether counts of copies are those of equal chances."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from regimes.validation.experiments.copied_points.form import CopiedPointsForm
from regimes.validation.experiments.copied_points.predictors import PREDICTORS, Predicted
from regimes.validation.experiments.runner.along_training import Estimate, interval, mean_of
from regimes.validation.experiments.runner.copies_along import Copies, CopiesAlong
from regimes.validation.experiments.runner.helping import HELPS, NOT_HELPS, NOT_TOLD

__all__ = [
    "CRITERIA",
    "SeedFound",
    "auc",
    "auc_of",
    "auc_at",
    "chosen",
    "copied_counts",
    "dispersion",
    "helps",
    "less",
    "nats_a_copy",
    "winner",
]

Array = NDArray[np.float64]
Values = list[float | None]

CRITERIA = ("ratio", "radius")
_RADIUS = 1 / 3  # of the median distance to the nearest other image
_HALF, _SAME = 0.5, 0.05


@dataclass(frozen=True, eq=False)
class SeedFound:
    """One training and what its images alone say."""

    copies: CopiesAlong
    predicted: Predicted


def copied_counts(seed: CopiesAlong, copies: Copies, criterion: str = "ratio") -> NDArray[np.int64]:
    """Copies of each image among the samples.

    By the ratio of distances, which favours an image that is far from others, or by one radius for all images.
    """
    copied = copies.copied
    if criterion == "radius":
        copied = copies.distance < _RADIUS * np.median(seed.near.apart[seed.heads])
    return np.bincount(copies.nearest[copied], minlength=seed.heads.size)


def chosen(seed: CopiesAlong) -> int:
    """The snapshot at which the share of images that are copied at least once is nearest to one half."""
    shares = [(copied_counts(seed, each) > 0).mean() for each in seed.along]
    return int(np.abs(np.array(shares) - _HALF).argmin())


def auc(values: Array, copied: NDArray[np.bool_], least: int) -> float | None:
    """Probability that a copied image has the larger value of two, one of each kind; None where a kind is too few."""
    if min(copied.sum(), (~copied).sum()) < least:
        return None
    one, other = values[copied][:, None], values[~copied]
    return float((one > other).mean() + (one == other).mean() / 2)


def auc_at(form: CopiedPointsForm, seed: SeedFound, place: int, name: str, criterion: str = "ratio") -> float | None:
    """Of one prediction at one snapshot."""
    counts = copied_counts(seed.copies, seed.copies.along[place], criterion)
    return auc(seed.predicted.of(name), counts > 0, form.least)


def auc_of(form: CopiedPointsForm, seeds: Sequence[SeedFound], name: str, criterion: str = "ratio") -> Values:
    """Of one prediction, each training at the snapshot that the rule chooses."""
    return [auc_at(form, seed, chosen(seed.copies), name, criterion) for seed in seeds]


def less(one: Values, other: Values) -> Values:
    """Differences, training by training."""
    return [None if a is None or b is None else a - b for a, b in zip(one, other, strict=True)]


def winner(values: dict[str, Values]) -> str | None:
    """The prediction with the largest mean, if the 95% intervals of its paired differences lie above 0."""
    means = {name: mean_of(each).value for name, each in values.items()}
    if any(each is None for each in means.values()):
        return None
    best = max(PREDICTORS, key=lambda name: means[name] or 0.0)
    others = [interval(mean_of(less(values[best], values[name]))) for name in PREDICTORS if name != best]
    return best if all(each is not None and each[0] > 0 for each in others) else None


def helps(found: Estimate) -> str:
    """Whether a ranking is better than none."""
    ends = interval(found)
    if ends is None:
        return NOT_TOLD
    if ends[0] > _HALF:
        return HELPS
    return NOT_HELPS if ends[1] < _HALF + _SAME else NOT_TOLD


def dispersion(counts: NDArray[np.int64], chances: Array | None = None) -> float | None:
    """Chi-square of counts by degree of freedom: 1 if each copy is drawn by these chances, by default equal ones."""
    expected = counts.sum() * (np.full(counts.size, 1 / counts.size) if chances is None else chances)
    if not counts.sum():
        return None
    return float(((counts - expected) ** 2 / expected).sum() / (counts.size - 1))


def nats_a_copy(counts: NDArray[np.int64], chances: Array) -> float | None:
    """Log-likelihood of the counts by these chances less that by equal ones, for each copy."""
    if not counts.sum():
        return None
    return float((counts * np.log(chances * counts.size)).sum() / counts.sum())


PAIRS = tuple(combinations(PREDICTORS, 2))
