"""Levels of a grid taken out of one step and put into another, where no small change of them all would do as well."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from regimes.numerics.decisions.components import Components
from regimes.numerics.decisions.final_variance import FinalVariance, final_variance, of_each_step

__all__ = ["exchanged"]

Array = NDArray[np.float64]

_TRIES = 3  # of levels to move, the most promising first
_GAIN = 1e-9  # share by which a moved level must bring the samples nearer


def exchanged(data: Components, levels: Array, descended: Callable[[Array], Array]) -> Array:
    """Levels of which no exchange, with all of them descended after it, brings the final samples nearer."""
    least = float(final_variance(levels, data).divergence(data))
    while levels.size > 3:
        for out, into in _exchanges(data, levels):
            tried = descended(np.sort(np.append(np.delete(levels, out), _middle(levels)[into])))
            after = float(final_variance(tried, data).divergence(data))
            if after < least * (1 - _GAIN):
                levels, least = tried, after
                break
        else:
            break
    return levels


def _middle(levels: Array) -> Array:
    """Within each step, by its logarithm; of a step from pure noise the half."""
    begin, end = levels[:-1], levels[1:]
    return np.where(begin > 0, np.sqrt(begin * end), end / 2)


def _exchanges(data: Components, levels: Array) -> list[tuple[int, int]]:
    """The most promising: which level goes, and into which step, by what each costs and saves alone."""
    whole, variances = final_variance(levels, data), data.variances
    begin, end, middle = levels[:-1], levels[1:], _middle(levels)
    step = of_each_step(begin, end - begin, variances)
    joined = of_each_step(levels[:-2], levels[2:] - levels[:-2], variances)
    left, right = of_each_step(begin, middle - begin, variances), of_each_step(middle, end - middle, variances)

    def changed(lost: Callable[[Array], Array], won: Array, kept: Array) -> Array:
        lacking = (whole.lacking + won - lost(step.lacking)).clip(0.0)
        return FinalVariance(lacking, whole.kept + kept - lost(step.kept)).divergence(data)

    out = changed(lambda each: each[:-1] + each[1:], joined.lacking, joined.kept)
    into = changed(lambda each: each, left.lacking + right.lacking, left.kept + right.kept)
    both = out[:, None] + into
    place = np.arange(out.size)
    both[place, place] = both[place, place + 1] = np.inf  # that would put it back
    best = np.argsort(both, axis=None, kind="stable")[:_TRIES]
    pairs = [divmod(int(each), out.size + 1) for each in best if np.isfinite(both.flat[each])]
    return [(level + 1, into) for level, into in pairs]
