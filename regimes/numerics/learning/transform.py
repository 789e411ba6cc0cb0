"""Stieltjes transform of the features' spectrum at any point, by continuation from far off, with Newton's method."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.compiled.kernels import kernel
from regimes.numerics.interface.errors import NotConverged
from regimes.numerics.learning.features import RandomFeatures
from regimes.theory.formula.record import note

__all__ = ["FORMULAS", "Fixed", "Transform", "at", "feature_transform", "fixed", "sums", "sweep"]

Array = NDArray[np.float64]
Complex = NDArray[np.complex128]

FORMULAS = (
    "feature_balance",
    "feature_balance_by_transform",
    "feature_balance_by_ridge",
    "feature_point_by_transform",
    "feature_point_by_ridge",
    "feature_point",
)
"""What the kernels below embody."""
balance, balance_by_u, balance_by_y, point_by_u, point_by_y, point = (
    compile_formula(name).analytic for name in FORMULAS
)

_FAR, _NEARER, _SLOWEST = 10.0, 0.25, 0.97
_TOLERANCE, _AT_EDGE, _ASIDE, _ITERATIONS = 1e-13, 1e-6, 0.05, 60


@dataclass(frozen=True, eq=False)
class Transform:
    """At points z: the transform q of the eigenvalues, u = psi_p q, and the ridge y."""

    z: Complex
    q: Complex
    u: Complex
    y: Complex


def feature_transform(given: RandomFeatures, z: ArrayLike) -> Transform:
    """Stieltjes transform q(z) of the eigenvalues of the features' covariance, ``mean of 1/(lambda - z)``.

    Parameters
    ----------
    given : RandomFeatures
        The features.
    z : array_like of complex
        Points of the upper half plane, or real ones, where it is the limit from above: ``density = q.imag/pi``.

    Returns
    -------
    Transform
        Of the shape of z.

    Raises
    ------
    ValueError
        If a point is below the real axis or not finite.
    NotConverged
        If no way down from far above leads to a point.

    Notes
    -----
    bonnaire2025; ``feature_balance`` and ``feature_point`` in the unknowns u and y, with their derivatives. Far above
    u = -psi_p/z and y = 1/u + b^2; from there the point is approached along a vertical line.

    Examples
    --------
    >>> from regimes.numerics.learning.features import random_features
    >>> given = random_features([1.0], counts=[100], features=200, samples=float("inf"), t=0.5, activation="linear")
    >>> complex(feature_transform(given, -1.0).q.round(6))  # Marchenko-Pastur: 1/sqrt(2)
    (0.707107+0j)
    """
    points = np.asarray(z, dtype=np.complex128)
    if not np.isfinite(points).all() or (points.imag < 0).any():
        raise ValueError("feature_transform: z must be finite and not below the real axis; take conjugates of both")
    u, y = at(given, points - given.floor)
    return Transform(points, u / given.psi_p, u, y)


def at(given: RandomFeatures, z: Complex) -> tuple[Complex, Complex]:
    """U and y at points that are counted from the floor."""
    note(*FORMULAS)
    problem = fixed(given)
    u, y = np.empty(z.shape, complex), np.empty(z.shape, complex)
    for place in np.ndindex(z.shape):
        u[place], y[place], residual = approach(z[place], _far(given, z[place]), problem)
        if residual > 0:
            raise _lost(z[place], residual)
    return u, y


class Fixed(NamedTuple):
    """What kernels take of the problem: levels that the data reach, their shares, and four numbers.

    Eigenvalues are counted from their floor, so that bulks just above it keep their digits: s^2 is 0. Of endless
    points, what the copies of one share is noise as well, and belongs to the floor: v^2 is 0.
    """

    levels: Array
    shares: Array
    b2: float
    v2: float
    psi_p: float
    beta: float


def fixed(given: RandomFeatures) -> Fixed:
    """The problem, for kernels."""
    seen = given.levels > 0
    levels, shares = np.ascontiguousarray(given.levels[seen]), np.ascontiguousarray(given.shares[seen])
    v2 = given.v2 if given.points_ratio > 0 else 0.0
    return Fixed(levels, shares, given.b2, v2, given.psi_p, given.points_ratio)


def sweep(given: RandomFeatures, z: Array) -> tuple[Complex, Complex]:
    """U and y along real points within one bulk, counted from the floor, from its middle to both ends."""
    note(*FORMULAS)
    problem = fixed(given)
    u, y = np.empty(z.size, complex), np.empty(z.size, complex)
    middle = z.size // 2
    u[middle], y[middle], residual = approach(complex(z[middle]), _far(given, z[middle]), problem)
    if residual > 0:
        raise _lost(z[middle], residual)
    for way in (np.arange(middle, z.size), np.arange(middle, -1, -1)):
        row = z[way].astype(complex)
        found = follow(row, u[middle], y[middle], _far(given, z[middle]), problem)
        if found[2] > 0:
            raise _lost(row[0], found[2])
        u[way], y[way] = found[0], found[1]
    return u, y


def _far(given: RandomFeatures, z: Any) -> float:
    return _FAR * max(float(abs(z)), given.largest)


def _lost(z: Any, residual: float) -> NotConverged:
    advice = "take samples = inf for points that are many beside the features, or eigenvalues of less range"
    return NotConverged(f"feature_transform: at {complex(z):.6g}", _ITERATIONS, residual, advice)


@kernel(error_model="numpy")
def sums(y: Any, given: Fixed) -> tuple[Any, Any, Any]:
    """Mean of nu/(nu + y), of its square, and of nu/(nu + y)^2."""
    share, squares, slope = 0 * y, 0 * y, 0 * y
    for k in range(given.levels.size):
        part = given.levels[k] / (given.levels[k] + y)
        share += given.shares[k] * part
        squares += given.shares[k] * part * part
        slope += given.shares[k] * part / (given.levels[k] + y)
    return share, squares, slope


@kernel(error_model="numpy")
def newton(z: Any, u: Any, y: Any, given: Fixed) -> tuple[Any, Any, float]:
    """From u and y to the solution at z; the last value is 0, or the last change where it does not settle.

    Steps are halved until u stays in the upper half plane, and u y/(1 + u b^2), of the points, near it: of a solution
    both are in it, and for endless points the latter is 1.
    """
    b2, v2, psi_p, beta = given.b2, given.v2, given.psi_p, given.beta
    change = 1.0
    for _ in range(_ITERATIONS):
        share, squares, slope = sums(y, given)
        off = balance(u, y, share, b2, v2, beta)
        short = point(u, share, b2, v2, 0.0, psi_p, beta) - z
        off_u, off_y = balance_by_u(u, b2, v2, beta), balance_by_y(squares, beta)
        short_u, short_y = point_by_u(u, share, b2, v2, psi_p, beta), point_by_y(u, slope, b2, v2, beta)
        determinant = off_u * short_y - off_y * short_u
        if determinant == 0:
            return u, y, change
        du = (off * short_y - off_y * short) / determinant
        dy = (off_u * short - short_u * off) / determinant
        length = 1.0
        for _ in range(40):
            ahead, ridge = u - length * du, y - length * dy
            of_points = ahead * ridge / (1 + ahead * b2)
            if ahead.imag > 0 and of_points.imag >= -_ASIDE * abs(of_points):
                break
            length /= 2
        u, y = ahead, ridge
        before, change = change, max(abs(du) / abs(u), abs(dy) / abs(y))
        # At an edge two solutions meet, and rounding leaves half of the digits.
        if change < _TOLERANCE or (change < _AT_EDGE and change > before / 2):
            return u, y, 0.0 if of_points.imag >= -_AT_EDGE * abs(of_points) else 1.0
    return u, y, change


@kernel(error_model="numpy")
def approach(z: Any, far: float, given: Fixed) -> tuple[Any, Any, float]:
    """The solution at z, by a vertical line from far above; the last value is 0 if it was reached."""
    above, factor = far, _NEARER
    u = -given.psi_p / (z.real + 1j * above)
    y = (1 + u * given.b2) / u
    u, y, change = newton(z.real + 1j * above, u, y, given)
    floor = max(z.imag, 1e-9 * far / _FAR)
    while change == 0.0:
        nearer = above * factor
        last = nearer <= floor
        target = z if last else z.real + 1j * nearer
        next_u, next_y, change = newton(target, u, y, given)
        if change > 0 and factor < _SLOWEST:
            factor, change = factor**0.5, 0.0
            continue
        u, y, above = next_u, next_y, nearer
        if last:
            break
    return u, y, change


@kernel(error_model="numpy")
def follow(row: Complex, u: Any, y: Any, far: float, given: Fixed) -> tuple[Complex, Complex, float]:
    """Solutions along a row of points, each from the one before, or from far above where that fails."""
    of_u, of_y = np.empty(row.size, np.complex128), np.empty(row.size, np.complex128)
    for place in range(row.size):
        u, y, change = newton(row[place], u, y, given)
        if change > 0:
            u, y, change = approach(row[place], far, given)
            if change > 0:
                return of_u, of_y, change
        of_u[place], of_y[place] = u, y
    return of_u, of_y, 0.0
