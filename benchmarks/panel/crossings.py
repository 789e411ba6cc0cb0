"""Where a curve, known as one noisy value a probe, falls through a level for the last time, and with which error."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

Curve = Callable[[float], np.ndarray]


@dataclass(frozen=True)
class Reference:
    """A time with its standard error; both None where there is none."""

    value: float | None = None
    error: float | None = None


@dataclass(frozen=True)
class Search:
    """Times that are tried: a coarse grid, then a fine one where the curve crosses."""

    low: float = 0.0003
    high: float = 5.0
    coarse: int = 31
    fine: int = 7
    resamples: int = 200


def crossing(curve: Curve, level: float, search: Search) -> Reference:
    """Last fall of the mean through the level; the error is from resampling the probes.

    The curve must use the same random numbers at every time: it is then smooth in time for any one set of them.
    """
    times = np.geomspace(search.low, search.high, search.coarse)
    above = None
    for place in range(len(times) - 1, -1, -1):  # from pure noise down, so that most of the grid is never tried
        if curve(times[place]).mean() > level:
            above = place
            break
    if above is None or above == len(times) - 1:
        return Reference()
    near = np.geomspace(times[above], times[above + 1], search.fine)
    values = np.array([curve(t) for t in near])
    rng = np.random.default_rng(0)
    found = [fallen(near, values.mean(axis=1), level)]
    for _ in range(search.resamples):
        chosen = rng.integers(values.shape[1], size=values.shape[1])
        found.append(fallen(near, values[:, chosen].mean(axis=1), level))
    return Reference(found[0], float(np.std(found[1:])))


def fallen(t: np.ndarray, values: np.ndarray, level: float) -> float:
    """Where a parabola in log t through the values meets the level; a straight line where it does not."""
    x = np.log(t) - np.log(t).mean()
    slope, base = np.polyfit(x, values - level, 1)
    line = -base / slope
    roots = np.roots(np.polyfit(x, values - level, 2))
    real = roots[np.abs(roots.imag) < 1e-9].real
    nearest = real[np.argmin(np.abs(real - line))] if len(real) else line
    return float(np.exp(nearest + np.log(t).mean()))
