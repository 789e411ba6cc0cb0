"""Crossings of curves with 95% intervals over the data and the probes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from regimes.numerics.estimation.jackknife import jackknife_error, student_quantile
from regimes.numerics.estimation.roots import crossings_of_each, curve_crossings

__all__ = ["FEWEST_GROUPS", "NORMAL", "Crossing", "crossing", "normal_interval"]

FEWEST_GROUPS = 5
"""Fewer groups of the data give no error."""

NORMAL = 1.959963984540054
"""Half of a 95% interval, in standard errors."""

_ROUNDING = 1e-12  # two points and noise of both signs: the zero does not move, up to rounding


@dataclass(frozen=True)
class Crossing:
    """Where a curve crosses a level for the last time, or the reason why there is no time or no interval."""

    time: float | None
    interval: tuple[float, float] | None
    covers: str | None
    reason: str | None


def crossing(
    t: NDArray[np.float64],
    curve: NDArray[np.float64],
    error: NDArray[np.float64],
    replicates: NDArray[np.float64] | None,
    level: float,
    what: str,
) -> Crossing:
    """Locate the last crossing of a curve over increasing t, with its interval.

    ``replicates`` holds the curve with each group of the data left out. The jackknife takes a group's points and their
    probes away together, so its interval covers both sources of error; Student's t with G - 1 degrees of freedom.
    """
    crossings = curve_crossings(t, curve, level)
    if crossings.size == 0:
        side = "above" if curve.min() > level else "below"
        return Crossing(
            None,
            None,
            None,
            f"{what} stays {side} {level:.3g} for t from {t[0]:.3g} to {t[-1]:.3g} (it ends at {curve[-1]:.3g})",
        )
    time = float(crossings[-1])
    if replicates is None:
        slope = abs(float(np.interp(time, t, np.gradient(curve, t))))
        spread = float(np.interp(time, t, error))
        if slope == 0 or spread <= _ROUNDING * max(abs(level), float(np.abs(curve).max())):
            return Crossing(time, None, None, f"the probes show no scatter in {what}: there is no error to estimate")
        return Crossing(time, normal_interval(time, spread / slope), "probes", None)
    groups = len(replicates)
    if groups < FEWEST_GROUPS:
        return Crossing(time, None, None, f"{groups} groups of data are too few for an interval of {what}")
    roots = crossings_of_each(t, replicates, level)
    if any(root.size == 0 for root in roots):
        return Crossing(time, None, None, f"{what} does not cross {level:.3g} once some group of the data is left out")
    left_out = np.array([root[-1] for root in roots])
    spread = float(jackknife_error(left_out))
    return Crossing(time, _interval(time, spread * student_quantile(groups - 1)), "data and probes", None)


def normal_interval(value: float, error: float) -> tuple[float, float]:
    """95% interval of a positive quantity with a normal error.

    Examples
    --------
    >>> normal_interval(1.0, 0.1)[1].__round__(3)
    1.196
    """
    return _interval(value, NORMAL * error)


def _interval(value: float, half: float) -> tuple[float, float]:
    return max(value - half, 0.0), value + half
