"""Which directions stand out of the mean eigenvalue: the variance of each half along the directions of the other."""

from __future__ import annotations

import numpy as np

from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.speciation.direction.halves import Projections

__all__ = ["LEVEL", "held_out_lower_limit", "split_sample_tests"]

LEVEL = 0.05
_DEVIATIONS = 1.96


def held_out_lower_limit(projections: Projections, d: int) -> float:
    """97.5% lower limit of the top eigenvalue over the mean one, from points that had no part in the direction."""
    along = projections.held_out[:, 0] ** 2
    level = float(projections.squared_norms.mean()) / d
    excess = along - projections.squared_norms / d
    limit = float(excess.mean() - _DEVIATIONS * excess.std(ddof=1) / np.sqrt(len(along)))
    return 1.0 + max(limit, 0.0) / level


def split_sample_tests(projections: Projections, d: int) -> tuple[float, ...]:
    """One-sided p values of the leading directions in turn, up to the first that does not stand out at 5%.

    Point by point the squared projection on a direction of the other half is compared with the mean over the
    directions that are left; its own scatter gives the error, so that heavy tails do not break the level. The test
    stops at the first failure: the chance that any direction stands out of white noise is that of the first.
    """
    from scipy.special import stdtr

    correlation = compile_formula("split_test_correlation", target="numpy")
    left = projections.squared_norms
    n = len(left)
    found: list[float] = []
    for k in range(min(projections.held_out.shape[1], d - 1)):
        along = projections.held_out[:, k] ** 2
        excess = along - left / (d - k)
        # The two halves test one another, which in few dimensions makes them agree too often.
        shared = min(float(correlation(d - k)), 1.0)
        error = excess.std(ddof=1) * np.sqrt((1 + shared) / n)
        mean = excess.mean()
        p_value = float(stdtr(n - 2, -mean / error)) if error > 0 else float(mean <= 0)
        found.append(p_value)
        if p_value > LEVEL:
            break
        left = np.maximum(left - along, 0.0)
    return tuple(found)
