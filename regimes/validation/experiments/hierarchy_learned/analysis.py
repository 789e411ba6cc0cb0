"""From which size and which step a level is learned, how sharp its transition is, and where training should stop."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regimes.validation.experiments.hierarchy_learned.form import HierarchyForm
from regimes.validation.experiments.hierarchy_learned.runs import BEST, LearnedRun

__all__ = ["Estimate", "Slope", "class_less_leaves", "first_step", "learned_from", "mean_of", "obeyed", "slope_of"]

Array = NDArray[np.float64]

_HALF, _QUARTERS = 0.5, (0.25, 0.75)


@dataclass(frozen=True)
class Estimate:
    """A number with its error over seeds; ``value`` is None where too few seeds have one, and ``reason`` says why."""

    value: float | None
    se: float | None
    reason: str | None = None


@dataclass(frozen=True)
class Slope:
    """How sharply symbols of a level are lost with noise."""

    width: Estimate  # of the rise from a quarter to three quarters, in log-SNR
    steepest: Estimate  # largest change of the share between two noise levels, by log-SNR
    middle: Estimate  # log-SNR of one half


def mean_of(values: Sequence[float | None], reason: str) -> Estimate:
    """Mean over seeds and its standard error by their scatter; of three seeds or more all must have a value."""
    found = [float(each) for each in values if each is not None and np.isfinite(each)]
    if len(found) < len(values) or not found:
        return Estimate(None, None, f"{reason} in {len(values) - len(found)} of {len(values)} seeds")
    se = float(np.std(found, ddof=1) / np.sqrt(len(found))) if len(found) > 1 else None
    return Estimate(float(np.mean(found)), se)


def obeyed(form: HierarchyForm, shares: Array) -> Array:
    """Shares of obeyed rules on a scale from chance (0) to the law (1)."""
    chance = form.m / form.v ** (form.s - 1)
    return np.asarray((shares - chance) / (1 - chance))


def learned_from(form: HierarchyForm, runs: Sequence[LearnedRun], height: int) -> float | str:
    """Number of training points of one seed at which a height is obeyed half way from chance to the law.

    Interpolated in log n between the sizes. Where the first size at which the share is known is enough, or none is, it
    says so in words.
    """
    shares = np.array([obeyed(form, run.rules[BEST])[height - 1] for run in runs])
    return _passage(np.array([run.n for run in runs], dtype=np.float64), shares, _HALF)


def first_step(run: LearnedRun, values: Array, level: float) -> float | str:
    """Step at which values along the training first pass a level, interpolated in its logarithm, or in words."""
    return _passage(run.step[:BEST], np.asarray(values[:BEST], dtype=np.float64), level)


def _passage(x: Array, y: Array, level: float) -> float | str:
    x, y = x[np.isfinite(y)], y[np.isfinite(y)]
    if not (y >= level).any():
        return f"beyond {x[-1]:g}" if x.size else "unknown"
    place = _crossing(np.log(x), y, level)
    return f"below {x[0]:g}" if place is None else float(np.exp(place))


def slope_of(form: HierarchyForm, kept: Sequence[Array], chance: Sequence[Array], level: int) -> Slope:
    """Slope of the share of one level that is kept, (noise levels, turns, L + 1) for each seed."""
    return _slope([_of_seed(form, values, least, level) for values, least in zip(kept, chance, strict=True)])


def class_less_leaves(form: HierarchyForm, kept: Sequence[Array], chance: Sequence[Array]) -> Slope:
    """Slope of the class less that of the leaves, seed by seed: narrower and steeper if the class is sharper."""
    found = []
    for values, least in zip(kept, chance, strict=True):
        pairs = zip(*(_of_seed(form, values, least, level) for level in (0, form.L)), strict=True)
        found.append(tuple(None if None in pair else pair[0] - pair[1] for pair in pairs))
    return _slope(found)


def _of_seed(form: HierarchyForm, values: Array, least: Array, level: int) -> tuple[Any, Any, Any]:
    log_snr = np.array(form.log_snr)
    share = (values.mean(axis=1)[:, level] - least[level]) / (1 - least[level])
    rising = np.maximum.accumulate(share)
    low, middle, high = (_crossing(log_snr, rising, each) for each in (_QUARTERS[0], _HALF, _QUARTERS[1]))
    steepest = float((np.diff(share) / np.diff(log_snr)).max())
    return None if low is None or high is None else high - low, steepest, middle


def _slope(found: Sequence[tuple[Any, ...]]) -> Slope:
    return Slope(*(mean_of(each, "the noise levels do not hold the rise") for each in zip(*found, strict=True)))


def _crossing(x: Array, y: Array, level: float) -> float | None:
    """Where y first rises through a level, by straight lines; None if it starts above or does not get there."""
    above = np.flatnonzero(y >= level)
    if not above.size or above[0] == 0:
        return None
    k = int(above[0])
    return float(x[k - 1] + (level - y[k - 1]) / (y[k] - y[k - 1]) * (x[k] - x[k - 1]))
