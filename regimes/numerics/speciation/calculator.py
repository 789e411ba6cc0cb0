"""Speciation time and clone probability from a few parameters."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.interface.checks import positive_number, positive_times
from regimes.numerics.speciation.clone_probability import clone_probability

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Speciation", "normalised_clone_level", "predict_speciation", "speciation_times"]


@dataclass(frozen=True, eq=False)
class Speciation:
    """Speciation of data with a known top covariance eigenvalue.

    Attributes
    ----------
    Lambda : float
        Top eigenvalue of the covariance.
    t_S : float
        Speciation time ``1/2 log Lambda``.
    t_S_conventions : dict
        ``leading`` 1/2 log Lambda; ``noise_matched`` 1/2 log(1 + Lambda); ``potential`` 1/2 log(2 Lambda), or the
        exact time at which the overlap potential splits where the mixture is known; for a mixture also
        ``free_entropy``, where kappa = 1 and the clone probability is 0.7752.
    t : ndarray, shape (T,)
        Ornstein-Uhlenbeck times.
    phi : ndarray, shape (T,)
        Clone probability of two equal classes at these times.
    parameters : dict
        What was given.
    assumes : tuple of str
        What phi assumes.
    sources : tuple of str
        Formulas used.
    """

    Lambda: float
    t_S: float
    t_S_conventions: dict[str, float]
    t: NDArray[np.float64]
    phi: NDArray[np.float64]
    parameters: dict[str, float]
    assumes: tuple[str, ...]
    sources: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Plain dictionary, ready for JSON.

        Returns
        -------
        dict
            Keys ``t_S``, ``t_S_conventions``, ``t``, ``phi``, ``Lambda``, ``parameters``, ``assumes``, ``sources``.
        """
        return {
            "Lambda": self.Lambda,
            "t_S": self.t_S,
            "t_S_conventions": dict(self.t_S_conventions),
            "t": self.t.tolist(),
            "phi": self.phi.tolist(),
            "parameters": dict(self.parameters),
            "assumes": list(self.assumes),
            "sources": list(self.sources),
        }

    def plot(self, ax: Any = None) -> Figure:
        """Draw phi(t) with the conventions of t_S marked.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; a new figure otherwise.

        Returns
        -------
        matplotlib.figure.Figure
            The figure.
        """
        from regimes.report.dataset.figure import plot_speciation

        return plot_speciation(self, ax=ax)


@cache
def normalised_clone_level() -> float:
    """Level of ``(phi - phi_inf)/(1 - phi_inf)`` at which a sample counts as committed to a class.

    It is the value for two equal classes at kappa = 1, where mean and standard deviation of the log-odds are equal.

    Returns
    -------
    float
        0.5504, from the clone probability 0.7752.

    Examples
    --------
    >>> round(normalised_clone_level(), 7)
    0.5504005
    """
    order_parameter = compile_formula("normalised_clone_probability", target="numpy")
    return float(order_parameter(clone_probability(1.0), 0.5))


def speciation_times(Lambda: float) -> dict[str, float]:
    """Speciation time in the three conventions, for any data.

    Parameters
    ----------
    Lambda : float
        Top eigenvalue of the covariance of the centred data; above 1.

    Returns
    -------
    dict
        ``leading``, ``noise_matched`` and ``potential``, see :class:`Speciation`.

    Raises
    ------
    ValueError
        If Lambda is not a number above 1.

    Notes
    -----
    Source: biroli2024, eq. 6, and its potential; how they differ: docs/theory, ``speciation_time`` and its neighbours.

    Examples
    --------
    >>> {name: round(t, 3) for name, t in speciation_times(7.66).items()}
    {'leading': 1.018, 'noise_matched': 1.079, 'potential': 1.365}
    """
    value = positive_number("speciation_time", "Lambda", "top covariance eigenvalue", Lambda)
    if value <= 1:
        raise ValueError(
            f"speciation_time: Lambda (top covariance eigenvalue) must exceed 1, got {value:g}: no direction of the "
            "data stands out of the unit noise, so there is no speciation at this scale; check centring and scaling"
        )
    return {
        "leading": float(compile_formula("speciation_time", target="numpy")(value)),
        "noise_matched": float(compile_formula("speciation_time_noise_matched", target="numpy")(value)),
        "potential": float(compile_formula("speciation_time_potential", target="numpy")(value)),
    }


