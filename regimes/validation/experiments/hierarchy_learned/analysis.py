"""From which size and which step a level is learned, how sharp its transition is, and where training should stop."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regimes.validation.experiments.hierarchy_learned.form import HierarchyForm
from regimes.validation.experiments.hierarchy_learned.runs import BEST, LearnedRun
from regimes.validation.measurement.estimate import Estimate, crossing, mean_of, rise_of

__all__ = ["Slope", "class_less_leaves", "first_step", "learned_from", "obeyed", "slope_of"]

Array = NDArray[np.float64]

_HALF = 0.5


@dataclass(frozen=True)
class Slope:
    """How sharply symbols of a level are lost with noise."""

    width: Estimate  # of the rise from a quarter to three quarters, in log-SNR
    steepest: Estimate  # largest change of the share between two noise levels, by log-SNR
    middle: Estimate  # log-SNR of one half


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
    place = crossing(np.log(x), y, level)
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
    share = (values.mean(axis=1)[:, level] - least[level]) / (1 - least[level])
    return astuple(rise_of(np.array(form.log_snr), share))


def _slope(found: Sequence[tuple[Any, ...]]) -> Slope:
    return Slope(*(mean_of(each, "the noise levels do not hold the rise") for each in zip(*found, strict=True)))
