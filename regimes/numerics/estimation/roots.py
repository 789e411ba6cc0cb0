"""Roots: of a function in a bracket, and of a curve known on a grid."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from regimes.numerics.estimation.spline import Spline
from regimes.numerics.interface.errors import NotConverged

__all__ = ["bracketed_root", "crossings_of_each", "curve_crossings"]

_ITERATIONS = 200


def bracketed_root(
    function: Callable[[float], float],
    low: float,
    high: float,
    *,
    tolerance: float = 1e-13,
    what: str = "root",
) -> float:
    """Solve ``function(x) = 0`` for the x between two points of opposite sign (Brent's method); ``what`` is for errors.

    >>> round(bracketed_root(lambda x: x * x - 2, 1.0, 2.0), 9)
    1.414213562
    """
    at_low, at_high = function(low), function(high)
    if at_low == 0:
        return low
    if at_high == 0:
        return high
    if not at_low * at_high < 0:
        raise ValueError(
            f"{what}: the bracket must hold a change of sign, got {at_low:.3g} at {low:.6g} and {at_high:.3g} at "
            f"{high:.6g}; widen it"
        )
    return _brent(function, (low, at_low), (high, at_high), tolerance, what)


def _brent(
    function: Callable[[float], float],
    last: tuple[float, float],
    now: tuple[float, float],
    tolerance: float,
    what: str,
) -> float:
    """Brent 1973, step for step as in ``scipy.optimize.brentq``, whose import takes longer than a calculator may."""
    (x_last, f_last), (x, f) = map(float, last), map(float, now)
    x_other = f_other = step_last = step = 0.0  # the other end of the bracket, and the last two steps
    for _ in range(_ITERATIONS):
        if math.copysign(1.0, f_last) != math.copysign(1.0, f) and f_last != 0.0 != f:
            x_other, f_other = x_last, f_last
            step_last = step = x - x_last
        if abs(f_other) < abs(f):
            x_last, x, x_other = x, x_other, x
            f_last, f, f_other = f, f_other, f
        reach = (tolerance + max(tolerance, 1e-15) * abs(x)) / 2
        half = (x_other - x) / 2
        if f == 0.0 or abs(half) < reach:
            return x
        trial = math.inf
        if abs(step_last) > reach and abs(f) < abs(f_last):
            if x_last == x_other:  # the secant
                trial = -f * (x - x_last) / (f - f_last)
            else:  # the inverse parabola
                slope_last, slope_other = (f_last - f) / (x_last - x), (f_other - f) / (x_other - x)
                below = slope_other * slope_last * (f_other - f_last)
                trial = -f * (f_other * slope_other - f_last * slope_last) / below if below else math.inf
        good = 2 * abs(trial) < min(abs(step_last), 3 * abs(half) - reach)
        step_last, step = (step, trial) if good else (half, half)
        x_last, f_last = x, f
        x += step if abs(step) > reach else math.copysign(reach, half)
        f = float(function(x))
        if math.isnan(f):
            raise ValueError(f"{what}: the function is not a number at {x:.6g}; narrow the bracket")
    raise NotConverged(what, _ITERATIONS, abs(f), "narrow the bracket or raise the tolerance")


def curve_crossings(t: ArrayLike, values: ArrayLike, level: float, *, logarithmic: bool = True) -> NDArray[np.float64]:
    """All times, increasing, at which a curve known on a grid crosses a level.

    The curve is interpolated by a cubic spline in log t (in t itself unless ``logarithmic``), so a grid with a ratio of
    1.1 between neighbours places the crossing of a smooth curve to about 1e-5.

    >>> import numpy as np
    >>> t = np.geomspace(0.1, 10, 60)
    >>> curve_crossings(t, np.log(t), 0.5).round(5).tolist()
    [1.64872]
    """
    return crossings_of_each(t, np.asarray(values)[None], level, logarithmic=logarithmic)[0]


def crossings_of_each(
    t: ArrayLike, curves: ArrayLike, level: float, *, logarithmic: bool = True
) -> list[NDArray[np.float64]]:
    """The same of several curves on one grid, shape (curves, times)."""
    times, rows = np.asarray(t, dtype=np.float64), np.asarray(curves, dtype=np.float64) - level
    if times.ndim != 1 or rows.shape[1:] != times.shape or times.size < 2:
        raise ValueError(
            f"curve_crossings: t and values must be 1-d of the same length >= 2, got {times.shape} and {rows.shape[1:]}"
        )
    scale, inverse = (np.log, np.exp) if logarithmic else (np.positive, np.positive)
    knots = scale(times)
    pieces = Spline(knots, rows.T).coefficients
    found = []
    for row, curve in enumerate(rows):
        crossings = []
        for i in np.flatnonzero(np.signbit(curve[:-1]) != np.signbit(curve[1:])):
            low, high = float(knots[i]), float(knots[i + 1])
            piece = _cubic(low, pieces[:, i, row].tolist())
            if not piece(low) * piece(high) < 0:  # a knot on the level, which the spline meets to rounding only
                crossings.append(times[i] if abs(curve[i]) < abs(curve[i + 1]) else times[i + 1])
                continue
            crossings.append(inverse(bracketed_root(piece, low, high, what="crossing of a curve")))
        found.append(np.array(crossings))
    return found


def _cubic(origin: float, falling: list[float]) -> Callable[[float], float]:
    """A polynomial in the distance from an origin, of coefficients of falling powers."""
    third, second, first, constant = falling

    def value(x: float) -> float:
        u = x - origin
        return constant + first * u + second * (u * u) + third * (u * u * u)

    return value
