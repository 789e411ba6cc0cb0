"""Times read off loss curves, their slopes on the number of points, and what is compared with what."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from regimes.validation.experiments.training_losses.form import COMPARED, TIMES
from regimes.validation.experiments.training_losses.runs import CaseLosses, Curves
from regimes.validation.outcome.agreement import Agreement, ChiSquare, chi_square, correlated_chi_square

__all__ = ["GENERALISED", "MEMORISED", "READINGS", "Slope", "compared", "limit", "log_times", "slope"]

Array = NDArray[np.float64]

GENERALISED, MEMORISED = 0.9, 0.5
READINGS = ("tau_gen", "tau_mem")
"""Time at which the test loss has come this far to its minimum; at which its distance from the training loss has come
this far to its end."""
_K = len(COMPARED)


def log_times(curves: Curves) -> Array:
    """Logarithms of both times, (draws, 2)."""
    found = []
    for train, test in zip(curves.train, curves.test, strict=True):
        inside = slice(_K, _K + TIMES.size)
        fall, gap = (1 - test[inside]) / (1 - test[inside].min()), (test - train)[inside] / (test - train)[-1]
        found.append([_passage(fall, GENERALISED), _passage(gap, MEMORISED)])
    return np.array(found)


def _passage(values: Array, level: float) -> float:
    """Where values first reach a level, on straight lines over the logarithm of the time."""
    place = int(np.argmax(values >= level))
    if place == 0:
        raise ValueError(f"training-losses: curves must cross {level} within {TIMES[0]:g} and {TIMES[-1]:g}")
    share = (level - values[place - 1]) / (values[place] - values[place - 1])
    return float(np.log(TIMES[place - 1]) + share * np.log(TIMES[place] / TIMES[place - 1]))


def limit(once: Array, twice: Array) -> Array:
    """Less what goes as 1/d."""
    return np.asarray(2 * twice - once)


def compared(found: list[CaseLosses]) -> tuple[list[Agreement], list[ChiSquare]]:
    """Losses at five times, a test a case and loss; both times, a test a spectrum and time."""
    rows: list[Agreement] = []
    tests: list[ChiSquare] = []
    for each in found:
        once, twice = each.gaussian
        for name in ("train", "test"):
            values = limit(getattr(once, name)[:, :_K], getattr(twice, name)[:, :_K])
            theory, mean = getattr(each.theory, name)[0, :_K], values.mean(axis=0)
            covariance, draws = np.cov(values.T) / len(values), len(values)
            quantity = f"{name} loss, {each.case.name}"
            rows += [
                Agreement(quantity, tau, float(theory[k]), float(mean[k]), float(np.sqrt(covariance[k, k])), draws)
                for k, tau in enumerate(COMPARED)
            ]
            tests.append(correlated_chi_square(quantity, mean - theory, covariance, draws=draws))
    for spectrum in dict.fromkeys(each.case.spectrum for each in found):
        for place, name in enumerate(READINGS):
            own = [_time(each, place, name) for each in found if each.case.spectrum == spectrum]
            rows += own
            tests.append(chi_square(f"log {name}, {spectrum}", own))
    return rows, tests


def _time(each: CaseLosses, place: int, name: str) -> Agreement:
    values = limit(*(log_times(curves)[:, place] for curves in each.gaussian))
    theory, se = float(log_times(each.theory)[0, place]), float(values.std(ddof=1) / np.sqrt(values.size))
    return Agreement(
        f"log {name}, {each.case.spectrum}", each.case.psi_n, theory, float(values.mean()), se, values.size
    )


@dataclass(frozen=True)
class Slope:
    """Of a logarithm on that of the number of points, with its error; none of a prediction."""

    value: float
    se: float | None


def slope(psi_n: Array, means: Array, errors: Array | None = None) -> Slope:
    """By least squares over the numbers of points, all alike."""
    centred = np.log(psi_n) - np.log(psi_n).mean()
    weights = centred / (centred @ centred)
    se = None if errors is None else float(np.sqrt((weights**2) @ errors**2))
    return Slope(float(weights @ means), se)
