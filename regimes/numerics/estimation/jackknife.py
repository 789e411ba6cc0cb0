"""Standard errors from estimates that leave a part of the data out in turn."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["jackknife_error", "student_quantile"]


def jackknife_error(left_out: ArrayLike) -> NDArray[np.float64]:
    """Delete-a-group jackknife error of an estimate, given without each of G groups of one size along the first axis.

    The variance is ``(G-1)/G sum (value_g - mean)^2``.

    >>> float(jackknife_error([4.0, 2.0]))
    1.0
    """
    values = np.asarray(left_out, dtype=np.float64)
    groups = len(values)
    return np.asarray(np.sqrt((groups - 1) / groups * np.sum((values - values.mean(axis=0)) ** 2, axis=0)))


def student_quantile(degrees: int, probability: float = 0.975) -> float:
    """Quantile of Student's t, by default half of a 95% interval in standard errors.

    >>> round(student_quantile(19), 3)
    2.093
    """
    from scipy.special import stdtrit

    return float(stdtrit(degrees, probability))
