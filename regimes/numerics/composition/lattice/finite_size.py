"""Finite-size scaling: what thresholds and widths of finite grids say about the infinite one."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regimes.numerics.compiled.compile import compile_formula

__all__ = ["fit_shift", "fit_width"]

Array = NDArray[np.float64]

_STEPS = 61


def fit_shift(sizes: Array, values: Array, errors: Array, allowed: tuple[float, float]) -> dict[str, Any]:
    """Fit ``finite_size_threshold``: least squares for each x of a range, averaged over x by likelihood.

    Gives fields of :class:`regimes.numerics.composition.lattice.extrapolation.ThresholdExtrapolation`, as does
    :func:`fit_width`.
    """
    exponents = np.linspace(*allowed, _STEPS)
    law = compile_formula("finite_size_threshold", target="numpy")
    rows = []
    for x in exponents:
        # Sizes in units of the smallest keep the normal equations, of a law linear in both, well scaled.
        basis = np.stack([law(1.0, 0.0, x, sizes / sizes[0]), law(0.0, 1.0, x, sizes / sizes[0])], axis=1)
        (threshold, shift), covariance, chi_square = _line(basis, values, errors)
        unit = sizes[0] ** x
        rows.append((threshold, covariance[0, 0], shift * unit, covariance[1, 1] * unit**2, chi_square))
    threshold, threshold_variance, shift, shift_variance, chi_square = np.array(rows).T
    weights = np.exp(-(chi_square - chi_square.min()) / 2)
    weights /= weights.sum()
    best = int(np.argmin(chi_square))

    def mean_and_error(value: Array, variance: Array) -> tuple[float, float]:
        mean = weights @ value
        return float(mean), math.sqrt(weights @ (variance + (value - mean) ** 2))

    found, error = mean_and_error(threshold, threshold_variance)
    exponent, exponent_error = mean_and_error(exponents, np.zeros(_STEPS))
    return {
        "threshold": found,
        "threshold_se": error,
        "shift": float(shift[best]),
        "shift_se": float(np.sqrt(shift_variance[best])),
        "shift_exponent": exponent,
        "shift_exponent_se": exponent_error,
        "chi_square": float(chi_square[best]),
        "degrees": max(len(sizes) - 3, 0),
    }


def fit_width(sizes: Array, widths: Array, errors: Array) -> dict[str, Any]:
    """Fit ``spanning_width``, and the exponent."""
    unit = compile_formula("spanning_width", target="numpy")(1.0, sizes)
    (amplitude,), _, chi_square = _line(unit[:, None], widths, errors)
    basis = np.stack([np.ones(len(sizes)), -np.log(sizes)], axis=1)
    (_, exponent), covariance, _ = _line(basis, np.log(widths), errors / widths)
    return {
        "width_amplitude": float(amplitude),
        "width_chi_square": chi_square,
        "width_exponent": float(exponent),
        "width_exponent_se": math.sqrt(covariance[1, 1]),
    }


def _line(basis: Array, values: Array, errors: Array) -> tuple[Array, Array, float]:
    """Weighted least squares: coefficients, their covariance, chi^2."""
    scaled = basis / errors[:, None]
    covariance = np.asarray(np.linalg.inv(scaled.T @ scaled), dtype=np.float64)
    coefficients = covariance @ scaled.T @ (values / errors)
    return coefficients, covariance, float(np.sum(((values - basis @ coefficients) / errors) ** 2))
