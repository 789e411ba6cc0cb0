"""Moments of an activation over noised pre-activations: what a feature has of data, of noise, and of neither."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.interface.checks import positive_number

__all__ = ["ACTIVATIONS", "Activation", "ActivationMoments", "activation_moments", "smooth_activation"]

Array = NDArray[np.float64]
Activation = str | Callable[[Array], Array]

_REACH = 9.5  # the normal density is 2e-20 of its peak beyond
_WIDEST, _FINEST = 0.5, 1 / 256
_SETTLED, _ROUNDING, _NOTHING = 1e-11, 1e-15, 1e-13
_STEEPEST = 200.0


def _erf(y: Array) -> Array:
    from scipy.special import erf

    return np.asarray(erf(y))


def _gelu(y: Array) -> Array:
    from scipy.special import ndtr

    return np.asarray(y * ndtr(y))


def _silu(y: Array) -> Array:
    return np.asarray(y * (1 + np.tanh(y / 2)) / 2)


_SMOOTH: dict[str, Callable[[Array], Array]] = {
    "tanh": np.tanh,
    "erf": _erf,
    "sin": np.sin,
    "gelu": _gelu,
    "silu": _silu,
    "linear": lambda y: y,
}
ACTIVATIONS = (*_SMOOTH, "relu")
"""Names that :func:`activation_moments` takes."""


@dataclass(frozen=True)
class ActivationMoments:
    """Of f(alpha x + sqrt(Delta_t) z), x and z standard normal.

    Attributes
    ----------
    mean : float
        E f: an eigenvalue of its own, which the bulks leave out.
    slope : float
        Mean slope, E[f x]/alpha = E[f z]/sqrt(Delta_t); its sign is dropped.
    shared : float
        v^2, variance over x of E_z f less its line.
    own : float
        s^2, mean variance over z of f less its line.
    """

    mean: float
    slope: float
    shared: float
    own: float


def activation_moments(activation: Activation, t: float, variance: float) -> ActivationMoments:
    """Moments of an activation for data of a mean variance, noised until t.

    ``alpha^2 = e^{-2t} variance``, and the trapezoidal rule over both normal laws, with steps halved until nothing
    changes; of ``"relu"`` closed forms.

    Parameters
    ----------
    activation : str or callable
        One of :data:`ACTIVATIONS`, or a smooth function of arrays.
    t : float
        Ornstein-Uhlenbeck time; positive.
    variance : float
        Mean eigenvalue of the covariance of the data; positive.

    Returns
    -------
    ActivationMoments
        Mean, slope and the two variances beyond the line.

    Raises
    ------
    ValueError
        If t or variance is not positive and finite, no activation has that name, or its moments are not found.

    Notes
    -----
    bonnaire2025 (a_t, b_t, v_t, s_t); the mean is taken off v^2, which for odd activations changes nothing. Closed
    forms: ``relu_shared_variance``, ``relu_own_variance``.

    Examples
    --------
    >>> activation_moments("linear", 0.5, 1.0)
    ActivationMoments(mean=0.0, slope=1.0, shared=0.0, own=0.0)
    >>> round(activation_moments("tanh", 0.05, 1.0).slope, 6)
    0.605706
    """
    t = positive_number("activation_moments", "t", "Ornstein-Uhlenbeck time", t)
    variance = positive_number("activation_moments", "variance", "mean eigenvalue of the covariance", variance)
    noise = float(compile_formula("noise_variance", target="numpy")(t))
    alpha = math.exp(-t) * math.sqrt(variance)
    if activation == "linear":
        return ActivationMoments(0.0, 1.0, 0.0, 0.0)
    if activation == "relu":
        return _of_relu(alpha, noise)
    function = smooth_activation(activation)
    if max(alpha, 1.0) > _STEEPEST:
        raise ValueError(
            f"activation_moments: variance (mean eigenvalue of the covariance) must be below {_STEEPEST**2:g}, where "
            f"an activation is still smooth, got {variance:g}; scale the data"
        )
    step, before = _WIDEST, None
    while step >= _FINEST:
        found = _trapezoid(function, alpha, math.sqrt(noise), step / max(alpha, 1.0), step)
        if before is not None and np.allclose(found, before, rtol=_SETTLED, atol=_ROUNDING * found[4]):
            # What an odd or an even activation has none of is rounding.
            least = _NOTHING * math.sqrt(found[4])
            mean, slope = (value if abs(value) > least else 0.0 for value in found[:2])
            return ActivationMoments(mean, abs(slope), found[2], found[3])
        before, step = found, step / 2
    raise ValueError(
        "activation_moments: the activation must be smooth, with moments that a quadrature finds; its mean, slope and "
        f"variances came to {before[:4] if before else None} and still changed; use a name of {', '.join(ACTIVATIONS)}"
    )


def smooth_activation(activation: Activation) -> Callable[[Array], Array]:
    """The function of arrays behind a name, or the one given."""
    if callable(activation):
        return activation
    if activation not in _SMOOTH:
        raise ValueError(
            f"activation_moments: activation must be one of {', '.join(ACTIVATIONS)}, or a function, got {activation!r}"
        )
    return _SMOOTH[activation]


def _nodes(step: float) -> tuple[Array, Array]:
    x = np.asarray(np.arange(-math.ceil(_REACH / step), math.ceil(_REACH / step) + 1) * step, dtype=np.float64)
    weights = np.exp(-(x**2) / 2)
    return x, np.asarray(weights / weights.sum())


def _trapezoid(
    function: Callable[[Array], Array], alpha: float, noise: float, data_step: float, noise_step: float
) -> tuple[float, ...]:
    """Mean, slope, shared and own variance, mean square; variances as means of squares, without a difference."""
    (x, over_x), (z, over_z) = _nodes(data_step), _nodes(noise_step)
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        values = np.asarray(function(alpha * x[:, None] + noise * z), dtype=np.float64)
    if values.shape != (x.size, z.size) or not np.isfinite(values).all():
        raise ValueError(
            "activation_moments: the activation must give a finite number for each number, got "
            f"{'others' if values.shape == (x.size, z.size) else f'shape {values.shape}'} within 10 standard deviations"
        )
    given_x = values @ over_z
    mean = float(over_x @ given_x)
    slope = float(over_x @ (given_x * x)) / alpha
    of_noise = float(over_x @ (values @ (over_z * z)))
    shared = float(over_x @ (given_x - mean - slope * alpha * x) ** 2)
    own = float(over_x @ ((values - given_x[:, None] - of_noise * z) ** 2 @ over_z))
    return mean, slope, shared, own, float(over_x @ (values**2 @ over_z))


def _of_relu(alpha: float, noise: float) -> ActivationMoments:
    total = alpha**2 + noise
    common = alpha**2 / total
    shared, own = (
        compile_formula(name, target="numpy")(common) for name in ("relu_shared_variance", "relu_own_variance")
    )
    return ActivationMoments(math.sqrt(total / (2 * math.pi)), 0.5, float(total * shared), float(total * own))
