"""Density of the eigenvalues of the features' covariance: its bulks, their weights, quantiles."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from regimes.numerics.estimation.spline import Spline
from regimes.numerics.interface.errors import NotConverged
from regimes.numerics.learning.features import RandomFeatures
from regimes.numerics.learning.support import support_above_floor
from regimes.numerics.learning.transform import sweep
from regimes.theory.formula.record import recorded

__all__ = ["Bulk", "FeatureSpectrum", "feature_spectrum"]

Array = NDArray[np.float64]


_NODES, _MOST, _SPLITS, _NARROWER = 64, 1024, 8, 8
_LAST, _FINER = 8192, (1, 10)
_SETTLED, _WEIGHT = 1e-8, 1e-6
_TOLD = 1e-11  # of the largest eigenvalue: below, edges of the points' modes are lost in rounding
_ADVICE = "eigenvalues of the covariance that nearly agree should be given as one, with counts"


@dataclass(frozen=True, eq=False)
class Bulk:
    """Eigenvalues from one edge to another.

    Attributes
    ----------
    low, high, weight : float
        Edges, and the share of all eigenvalues.
    eigenvalues, density : ndarray, shape (k,)
        Points within, dense at the edges, and the density there.
    quadrature : ndarray, shape (k,)
        Weights of the points in an integral over the bulk.
    cumulated : ndarray, shape (k,)
        Share of the bulk's weight below each point.
    """

    low: float
    high: float
    weight: float
    eigenvalues: Array
    density: Array
    quadrature: Array
    cumulated: Array


@dataclass(frozen=True, eq=False)
class FeatureSpectrum:
    """Eigenvalues of the covariance of random features, as p, n and d go to infinity.

    Attributes
    ----------
    problem : RandomFeatures
        Whose they are.
    bulks : tuple of Bulk
        Ascending.
    atom, atom_weight : float
        The eigenvalue of features that meet neither data nor noise, s^2, and its share, ``1 - (n + d)/p`` if positive.
    """

    problem: RandomFeatures
    bulks: tuple[Bulk, ...]
    atom: float
    atom_weight: float
    formulas: tuple[str, ...]

    @property
    def weight(self) -> float:
        """Of all eigenvalues: 1, but for the error of the quadrature."""
        return self.atom_weight + sum(bulk.weight for bulk in self.bulks)

    def quantile(self, share: ArrayLike) -> Array:
        """Eigenvalue below which a share of all lies; of a gap between bulks its lower end, of the atom the atom.

        Raises a ValueError where a share lies outside [0, 1].
        """
        asked = np.asarray(share, dtype=np.float64)
        if not ((asked >= 0) & (asked <= 1)).all():
            raise ValueError(
                f"quantile: share must lie in [0, 1], got {asked[~((asked >= 0) & (asked <= 1))].tolist()}"
            )
        found = np.full(asked.shape, self.atom)
        below = self.atom_weight
        for bulk in self.bulks:
            within = (asked > below + _WEIGHT / 10) if below > 0 else asked >= 0
            place = np.clip((asked[within] - below) / bulk.weight, 0.0, 1.0)
            points = np.concatenate([[bulk.low], bulk.eigenvalues, [bulk.high]])
            found[within] = np.interp(place, np.concatenate([[0.0], bulk.cumulated, [1.0]]), points)
            below += bulk.weight
        return found


def feature_spectrum(given: RandomFeatures) -> FeatureSpectrum:
    """Density of the eigenvalues of the features' covariance, bulk by bulk.

    Parameters
    ----------
    given : RandomFeatures
        The features.

    Returns
    -------
    FeatureSpectrum
        Bulks with edges, weights and density; the atom.

    Raises
    ------
    ValueError
        If modes of the points are lost in rounding: data of small variance, or at a large time.
    NotConverged
        If the weights do not add up to 1 within 1e-6.

    Notes
    -----
    bonnaire2025 (``feature_balance``, ``feature_point``), for any covariance. Of other eigenvalues there is one near
    p mean^2 where the mean of a feature is not 0: it has no weight.

    Examples
    --------
    >>> from regimes.numerics.learning.features import random_features
    >>> found = feature_spectrum(random_features([1.0], counts=[100], features=800, samples=400, t=0.05))
    >>> [(round(bulk.low, 4), round(bulk.high, 4), round(bulk.weight, 6)) for bulk in found.bulks]
    [(0.0084, 0.1012, 0.5), (0.722, 7.715, 0.125)]
    """
    atom = max(0.0, 1 - _rank(given) / given.features)
    for finer in _FINER:  # a narrow bulk may hide from a coarse look; the weights show it
        with recorded() as used:
            bulks = tuple(_bulk(given, low, high) for low, high in support_above_floor(given, finer))
        found = FeatureSpectrum(given, bulks, given.floor, atom, tuple(used))
        if abs(found.weight - 1) < _WEIGHT:
            break
    if not abs(found.weight - 1) < _WEIGHT:
        if given.samples < np.inf and 0 < given.v2 < _TOLD * given.largest:
            raise ValueError(
                "feature_spectrum: modes of the points must be told from the floor: what copies of a point share "
                f"(v^2) must exceed {_TOLD:g} of the largest eigenvalue, got {given.v2 / given.largest:.2g} at "
                f"t = {given.t:.4g}; scale the data to variances of 1, or take a smaller time"
            )
        raise NotConverged("feature_spectrum: the weight of all eigenvalues", _MOST, abs(found.weight - 1), _ADVICE)
    return found


def _rank(given: RandomFeatures) -> float:
    """Dimensions that the features span beyond the floor: those of data and noise, and those of the points."""
    of_data = given.dimension if given.b2 > 0 else given.dimension * float(given.shares[given.levels > 0].sum())
    if given.samples == np.inf:
        return of_data
    of_points = given.samples if given.v2 > 0 else 0.0
    return of_data + of_points if given.b2 > 0 else max(min(of_data, given.samples), of_points)


def _bulk(given: RandomFeatures, low: float, high: float) -> Bulk:
    """Edges counted from the floor."""
    parts = _parts(given, low, high, _SPLITS)
    points, density, quadrature = (np.concatenate(column) for column in zip(*(part[:3] for part in parts), strict=True))
    weights = np.array([part[3] for part in parts])
    before = np.concatenate([[0.0], np.cumsum(weights)[:-1]])
    cumulated = np.concatenate([start + part[4] for start, part in zip(before, parts, strict=True)]) / weights.sum()
    floor = given.floor
    return Bulk(low + floor, high + floor, float(weights.sum()), points + floor, density, quadrature, cumulated)


def _parts(given: RandomFeatures, low: float, high: float, splits: int) -> list[tuple[Any, ...]]:
    """Points, density, quadrature, weight and what is below each point, of a bulk or of its parts.

    Points are doubled until the weight settles. Where two bulks nearly part it does so late: there, it is split.
    """
    before, count = -1.0, _NODES
    while True:
        place = (np.arange(count) + 0.5) / count
        points, slope = _points(low, high, place)
        density = sweep(given, points)[0].imag / (np.pi * given.psi_p)
        mass = density * slope
        weight = float(mass.mean())
        if abs(weight - before) < _SETTLED or (splits == 0 and count >= _LAST):
            whole = Spline(place, mass).antiderivative()
            below = np.clip(np.maximum.accumulate(whole(place) - whole(0.0)) / (whole(1.0) - whole(0.0)), 0, 1) * weight
            return [(points, density, slope / count, weight, below)]
        if count >= _MOST and splits > 0:
            break
        before, count = weight, 2 * count
    at = _valley(given, points[count // 16 : -(count // 16)], density[count // 16 : -(count // 16)])
    return _parts(given, low, at, splits - 1) + _parts(given, at, high, splits - 1)


def _valley(given: RandomFeatures, points: Array, density: Array) -> float:
    """Where the density over the logarithm is lowest, away from the edges."""
    place = int(np.clip(np.argmin(density * points), 1, points.size - 2))
    for _ in range(_NARROWER):
        points = np.linspace(points[place - 1], points[place + 1], 17)
        density = sweep(given, points)[0].imag
        place = int(np.clip(np.argmin(density * points), 1, points.size - 2))
    return float(points[place])


def _points(low: float, high: float, place: Array) -> tuple[Array, Array]:
    """Points from one edge to the other, even on a half circle over their logarithm, and their slope in the place."""
    half, turn = np.pi * place / 2, np.sin(np.pi * place / 2) ** 2
    if low == 0.0:  # a hard edge
        return high * turn, np.pi * high * np.sin(half) * np.cos(half)
    stretch = np.log(high / low)
    points = low * np.exp(stretch * turn)
    return points, np.pi * points * stretch * np.sin(half) * np.cos(half)
