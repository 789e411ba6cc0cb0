"""Nonlinear random features of noised Gaussian points, averaged over all noises of each point, and over all points.

Given its point a pre-activation c + s z is normal, and so are two of them together: the mean of a product of two
features is a series in the correlation of their weights, with the coefficients E f(c + s z) He_k(z) (Mehler). Off the
diagonal that correlation is some d^{-1/2}; on it the mean square is taken itself. Over all points the same holds with
larger correlations, and so with more terms.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.learning.activation import Activation, smooth_activation

__all__ = [
    "SERIES",
    "NoisedFeatures",
    "Series",
    "Weights",
    "draw_weights",
    "hermite_means",
    "noised_features",
]

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Series:
    """How far the mean over noise is taken: the last power of the correlation, and nodes of the normal law."""

    order: int = 5
    nodes: int = 24


SERIES = Series()


@dataclass(frozen=True, eq=False)
class Weights:
    """Of the first layer, (p, d), as unit rows, their lengths over sqrt d, and the correlations of rows."""

    rows: Array
    lengths: Array
    correlation: Array


def draw_weights(p: int, d: int, rng: np.random.Generator, *, unit: bool) -> Weights:
    """Standard normal rows, or such rows brought to the length sqrt d."""
    W = rng.standard_normal((p, d))
    lengths = np.linalg.norm(W, axis=1)
    rows = W / lengths[:, None]
    return Weights(rows, np.ones(p) if unit else lengths / math.sqrt(d), rows @ rows.T)


@dataclass(frozen=True, eq=False)
class NoisedFeatures:
    """Mean product of features (p, p), and mean product of features and noise (p, d)."""

    covariance: Array
    overlap: Array


def noised_features(
    activation: Activation,
    t: float,
    weights: Weights,
    eigenvalues: Array,
    samples: int,
    rng: np.random.Generator,
    series: Series = SERIES,
) -> NoisedFeatures:
    """Of points drawn from the Gaussian, over all their noises."""
    d = eigenvalues.size
    noise = float(compile_formula("noise_variance", target="numpy")(t))
    x = np.sqrt(eigenvalues)[:, None] * rng.standard_normal((d, samples))
    centre = math.exp(-t) * weights.lengths[:, None] * (weights.rows @ x)
    spread = math.sqrt(noise) * weights.lengths[:, None]
    parts, square = hermite_means(activation, centre, spread, series)
    U = np.zeros((len(centre), len(centre)))
    power = np.ones_like(U)
    for order, part in enumerate(parts):
        U += part @ part.T / (samples * math.factorial(order)) * power
        power *= weights.correlation
    np.fill_diagonal(U, square.mean(axis=1))
    return NoisedFeatures(U, parts[1].mean(axis=1)[:, None] * weights.rows)


def hermite_means(activation: Activation, centre: Array, spread: Array, series: Series) -> tuple[list[Array], Array]:
    """E f(c + s z) He_k(z) for each k to the last order, and E f^2, over a standard normal z."""
    if activation == "relu":
        return _of_relu(centre, spread, series.order)
    function = smooth_activation(activation)
    z, weights = np.polynomial.hermite_e.hermegauss(series.nodes)
    weights = weights / weights.sum()
    basis = _hermite(z, series.order)
    parts = [np.zeros_like(centre) for _ in basis]
    square = np.zeros_like(centre)
    for place, node in enumerate(z):
        value = function(centre + spread * node)
        square += weights[place] * value**2
        for part, polynomial in zip(parts, basis, strict=True):
            part += (weights[place] * polynomial[place]) * value
    return parts, square


def _of_relu(centre: Array, spread: Array, order: int) -> tuple[list[Array], Array]:
    """By derivatives of E f in c, which are those of the normal density from the second on."""
    from scipy.special import ndtr

    m = centre / spread
    density, below = np.exp(-(m**2) / 2) / math.sqrt(2 * math.pi), ndtr(m)
    parts = [centre * below + spread * density, spread * below]
    parts += [spread * (-1) ** k * each * density for k, each in enumerate(_hermite(m, order - 2))]
    return parts, (centre**2 + spread**2) * below + centre * spread * density


def _hermite(x: Array, order: int) -> list[Array]:
    """He_0 to He_order."""
    found = [np.ones_like(x), x]
    for k in range(1, order):
        found.append(x * found[-1] - k * found[-2])
    return found[: order + 1]
