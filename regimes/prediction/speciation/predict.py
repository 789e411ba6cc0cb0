"""Speciation time and clone probability of a mixture, or of data with a known top eigenvalue."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.interface.checks import positive_times
from regimes.numerics.interface.result import Number, Result
from regimes.numerics.process.schedules import Schedule, noise_schedule
from regimes.numerics.speciation.clone_probability import clone_probability
from regimes.numerics.speciation.criteria import CRITERIA, checked_eigenvalue
from regimes.numerics.speciation.problem import Mixture
from regimes.theory.formula.record import recorded

__all__ = ["Speciation", "TopEigenvalue", "predict_speciation"]

_LABELS = {
    "leading": "1/2 log Lambda",
    "noise_matched": "1/2 log(1 + Lambda)",
    "potential": "overlap potential splits",
}


@dataclass(frozen=True)
class TopEigenvalue:
    """Data of which only the top eigenvalue of the covariance is known, above 1."""

    Lambda: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "Lambda", checked_eigenvalue(self.Lambda))


@dataclass(frozen=True, eq=False, repr=False)
class Speciation(Result):
    """Speciation of data with a known top covariance eigenvalue.

    Numbers: ``speciation.Lambda``, and the time by each criterion: ``speciation.leading``, ``.noise_matched``,
    ``.potential``, for a mixture also ``.free_entropy``, where kappa = 1 and the clone probability is 0.7752.
    Curves over ``t``: ``phi``, the clone probability of two equal classes, and the ``step`` of the schedule.
    """

    kind: ClassVar[str] = "speciation"

    @staticmethod
    def problem_type(**stored: float) -> Any:
        """The problem from its fields."""
        return TopEigenvalue(**stored) if "Lambda" in stored else Mixture(**stored)


def predict_speciation(
    problem: Mixture | float, *, t: ArrayLike | None = None, schedule: str = "ddpm-linear"
) -> Speciation:
    """Speciation of a symmetric two-class mixture, or of any data with a known top eigenvalue.

    Parameters
    ----------
    problem : Mixture or float
        The mixture, or the top eigenvalue of the covariance, above 1. phi is then that of two equal classes with
        ``kappa = Lambda exp(-2t)``.
    t : array_like, optional
        Ornstein-Uhlenbeck times for phi; 49 times around the first criterion by default.
    schedule : {"ddpm-linear", "cosine", "edm"}
        In whose steps the times are given as well.

    Returns
    -------
    Speciation
        Times and curve.

    Raises
    ------
    ValueError
        If Lambda is not above 1, a time is not positive, or there is no such schedule.

    Notes
    -----
    Source: biroli2024 (speciation of the mixture).

    Examples
    --------
    >>> from regimes import Mixture
    >>> result = predict_speciation(Mixture(d=256, mu=1, sigma=1))
    >>> round(result["speciation.leading"].value, 4), round(result["speciation.free_entropy"].value, 4)
    (2.7745, 2.7726)
    """
    steps = noise_schedule(schedule)
    of = problem if isinstance(problem, Mixture) else TopEigenvalue(problem)
    with recorded() as used:
        Lambda = of.Lambda if isinstance(of, TopEigenvalue) else _covariance(of)
    numbers = {"speciation.Lambda": Number("top covariance eigenvalue Lambda", Lambda, formulas=tuple(used))}
    checked_eigenvalue(Lambda)
    made = tuple(used)
    assumes = []
    for name, formula in CRITERIA.items():
        inputs, from_ = (Lambda,), made
        if name == "potential" and isinstance(of, Mixture):
            formula, inputs, from_ = "overlap_curvature_time", (of.d, of.mu, of.sigma), ()
        with recorded() as used:
            time = float(compile_formula(formula, target="numpy")(*inputs))
        numbers[f"speciation.{name}"] = steps.number(_LABELS[name], time, (*from_, *used))
    if isinstance(of, Mixture):
        assumes.append("two equal Gaussian classes at +m and -m, |m|^2 = d mu^2, variance sigma^2 in every direction")
        with recorded() as used:
            label = f"kappa = 1, phi = {float(clone_probability(1.0)):.4f}"
            separate = of.d * of.mu**2 > of.sigma**2
            time = (
                compile_formula("mixture_speciation_time", target="numpy")(of.d, of.mu, of.sigma) if separate else None
            )
        overlapping = "d mu^2 <= sigma^2: the classes overlap at every time, there is no free-entropy time"
        numbers["speciation.free_entropy"] = steps.number(
            label, None if time is None else float(time), used, reason=None if separate else overlapping
        )
        if not separate:
            assumes.append(overlapping)
    else:
        assumes.append(
            "phi is that of two equal Gaussian classes whose noised variance is 1 (sigma = 1) and whose d mu^2 is "
            "Lambda; give d, mu and sigma where they are known"
        )
    centre = numbers["speciation.leading"].value or 0.0
    grid = (
        np.linspace(max(centre - 2.0, 0.04 * centre), centre + 2.0, 49)
        if t is None
        else positive_times("speciation", t)
    )
    return Speciation(
        problem=of,
        numbers=numbers,
        curves=_curves(of, grid, steps),
        settings={"schedule": steps.name, "steps": steps.steps},
        assumes=tuple(assumes),
    )


def _covariance(of: Mixture) -> float:
    return float(compile_formula("mixture_covariance", target="numpy")(of.d, of.mu, of.sigma))


def _curves(of: Mixture | TopEigenvalue, t: NDArray[np.float64], steps: Schedule) -> dict[str, NDArray[np.float64]]:
    if isinstance(of, Mixture):
        kappa = compile_formula("mixture_kappa", target="numpy")(t, of.d, of.mu, of.sigma)
    else:
        kappa = of.Lambda * np.exp(-2 * t)
    return {"t": t, "step": steps.indices(t), "phi": clone_probability(kappa)}
