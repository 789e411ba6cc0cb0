"""The leading axes of many-dimensional points, within which Gaussian classes are fitted."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["AXES", "leading_axes"]

Single = NDArray[np.float32]

AXES = 256
"""Dimension above which points are first projected on as many of their leading axes: any projection gives a bound."""
_ENOUGH = 4 * AXES


def leading_axes(points: Single, generator: np.random.Generator) -> Single:
    """Leading axes of the covariance of at most a thousand of the points, shape (d, at most AXES)."""
    if len(points) > _ENOUGH:
        points = points[np.sort(generator.choice(len(points), _ENOUGH, replace=False))]
    centred = points - points.mean(axis=0)
    values, vectors = np.linalg.eigh(np.asarray(centred @ centred.T, dtype=np.float64))
    kept = np.flatnonzero(values > 1e-6 * max(values[-1], np.finfo(float).tiny))[::-1][:AXES]
    if not kept.size:
        return np.eye(points.shape[1], 1, dtype=np.float32)
    return np.asarray(centred.T @ (vectors[:, kept] / np.sqrt(values[kept])).astype(np.float32))
