"""Collapse time and excess entropy of a Gaussian mixture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike

from regimes.datasets.process.noise_schedule import noise_schedule
from regimes.numerics.collapse.finite_size import (
    collapse_time,
    collapse_time_with_classes,
    excess_entropy_with_classes,
    finite_size_collapse_time,
    number_of_points,
)
from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.interface.checks import positive_times
from regimes.numerics.interface.number import BEYOND
from regimes.numerics.interface.result import Result, within_double_precision
from regimes.numerics.process.schedules import Schedule
from regimes.numerics.speciation.problem import Mixture
from regimes.prediction.process.regime_shares import share_rows, share_sentence
from regimes.theory.formula.record import recorded

__all__ = ["Collapse", "predict_collapse"]


@dataclass(frozen=True, eq=False, repr=False)
class Collapse(Result):
    """Collapse of n points of a Gaussian mixture.

    Numbers: ``collapse.time_closed_form`` (d to infinity at fixed log(n)/d, without class information),
    ``collapse.time_with_classes``, and ``collapse.leave_one_out_zero``, where the leave-one-out estimate of n points
    vanishes on average. Curves over ``t``: ``excess_entropy``, that is f/alpha, 0 at collapse and 1 at infinity,
    ``excess_entropy_with_classes`` for two classes, ``log_n_star``, the logarithm of the number of points that
    collapses at t, and the ``step`` of the schedule.
    """

    kind: ClassVar[str] = "collapse"
    problem_type = Mixture


def predict_collapse(mixture: Mixture, *, t: ArrayLike | None = None, schedule: Any = "ddpm-linear") -> Collapse:
    """Collapse of n points of a symmetric mixture of two Gaussians, or of one.

    Parameters
    ----------
    mixture : Mixture
        With the number of points n; mu = 0 for one isotropic Gaussian.
    t : array_like, optional
        Ornstein-Uhlenbeck times for the curves; 49 times around the closed form by default.
    schedule : str, path, object or Schedule
        In whose steps the times are given as well: what :func:`regimes.noise_schedule` takes, or gives.

    Returns
    -------
    Collapse
        Times and curves.

    Raises
    ------
    ValueError
        If the mixture has no n, a time is not positive, or there is no such schedule.

    Notes
    -----
    Source: biroli2024 (mixture); the class information, the information form and the finite-size zero are derived.

    Examples
    --------
    >>> result = predict_collapse(Mixture(d=256, mu=1, sigma=1, n=20000), t=[2.12])
    >>> [round(result[f"collapse.{name}"].value, 3) for name in ("time_closed_form", "time_with_classes")]
    [1.299, 1.334]
    >>> [float(result.curves[name][0].round(4)) for name in ("excess_entropy", "excess_entropy_with_classes")]
    [0.8124, 0.7497]
    """
    steps = noise_schedule(schedule)
    with np.errstate(all="ignore"):  # judged by the outcome
        return within_double_precision("collapse", _predicted(mixture, t, steps))


def _predicted(mixture: Mixture, t: ArrayLike | None, steps: Schedule) -> Collapse:
    n = number_of_points("predict_collapse", mixture)
    d, sigma, classes = mixture.d, mixture.sigma, mixture.mu > 0
    with recorded() as used:
        first = collapse_time(mixture)
    if not 0 < first < np.inf:
        raise ValueError(f"collapse: the time of {mixture} leads {BEYOND}, above 1e-308; take less extreme values")
    numbers = {"collapse.time_closed_form": steps.number("closed form", first, used)}
    with recorded() as used:
        second = collapse_time_with_classes(mixture) if classes else None
    numbers["collapse.time_with_classes"] = steps.number(
        "with class information", second, used, reason=None if classes else "mu = 0: one Gaussian has no classes"
    )
    finite, reason = None, None
    with recorded() as used:
        try:
            finite = finite_size_collapse_time(mixture)
        except ValueError as error:
            reason = str(error).removeprefix("finite_size_collapse_time: ")
    numbers["collapse.leave_one_out_zero"] = steps.number(
        "leave-one-out zero at this n and d", finite, used, reason=reason
    )
    grid = np.geomspace(first / 4, 4 * first, 49) if t is None else positive_times("collapse", t)
    alpha = np.log(n) / d
    curves = {
        "t": grid,
        "step": steps.indices(grid),
        "excess_entropy": compile_formula("excess_entropy", target="numpy")(grid, d, n, sigma) / alpha,
    }
    if classes:
        curves["excess_entropy_with_classes"] = excess_entropy_with_classes(grid, mixture) / alpha
    curves["log_n_star"] = compile_formula("log_critical_samples", target="numpy")(grid, d, sigma)
    shares = share_rows(numbers, steps)
    return Collapse(
        problem=mixture,
        numbers=numbers | shares,
        curves=curves,
        settings=steps.settings,
        sentences=share_sentence(shares, steps),
    )
