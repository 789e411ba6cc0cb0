"""How far apart Gaussian classes are at x_t, by their log-odds, by their overlap, and by their means alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.speciation.class_pairs.pair_roots import latest_times
from regimes.numerics.speciation.mixture import checked_gaussians

__all__ = ["LogOdds", "Overlap", "SharedCovariance", "gaussian_class_times"]

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class LogOdds:
    """Mean log-odds over their deviation, for ordered pairs (b, o) in the axes of b, in which any noise is diagonal.

    ``spread`` (K, r) holds the variances of b, ``apart`` (K, K, r) the distance of the means, and ``difference``
    (K, K, r, r) the covariance of o less that of b.
    """

    spread: Array
    apart: Array
    difference: Array

    @classmethod
    def of(cls, means: Array, axes: Array, spread: Array) -> LogOdds:
        """From means (K, r), and axes (K, r, r) and variances (K, r) of the covariances."""
        back = axes.swapaxes(1, 2)
        covariances = (axes * spread[:, None, :]) @ back
        difference = back[:, None] @ covariances[None] @ axes[:, None]
        difference -= spread[:, None, :, None] * np.eye(spread.shape[1])
        return cls(spread, ((means[None] - means[:, None])[:, :, None] @ axes[:, None])[:, :, 0], difference)

    def at(self, t: Array) -> Array:
        """Of each pair at a time of its own: t symmetric, shape (K, K)."""
        variances, e2 = _noised(t, self.spread[:, None]), _signal(t)
        precise, volume = 1 / variances, np.log(variances).sum(axis=-1)
        turned = self.apart * precise
        distance = e2 * np.sum(turned * self.apart, axis=-1)
        bent = e2**2 * np.sum((self.difference @ turned[..., None])[..., 0] * turned, axis=-1)
        trace = e2 * np.sum(np.diagonal(self.difference, axis1=-2, axis2=-1) * precise, axis=-1)
        squares = e2**2 * np.sum((self.difference**2 @ precise[..., None])[..., 0] * precise, axis=-1)
        mean = compile_formula("log_odds_mean", target="numpy")(trace, distance, volume - volume.T)
        variance = compile_formula("log_odds_variance", target="numpy")(squares, np.maximum(distance + bent, 0.0))
        return _balance(np.asarray(mean), np.asarray(variance))

    def latest(self) -> Array:
        """Far into the noise."""
        return _far_times(self.apart, np.sum(self.difference**2, axis=(-1, -2)))


@dataclass(frozen=True, eq=False)
class Overlap:
    """Twice the Bhattacharyya distance of each pair, in the axes of their mean covariance.

    ``own`` (K, r) holds the variances of each class, ``spread`` (K, K, r) those of the mean of two covariances,
    ``apart`` (K, K, r) the distance of the means along its axes, ``squares`` (K, K) |C_1 - C_2|^2.
    """

    own: Array
    spread: Array
    apart: Array
    squares: Array

    @classmethod
    def of(cls, means: Array, axes: Array, spread: Array) -> Overlap:
        """From means (K, r), and axes (K, r, r) and variances (K, r) of the covariances."""
        covariances = (axes * spread[:, None, :]) @ axes.swapaxes(1, 2)
        classes, r = means.shape
        shared, apart, squares = (
            np.ones((classes, classes, r)),
            np.zeros((classes, classes, r)),
            np.zeros((classes,) * 2),
        )
        for one in range(1, classes):
            values, vectors = np.linalg.eigh((covariances[:one] + covariances[one]) / 2)
            along = ((means[:one] - means[one])[:, None] @ vectors)[:, 0]
            shared[one, :one] = shared[:one, one] = np.maximum(values, 0.0)
            apart[one, :one] = apart[:one, one] = along
            squares[one, :one] = squares[:one, one] = np.sum((covariances[:one] - covariances[one]) ** 2, axis=(1, 2))
        return cls(spread, shared, apart, squares)

    def at(self, t: Array) -> Array:
        """Of each pair at a time of its own: t symmetric, shape (K, K)."""
        variances = _noised(t, self.spread)
        volume = np.log(_noised(t, self.own[:, None])).sum(axis=-1)
        excess = np.maximum(np.log(variances).sum(axis=-1) - (volume + volume.T) / 2, 0.0)
        distance = _signal(t) * np.sum(self.apart**2 / variances, axis=-1)
        return 2 * np.asarray(compile_formula("class_distance", target="numpy")(distance, excess))

    def latest(self) -> Array:
        """Far into the noise."""
        return _far_times(self.apart, self.squares)


@dataclass(frozen=True, eq=False)
class SharedCovariance:
    """The same for classes of one covariance: variances ``spread`` (r,) along the axes of their means (K, r)."""

    means: Array
    spread: Array

    def at(self, t: Array) -> Array:
        """Of each pair at a time of its own: t symmetric, shape (K, K)."""
        distance = _signal(t) * np.sum(self._apart**2 / _noised(t, self.spread), axis=-1)
        return 2 * np.asarray(compile_formula("class_distance", target="numpy")(distance, 0.0))

    def latest(self) -> Array:
        """Far into the noise."""
        return _far_times(self._apart, np.zeros(()))

    @property
    def _apart(self) -> Array:
        return np.asarray(self.means[None] - self.means[:, None])


def gaussian_class_times(means: ArrayLike, covariances: ArrayLike, *, criterion: str = "distance") -> Array:
    """Time at which two Gaussian classes part, for all pairs of classes.

    At time t class k is normal with mean ``exp(-t) m_k`` and covariance ``exp(-2t) C_k + Delta_t I``. Two classes part
    where their Bhattacharyya distance is 1/2, or where the mean of ``log p_1(x_t)/p_2(x_t)`` within class 1 equals its
    standard deviation, on average over the two classes. With one covariance both are kappa = 1, and exact.

    Parameters
    ----------
    means : array_like, shape (K, d)
        Class centres.
    covariances : array_like, shape (K,), (K, d) or (K, d, d)
        Variance of each class in every direction, per component, or in full.
    criterion : {"distance", "log-odds"}
        Which of the two.

    Returns
    -------
    ndarray, shape (K, K)
        Ornstein-Uhlenbeck times, symmetric; nan on the diagonal and where two classes never part.

    Raises
    ------
    ValueError
        If shapes disagree, there are fewer than two classes, a covariance is not positive semi-definite, or there is
        no such criterion.

    Notes
    -----
    Derived: ``class_distance``, ``log_odds_balance``; far into the noise both tend to ``covariance_class_time`` where
    the means are equal. The classes weigh alike.

    Examples
    --------
    >>> means, variances = np.zeros((2, 60)), [6.0, 1.0]  # 1/4 log(|C_1 - C_2|^2/8) is 1.309
    >>> float(gaussian_class_times(means, variances)[0, 1].round(3))
    1.213
    """
    if criterion not in ("distance", "log-odds"):
        raise ValueError(f"gaussian_class_times: criterion must be 'distance' or 'log-odds', got {criterion!r}")
    mean, spread, axes = checked_gaussians("gaussian_class_times", means, covariances)
    if axes is None:
        axes = np.broadcast_to(np.eye(mean.shape[1]), (*mean.shape, mean.shape[1]))
    measure = Overlap if criterion == "distance" else LogOdds
    return latest_times(measure.of(mean, axes, spread))


def _noised(t: Array, spread: Array) -> Array:
    return np.asarray(compile_formula("covariance_eigenvalue", target="numpy")(t[..., None], spread))


def _signal(t: Array) -> Array:
    return np.asarray(compile_formula("signal_amplitude", target="numpy")(t) ** 2)


def _balance(mean: Array, variance: Array) -> Array:
    """Of both orders; 0 for classes that are the same."""
    apart = (variance > 0) & (variance.T > 0)
    means, variances = np.maximum(mean, 0.0), np.where(apart, variance, 1.0)
    found = compile_formula("log_odds_balance", target="numpy")(means, means.T, variances, variances.T)
    return np.where(apart, np.asarray(found), 0.0)


def _far_times(apart: Array, squares: Array) -> Array:
    """Where means in plain noise part, or covariances alone, whichever is later."""
    kappa = np.sum(apart**2, axis=-1) / 4
    by_means = compile_formula("speciation_time_noise_matched", target="numpy")(kappa)
    by_spread = compile_formula("covariance_class_time", target="numpy")(np.maximum(squares, 8.0))
    return np.asarray(np.maximum(by_means, by_spread))
