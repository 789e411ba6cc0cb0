"""Clones of a symmetric mixture told apart by the sign of m.x_0, to rounding at every time.

With h and b of the theory (``sign_clone_distance``, ``sign_clone_slope``) and r = h b, the disagreement is
exp(-r^2/2)/2 times the integral of ``sign_clone_integrand`` over y. The integrand is even; its poles are those of
sech(r y), and at y = i k its normal factors grow no faster than exp((1/2 + b^2) k^2): the trapezoidal rule is
exponentially accurate at steps below 1/r and 1/sqrt(1/2 + b^2). It decays as fast as the slowest of exp(-y^2/2),
exp(-r y) and the tail of Phi(h - b y), so that a fixed number of steps reaches its end.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from regimes.numerics.compiled.compile import CompiledFormula, compile_formula
from regimes.numerics.interface.checks import positive_number, positive_times

__all__ = ["sign_clone_disagreement", "sign_clone_probability"]

# At these steps the sum is exact to rounding: a quarter more costs two digits at the worst place found.
_STEP = 0.16
_POLE_STEP = 0.2  # over r
_NORMAL_STEP = 0.4  # over sqrt(1/2 + b^2)
_NODES = 200
_ZERO = 100.0  # exp(-r^2/2) is 0 in float64 from r = 38.6 on
_BLOCK = 1024


@cache
def _formula(name: str) -> CompiledFormula:
    return compile_formula(name, target="numpy")


def sign_clone_probability(t: ArrayLike, d: float, mu: float, sigma: float) -> NDArray[np.float64]:
    """Probability that two clones born at one x_t end on the same side of the origin along the axis of the centres.

    ``phi_sign = E[p^2 + (1-p)^2]`` with ``p = P(m.x_0 > 0 | x_t) = sum_c P(c | x_t) Phi(c h + b y)``, where y is x_t
    along the axis in standard deviations of the noised class. The sign of m.x_0 is the class where the classes do not
    overlap: phi_sign is :func:`regimes.speciation.clone_probability` for sqrt(d) mu/sigma large, and differs where it
    is small.

    Parameters
    ----------
    t : array_like
        Ornstein-Uhlenbeck times, positive: a number or a 1-d sequence.
    d : float
        Dimension.
    mu : float
        Distance of a class centre from the origin, per square root of d.
    sigma : float
        Standard deviation of a class in every direction.

    Returns
    -------
    ndarray, shape (T,), or float64 for a number
        From 1 at t = 0 to 1/2 at infinity; ``1 - sign_clone_disagreement(...)``.

    Raises
    ------
    ValueError
        If a parameter is not positive and finite.

    Notes
    -----
    Derived (``sign_posterior``, ``sign_clone_disagreement``). Two classes of equal weight, centres at
    +m and -m, exact scores.

    Examples
    --------
    >>> from regimes import compile_formula
    >>> from regimes.speciation import clone_probability
    >>> t = 0.5
    >>> kappa = compile_formula("mixture_kappa", target="numpy")(t, 1, 1, 1)
    >>> float(sign_clone_probability(t, 1, 1, 1).round(6)), float(clone_probability(kappa).round(6))
    (0.693945, 0.639104)
    """
    return _shaped(1 - _disagreement("sign_clone_probability", t, d, mu, sigma), t)


def sign_clone_disagreement(t: ArrayLike, d: float, mu: float, sigma: float) -> NDArray[np.float64]:
    """Probability that two clones born at one x_t end on different sides, with full relative accuracy.

    Parameters
    ----------
    t : array_like
        Ornstein-Uhlenbeck times, positive: a number or a 1-d sequence.
    d : float
        Dimension.
    mu : float
        Distance of a class centre from the origin, per square root of d.
    sigma : float
        Standard deviation of a class in every direction.

    Returns
    -------
    ndarray, shape (T,), or float64 for a number
        From 0 at t = 0, where it vanishes as sqrt(t), to 1/2 at infinity; underflows to 0 where kappa exceeds 1490.

    Raises
    ------
    ValueError
        If a parameter is not positive and finite.

    Notes
    -----
    Derived (``sign_clone_disagreement``, ``sign_clone_integrand``).

    Examples
    --------
    >>> f"{float(sign_clone_disagreement(0.1, 64, 1, 1)):.12e}"
    '3.540393879099e-13'
    """
    return _shaped(_disagreement("sign_clone_disagreement", t, d, mu, sigma), t)


def _disagreement(function: str, t: ArrayLike, d: float, mu: float, sigma: float) -> NDArray[np.float64]:
    times = positive_times(function, t)
    d = positive_number(function, "d", "dimension", d, at_least=1)
    mu = positive_number(function, "mu", "distance of a class centre per sqrt(d)", mu)
    sigma = positive_number(function, "sigma", "standard deviation of a class", sigma)
    r = np.minimum(np.sqrt(_formula("mixture_kappa")(times, d, mu, sigma)), _ZERO)
    h = _formula("sign_clone_distance")(times, d, mu, sigma)
    b = _formula("sign_clone_slope")(times, sigma)
    mean = np.empty_like(times)
    for start in range(0, times.size, _BLOCK):
        piece = slice(start, start + _BLOCK)
        mean[piece] = _mean(r[piece], h[piece], b[piece])
    # exp(-r^2/2)/2 loses digits to the rounding of r^2, which is dealt with in that formula.
    # Rounding may leave more than 1/2, which it never exceeds.
    return np.asarray(np.minimum(_formula("clone_disagreement_from_mean_sech")(r, mean), 0.5))


def _mean(r: NDArray[np.float64], h: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    """Integral that takes the place of E sech(r u)."""
    step = np.minimum(_STEP, np.minimum(_POLE_STEP / np.maximum(r, 1e-300), _NORMAL_STEP / np.sqrt(b**2 + 0.5)))
    nodes = step[:, None] * np.arange(_NODES)
    terms = _formula("sign_clone_integrand")(nodes, h[:, None], b[:, None])
    return np.asarray(step * (2 * terms.sum(axis=1) - terms[:, 0]))


def _shaped(values: NDArray[np.float64], t: ArrayLike) -> NDArray[np.float64]:
    return np.asarray(values.reshape(np.shape(t)))[()]
