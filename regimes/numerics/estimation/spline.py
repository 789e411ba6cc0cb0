"""Cubic spline through points of a curve: that of scipy takes a tenth of a whole prediction to import."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["Spline"]

Array = NDArray[np.float64]


class Spline:
    """Cubic spline through points, whose first two pieces are one polynomial, and its last two (de Boor 1978).

    Through three points it is the parabola, through two the line. Beyond the ends their pieces go on. ``x`` (n,)
    increases; ``y`` (n, ...) are values at each x.

    >>> Spline([0.0, 1.0, 2.0, 4.0], [0.0, 1.0, 8.0, 64.0])([3.0, 5.0]).round(9).tolist()
    [27.0, 125.0]
    """

    def __init__(self, x: ArrayLike, y: ArrayLike) -> None:
        self.x, values = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
        length, rise = np.diff(self.x), np.diff(values, axis=0)
        if self.x.ndim != 1 or self.x.size < 2 or len(values) != self.x.size or not np.all(length > 0):
            raise ValueError("Spline: x must be at least 2 numbers that increase, with a value of y for each")
        if not np.all(np.isfinite(self.x)) or not np.all(np.isfinite(values)):
            raise ValueError("Spline: x and y must be finite")
        length = length.reshape(-1, *[1] * (values.ndim - 1))
        chord = rise / length
        slope = _slopes(length, chord)
        bend = (slope[:-1] + slope[1:] - 2 * chord) / length
        # Of the powers 3, 2, 1, 0 of the distance from the beginning of each piece.
        self.coefficients = np.stack([bend / length, (chord - slope[:-1]) / length - bend, slope[:-1], values[:-1]])

    def __call__(self, x: ArrayLike) -> Any:
        """Values at x, shape of x followed by that of a value."""
        return _evaluated(self.x, self.coefficients, x)

    def antiderivative(self) -> Callable[[ArrayLike], Any]:
        """The integral from the first x on."""
        powers = np.array([4.0, 3.0, 2.0, 1.0]).reshape(-1, *[1] * (self.coefficients.ndim - 1))
        raised = np.concatenate([self.coefficients / powers, np.zeros_like(self.coefficients[:1])])
        length = np.diff(self.x).reshape(-1, *[1] * (self.coefficients.ndim - 2))
        raised[-1, 1:] = np.cumsum(_polynomial(raised, length), axis=0)[:-1]
        return lambda x: _evaluated(self.x, raised, x)


def _slopes(length: Array, chord: Array) -> Array:
    """Slopes at the points, for which second derivatives meet, and third ones at the second and the last but one."""
    count = len(chord) + 1
    if count == 2:
        return np.concatenate([chord, chord])
    if count == 3:
        middle = (length[1] * chord[0] + length[0] * chord[1]) / (length[0] + length[1])
        return np.stack([2 * chord[0] - middle, middle, 2 * chord[1] - middle])
    h = length.ravel().tolist()
    below = [*h[1:], h[-2] + h[-1]]
    diagonal = [h[1], *(2 * (a + b) for a, b in itertools.pairwise(h)), h[-2]]
    above = [h[0] + h[1], *h[:-1]]
    right = np.empty((count, *chord.shape[1:]))
    right[1:-1] = 3 * (length[1:] * chord[:-1] + length[:-1] * chord[1:])
    for end, (near, far) in ((0, (0, 1)), (-1, (-1, -2))):
        both = h[near] + h[far]
        right[end] = ((h[near] + 2 * both) * h[far] * chord[near] + h[near] ** 2 * chord[far]) / both
    # The matrix is tridiagonal, and no pivots are needed: those of the inner rows dominate, and stay positive.
    for k in range(1, count):
        ratio = below[k - 1] / diagonal[k - 1]
        diagonal[k] -= ratio * above[k - 1]
        right[k] -= ratio * right[k - 1]
    right[-1] /= diagonal[-1]
    for k in range(count - 2, -1, -1):
        right[k] = (right[k] - above[k] * right[k + 1]) / diagonal[k]
    return right


def _evaluated(knots: Array, coefficients: Array, x: ArrayLike) -> Any:
    at = np.asarray(x, dtype=np.float64)
    piece = np.clip(np.searchsorted(knots, at, side="right") - 1, 0, knots.size - 2)
    distance = np.reshape(at - knots[piece], (*at.shape, *[1] * (coefficients.ndim - 2)))
    return _polynomial(coefficients[:, piece], distance)


def _polynomial(coefficients: Array, distance: Array) -> Array:
    """Of falling powers."""
    value: Array = coefficients[0]
    for each in coefficients[1:]:
        value = value * distance + each
    return value
