"""Means of curves by regression on controls: cheap functions of the same draws whose means are known better.

The first control of each time has an exact mean. The others are sampled on their own, many more times, and enter as
what the first leaves of them: where they are linear in it, their sampled means do no harm.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["ControlMeans", "control_means", "controlled_mean"]

Array = NDArray[np.float64]

_DEAD = 1e-7  # share of a control's size below which its deviation is rounding
_REPRESENTED = (0.5, 2.0)  # a control that lives on rare events may show none of them among few draws
_DIRECTIONS = 1e-2  # smaller combinations of controls, in deviations, are left out
_FOLDS = 16


@dataclass(frozen=True, eq=False)
class ControlMeans:
    """What is known of the controls beforehand.

    ``mean`` (T, C), the first of each time exact; ``covariance`` (T, C, T, C) of the errors of the means; ``slope``
    (T, C) of each control in the first; ``variance`` (T, C) of what the first leaves of each, that of itself in its
    own place.
    """

    mean: Array
    covariance: Array
    slope: Array
    variance: Array


def control_means(chunks: Iterable[Array], exact: Array) -> ControlMeans:
    """Means of the controls from draws of their own, shape (S, T, C) in pieces, corrected for the error of the first.

    ``exact``, shape (T,), is the mean of the first control.
    """
    times, total = exact.size, 0
    mean, squares = np.zeros(0), np.zeros((0, 0))
    for chunk in chunks:
        flat = chunk.reshape(len(chunk), -1)
        if not total:
            mean, squares = np.zeros(flat.shape[1]), np.zeros((flat.shape[1],) * 2)
        middle = flat.mean(axis=0)
        step, deviation = middle - mean, flat - middle
        squares += deviation.T @ deviation + np.outer(step, step) * (total * len(flat) / (total + len(flat)))
        mean = mean + step * (len(flat) / (total + len(flat)))
        total += len(flat)
    means = mean.reshape(times, -1)
    count = means.shape[1]
    spread = (squares / (total - 1)).reshape(times, count, times, count)
    own = np.einsum("kakb->kab", spread)
    first = own[:, 0, 0]
    live = first > (_DEAD * np.abs(means[:, 0])) ** 2
    slope = np.where(live[:, None], own[:, :, 0] / np.where(live, first, 1.0)[:, None], 0.0)
    slope[:, 0] = 1.0
    corrected = means + slope * (exact - means[:, 0])[:, None]
    # Errors of what remains of each control once its slope times the first one is taken off.
    rest = spread - np.einsum("ka,klb->kalb", slope, spread[:, 0])
    rest = rest - np.einsum("kal,lb->kalb", rest[:, :, :, 0], slope)
    variance = np.maximum(np.einsum("kaka->ka", rest), 0.0)
    variance[:, 0] = np.where(live, first, 0.0)
    return ControlMeans(corrected, rest / total, slope, variance)


def controlled_mean(values: Array, controls: Array, means: ControlMeans, use: list[int]) -> tuple[Array, Array]:
    """Mean of each column of ``values``, shape (S, T), reduced in variance, and the covariance (T, T) of these means.

    ``controls``, shape (S, T, C), are of the same draws; ``use`` says which of them to use beside the first. The mean
    is that of ``values - factors . (controls - known means)``. The factors of a draw are fitted by least squares to the
    other 15 of 16 folds: fitted to the draw itself they would bias the mean where values or controls are skewed.
    """
    count, times = values.shape
    places = np.array([0, *use])
    # What the first control leaves of each, less its known mean.
    slope = np.where(places > 0, means.slope[:, places], 0.0)
    excess = controls[..., places] - means.mean[:, places]
    excess = excess - slope * excess[..., :1]
    known = means.variance[:, places]
    live = known > (_DEAD * np.maximum(1.0, np.abs(means.mean[:, places]))) ** 2
    scaled = excess / np.sqrt(np.where(live, known, 1.0))
    fold = np.arange(count) % _FOLDS
    reduced, factors = values.copy(), np.zeros((times, places.size))
    for each in range(_FOLDS):
        others, own = fold != each, fold == each
        for k in range(times):
            fitted = _factors(values[others, k], scaled[others, k], live[k])
            reduced[own, k] -= scaled[own, k] @ fitted
            factors[k] += fitted * np.mean(own)
    mean = reduced.mean(axis=0)
    covariance = np.atleast_2d(np.cov(reduced.T)) / count
    factors /= np.sqrt(np.where(live, known, 1.0))
    sampled = means.covariance[:, places][:, :, :, places]
    return mean, covariance + np.einsum("ka,kalb,lb->kl", factors, sampled, factors)


def _factors(values: Array, scaled: Array, live: NDArray[np.bool_]) -> Array:
    """Least-squares factors of controls in units of their deviation; 0 for those of which little is seen."""
    centred = scaled - scaled.mean(axis=0)
    size = np.mean(centred**2, axis=0)
    wanted = live & (size > _REPRESENTED[0]) & (size < _REPRESENTED[1])
    result = np.zeros(live.size)
    if wanted.any():
        result[wanted] = np.linalg.lstsq(centred[:, wanted], values - values.mean(), rcond=_DIRECTIONS)[0]
    return result
