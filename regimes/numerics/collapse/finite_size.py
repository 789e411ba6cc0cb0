"""Collapse times of a Gaussian mixture: asymptotic, with the class information, and at finite size."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.estimation.roots import bracketed_root
from regimes.numerics.interface.checks import as_given
from regimes.numerics.speciation.clone_probability import class_information
from regimes.numerics.speciation.problem import Mixture

__all__ = [
    "collapse_time",
    "collapse_time_with_classes",
    "excess_entropy_with_classes",
    "finite_size_collapse_time",
    "number_of_points",
]

_SMALLEST_WIDTH = 2.0
_FEWEST = {True: 8, False: 4}  # with classes, without


def number_of_points(what: str, mixture: Mixture) -> float:
    """Number of training points, which collapse cannot do without."""
    if mixture.n is None:
        raise ValueError(f"{what}: the mixture needs n, the number of training points; give Mixture(d, mu, sigma, n)")
    return mixture.n


def collapse_time(mixture: Mixture) -> float:
    """Collapse time of a mixture in closed form, without class information.

    Parameters
    ----------
    mixture : Mixture
        With the number of points n.

    Returns
    -------
    float
        Ornstein-Uhlenbeck time ``1/2 log(1 + sigma^2/(n^{2/d} - 1))``.

    Raises
    ------
    ValueError
        If the mixture has no n.

    Notes
    -----
    Source: biroli2024; d to infinity at fixed log(n)/d.

    Examples
    --------
    >>> round(collapse_time(Mixture(d=256, mu=1, sigma=1, n=20000)), 3)
    1.299
    """
    n = number_of_points("collapse_time", mixture)
    return float(compile_formula("collapse_time", target="numpy")(mixture.d, n, mixture.sigma))


def excess_entropy_with_classes(t: ArrayLike, mixture: Mixture) -> NDArray[np.float64]:
    """Excess entropy per dimension less the class information."""
    n = number_of_points("excess_entropy_with_classes", mixture)
    information = class_information(_kappa(t, mixture))
    formula = compile_formula("excess_entropy_corrected", target="numpy")
    return np.asarray(formula(t, mixture.d, n, mixture.sigma, information))


def collapse_time_with_classes(mixture: Mixture) -> float:
    """Collapse time of a mixture, less the information that x_t carries about the class.

    Parameters
    ----------
    mixture : Mixture
        With the number of points n.

    Returns
    -------
    float
        Ornstein-Uhlenbeck time at which the excess entropy less ``I(class; x_t)/d`` vanishes.

    Raises
    ------
    ValueError
        If the mixture has no n.

    Notes
    -----
    Derived (``excess_entropy_corrected``); the class information is at most log 2.

    Examples
    --------
    >>> round(collapse_time_with_classes(Mixture(d=256, mu=1, sigma=1, n=20000)), 3)
    1.334
    """
    low = collapse_time(mixture)
    # The class information is at most log 2, so the root lies below the closed form for n/2 points.
    n = number_of_points("collapse_time_with_classes", mixture)
    high = collapse_time(mixture.with_points(n / 2)) if n > 2 else low
    while excess_entropy_with_classes(high, mixture) < 0:
        high *= 2

    def excess(t: float) -> float:
        return float(excess_entropy_with_classes(t, mixture))

    return bracketed_root(excess, low, high, what="collapse time with class information")


def finite_size_collapse_time(mixture: Mixture) -> float:
    """Time at which the leave-one-out excess entropy of n Gaussian points vanishes on average.

    The sum over n points falls short of its mean: at the condensation point half of the mean is carried by energies
    that none of the points has, so the estimate reads ``log n - I`` less a gap of about log 2 nats, and vanishes where
    the margin ``log n - I(t)`` equals the gap. To first order that is at a time larger by ``log 2/|dI/dt|``.

    Parameters
    ----------
    mixture : Mixture
        With at least 4 points, 8 where there are two classes, whose information is then part of the margin.

    Returns
    -------
    float
        Ornstein-Uhlenbeck time.

    Raises
    ------
    ValueError
        If there are too few points, or d and n are so small that the energies that matter spread over less than 2
        nats, where the argument has no meaning.

    Notes
    -----
    Derived (``collapse_gap_integrand``, ``collapse_width``); asymptotic in d, for a Gaussian tilted law of the
    energies. The gap is 1 to 7% too large where it was sampled.

    Examples
    --------
    >>> one = Mixture(d=64, mu=0, sigma=1, n=2000)
    >>> round(finite_size_collapse_time(one) / collapse_time(one) - 1, 3)
    0.047
    """
    what, d, sigma, classes = "finite_size_collapse_time", mixture.d, mixture.sigma, mixture.mu > 0
    n = number_of_points(what, mixture)
    if n < _FEWEST[classes]:
        raise ValueError(
            f"{what}: n (number of training points) must be at least {_FEWEST[classes]}, got {as_given(n)}"
        )
    first = collapse_time(mixture)
    width = float(compile_formula("collapse_width", target="numpy")(first, d, sigma))
    if width < _SMALLEST_WIDTH:
        raise ValueError(
            f"{what}: the energies must spread over at least {_SMALLEST_WIDTH:g} nats, got {width:.3g} for d = {d:g}, "
            f"n = {n:g}: too small for an argument about large d; measure the shift on data"
        )

    def excess(t: float) -> float:
        margin = float(np.log(n)) - float(compile_formula("isotropic_information", target="numpy")(t, d, sigma))
        if classes:
            margin -= float(class_information(_kappa(t, mixture)))
        return margin - _gap(margin, t, d, sigma)

    # The gap at a non-negative margin is at most 1 nat (its integrand is -log Phi(c xi), c <= 1), the class information
    # at most log 2.
    last = collapse_time(mixture.with_points(n / (2 * np.e) if classes else n / np.e))
    return bracketed_root(excess, first, last, what=what)


def _kappa(t: ArrayLike, mixture: Mixture) -> NDArray[np.float64]:
    formula = compile_formula("mixture_kappa", target="numpy")
    return np.asarray(formula(t, mixture.d, mixture.mu, mixture.sigma))


def _gap(margin: float, t: float, d: float, sigma: float) -> float:
    width = float(compile_formula("collapse_width", target="numpy")(t, d, sigma))
    ratio = float(compile_formula("collapse_margin_ratio", target="numpy")(t, sigma))
    xi = np.linspace(-9.0, 9.0, 181)
    integrand = compile_formula("collapse_gap_integrand", target="numpy")(margin, width, ratio, xi)
    return float(np.sum(integrand) * (xi[1] - xi[0]))
