"""Which directions stand out of the mean eigenvalue: the variance of each half along the directions of the other."""

from __future__ import annotations

import numpy as np

from regimes.numerics.speciation.direction.halves import Projections

__all__ = ["LEVEL", "split_sample_tests"]

LEVEL = 0.05


def split_sample_tests(projections: Projections, d: int) -> tuple[float, ...]:
    """One-sided p values of the leading directions in turn, up to the first that does not stand out at 5%.

    Point by point the squared projection on a direction of the other half is compared with the mean over the
    directions that are left; its own scatter gives the error, so that heavy tails do not break the level. The test
    stops at the first failure: the chance that any direction stands out of white noise is that of the first.
    """
    from scipy.special import stdtr

    left = projections.squared_norms
    n = len(left)
    found: list[float] = []
    for k in range(min(projections.held_out.shape[1], d - 1)):
        along = projections.held_out[:, k] ** 2
        excess = along - left / (d - k)
        error = excess.std(ddof=1) / np.sqrt(n)
        mean = excess.mean()
        p_value = float(stdtr(n - 2, -mean / error)) if error > 0 else float(mean <= 0)
        found.append(p_value)
        if p_value > LEVEL:
            break
        left = np.maximum(left - along, 0.0)
    return tuple(found)
