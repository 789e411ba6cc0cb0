"""A Gaussian by the variances of its components: what divergences of samplers are exact for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from regimes.numerics.compiled.compile import CompiledFormula, compile_formula
from regimes.numerics.interface.checks import real_array

__all__ = ["Components", "gaussian_components"]

Array = NDArray[np.float64]

_VALUES = 2**20  # at a time


@dataclass(frozen=True, eq=False)
class Components:
    """Positive variances, ascending, and how many components have each."""

    variances: Array
    counts: Array

    def mmse(self, snr: Array) -> Array:
        """Least squared error of the data point at each signal-to-noise ratio."""
        return self._sum(_each("gaussian_channel_mmse"), snr)

    def fall(self, snr: Array) -> Array:
        """Fall of the mmse per unit of the ratio."""
        return self._sum(_each("mmse_fall"), snr)

    def fall_bend(self, snr: Array) -> Array:
        """Half of the fall of that, by the last step of ``mmse_fall``: the sum of mmse times fall."""
        mmse, fall = _each("gaussian_channel_mmse"), _each("mmse_fall")
        return self._sum(lambda ratio, variance: mmse(ratio, variance) * fall(ratio, variance), snr)

    def frozen(self, snr: Array, length: Array) -> Array:
        """Divergence of the paths from steps that freeze the posterior mean."""
        mmse, divergence = _each("gaussian_channel_mmse"), _each("frozen_mean_divergence")
        return self._sum(lambda begin, step, variance: divergence(step, mmse(begin, variance)), snr, length)

    def _sum(self, value: Callable[..., Array], *columns: Array) -> Array:
        """Sum over the components of a function of some numbers and the variance, a part of the numbers at a time."""
        rows = max(1, _VALUES // self.variances.size)
        parts = [
            value(*(column[start : start + rows, None] for column in columns), self.variances) @ self.counts
            for start in range(0, len(columns[0]), rows)
        ]
        return np.concatenate(parts) if parts else np.empty(0)

    def thinned(self, most: int) -> Components:
        """At most so many variances: near ones are replaced by their mean."""
        if self.variances.size <= most:
            return self
        logs = np.log(self.variances)
        place = ((logs - logs[0]) / (logs[-1] - logs[0]) * most).astype(np.intp).clip(0, most - 1)
        counts = np.bincount(place, self.counts).astype(np.float64)
        total = np.bincount(place, self.counts * self.variances)
        return Components(total[counts > 0] / counts[counts > 0], counts[counts > 0])


def _each(name: str) -> CompiledFormula:
    return compile_formula(name, target="numpy")


def gaussian_components(variances: ArrayLike, counts: ArrayLike | None = None) -> Components:
    """Check the variances of a Gaussian, the eigenvalues of its covariance; those that vanish cost nothing.

    Parameters
    ----------
    variances : array_like, shape (k,)
        Not negative, in the squared unit of the data.
    counts : array_like, shape (k,), optional
        How many components have each variance; one by default.

    Returns
    -------
    Components
        Those above 0.

    Raises
    ------
    ValueError
        If a variance or a count is negative or not finite, or all variances vanish.

    Examples
    --------
    >>> gaussian_components([1.0, 0.0, 1.0, 0.2]).counts.tolist()
    [1.0, 2.0]
    """
    values = real_array("gaussian_components", "variances", variances)
    each = np.ones(values.shape) if counts is None else real_array("gaussian_components", "counts", counts)
    if values.ndim != 1 or each.shape != values.shape:
        raise ValueError(
            f"gaussian_components: variances and counts must be 1-d of one size, got {values.shape} and {each.shape}"
        )
    for name, array in (("variances", values), ("counts", each)):
        bad = array[~(np.isfinite(array) & (array >= 0))]
        if bad.size:
            raise ValueError(f"gaussian_components: {name} must be finite and not negative, got {bad[0]:g}")
    some = (values > 0) & (each > 0)
    if not some.any():
        raise ValueError("gaussian_components: some variance must exceed 0, got zeros only; the data do not vary")
    found, place = np.unique(values[some], return_inverse=True)
    return Components(found, np.bincount(place, each[some]).astype(np.float64))
