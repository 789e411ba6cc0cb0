"""Excess kurtosis of projections, with help from a moment that heavy tails do not hide."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.estimation.roots import bracketed_root

__all__ = ["excess_kurtosis"]

_FREEDOM = (4.2, 300.0)
_MISSED = 0.6
_ERRORS = 2.0


def excess_kurtosis(values: NDArray[np.float64]) -> float:
    """Excess kurtosis about the origin.

    The fourth moment of few points misses a heavy tail. Where mean absolute value over standard deviation tells one,
    it is moved half of the way to the kurtosis that Student's t has at the same ratio, but up by no more than two of
    its own errors; where it tells none, the scatter of the squares is raised by an order of its error, since it comes
    out low.
    """
    squares = values**2
    mean = float(squares.mean())
    if mean == 0.0:
        return 0.0
    squares /= mean
    fourth = float(np.mean(squares**2))
    moment = fourth - 3.0
    ratio = float(np.abs(values).mean() / np.sqrt(mean))
    deviation = compile_formula("student_mean_deviation", target="numpy")
    if ratio >= deviation(_FREEDOM[1]):
        return (moment + 2.0) * (1.0 + _MISSED / float(np.sqrt(len(values)))) - 2.0
    nu = _FREEDOM[0]
    if ratio > deviation(nu):
        nu = bracketed_root(
            lambda x: float(deviation(x)) - ratio, *_FREEDOM, tolerance=1e-6, what="tail of projections"
        )
    influence = squares**2 - 2.0 * fourth * squares
    error = float(influence.std() / np.sqrt(len(values)))
    tail = float(compile_formula("student_excess_kurtosis", target="numpy")(nu))
    return moment + min((tail - moment) / 2, _ERRORS * error)
