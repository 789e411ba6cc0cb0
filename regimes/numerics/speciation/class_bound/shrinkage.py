"""Covariances of few points, drawn towards a target by as much as their scatter asks for."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from regimes.numerics.compiled.compile import compile_formula

__all__ = ["shrunk_covariance"]

Array = NDArray[np.float64]


def shrunk_covariance(residuals: Array, freedom: int, target: Array | None = None) -> Array:
    """Covariance of residuals around fitted means, ``freedom`` of which are free, drawn towards the target.

    The target is the mean eigenvalue times the identity (Ledoit and Wolf 2004) where none is given.
    """
    d = residuals.shape[1]
    sample = residuals.T @ residuals / freedom
    if target is None:
        target = np.eye(d) * (np.trace(sample) / d)
    distance = float(np.sum((sample - target) ** 2))
    if not distance > 0:
        return target
    # The mean of |r r^T - S|^2 over the points, over their number, estimates E |S - C|^2.
    norms = np.einsum("ij,ij->i", residuals, residuals)
    scatter = float(max(np.sum(norms**2) / freedom - np.sum(sample**2), 0.0)) / freedom
    share = float(compile_formula("shrinkage_intensity", target="numpy")(scatter, distance))
    return np.asarray((1 - share) * sample + share * target)
