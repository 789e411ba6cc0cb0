"""Where the features' spectrum lies: its edges, from where the eigenvalue turns as a function of the ridge.

Outside the spectrum transform and ridge are real. For a real ridge y the balance is a quadratic equation for u, so that
the eigenvalue is explicit on two branches; the edges are among the points where it turns. Which of the pieces between
these belong to the spectrum is asked of the transform itself.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.compiled.kernels import kernel
from regimes.numerics.learning.features import RandomFeatures
from regimes.numerics.learning.transform import (
    Fixed,
    at,
    balance_by_u,
    balance_by_y,
    fixed,
    point,
    point_by_u,
    point_by_y,
    sums,
)

__all__ = ["feature_support", "support_above_floor"]

Array = NDArray[np.float64]

_DECADES, _OUTER = 12, 40  # of the ridge beyond the levels, and points for each
_FEW, _INNER, _OF_MANY = 256, 24, 6  # between two of few levels, from each of them on; of many
_noise = compile_formula("noise_transform").analytic

_AROUND = np.geomspace(1e-6, 1.0, 25)  # of a cell of the grid
_HEIGHTS = (1e-5j, 1e-6j)  # of the width of a piece, above its middle
_GOLDEN = (5**0.5 - 1) / 2
_ALIKE, _ZERO, _NEAR_ZERO = 1e-7, 1e-14, 1e-6
_OFF = 1.037  # so that no ridge is 0, where both sides of the balance may be


def feature_support(given: RandomFeatures) -> tuple[tuple[float, float], ...]:
    """Pieces of the line that hold the eigenvalues, but for those at s^2: pairs of edges, ascending.

    Parameters
    ----------
    given : RandomFeatures
        The features.

    Returns
    -------
    tuple of pair of float
        Lower and upper edge of each bulk.

    Notes
    -----
    Derived: as for a sample covariance (Silverstein and Choi), whose map this nests. Edges are found to rounding; two
    bulks whose gap is below 1e-7 of where it is are one.

    Examples
    --------
    >>> from regimes.numerics.learning.features import random_features
    >>> given = random_features([1.0], counts=[100], features=400, samples=float("inf"), t=0.5, activation="linear")
    >>> [tuple(round(end, 6) for end in piece) for piece in feature_support(given)]  # Marchenko-Pastur: 1, 9
    [(1.0, 9.0)]
    """
    return tuple((low + given.floor, high + given.floor) for low, high in support_above_floor(given))


def support_above_floor(given: RandomFeatures, finer: int = 1) -> list[tuple[float, float]]:
    """The same, counted from the floor, with so many times as many ridges looked at."""
    problem = fixed(given)
    rows = _ridges(problem.levels, given, finer)
    turns = np.concatenate([_turns_of_row(row, problem) for row in rows])
    turns = np.sort(turns[np.isfinite(turns) & (turns > _ZERO * given.largest) & (turns <= 4 * given.largest)])
    turns = turns[np.concatenate([[True], np.diff(turns) > _ALIKE * turns[1:]])]
    ends = np.concatenate([[0.0], turns])
    middles, widths = (ends[1:] + ends[:-1]) / 2, np.diff(ends)
    # Inside, the density is there however near the axis; outside, the imaginary part of a transform is in proportion.
    above, nearer = (_seen(*at(given, middles + height * widths), problem) for height in _HEIGHTS)
    pieces: list[tuple[float, float]] = []
    for low, high, inside in zip(ends[:-1], ends[1:], nearer > 0.4 * above, strict=True):
        if inside and pieces and pieces[-1][1] == low:
            pieces[-1] = (pieces[-1][0], float(high))
        elif inside:
            pieces.append((float(low), float(high)))
    return pieces


def _seen(u: NDArray[np.complex128], y: NDArray[np.complex128], problem: Fixed) -> Array:
    """Imaginary part of the transform as the noise sees it, which leaves out the many eigenvalues at the floor."""
    return np.array([_noise(u[k], sums(y[k], problem)[0], problem.b2).imag for k in range(u.size)])


def _ridges(levels: Array, given: RandomFeatures, finer: int) -> list[Array]:
    """Rows of ridges, ascending, within which no level of the data is met."""
    outer = _OFF * np.logspace(-_DECADES, _DECADES, 2 * _DECADES * _OUTER * finer + 1)
    if not levels.size:
        scale = given.b2 + given.v2
        return [-outer[::-1] * scale, outer * scale]
    near = np.geomspace(1e-6, 0.49, finer * (_INNER if levels.size <= _FEW else _OF_MANY))
    between = np.concatenate([near, 1 - near[::-1]])
    rows = [-levels[-1] - outer[::-1] * levels[-1]]
    rows += [-high + between * (high - low) for low, high in zip(levels[-2::-1], levels[:0:-1], strict=True)]
    near_zero = levels[0] * outer[outer > _NEAR_ZERO]  # where the points leave directions to the noise
    last = np.concatenate([near_zero - levels[0], near_zero, -near_zero[near_zero < levels[0]]])
    return [*rows, np.unique(last[last > -levels[0]])]


@kernel(error_model="numpy")
def _branch(y: float, sign: float, given: Fixed) -> tuple[float, float, float, float]:
    """On one branch, u at a ridge y, and what is 0 where the eigenvalue turns; the first value is the discriminant."""
    b2, v2, psi_p, beta = given.b2, given.v2, given.psi_p, given.beta
    share, squares, slope = sums(y, given)
    square = beta * b2 * v2
    line = b2 + beta * v2 - y * (1 - beta * share)
    inside = line * line - 4 * square
    if inside < 0:
        return inside, 0.0, 0.0, share
    far = -(line + (1.0 if line >= 0 else -1.0) * np.sqrt(inside)) / 2  # the root that does not cancel, times square
    if sign > 0:
        if far == 0:
            return -1.0, 0.0, 0.0, share
        u = 1 / far
    else:
        if square == 0:
            return -1.0, 0.0, 0.0, share
        u = far / square
    turn = balance_by_u(u, b2, v2, beta) * point_by_y(u, slope, b2, v2, beta)
    turn -= balance_by_y(squares, beta) * point_by_u(u, share, b2, v2, psi_p, beta)
    return inside, u, turn, share


@kernel(error_model="numpy")
def _turns_of_row(row: Array, given: Fixed) -> Array:
    """Eigenvalues at which the map from the ridge turns, on both branches, in one row of ridges."""
    row = _refined(row, given)
    found = np.empty(8 * row.size)
    count = 0
    for sign in (1.0, -1.0):
        before = _branch(row[0], sign, given)
        for place in range(row.size - 1):
            first, last = before, _branch(row[place + 1], sign, given)
            before = last
            if first[0] < 0 and last[0] < 0:
                continue
            low, high = row[place], row[place + 1]
            if first[0] < 0:
                low = _meeting(low, high, sign, given)
                first = _branch(low, sign, given)
            elif last[0] < 0:
                high = _meeting(high, low, sign, given)
                last = _branch(high, sign, given)
            if (first[2] > 0) != (last[2] > 0):
                found[count] = _turn_between(low, high, sign, given)
                count += 1
            elif place > 0 and abs(first[2]) < abs(last[2]):
                dip = _dip(row[place - 1], low, high, sign, given)
                if dip != low and (_branch(dip, sign, given)[2] > 0) != (first[2] > 0):
                    found[count] = _turn_between(row[place - 1], dip, sign, given)
                    found[count + 1] = _turn_between(dip, high, sign, given)
                    count += 2
    return found[:count]


@kernel(error_model="numpy")
def _line(y: float, given: Fixed) -> float:
    """Coefficient of u in its quadratic equation: at 0 the branches are complex, where there are two."""
    share: float = sums(y, given)[0]
    return given.b2 + given.beta * given.v2 - y * (1 - given.beta * share)


@kernel(error_model="numpy")
def _refined(row: Array, given: Fixed) -> Array:
    """The row with more ridges where branches meet, come near each other, or are not real for a short stretch."""
    found, count = np.empty((2 + 4 * _AROUND.size) * row.size), 0
    for place in range(row.size):
        found[count] = row[place]
        count += 1
        if place + 1 == row.size:
            break
        low, high = row[place], row[place + 1]
        if (_line(low, given) > 0) != (_line(high, given) > 0):
            found[count] = _zero(low, high, False, given)
            count += 1
        places = np.empty(2)
        many = 0
        if (_slope(low, given) > 0) != (_slope(high, given) > 0):
            places[many] = _zero(low, high, True, given)
            many += 1
        real = _branch(low, 1.0, given)[0] >= 0
        if real != (_branch(high, 1.0, given)[0] >= 0):
            places[many] = _meeting(high, low, 1.0, given) if real else _meeting(low, high, 1.0, given)
            many += 1
        for near in places[:many]:
            for side in (-1.0, 1.0):
                for off in _AROUND:
                    ridge = near + side * off * (high - low)
                    if low < ridge < high:
                        found[count] = ridge
                        count += 1
    return np.unique(found[:count])


@kernel(error_model="numpy")
def _slope(y: float, given: Fixed) -> float:
    """0 where the coefficient is least or greatest."""
    squares: float = sums(y, given)[1]
    slope: float = balance_by_y(squares, given.beta)
    return slope


@kernel(error_model="numpy")
def _zero(low: float, high: float, of_slope: bool, given: Fixed) -> float:
    """Where the coefficient, or its slope, is 0 between two ridges."""
    rising = (_slope(low, given) if of_slope else _line(low, given)) > 0
    for _ in range(200):
        middle = (low + high) / 2
        if middle in (low, high):
            break
        if ((_slope(middle, given) if of_slope else _line(middle, given)) > 0) == rising:
            low = middle
        else:
            high = middle
    return low


@kernel(error_model="numpy")
def _meeting(outside: float, inside: float, sign: float, given: Fixed) -> float:
    """The ridge at which the branches meet, between one that has none and one that has both."""
    for _ in range(200):
        middle = (outside + inside) / 2
        if middle in (outside, inside):
            break
        if _branch(middle, sign, given)[0] < 0:
            outside = middle
        else:
            inside = middle
    return inside


@kernel(error_model="numpy")
def _turn_between(low: float, high: float, sign: float, given: Fixed) -> float:
    """The eigenvalue at which the map turns, between two ridges on whose sides it does; nan if it is infinite."""
    rising = _branch(low, sign, given)[2] > 0
    for _ in range(200):
        middle = (low + high) / 2
        if middle in (low, high):
            break
        if (_branch(middle, sign, given)[2] > 0) == rising:
            low = middle
        else:
            high = middle
    _, u, _, share = _branch(low, sign, given)
    return point(u, share, given.b2, given.v2, 0.0, given.psi_p, given.beta) if u != 0 else np.nan


@kernel(error_model="numpy")
def _dip(low: float, middle: float, high: float, sign: float, given: Fixed) -> float:
    """Where the map comes nearest to turning between three ridges, if that is near the middle one; else that."""
    ends, best = (_branch(low, sign, given), _branch(high, sign, given)), _branch(middle, sign, given)
    side = 1.0 if best[2] > 0 else -1.0
    if ends[0][0] < 0 or ends[1][0] < 0 or side * ends[0][2] <= side * best[2] or side * ends[1][2] <= side * best[2]:
        return middle
    for _ in range(60):  # golden section, until it crosses
        left, right = high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)
        at_left, at_right = side * _branch(left, sign, given)[2], side * _branch(right, sign, given)[2]
        if at_left < 0 or at_right < 0:
            return left if at_left < 0 else right
        if at_left < at_right:
            high = right
        else:
            low = left
    return middle
