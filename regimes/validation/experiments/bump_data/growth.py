"""How the number needed grows with N: the likeliest slope, also where some numbers are bounds, and its order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from regimes.validation.experiments.bump_data.search import Search
from regimes.validation.experiments.runner.along_training import Estimate
from regimes.validation.experiments.runner.pooled import Scatter, pooled

__all__ = ["ORDERS", "Growth", "growth", "scatter_of"]

Array = NDArray[np.float64]

ORDERS = {"1": 0.0, "N": 1.0, "N^2": 2.0, "N^3": 3.0}
"""Slopes that are told from each other; outer ones, lest a number that grows otherwise pass for the nearest."""

_REFUTED = 0.995
_FEWEST = 6  # degrees of freedom, or a scatter that is small by chance refutes
_STEEPEST = 8.0  # slopes beyond are none: bounds alone hold them


@dataclass(frozen=True)
class Growth:
    """Slope of log number against log N."""

    slope: Estimate  # none where bounds leave it open on one side
    order: str  # those within Student's quantile
    away: Mapping[str, float] = field(default_factory=dict)  # errors between what was found and each order
    refuted: tuple[str, ...] = ()  # orders farther away than Student's quantile .995


def scatter_of(found: Mapping[str, Sequence[Sequence[Search]]]) -> Scatter:
    """Of the logarithm of a number about the mean of its kind and N."""
    rows = [[one.needed for one in each] for rows in found.values() for each in rows]
    return pooled([np.log([value for value in row if value is not None]).tolist() for row in rows])


def growth(sizes: Sequence[int], found: Sequence[Sequence[Search]], scatter: Scatter) -> Growth:
    """Fit one line to the numbers of all seeds, ``found`` by N and seed, and compare it with those of each order.

    Twice the logarithm of the likelihood, of Gaussian scatter, with the best slope less that with a given one is the
    square of the errors between them. A search without a number counts by the probability of its bound.
    """
    from scipy.optimize import minimize_scalar

    centred = np.log(sizes) - np.log(sizes).mean()
    points = [
        (x, np.log(number), sign)
        for x, row in zip(centred, found, strict=True)
        for one in row
        for number, sign in ((one.needed, 0), (one.at_least, 1), (one.at_most, -1))
        if number is not None
    ]
    at = np.array([x for x, _, sign in points if sign == 0])
    if len({x for x, *_ in points}) < 2 or scatter.degrees < _FEWEST or not scatter.sd:
        return Growth(Estimate(None, None, len(at)), "undecided")
    options = {"args": (np.array(points), scatter.sd), "bounds": (-_STEEPEST, _STEEPEST), "method": "bounded"}
    best = minimize_scalar(_misfit, **options)
    away = {
        name: float(np.sqrt(max(0.0, _misfit(power, np.array(points), scatter.sd) - best.fun)))
        for name, power in ORDERS.items()
    }
    spread = np.sqrt(len(at)) * at.std() if len(at) else 0.0
    fixed = spread > 0 and abs(best.x) < _STEEPEST - 1e-3
    return Growth(
        Estimate(float(best.x) if fixed else None, float(scatter.sd / spread) if fixed else None, len(at)),
        " or ".join(name for name, errors in away.items() if errors <= scatter.reach()) or "none",
        away,
        tuple(name for name, errors in away.items() if errors > scatter.reach(_REFUTED)),
    )


def _misfit(slope: float, points: Array, sd: float) -> float:
    """Least, over the height of the line, of minus twice the logarithm of the likelihood."""
    from scipy.optimize import minimize_scalar
    from scipy.special import log_ndtr

    off, sign = points[:, 1] - slope * points[:, 0], points[:, 2]

    def at(height: float) -> float:
        errors = (height - off) / sd
        return float((errors[sign == 0] ** 2).sum() - 2 * log_ndtr((sign * errors)[sign != 0]).sum())

    return float(minimize_scalar(at, bounds=(off.min() - 9 * sd, off.max() + 9 * sd), method="bounded").fun)