def predict_speciation(
    Lambda: float | None = None,
    *,
    d: float | None = None,
    mu: float | None = None,
    sigma: float | None = None,
    t: ArrayLike | None = None,
) -> Speciation:
    """Speciation of a symmetric two-class mixture, or of any data with a known top eigenvalue.

    Parameters
    ----------
    Lambda : float, optional
        Top eigenvalue of the covariance. phi is then that of two equal classes with ``kappa = Lambda exp(-2t)``.
    d, mu, sigma : float, optional
        Dimension, distance of a class centre from the origin per square root of d, and standard deviation of a class:
        the alternative to Lambda.
    t : array_like, optional
        Ornstein-Uhlenbeck times for phi; 49 times around t_S by default.

    Returns
    -------
    Speciation
        Times and curve.

    Raises
    ------
    ValueError
        If neither or both of Lambda and the mixture are given, a parameter is not positive, or Lambda <= 1.

    Notes
    -----
    Source: biroli2024 (speciation of the mixture).

    Examples
    --------
    >>> result = predict_speciation(d=256, mu=1, sigma=1)
    >>> round(result.t_S, 4), round(result.t_S_conventions["free_entropy"], 4)
    (2.7745, 2.7726)
    """
    mixture = {"d": d, "mu": mu, "sigma": sigma}
    missing = [name for name, value in mixture.items() if value is None]
    if (Lambda is None) == bool(missing) or (Lambda is not None and len(missing) < 3):
        raise ValueError(
            "predict_speciation: give either Lambda or all of d, mu and sigma, got "
            + (", ".join(name for name, value in {"Lambda": Lambda, **mixture}.items() if value is not None) or "none")
        )
    if Lambda is not None:
        times = speciation_times(Lambda)
        grid = _grid(t, times["leading"])
        kappa = Lambda * np.exp(-2 * grid)
        return Speciation(
            Lambda=float(Lambda),
            t_S=times["leading"],
            t_S_conventions=times,
            t=grid,
            phi=clone_probability(kappa),
            parameters={"Lambda": float(Lambda)},
            assumes=(
                "phi is that of two equal Gaussian classes whose noised variance is 1 (sigma = 1) and whose d mu^2 is "
                "Lambda; give d, mu and sigma where they are known",
            ),
            sources=("speciation_time", "speciation_time_noise_matched", "speciation_time_potential",
                     "clone_probability"),
        )  # fmt: skip
    return _mixture(
        positive_number("predict_speciation", "d", "dimension", d, at_least=1),
        positive_number("predict_speciation", "mu", "distance of a class centre per sqrt(d)", mu),
        positive_number("predict_speciation", "sigma", "standard deviation of a class", sigma),
        t,
    )


def _mixture(d: float, mu: float, sigma: float, t: ArrayLike | None) -> Speciation:
    value = float(compile_formula("mixture_covariance", target="numpy")(d, mu, sigma))
    times = speciation_times(value)
    times["potential"] = float(compile_formula("overlap_curvature_time", target="numpy")(d, mu, sigma))
    assumes = ["two equal Gaussian classes at +m and -m, |m|^2 = d mu^2, variance sigma^2 in every direction"]
    sources = ["mixture_covariance", "speciation_time", "speciation_time_noise_matched", "overlap_curvature_time",
               "mixture_kappa", "clone_probability"]  # fmt: skip
    if d * mu**2 > sigma**2:
        times["free_entropy"] = float(compile_formula("mixture_speciation_time", target="numpy")(d, mu, sigma))
        sources.append("mixture_speciation_time")
    else:
        assumes.append("d mu^2 <= sigma^2: the classes overlap at every time, there is no free-entropy time")
    grid = _grid(t, times["leading"])
    kappa = compile_formula("mixture_kappa", target="numpy")(grid, d, mu, sigma)
    return Speciation(
        Lambda=value,
        t_S=times["leading"],
        t_S_conventions=times,
        t=grid,
        phi=clone_probability(kappa),
        parameters={"d": d, "mu": mu, "sigma": sigma},
        assumes=tuple(assumes),
        sources=tuple(sources),
    )


def _grid(t: ArrayLike | None, centre: float) -> NDArray[np.float64]:
    if t is not None:
        return positive_times("predict_speciation", t)
    return np.linspace(max(centre - 2.0, 0.04 * centre), centre + 2.0, 49)
