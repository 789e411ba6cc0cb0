"""What the posterior mean of a stochastic sampler lacks of its variance at the end, for each variance of the data."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.decisions.components import Components

__all__ = ["FinalVariance", "final_variance", "of_each_step"]

Array = NDArray[np.float64]

_VALUES = 2**18  # at a time: they stay in the cache


@dataclass(frozen=True, eq=False)
class FinalVariance:
    """Variance that is lacking at the end and that is kept, (..., k) for k variances of the data."""

    lacking: Array
    kept: Array

    def divergence(self, data: Components) -> Array:
        """Of the final samples from the data, in nats, (...)."""
        seen = self.kept > 0  # a variance that underflows lacks nothing
        lacking, kept = np.where(seen, self.lacking, 0.0), np.where(seen, self.kept, 1.0)
        each = compile_formula("variance_deficit_divergence", target="numpy")(lacking, kept)
        return np.asarray(each @ data.counts)

    def slopes(self, slope: Array) -> tuple[Array, Array, Array]:
        """Of the divergence of each variance: slope, what multiplies slopes of what it lacks, and their squares.

        The curvature is the last step of ``end_divergence_slope``.
        """
        kept = np.where(self.kept > 0, self.kept, 1.0)
        each = compile_formula("end_divergence_slope", target="numpy")
        weight = each(self.lacking, kept, 1.0)
        return each(self.lacking, kept, slope), weight, (kept + 2 * self.lacking) / (2 * kept**3)


def final_variance(levels: Array, data: Components) -> FinalVariance:
    """At the end of the steps between rising signal-to-noise ratios, where the sampler starts with the law of the data.

    For the data the posterior mean has the variance ``lambda - mmse``, which is ``snr lambda mmse``.
    """
    variances, begin, length = data.variances, levels[:-1], np.diff(levels)
    mmse = compile_formula("gaussian_channel_mmse", target="numpy")
    lacking, kept = np.zeros(variances.size), levels[0] * variances * mmse(levels[0], variances)
    rows = max(1, _VALUES // variances.size)
    for start in range(0, begin.size, rows):
        part = of_each_step(begin[start : start + rows], length[start : start + rows], variances)
        lacking, kept = lacking + part.lacking.sum(axis=0), kept + part.kept.sum(axis=0)
    return FinalVariance(lacking, kept)


def of_each_step(begin: Array, length: Array, variances: Array) -> FinalVariance:
    """What each step adds, (steps, k)."""
    mmse = compile_formula("gaussian_channel_mmse", target="numpy")(begin[:, None], variances)
    deficit, gain = (compile_formula(name, target="numpy") for name in ("variance_deficit", "variance_gain"))
    return FinalVariance(deficit(length[:, None], mmse), gain(length[:, None], mmse))
