"""One-sided limits of the mean of skewed draws: plain normal ones fail too often on the side of the longer tail."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["errors_below"]


def errors_below(draws: ArrayLike, confidence: float) -> NDArray[np.float64]:
    """Standard errors by which the lower limit lies below the mean, of draws along the first axis.

    The distribution of (mean - truth)/error is Phi(x) + skewness (2 x^2 + 1) phi(x)/(6 sqrt n) to order 1/sqrt(n)
    (Hall, The Bootstrap and Edgeworth Expansion, 1992, 2.6): a long tail downwards, from which few draws come, widens
    the limit; one upwards, which would narrow it, is left alone. Student's factor is taken to order 1/n.

    >>> float(errors_below(np.tile([-1.0, 1.0], 500), 0.975).round(2))
    1.96
    """
    values = np.asarray(draws, dtype=np.float64)
    n = len(values)
    centred = values - values.mean(axis=0)
    variance = np.mean(centred**2, axis=0)
    skewness = np.mean(centred**3, axis=0) / np.where(variance > 0, variance, 1.0) ** 1.5
    z = NormalDist().inv_cdf(confidence)
    student = z + (z**3 + z) / (4 * max(n - 1, 1))
    return np.asarray(student - np.minimum(skewness, 0.0) * (2 * z**2 + 1) / (6 * np.sqrt(n)))
