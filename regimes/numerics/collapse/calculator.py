"""Collapse time and excess entropy of a Gaussian mixture from a few parameters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.estimation.roots import bracketed_root
from regimes.numerics.interface.checks import positive_number, positive_times
from regimes.numerics.speciation.clone_probability import class_information

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Collapse", "finite_size_collapse_time", "predict_collapse"]

_SMALLEST_WIDTH = 2.0


@dataclass(frozen=True, eq=False)
class Collapse:
    """Collapse of a Gaussian mixture.

    Attributes
    ----------
    t_C : float
        Collapse time in closed form: d to infinity at fixed log(n)/d, without class information.
    t_C_finite_size : float or None
        Where the leave-one-out estimate of n points vanishes on average, predicted from the random energy model (with
        mu: of the mixture); None for d and n so small that the prediction has no meaning.
    t_C_corrected : float or None
        Zero of the excess entropy corrected for the class information; None without mu.
    t : ndarray, shape (T,)
        Ornstein-Uhlenbeck times.
    excess_entropy : ndarray, shape (T,)
        ``f(t)/alpha``: 0 at t_C, 1 at infinity.
    excess_entropy_corrected : ndarray or None
        The same less the class information; None without mu.
    log_n_star : ndarray, shape (T,)
        Natural logarithm of the number of points that collapses at t.
    parameters : dict
        What was given.
    sources : tuple of str
        Formulas used.
    """

    t_C: float
    t_C_finite_size: float | None
    t_C_corrected: float | None
    t: NDArray[np.float64]
    excess_entropy: NDArray[np.float64]
    excess_entropy_corrected: NDArray[np.float64] | None
    log_n_star: NDArray[np.float64]
    parameters: dict[str, float]
    sources: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Plain dictionary, ready for JSON.

        Returns
        -------
        dict
            Keys ``t_C``, ``t``, ``excess_entropy``, ``log_n_star``, ``t_C_finite_size``, with mu also
            ``t_C_corrected`` and ``excess_entropy_corrected``; ``parameters`` and ``sources``.
        """
        result: dict[str, Any] = {
            "t_C": self.t_C,
            "t_C_finite_size": self.t_C_finite_size,
            "t": self.t.tolist(),
            "excess_entropy": self.excess_entropy.tolist(),
            "log_n_star": self.log_n_star.tolist(),
        }
        if self.excess_entropy_corrected is not None:
            result["t_C_corrected"] = self.t_C_corrected
            result["excess_entropy_corrected"] = self.excess_entropy_corrected.tolist()
        return result | {"parameters": dict(self.parameters), "sources": list(self.sources)}

    def plot(self, ax: Any = None) -> Figure:
        """Draw f(t)/alpha with t_C marked.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; a new figure otherwise.

        Returns
        -------
        matplotlib.figure.Figure
            The figure.
        """
        from regimes.report.dataset.figure import plot_collapse

        return plot_collapse(self, ax=ax)


def predict_collapse(
    d: float, n: float, sigma: float, *, mu: float | None = None, t: ArrayLike | None = None
) -> Collapse:
    """Collapse of n points of an isotropic Gaussian, or of a symmetric mixture of two.

    Parameters
    ----------
    d : float
        Dimension.
    n : float
        Number of training points, above 1.
    sigma : float
        Standard deviation of a class in every direction.
    mu : float, optional
        Distance of the two class centres from the origin per square root of d; adds the corrected curve and root.
    t : array_like, optional
        Ornstein-Uhlenbeck times for the curves; 49 times around t_C by default.

    Returns
    -------
    Collapse
        Times and curves.

    Raises
    ------
    ValueError
        If a parameter is not positive or n does not exceed 1.

    Notes
    -----
    Source: biroli2024 (mixture); the class information, the information form and the finite-size root are
    derived in docs/theory.

    Examples
    --------
    >>> result = predict_collapse(256, 20000, 1, mu=1, t=[2.12])
    >>> round(result.t_C, 3), round(result.t_C_corrected, 3)
    (1.299, 1.334)
    >>> float(result.excess_entropy[0].round(4)), float(result.excess_entropy_corrected[0].round(4))
    (0.8124, 0.7497)
    """
    d = positive_number("predict_collapse", "d", "dimension", d, at_least=1)
    sigma = positive_number("predict_collapse", "sigma", "standard deviation of a class", sigma)
    n = positive_number("predict_collapse", "n", "number of training points", n)
    if n <= 1:
        raise ValueError(
            f"predict_collapse: n (number of training points) must exceed 1, got {n:g}: one point is always collapsed"
        )
    if mu is not None:
        mu = positive_number("predict_collapse", "mu", "distance of a class centre per sqrt(d)", mu)
    t_C = _collapse_time(d, n, sigma)
    grid = np.geomspace(t_C / 4, 4 * t_C, 49) if t is None else positive_times("predict_collapse", t)
    alpha = np.log(n) / d
    sources = [
        "collapse_time",
        "excess_entropy",
        "log_critical_samples",
        "isotropic_information",
        "collapse_gap_integrand",
        "collapse_margin_ratio",
        "collapse_width",
    ]
    corrected, t_C_corrected = None, None
    if mu is not None:
        corrected = _corrected(grid, d, n, sigma, mu) / alpha
        t_C_corrected = _corrected_root(d, n, sigma, mu, t_C)
        sources += ["excess_entropy_corrected", "class_entropy", "mixture_kappa"]
    return Collapse(
        t_C=t_C,
        t_C_finite_size=_finite_size(d, n, sigma, mu),
        t_C_corrected=t_C_corrected,
        t=grid,
        excess_entropy=compile_formula("excess_entropy", target="numpy")(grid, d, n, sigma) / alpha,
        excess_entropy_corrected=corrected,
        log_n_star=compile_formula("log_critical_samples", target="numpy")(grid, d, sigma),
        parameters={"d": d, "n": n, "sigma": sigma} | ({} if mu is None else {"mu": mu}),
        sources=tuple(sources),
    )


