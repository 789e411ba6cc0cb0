"""Which noise to train on: the log-normal distribution of sigma, where the data have something to hide."""

from __future__ import annotations

import numpy as np

from regimes.numerics.decisions.training_noise import HiddenVariance, hidden_variance, hidden_variance_density
from regimes.numerics.interface.number import Number
from regimes.numerics.process.schedules import Schedule
from regimes.prediction.dataset.found import Found
from regimes.prediction.decisions.answer import Answer

__all__ = ["training_answer"]

_LABELS = {"P_mean": "mean of log sigma to train on", "P_std": "standard deviation of log sigma to train on"}
_REACH, _POINTS = 3.5, 81
_OUTSIDE = 0.05


def training_answer(found: Found, schedule: Schedule) -> Answer:
    """P_mean and P_std of the training noise, from where noise hides the variance of the data."""
    try:
        hidden = hidden_variance(found.distinct, memory=found.memory)
    except ValueError as refused:
        reason = str(refused).removeprefix("hidden_variance: ")
        numbers = {f"training.{name}": Number(label, None, reason=reason) for name, label in _LABELS.items()}
        return Answer(numbers, (f"There is no noise to recommend for training: {reason}.",))
    log_sigma = np.linspace(hidden.mean - _REACH * hidden.std, hidden.mean + _REACH * hidden.std, _POINTS)
    density = hidden_variance_density(log_sigma, hidden.eigenvalues)
    sigma = float(np.exp(hidden.mean))
    return Answer(
        numbers=_rows(hidden),
        sentences=(
            f"Train on log-normal noise with P_mean = {hidden.mean:.2f} (sigma = {sigma:.3g} in units of the scaled "
            f"data) and P_std = {hidden.std:.2f}: there noise hides the variance of the data.",
        ),
        curves={"training.log_sigma": log_sigma, "training.density": density},
        assumes=(
            "the Gaussian of these data, for any model; the density of log sigma is the slope of its mmse, so that "
            "each direction counts by its variance: directions fainter than the smallest noise count for next to "
            "nothing, and the smallest noise does not move the mean",
            "details count as little as they vary: to sharpen those, train on less noise than this",
            "sigma is noise over signal in units of the data as they are scaled here; the distribution is matched by "
            "mean and standard deviation, and was not compared with trained models",
        ),
        warnings=_warnings(hidden, schedule),
    )


def _rows(hidden: HiddenVariance) -> dict[str, Number]:
    rows = {}
    values, intervals = (hidden.mean, hidden.std), (hidden.mean_interval, hidden.std_interval)
    for name, value, interval, used in zip(_LABELS, values, intervals, hidden.formulas, strict=True):
        reason = None if hidden.enough else "fewer than 1.5 points for each direction: no interval"
        rows[f"training.{name}"] = Number(
            _LABELS[name],
            value,
            interval=interval if hidden.enough else None,
            covers="data, and the correction for their number" if hidden.enough else None,
            formulas=used,
            reason=reason,
        )
    return rows


def _warnings(hidden: HiddenVariance, schedule: Schedule) -> tuple[str, ...]:
    """Whether the schedule reaches the noise that is recommended."""
    with np.errstate(divide="ignore", over="ignore"):
        ends = np.log(np.sqrt(np.expm1(2 * np.array([schedule.t.min(), schedule.t.max()]))))
    said = []
    if ends[1] < hidden.mean + hidden.std:
        said.append(
            f"the schedule ends at sigma = {np.exp(ends[1]):.3g}, below what hides the variance of these data: its "
            "largest noise leaves some of it visible"
        )
    if ends[0] > hidden.mean - hidden.std:
        said.append(
            f"the schedule begins at sigma = {np.exp(ends[0]):.3g}, above what hides the variance of these data: its "
            "smallest noise hides some of it"
        )
    return tuple(said)
