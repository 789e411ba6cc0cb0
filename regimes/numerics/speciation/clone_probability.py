"""Clone probability and class entropy of two equal Gaussian classes, to rounding at every distance.

With r = sqrt(kappa), 1 - phi = exp(-r^2/2) J(r)/2 and J(r) = E sech(r u) over a standard normal u. Poisson summation
makes the trapezoidal rule exponentially accurate while the poles of sech, at u = i pi/(2r), stay away from the axis;
the duality J(r) = sqrt(pi/2)/r J(pi/(2r)) maps every r to r <= sqrt(pi/2), so that a step of 0.2 always suffices.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from regimes.numerics.compiled.compile import CompiledFormula, compile_formula

__all__ = [
    "class_entropy",
    "class_information",
    "clone_disagreement",
    "clone_probability",
    "log_clone_disagreement",
]

_Block = Callable[[NDArray[np.float64]], NDArray[np.float64]]

_SELF_DUAL = float(np.sqrt(np.pi / 2))
_STEP = 0.2
_NODES = 45  # reaches u = 8.8, where the normal density is 4e-18 of its peak
_ENTROPY_NODES = 190  # reaches r u = 47 at the step 0.25/r
_ZERO = 100.0  # exp(-r^2/2) is 0 in float64 from r = 38.6 on, infinity included
_BLOCK = 4096


@cache
def _formula(name: str) -> CompiledFormula:
    return compile_formula(name, target="numpy")


def clone_probability(kappa: ArrayLike) -> NDArray[np.float64]:
    """Probability phi that two clones end in the same class.

    ``phi = (1 + E tanh(kappa + sqrt(kappa) g))/2``, g standard normal.

    Parameters
    ----------
    kappa : array_like
        Signal-to-noise ratio of the class, ``d mu^2 exp(-2t)/Gamma_t``; non-negative.

    Returns
    -------
    ndarray
        Same shape, from 1/2 at 0 to 1 at infinity.

    Raises
    ------
    ValueError
        If a value is negative or nan.

    Notes
    -----
    Source: biroli2024 (clone probability); Nishimori form derived (``clone_probability``). Two classes
    of equal weight and equal isotropic covariance, exact scores.

    Examples
    --------
    >>> float(clone_probability(1.0).round(7))
    0.7752002
    """
    return 1 - clone_disagreement(np.sqrt(_checked(kappa, "clone_probability", "kappa")))


def clone_disagreement(r: ArrayLike) -> NDArray[np.float64]:
    """Probability ``1 - phi`` that two clones end in different classes, with full relative accuracy.

    Parameters
    ----------
    r : array_like
        Square root of kappa; non-negative.

    Returns
    -------
    ndarray
        Same shape; underflows to 0 beyond r = 38.6, where :func:`log_clone_disagreement` goes on.

    Raises
    ------
    ValueError
        If a value is negative or nan.

    Notes
    -----
    Derived (``clone_disagreement``, ``mean_sech_dual_factor``).

    Examples
    --------
    >>> f"{float(clone_disagreement(30.0)):.12e}"
    '7.705452248281e-198'
    """
    values = np.minimum(_checked(r, "clone_disagreement", "r"), _ZERO)
    return np.asarray(_formula("clone_disagreement_from_mean_sech")(values, _mean_sech(values)))[()]


def log_clone_disagreement(r: ArrayLike) -> NDArray[np.float64]:
    """Logarithm of ``1 - phi``, for any distance.

    Parameters
    ----------
    r : array_like
        Square root of kappa; non-negative and finite.

    Returns
    -------
    ndarray
        Same shape.

    Raises
    ------
    ValueError
        If a value is negative, infinite or nan.

    Notes
    -----
    Derived (``clone_disagreement``).

    Examples
    --------
    >>> float(log_clone_disagreement(1000.0).round(6))
    -500007.375112
    """
    values = _checked(r, "log_clone_disagreement", "r")
    if np.any(np.isinf(values)):
        raise ValueError("log_clone_disagreement: r must be finite, got inf: the logarithm of 0")
    return np.asarray(_formula("log_clone_disagreement_from_mean_sech")(values, _mean_sech(values)))[()]


def class_entropy(kappa: ArrayLike) -> NDArray[np.float64]:
    """Conditional entropy of the class given x_t, in nats.

    Parameters
    ----------
    kappa : array_like
        Signal-to-noise ratio of the class; non-negative.

    Returns
    -------
    ndarray
        Same shape, from log 2 at 0 to 0 at infinity.

    Raises
    ------
    ValueError
        If a value is negative or nan.

    Notes
    -----
    Derived (``class_entropy``).

    Examples
    --------
    >>> float(class_entropy(1.0).round(6))
    0.356316
    """
    values = np.minimum(np.sqrt(_checked(kappa, "class_entropy", "kappa")), _ZERO)
    return _blockwise(_entropy_block, values)


def class_information(kappa: ArrayLike) -> NDArray[np.float64]:
    """Information ``I(class; x_t) = log 2 - H(class | x_t)`` in nats, to 1e-15 absolute.

    Parameters
    ----------
    kappa : array_like
        Signal-to-noise ratio of the class; non-negative.

    Returns
    -------
    ndarray
        Same shape, from 0 at 0 to log 2 at infinity.

    Raises
    ------
    ValueError
        If a value is negative or nan.

    Examples
    --------
    >>> float(class_information(1.0).round(6))
    0.336831
    """
    return np.asarray(np.maximum(np.log(2.0) - class_entropy(kappa), 0.0))


def _mean_sech(r: NDArray[np.float64]) -> NDArray[np.float64]:
    """J(r); the factor of the duality carries the decay sqrt(pi/2)/r."""
    return _blockwise(_mean_sech_block, r)


def _mean_sech_block(r: NDArray[np.float64]) -> NDArray[np.float64]:
    far = r > _SELF_DUAL
    safe = np.where(far, r, _SELF_DUAL)
    argument = np.where(far, _formula("mean_sech_dual_argument")(safe), r)
    nodes = _STEP * np.arange(_NODES)
    terms = _formula("mean_sech_integrand")(argument[:, None], nodes)
    mean = _STEP * (2 * terms.sum(axis=1) - terms[:, 0])
    return np.asarray(np.where(far, _formula("mean_sech_dual_factor")(safe) * mean, mean))


def _entropy_block(r: NDArray[np.float64]) -> NDArray[np.float64]:
    # Branch points at u = i pi/(2r) close in on the axis as r grows, and so must the step.
    step = np.minimum(_STEP, 0.25 / np.maximum(r, 1.0))
    nodes = step[:, None] * np.arange(_ENTROPY_NODES)
    terms = _formula("class_entropy_integrand")(r[:, None], nodes)
    total = step * (2 * terms.sum(axis=1) - terms[:, 0])
    # Twice the prefactor exp(-r^2/2) J/2 at J = 1, so that the rounding of r^2 is dealt with in one place.
    return np.asarray(2 * _formula("clone_disagreement_from_mean_sech")(r, np.ones_like(r)) * total)


def _blockwise(function: _Block, values: NDArray[np.float64]) -> NDArray[np.float64]:
    flat = values.ravel()
    result = np.empty_like(flat)
    for start in range(0, flat.size, _BLOCK):
        result[start : start + _BLOCK] = function(flat[start : start + _BLOCK])
    return np.asarray(result.reshape(values.shape))


def _checked(values: ArrayLike, function: str, name: str) -> NDArray[np.float64]:
    array = np.asarray(values, dtype=np.float64)
    if not np.all(array >= 0):
        bad = array[~(array >= 0)].flat[0]
        raise ValueError(f"{function}: {name} must be non-negative, got {bad}")
    return array
