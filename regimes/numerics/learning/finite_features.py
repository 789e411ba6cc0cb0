"""Random features of finite size, drawn: the matrices whose limit the theory is, for what is held against it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from regimes.numerics.interface.checks import positive_number
from regimes.numerics.learning.activation import Activation
from regimes.numerics.learning.features import RandomFeatures
from regimes.numerics.learning.noised_features import Series, draw_weights, noised_features

__all__ = ["FiniteFeatures", "gaussian_features", "true_features"]

Array = NDArray[np.float64]

_SERIES = Series(nodes=60)


@dataclass(frozen=True, eq=False)
class FiniteFeatures:
    """One draw of p features of n points in d dimensions.

    Attributes
    ----------
    covariance : ndarray, shape (p, p)
        U, the mean of products of features over points and noises.
    population : ndarray, shape (p, p), or None
        Its mean over all data; of true features it is not known.
    overlap : ndarray, shape (p, d)
        V, the mean of features times noise.
    """

    covariance: Array
    population: Array | None
    overlap: Array


def gaussian_features(given: RandomFeatures, rng: np.random.Generator) -> FiniteFeatures:
    """Gaussian features with the moments of the true ones; of whole numbers p, n, d and counts.

    ``U = G G^T/n + b^2 W W^T/d + s^2``, ``G = W x + v Omega`` with x of the levels.

    Parameters
    ----------
    given : RandomFeatures
        The features, of whole numbers p, n and d.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    FiniteFeatures
        U, its population, and V.

    Notes
    -----
    bonnaire2025 (Gaussian equivalence), with the moments of ``feature_signal`` and ``feature_noise``.
    """
    d, p = round(given.dimension), round(given.features)
    levels = np.repeat(given.levels, np.round(given.shares * d).astype(int))
    W = rng.standard_normal((p, d)) / math.sqrt(d)
    overlap = math.sqrt(given.b2) * W
    population = (W * (levels + given.b2)) @ W.T + (given.v2 + given.s2) * np.eye(p)
    if given.samples == math.inf:
        return FiniteFeatures(population, population, overlap)
    n = round(given.samples)
    G = W @ (np.sqrt(levels)[:, None] * rng.standard_normal((d, n)))
    G += math.sqrt(given.v2) * rng.standard_normal((p, n))
    return FiniteFeatures(G @ G.T / n + overlap @ overlap.T + given.s2 * np.eye(p), population, overlap)


def true_features(
    activation: Activation, eigenvalues: ArrayLike, features: int, samples: int, t: float, rng: np.random.Generator
) -> FiniteFeatures:
    """Features f(W x_t/sqrt d) of Gaussian points, averaged over all noises of each point.

    Given its point a pre-activation is normal, so that the mean of a product of two features is a series in the
    correlation of their weights, small but on the diagonal, where the mean square is taken itself. Rows of W are normal
    and brought to one length: s^2 and v^2 go as high powers of it, so that lengths that scatter by 1/sqrt(2 d) spread
    the eigenvalues near the floor, by 20% at d = 240.

    Parameters
    ----------
    activation : str or callable
        As :func:`activation_moments` takes it.
    eigenvalues : array_like, shape (d,)
        Of the covariance of the data, one for each direction.
    features, samples : int
        p and n.
    t : float
        Ornstein-Uhlenbeck time; positive.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    FiniteFeatures
        U and V; the population is not known.

    Raises
    ------
    ValueError
        If t is not positive and finite, or no activation has that name.

    Notes
    -----
    Derived: Mehler's series to fifth order, by Gauss-Hermite quadrature with 60 nodes.
    """
    t = positive_number("true_features", "t", "Ornstein-Uhlenbeck time", t)
    values = np.asarray(eigenvalues, dtype=np.float64)
    weights = draw_weights(features, values.size, rng, unit=True)
    drawn = noised_features(activation, t, weights, values, samples, rng, _SERIES)
    # E[f z_j] of the noise in the data's directions: along the weights alone.
    return FiniteFeatures(drawn.covariance, None, drawn.overlap)
