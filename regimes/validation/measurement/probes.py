"""What can be read from the activations of a layer: linear regression on held-out points, and their dimension."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["linear_probe", "participation_ratio"]

Array = NDArray[np.float64]

_PENALTIES = np.logspace(-4, 6, 21)  # of standardised activations
_FLAT = 1e-6  # share of the largest deviation below which a unit does not vary


def linear_probe(features: ArrayLike, targets: ArrayLike, held_out: ArrayLike, truth: ArrayLike) -> Array:
    """Share of the variance of each target that a linear map of activations explains on held-out points, R^2.

    The map is fitted by ridge regression on one set of points, the penalty chosen there by leaving out one, and scored
    on the other: 1 is perfect, 0 what their mean explains, and less than 0 is worse than it.
    """
    from sklearn.linear_model import RidgeCV

    given, asked, wanted = (np.asarray(each, dtype=np.float64) for each in (features, held_out, truth))
    mean, deviation = given.mean(axis=0), given.std(axis=0)
    varies = deviation > _FLAT * deviation.max(initial=0.0)
    if not varies.any():
        return np.zeros(wanted.shape[1])
    scale = deviation[varies] * np.sqrt(varies.sum())
    ridge = RidgeCV(alphas=_PENALTIES, alpha_per_target=True).fit((given - mean)[:, varies] / scale, targets)
    left = ridge.predict((asked - mean)[:, varies] / scale) - wanted
    return np.asarray(1 - (left**2).sum(axis=0) / ((wanted - wanted.mean(axis=0)) ** 2).sum(axis=0))


def participation_ratio(features: ArrayLike) -> float:
    """Number of directions in which activations vary: (sum of variances)^2 / sum of squares along principal axes."""
    values = np.asarray(features, dtype=np.float64)
    values = values - values.mean(axis=0)
    gram = values @ values.T if values.shape[0] < values.shape[1] else values.T @ values
    square = float((gram**2).sum())
    return float(np.trace(gram) ** 2 / square) if square > 0 else 0.0
