"""Where a measured clone probability crosses a level, and how well that is known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from regimes.numerics.interface.checks import positive_times, real_array

__all__ = ["MeasuredTime", "measured_crossing"]

Array = NDArray[np.float64]

_FEWEST_CROSSING = 0.95
_FEWEST_TIMES = 3
_FEWEST_FITTED = 6
_TERMS = 4
_EDGE, _FEWEST_ON_SLOPE = 0.05, 2  # of a curve that falls from 1 to 0
_LEAST_VARIANCE = 0.02  # of the largest: a share of 1 in every pair is not known without error
_UNLIKELY = 0.05  # p-value below which a fit is taken not to describe the curve
_ITERATIONS = 30
_PLACES = 129


@dataclass(frozen=True)
class MeasuredTime:
    """An Ornstein-Uhlenbeck time read off a simulation."""

    time: float | None
    se: float | None = None  # over the simulated samples
    reason: str | None = None  # why one of the two is None


def measured_crossing(
    t: ArrayLike, values: ArrayLike, level: float, replicates: ArrayLike, *, what: str = "the clone probability"
) -> MeasuredTime:
    """Time at which a measured curve that falls with t passes a level, with its standard error.

    From six times on a logistic curve, its argument cubic in log t, is fitted to all of them, weighted by the
    deviations of the replicates. With fewer times, or where that does not describe the values (p < 0.05) or falls
    through the level nowhere or more than once, the values are made monotone by isotonic regression and joined by a
    monotone cubic in log t, which rests on the times next to the crossing alone. The same is done to each replicate,
    and the error is the deviation of their crossings.

    Examples
    --------
    >>> t = np.linspace(0.5, 1.5, 11)
    >>> noise = np.random.default_rng(0).normal(scale=0.01, size=(200, 11))
    >>> found = measured_crossing(t, np.exp(-t), 0.4, np.exp(-t) + noise)
    >>> round(found.time, 2), round(found.se, 2)
    (0.92, 0.01)
    """
    times = positive_times("measured_crossing", t)
    curve = real_array("measured_crossing", "values", values)
    draws = real_array("measured_crossing", "replicates", replicates)
    if times.size < _FEWEST_TIMES or not np.all(np.diff(times) > 0):
        raise ValueError(
            f"measured_crossing: t must hold at least {_FEWEST_TIMES} increasing times, got {times.tolist()}"
        )
    if curve.shape != times.shape or draws.ndim != 2 or draws.shape[1:] != times.shape or len(draws) < 2:
        raise ValueError(
            f"measured_crossing: values must have shape ({times.size},) and replicates (B, {times.size}) with B >= 2, "
            f"got {curve.shape} and {draws.shape}"
        )
    if not (np.isfinite(curve).all() and np.isfinite(draws).all()):
        raise ValueError(f"measured_crossing: {what} must be finite; leave out times at which it is not known")
    place = np.log(times)
    crossing = _crossing_rule(place, curve, draws)
    time = crossing(curve, level)
    if time is None:
        side = "above" if curve[-1] > level else "below"
        return MeasuredTime(
            None,
            None,
            f"{what} stays {side} {level:.3g} for t from {times[0]:.3g} to {times[-1]:.3g} (it goes from "
            f"{curve[0]:.3g} to {curve[-1]:.3g})",
        )
    if np.count_nonzero((curve > _EDGE) & (curve < 1 - _EDGE)) < _FEWEST_ON_SLOPE:
        return MeasuredTime(
            time, None, f"{what} falls between two of the times, which tells no error; measure at times in between"
        )
    crossings = [crossing(draw, level) for draw in draws]
    found = np.array([each for each in crossings if each is not None])
    if found.size < _FEWEST_CROSSING * len(draws):
        return MeasuredTime(
            time,
            None,
            f"{what} crosses {level:.3g} in some replicates only, which tells no error; measure more pairs, or farther "
            "out if the crossing is near an end of the times",
        )
    return MeasuredTime(time, float(found.std(ddof=1)))


def _crossing_rule(place: Array, curve: Array, draws: Array) -> Callable[[Array, float], float | None]:
    """How crossings of this curve and of its replicates are found: by a fit, if one describes the curve."""
    fitted_crossing = _fit_rule(place, curve, draws)

    def crossing(values: Array, level: float) -> float | None:
        from scipy.optimize import isotonic_regression

        falling = np.asarray(isotonic_regression(values, increasing=False).x)
        if not falling[0] > level > falling[-1]:
            return None
        found = None if fitted_crossing is None else fitted_crossing(values, level)
        return _interpolated_crossing(place, falling, level) if found is None else found

    return crossing


def _fit_rule(place: Array, curve: Array, draws: Array) -> Callable[[Array, float], float | None] | None:
    """Crossings of fits like that of the curve; None where there are too few times or the fit does not describe it."""
    from scipy.stats import chi2

    variance = draws.var(axis=0, ddof=1)
    if place.size < _FEWEST_FITTED or variance.max() == 0:
        return None
    precision = 1 / np.sqrt(np.maximum(variance, _LEAST_VARIANCE * variance.max()))
    # On [-1, 1], where powers of the place are of one size.
    middle, half = (place[0] + place[-1]) / 2, (place[-1] - place[0]) / 2
    powers = np.vander((place - middle) / half, _TERMS, increasing=True)
    start, misfit = _fitted(powers, curve, precision, None)
    if chi2.sf(misfit, place.size - _TERMS) < _UNLIKELY:
        return None

    def fitted_crossing(values: Array, level: float) -> float | None:
        root = _falling_root(_fitted(powers, values, precision, start)[0], level)
        return None if root is None else float(np.exp(middle + half * root))

    return fitted_crossing


def _fitted(powers: Array, values: Array, precision: Array, start: Array | None) -> tuple[Array, float]:
    """Coefficients of the logistic curve nearest to the values, and the sum of squares that is left."""
    from scipy.optimize import least_squares
    from scipy.special import expit, logit

    if start is None:
        inside = np.clip(values, 0.01, 0.99)
        weight = precision * inside * (1 - inside)
        start = np.linalg.lstsq(weight[:, None] * powers, weight * logit(inside), rcond=None)[0]

    def left(x: Array) -> Array:
        return np.asarray(precision * (expit(powers @ x) - values))

    def slope(x: Array) -> Array:
        y = expit(powers @ x)
        return np.asarray((precision * y * (1 - y))[:, None] * powers)

    fit = least_squares(left, start, jac=slope, method="lm", max_nfev=_ITERATIONS)
    return np.asarray(fit.x), float(2 * fit.cost)


def _falling_root(coefficients: Array, level: float) -> float | None:
    """The place in [-1, 1] where the curve falls through the level; None where there is not exactly one."""
    from scipy.optimize import brentq
    from scipy.special import logit

    if not 0 < level < 1:
        return None
    polynomial = np.polynomial.Polynomial(coefficients) - float(logit(level))
    # Roots by bisection: those of the companion matrix are wrong where the leading coefficient is nearly 0.
    places = np.linspace(-1.0, 1.0, _PLACES)
    above = polynomial(places) > 0
    falls = np.flatnonzero(above[:-1] & ~above[1:])
    return float(brentq(polynomial, places[falls[0]], places[falls[0] + 1])) if falls.size == 1 else None


def _interpolated_crossing(place: Array, falling: Array, level: float) -> float:
    from scipy.interpolate import PchipInterpolator

    above, below = int(np.flatnonzero(falling > level)[-1]), int(np.flatnonzero(falling < level)[0])
    if below - above > 1:  # a plateau on the level itself
        return float(np.exp((place[above + 1] + place[below - 1]) / 2))
    # Between two knots the cubic depends on one more on either side; it falls, so that bisection finds the one root.
    near = slice(max(above - 1, 0), below + 2)
    return float(np.exp(PchipInterpolator(place[near], falling[near]).solve(level, extrapolate=False)[0]))
