"""Speciation time and clone probability of a mixture, or of data with a known top eigenvalue."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from regimes.datasets.process.noise_schedule import noise_schedule
from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.interface.checks import positive_times
from regimes.numerics.interface.number import BEYOND, Number
from regimes.numerics.interface.result import Result, within_double_precision
from regimes.numerics.process.schedules import Schedule
from regimes.numerics.speciation.clone_probability import clone_probability
from regimes.numerics.speciation.criteria import CRITERIA, checked_eigenvalue
from regimes.numerics.speciation.problem import Mixture
from regimes.prediction.process.regime_shares import share_rows, share_sentence
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
    problem: Mixture | float, *, t: ArrayLike | None = None, schedule: Any = "ddpm-linear"
) -> Speciation:
    """Speciation of a symmetric two-class mixture, or of any data with a known top eigenvalue.

    Parameters
    ----------
    problem : Mixture or float
        The mixture, or the top eigenvalue of the covariance, above 1. phi is then that of two equal classes with
        ``kappa = Lambda exp(-2t)``.
    t : array_like, optional
        Ornstein-Uhlenbeck times for phi; 49 times around the first criterion by default.
    schedule : str, path, object or Schedule
        In whose steps the times are given as well: what :func:`regimes.noise_schedule` takes, or gives.

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
    with np.errstate(all="ignore"):  # judged by the outcome
        return within_double_precision("speciation", _predicted(problem, t, steps))


def _predicted(problem: Mixture | float, t: ArrayLike | None, steps: Schedule) -> Speciation:
    of = problem if isinstance(problem, Mixture) else TopEigenvalue(problem)
    numbers = _mixture_rows(of, steps) if isinstance(of, Mixture) else _eigenvalue_rows(of.Lambda, (), steps)
    centre = numbers["speciation.leading"].value or 0.0
    if t is None:
        grid = np.linspace(max(centre - 2.0, 0.04 * centre), centre + 2.0, 49)
    else:
        grid = positive_times("speciation", t)
    shares = share_rows(numbers, steps)
    return Speciation(
        problem=of,
        numbers=numbers | shares,
        curves=_curves(of, grid, steps),
        settings=steps.settings,
        sentences=share_sentence(shares, steps),
        assumes=_assumes(of, numbers),
    )


def _eigenvalue_rows(Lambda: float, made: tuple[str, ...], steps: Schedule) -> dict[str, Number]:
    """Rows that follow from the top eigenvalue, and from the formulas that made it."""
    checked_eigenvalue(Lambda)
    numbers = {"speciation.Lambda": Number("top covariance eigenvalue Lambda", Lambda, formulas=made)}
    for name, formula in CRITERIA.items():
        with recorded() as used:
            time = float(compile_formula(formula, target="numpy")(Lambda))
        numbers[f"speciation.{name}"] = steps.number(_LABELS[name], time, (*made, *used))
    return numbers


def _mixture_rows(of: Mixture, steps: Schedule) -> dict[str, Number]:
    parameters = of.d, of.mu, of.sigma
    with recorded() as used:
        Lambda = float(compile_formula("mixture_covariance", target="numpy")(*parameters))
    if not np.isfinite(Lambda):
        raise ValueError(f"speciation: Lambda of {of} leads {BEYOND}, up to 1e308; take less extreme values")
    numbers = _eigenvalue_rows(Lambda, tuple(used), steps)
    with recorded() as used:
        time = float(compile_formula("overlap_curvature_time", target="numpy")(*parameters))
    numbers["speciation.potential"] = steps.number(_LABELS["potential"], time, used)
    free, reason = None, None
    with recorded() as used:
        label = f"kappa = 1, phi = {float(clone_probability(1.0)):.4f}"
        if of.d * of.mu**2 > of.sigma**2:
            free = float(compile_formula("mixture_speciation_time", target="numpy")(*parameters))
        else:
            reason = "d mu^2 <= sigma^2: the classes overlap at every time, there is no free-entropy time"
    numbers["speciation.free_entropy"] = steps.number(label, free, used, reason=reason)
    return numbers


def _assumes(of: Mixture | TopEigenvalue, numbers: dict[str, Number]) -> tuple[str, ...]:
    if isinstance(of, TopEigenvalue):
        return (
            "phi is that of two equal Gaussian classes whose noised variance is 1 (sigma = 1) and whose d mu^2 is "
            "Lambda; give d, mu and sigma where they are known",
        )
    reason = numbers["speciation.free_entropy"].reason
    law = "two equal Gaussian classes at +m and -m, |m|^2 = d mu^2, variance sigma^2 in every direction"
    return (law,) if reason is None else (law, reason)


def _curves(of: Mixture | TopEigenvalue, t: NDArray[np.float64], steps: Schedule) -> dict[str, NDArray[np.float64]]:
    if isinstance(of, Mixture):
        kappa = compile_formula("mixture_kappa", target="numpy")(t, of.d, of.mu, of.sigma)
    else:
        kappa = of.Lambda * np.exp(-2 * t)
    return {"t": t, "step": steps.indices(t), "phi": clone_probability(kappa)}
