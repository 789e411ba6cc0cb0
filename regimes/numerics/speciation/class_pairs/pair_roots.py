"""Times at which a measure of how far classes are apart falls through 1, for all pairs of classes at once."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

__all__ = ["Apartness", "latest_times", "moved_times"]

Array = NDArray[np.float64]

_EARLIEST, _SHARE, _GRID, _BEYOND = 5e-3, 0.01, 32, 1.0
_STEPS, _MOVES = 40, 3
_TOLERANCE, _CLOSE = 1e-10, 1e-3  # of the logarithm of the measure


class Apartness(Protocol):
    """How far apart classes are at x_t: falls with t, and is 1 where they part."""

    def at(self, t: Array) -> Array:
        """Of each pair at a time of its own: t symmetric, shape (K, K)."""

    def latest(self) -> Array:
        """Times beyond which no pair is apart, shape (K, K)."""


def latest_times(apartness: Apartness) -> Array:
    """Latest time at which the measure is 1, shape (K, K); nan where it stays below, and for a class itself."""
    latest = np.maximum(apartness.latest(), 0.0)
    first = np.where(latest > 0, np.minimum(_EARLIEST, _SHARE * latest), _EARLIEST)
    grid = first * ((latest + _BEYOND) / first) ** np.linspace(0, 1, _GRID)[:, None, None]
    values = np.stack([_logarithm(apartness, t) for t in grid])
    above = values > 0
    last = _GRID - 1 - np.argmax(above[::-1], axis=0)  # where it is above for the last time
    found = above.any(axis=0) & (last < _GRID - 1)
    low = np.minimum(last, _GRID - 2)[None]
    (t_low, t_high), (f_low, f_high) = (
        [np.take_along_axis(each, low + i, 0)[0] for i in (0, 1)] for each in (grid, values)
    )
    t = t_low
    for _ in range(_STEPS):  # Illinois: the secant, with the end that stays halved
        with np.errstate(divide="ignore", invalid="ignore"):
            t = np.where(found, t_high - f_high * (t_high - t_low) / (f_high - f_low), 1.0)
        f = _logarithm(apartness, t)
        up = f > 0
        f_low, f_high = np.where(up, f, f_low / 2), np.where(up, f_high / 2, f)
        t_low, t_high = np.where(up, t, t_low), np.where(up, t_high, t)
        if np.max(np.abs(f[found]), initial=0.0) < _TOLERANCE:
            break
    times = np.where(found, t, np.nan)
    np.fill_diagonal(times, np.nan)
    return times


def moved_times(apartness: Apartness, near: Array) -> Array:
    """The same for classes so little changed that secants from the times before find them; nan where they do not."""
    known = np.isfinite(near)
    before, now = np.where(known, near, 1.0), np.where(known, near * 1.02, 1.0)
    last, value = _logarithm(apartness, before), _logarithm(apartness, now)
    for _ in range(_MOVES):
        with np.errstate(divide="ignore", invalid="ignore"):
            ahead = now - value * (now - before) / (value - last)
        moving = known & np.isfinite(ahead) & (value != 0)
        before, now, last = now, np.where(moving, np.maximum(ahead, now / 2), now), value
        value = _logarithm(apartness, now)
    return np.where(known & (np.abs(value) < _CLOSE), now, np.nan)


def _logarithm(apartness: Apartness, t: Array) -> Array:
    """Nearly straight in t."""
    return np.asarray(np.log(np.maximum(apartness.at(t), np.finfo(float).tiny)))
