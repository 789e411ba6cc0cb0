"""Random features of Gaussian data: the problem, in the units in which its spectrum is found."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.interface.checks import positive_number, real_array
from regimes.numerics.learning.activation import Activation, ActivationMoments, activation_moments

__all__ = ["RandomFeatures", "random_features"]

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class RandomFeatures:
    """Features f(W x/sqrt d) of noised Gaussian points, W standard normal: one layer, of which the last is trained.

    Attributes
    ----------
    t : float
        Ornstein-Uhlenbeck time of the noise level.
    features, samples, dimension : float
        p, n and d; infinitely many samples stand for the population.
    eigenvalues, shares : ndarray, shape (k,)
        Distinct eigenvalues of the covariance of the data, ascending, and the share of directions that has each.
    levels : ndarray, shape (k,)
        ``a^2 e^{-2t} lambda``, the variance that each gives a feature's line (``feature_signal``).
    b2, v2, s2 : float
        Variance of a feature's line in the noise (``feature_noise``); beyond the lines, what copies of one point
        share, and what they do not.
    mean : float
        Mean of a feature: one eigenvalue near p mean^2 besides the bulks, where it is not 0.
    """

    t: float
    features: float
    samples: float
    dimension: float
    eigenvalues: Array
    shares: Array
    levels: Array
    b2: float
    v2: float
    s2: float
    mean: float = field(default=0.0)

    @property
    def psi_p(self) -> float:
        """Features for each dimension."""
        return self.features / self.dimension

    @property
    def points_ratio(self) -> float:
        """Dimensions for each point, 0 of the population."""
        return self.dimension / self.samples

    @property
    def floor(self) -> float:
        """Eigenvalue of features that meet neither data nor noise: s^2, of endless points v^2 more."""
        return self.s2 + (self.v2 if self.points_ratio == 0.0 else 0.0)

    def of_samples(self, samples: float) -> RandomFeatures:
        """The same features, of another number of points; ``inf`` for the population."""
        return replace(self, samples=_count("samples", "number of training points, n", samples, endless=True))

    @property
    def largest(self) -> float:
        """An upper bound of the eigenvalues, roughly: of the scale of the largest."""
        top = (self.levels[-1] + self.b2) * (1 + math.sqrt(self.psi_p)) ** 2 * (1 + math.sqrt(self.points_ratio)) ** 2
        return float(top + self.v2 * (1 + math.sqrt(self.psi_p * self.points_ratio)) ** 2 + self.s2)


def random_features(
    eigenvalues: ArrayLike,
    *,
    features: float,
    samples: float,
    t: float,
    counts: ArrayLike | None = None,
    activation: Activation | ActivationMoments = "tanh",
) -> RandomFeatures:
    """Random features of Gaussian data of a covariance, at one noise level.

    Parameters
    ----------
    eigenvalues : array_like, shape (k,)
        Of the covariance of the data; not negative, one at least positive.
    features : float
        Their number p, at least 1.
    samples : float
        Number of training points n, at least 1; ``inf`` for the population.
    t : float
        Ornstein-Uhlenbeck time; positive.
    counts : array_like, shape (k,), optional
        How many directions have each eigenvalue; one each if not given. Their sum is d.
    activation : str, callable or ActivationMoments
        As :func:`activation_moments` takes it, at the mean eigenvalue.

    Returns
    -------
    RandomFeatures
        What :func:`feature_spectrum` takes.

    Raises
    ------
    ValueError
        If an argument is out of its range, or the activation has no moments.

    Notes
    -----
    bonnaire2025: p, n and d are large and the eigenvalues bounded, so that a feature sees many directions.

    Examples
    --------
    >>> given = random_features([1.0], counts=[100], features=400, samples=200, t=0.05)
    >>> given.psi_p, given.points_ratio, round(float(given.levels[0]), 4)
    (4.0, 0.5, 0.332)
    """
    t = positive_number("random_features", "t", "Ornstein-Uhlenbeck time", t)
    values = real_array("random_features", "eigenvalues", eigenvalues)
    many = np.ones(values.shape) if counts is None else real_array("random_features", "counts", counts)
    if values.ndim != 1 or not values.size or many.shape != values.shape:
        raise ValueError(
            "random_features: eigenvalues must be a 1-d sequence, with one of counts for each, got shapes "
            f"{values.shape} and {many.shape}"
        )
    if not (np.isfinite(values).all() and (values >= 0).all() and (values > 0).any()):
        raise ValueError(
            "random_features: eigenvalues (of the covariance) must be finite and not negative, and one positive, got "
            f"{values[~(values >= 0)][:4].tolist() or values[:4].tolist()}"
        )
    if not (np.isfinite(many).all() and (many > 0).all()):
        raise ValueError(f"random_features: counts must be positive and finite, got {many[~(many > 0)][:4].tolist()}")
    p = _count("features", "number of features, p", features)
    n = _count("samples", "number of training points, n", samples, endless=True)
    levels, place = np.unique(values, return_inverse=True)
    shares = np.bincount(place, weights=many) / many.sum()
    moments = activation
    if not isinstance(moments, ActivationMoments):
        moments = activation_moments(moments, t, float(shares @ levels))
    return RandomFeatures(
        t=t,
        features=p,
        samples=n,
        dimension=float(many.sum()),
        eigenvalues=levels,
        shares=shares,
        levels=np.asarray(compile_formula("feature_signal", target="numpy")(t, moments.slope, levels)),
        b2=float(compile_formula("feature_noise", target="numpy")(t, moments.slope)),
        v2=moments.shared,
        s2=moments.own,
        mean=moments.mean,
    )


def _count(name: str, meaning: str, value: float, *, endless: bool = False) -> float:
    if endless and value == math.inf:
        return math.inf
    return positive_number("random_features", name, meaning, value, at_least=1)