def finite_size_collapse_time(d: float, n: float, sigma: float, *, mu: float | None = None) -> float:
    """Time at which the leave-one-out excess entropy of n Gaussian points vanishes on average.

    The sum over n points falls short of its mean: at the condensation point half of the mean is carried by energies
    that none of the points has, so the estimate reads ``log n - I`` less a gap of about log 2 nats, and vanishes where
    the margin ``log n - I(t)`` equals the gap. To first order that is at a time larger by ``log 2/|dI/dt|``.

    Parameters
    ----------
    d : float
        Dimension.
    n : float
        Number of training points, at least 4.
    sigma : float
        Standard deviation of a class.
    mu : float, optional
        Centres of two classes, per square root of d: the information about the class is then part of the margin.

    Returns
    -------
    float
        Ornstein-Uhlenbeck time.

    Raises
    ------
    ValueError
        If a parameter is out of range, or d and n are so small that the energies that matter spread over less than 2
        nats, where the argument has no meaning.

    Notes
    -----
    Derived in docs/theory (``collapse_gap_integrand``, ``collapse_width``); asymptotic in d, for a Gaussian tilted law
    of the energies. The gap is 1 to 7% too large where it was sampled.

    Examples
    --------
    >>> closed, finite = predict_collapse(64, 2000, 1).t_C, finite_size_collapse_time(64, 2000, 1)
    >>> round(finite / closed - 1, 3)
    0.047
    """
    d = positive_number("finite_size_collapse_time", "d", "dimension", d, at_least=1)
    n = positive_number(
        "finite_size_collapse_time", "n", "number of training points", n, at_least=4 if mu is None else 8
    )
    sigma = positive_number("finite_size_collapse_time", "sigma", "standard deviation of a class", sigma)
    if mu is not None:
        mu = positive_number("finite_size_collapse_time", "mu", "distance of a class centre per sqrt(d)", mu)

    first = _collapse_time(d, n, sigma)
    width = float(compile_formula("collapse_width", target="numpy")(first, d, sigma))
    if width < _SMALLEST_WIDTH:
        raise ValueError(
            f"finite_size_collapse_time: the energies must spread over at least {_SMALLEST_WIDTH:g} nats, got "
            f"{width:.3g} for d = {d:g}, n = {n:g}: too small for an argument about large d; measure the shift on data"
        )

    def excess(t: float) -> float:
        margin = float(np.log(n)) - float(compile_formula("isotropic_information", target="numpy")(t, d, sigma))
        if mu is not None:
            margin -= float(class_information(compile_formula("mixture_kappa", target="numpy")(t, d, mu, sigma)))
        return margin - _gap(margin, t, d, sigma)

    # The gap at a non-negative margin is at most 1 nat (its integrand is -log Phi(c xi), c <= 1), the class information
    # at most log 2.
    last = _collapse_time(d, n / np.e if mu is None else n / (2 * np.e), sigma)
    return bracketed_root(excess, first, last, what="finite_size_collapse_time")


def _finite_size(d: float, n: float, sigma: float, mu: float | None) -> float | None:
    try:
        return finite_size_collapse_time(d, n, sigma, mu=mu)
    except ValueError:
        return None


def _gap(margin: float, t: float, d: float, sigma: float) -> float:
    width = float(compile_formula("collapse_width", target="numpy")(t, d, sigma))
    ratio = float(compile_formula("collapse_margin_ratio", target="numpy")(t, sigma))
    xi = np.linspace(-9.0, 9.0, 181)
    integrand = compile_formula("collapse_gap_integrand", target="numpy")(margin, width, ratio, xi)
    return float(np.sum(integrand) * (xi[1] - xi[0]))


def _collapse_time(d: float, n: float, sigma: float) -> float:
    return float(compile_formula("collapse_time", target="numpy")(d, n, sigma))


def _corrected(t: Any, d: float, n: float, sigma: float, mu: float) -> NDArray[np.float64]:
    information = class_information(compile_formula("mixture_kappa", target="numpy")(t, d, mu, sigma))
    return np.asarray(compile_formula("excess_entropy_corrected", target="numpy")(t, d, n, sigma, information))


def _corrected_root(d: float, n: float, sigma: float, mu: float, t_C: float) -> float:
    # The class information is at most log 2, so the root lies below the closed form for n/2 points.
    high = _collapse_time(d, n / 2, sigma) if n > 2 else t_C
    while _corrected(high, d, n, sigma, mu) < 0:
        high *= 2
    return bracketed_root(
        lambda t: float(_corrected(t, d, n, sigma, mu)),
        t_C,
        high,
        what="collapse time with class information",
    )
