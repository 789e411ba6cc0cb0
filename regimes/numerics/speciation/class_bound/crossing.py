"""When classes are decided at the latest at which held-out points still prove it: where the bound passes the level."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from regimes.numerics.estimation.roots import curve_crossings
from regimes.numerics.estimation.skewed_mean import errors_below
from regimes.numerics.speciation.class_bound.bound import ClassBound
from regimes.numerics.speciation.criteria import normalised_clone_level

__all__ = ["ClassTime", "class_time", "held_out_time"]

Array = NDArray[np.float64]

_CONFIDENCE = 0.975
_WEIGHTY = 0.1  # share of a candidate that is named


@dataclass(frozen=True)
class ClassTime:
    """A lower bound on the class time of the population, or why there is none.

    Attributes
    ----------
    value : float or None
        Time at which the bound passes the level: the class time lies at or above it in expectation.
    low : float or None
        One-sided lower limit of 97.5%: where the bound less its error passes the level.
    reason : str or None
        Why there is no time.
    candidates : tuple of (str, float)
        What the class posterior is mixed of there, with the shares, largest first.
    """

    value: float | None
    low: float | None
    reason: str | None
    candidates: tuple[tuple[str, float], ...] = ()


def class_time(bound: ClassBound) -> ClassTime:
    """Find where the bound falls through the level, and of which candidates the posterior is mixed there."""
    found = held_out_time(bound.t, bound.normalised, bound.normalised_se, bound.contributions)
    if found.value is None:
        return found
    near = [float(np.interp(np.log(found.value), np.log(bound.t), share)) for share in bound.weights.T]
    named = sorted(zip(bound.candidates, near, strict=True), key=lambda pair: -pair[1])
    return replace(found, candidates=tuple(pair for pair in named if pair[1] > _WEIGHTY))


def held_out_time(t: Array, normalised: Array, normalised_se: Array, contributions: Array) -> ClassTime:
    """Find where a bound falls through the level of two equal classes at kappa = 1, ``normalised_clone_level()``.

    Going up in time from where the bound is highest: phi_class of the population falls, so that the first time at which
    the lower limit fails is one test, whatever the number of times. Measured over 300 draws each of two classes, a
    power-law covariance, five unequal classes and covariances of two sizes, in 40 dimensions, n = 40, 100, 400: the
    limit lies above the truth in 0 to 2% of them (2.8% of 600 earlier ones of the power law at n = 400), and shuffled
    labels have a time in none. A ratio of 1.3 between the times of the grid is enough.
    """
    level = normalised_clone_level()
    lower = normalised - errors_below(contributions, _CONFIDENCE) * normalised_se
    top = int(np.argmax(lower))
    if not lower[top] > level:
        if not lower.max() > 0:
            return ClassTime(
                None, None, "held-out points cannot tell the classes: nothing beats guessing by their weights"
            )
        return ClassTime(
            None,
            None,
            "held-out points do not tell the classes well enough: they prove a normalised clone probability of "
            f"{lower[top]:.2f} at best (t = {t[top]:.3g}), and {level:.2f} counts as decided",
        )
    value, low = (_first_fall(t, curve, level, top) for curve in (normalised, lower))
    if low is None or value is None:
        return ClassTime(None, None, f"classes are decided at the largest time, t = {t[-1]:.3g}: ask for larger times")
    return ClassTime(value, low, None)


def _first_fall(t: Array, curve: Array, level: float, start: int) -> float | None:
    found = curve_crossings(t[start:], curve[start:], level) if start < len(t) - 1 else np.array([])
    return float(found[0]) if found.size else None
