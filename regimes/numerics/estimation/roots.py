"""Roots: of a function in a bracket, and of a curve known on a grid."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from regimes.numerics.interface.errors import NotConverged

__all__ = ["bracketed_root", "curve_crossings"]

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
    from scipy.optimize import brentq

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
    root, report = brentq(
        function,
        low,
        high,
        xtol=tolerance,
        rtol=max(tolerance, 1e-15),
        maxiter=_ITERATIONS,
        full_output=True,
        disp=False,
    )
    if not report.converged:
        raise NotConverged(what, report.iterations, abs(function(root)), "narrow the bracket or raise the tolerance")
    return float(root)


def curve_crossings(t: ArrayLike, values: ArrayLike, level: float, *, logarithmic: bool = True) -> NDArray[np.float64]:
    """All times, increasing, at which a curve known on a grid crosses a level.

    The curve is interpolated by a cubic spline in log t (in t itself unless ``logarithmic``), so a grid with a ratio of
    1.1 between neighbours places the crossing of a smooth curve to about 1e-5.

    >>> import numpy as np
    >>> t = np.geomspace(0.1, 10, 60)
    >>> curve_crossings(t, np.log(t), 0.5).round(5).tolist()
    [1.64872]
    """
    from scipy.interpolate import CubicSpline

    times, curve = np.asarray(t, dtype=np.float64), np.asarray(values, dtype=np.float64) - level
    if times.ndim != 1 or times.shape != curve.shape or times.size < 2:
        raise ValueError(
            f"curve_crossings: t and values must be 1-d of the same length >= 2, got {times.shape} and {curve.shape}"
        )
    scale, inverse = (np.log, np.exp) if logarithmic else (np.positive, np.positive)
    spline = CubicSpline(scale(times), curve)
    crossings = []
    for i in np.flatnonzero(np.signbit(curve[:-1]) != np.signbit(curve[1:])):
        low, high = scale(times[i]), scale(times[i + 1])
        if not spline(low) * spline(high) < 0:  # a knot on the level, which the spline meets to rounding only
            crossings.append(times[i] if abs(curve[i]) < abs(curve[i + 1]) else times[i + 1])
            continue
        root = bracketed_root(lambda s: float(spline(s)), low, high, what="crossing of a curve")
        crossings.append(inverse(root))
    return np.array(crossings)
