"""Gaussian classes fitted to points: their posterior at any noise is closed, and all times cost one diagonalisation."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.speciation.class_bound.shrinkage import shrunk_covariance
from regimes.theory.formula.record import note

__all__ = ["OWN_WORK", "GaussianClasses", "Noising", "fit_gaussians"]

Array = NDArray[np.float64]
Single = NDArray[np.float32]

OWN_WORK = 6e7
"""Classes times the cube of the dimension that a class has a covariance of its own in: a second of diagonalisation."""


@dataclass(frozen=True, eq=False)
class Noising:
    """Amplitude and noise deviation at each time."""

    t: Array
    amplitude: Array
    deviation: Array

    @classmethod
    def at(cls, t: Array) -> Noising:
        """At these times."""
        variance = compile_formula("noise_variance", target="numpy")(t)
        return cls(t, compile_formula("signal_amplitude", target="numpy")(t), np.sqrt(variance))

    def variances(self, spread: Array) -> Array:
        """Noised variances along axes, shape (..., d, T)."""
        return np.asarray(compile_formula("covariance_eigenvalue", target="numpy")(self.t, spread[..., None]))


@dataclass(frozen=True, eq=False)
class GaussianClasses:
    """Classes with one covariance for all, and with one each along the leading axes.

    ``means`` (K, d) and ``spread`` (d,) are along ``axes``, by falling variance; ``own_axes`` (K, r, r) and
    ``own_spread`` (K, r) are within the first r of them. ``log_weight`` is minus infinity for a class without points.
    """

    axes: Single
    means: Array
    spread: Array
    log_weight: Array
    own_axes: Single
    own_spread: Array

    def within(self, axes: Single) -> GaussianClasses:
        """The same classes, fitted to projections on these axes, with axes in the space of the points."""
        return replace(self, axes=axes @ self.axes)

    def pooled(self, signal: Single, noise: Single, at: Noising) -> Single:
        """Log joint density of class and x_t, up to a constant of x_t; shape (sign, time, point, class)."""
        note("gaussian_log_density")
        precise = 1 / at.variances(self.spread)  # axis, time
        slope = (self.means.T[:, None, :] * precise[:, :, None]).astype(np.float32)  # axis, time, class
        d, times, classes = slope.shape
        flat = slope.reshape(d, times * classes)
        shape = (len(signal), times, classes)
        e = at.amplitude[:, None]
        level = self.log_weight - e**2 / 2 * ((self.means**2) @ precise).T  # time, class
        straight = (signal @ flat).reshape(shape) * (e**2).astype(np.float32) + level.astype(np.float32)
        shaken = (noise @ flat).reshape(shape) * (e * at.deviation[:, None]).astype(np.float32)
        return np.stack([straight + shaken, straight - shaken]).transpose(0, 2, 1, 3)

    def own(self, signal: Single, noise: Single, at: Noising) -> Single:
        """The same with a covariance for each class, from the leading axes alone."""
        note("gaussian_log_density")
        classes, r = self.own_spread.shape
        variances = at.variances(self.own_spread)  # class, axis, time
        precise = (1 / variances).astype(np.float32)
        level = self.log_weight[:, None] - np.log(variances).sum(axis=1) / 2  # class, time
        e, s = at.amplitude.astype(np.float32), at.deviation.astype(np.float32)
        means = self.means[:, :r].astype(np.float32)
        result = np.empty((2, len(at.t), len(signal), classes), np.float32)
        for k in range(classes):
            near, shake = (signal[:, :r] - means[k]) @ self.own_axes[k], noise[:, :r] @ self.own_axes[k]
            even = e**2 * (near**2 @ precise[k]) + s**2 * (shake**2 @ precise[k])
            odd = 2 * e * s * ((near * shake) @ precise[k])
            for sign, row in ((1, result[0]), (-1, result[1])):
                row[:, :, k] = (level[k].astype(np.float32) - (even + sign * odd) / 2).T
        return result


def fit_gaussians(points: Array, members: NDArray[np.int64], classes: int) -> GaussianClasses:
    """Means, shrunk covariances and weights of the classes of these points."""
    counts = np.bincount(members, minlength=classes)
    means = np.zeros((classes, points.shape[1]))
    np.add.at(means, members, points)
    means /= np.maximum(counts, 1)[:, None]
    residuals = points - means[members]
    freedom = max(1, len(points) - int(np.count_nonzero(counts)))
    spread, axes = np.linalg.eigh(shrunk_covariance(residuals, freedom))
    spread, axes = np.maximum(spread[::-1], 0.0), axes[:, ::-1]
    r = min(len(spread), max(1, int((OWN_WORK / classes) ** (1 / 3))))
    leading, shared = residuals @ axes[:, :r], np.diag(spread[:r])
    trace = max(float(np.sum(spread[:r])), np.finfo(float).tiny)
    covariances = np.empty((classes, r, r))
    for k in range(classes):
        # Drawn to the shape of all, at the size of its own as far as its members tell it: as of one member of all more.
        mine = leading[members == k]
        size = (np.sum(mine**2) + trace) / (max(counts[k], 1) * trace)
        covariances[k] = shrunk_covariance(mine, counts[k] - 1, size * shared) if counts[k] > 1 else shared
    own_spread, own_axes = np.linalg.eigh(covariances)
    with np.errstate(divide="ignore"):
        log_weight = np.log(counts / counts.sum())
    return GaussianClasses(
        axes=np.ascontiguousarray(axes, np.float32),
        means=means @ axes,
        spread=spread,
        log_weight=log_weight,
        own_axes=own_axes.astype(np.float32),
        own_spread=np.maximum(own_spread, 0.0),
    )
