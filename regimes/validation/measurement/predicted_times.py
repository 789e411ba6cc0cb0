"""Transition times of a data set by every criterion, with the errors that remain while the data are what they are."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regimes.datasets.points.dataset import Dataset
from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.interface.checks import check_memory
from regimes.numerics.interface.number import Interval, Number
from regimes.numerics.speciation.criteria import normalised_clone_level
from regimes.numerics.speciation.mixture import MixtureClones, mixture_clones
from regimes.prediction.dataset.intervals import NORMAL, crossing
from regimes.prediction.dataset.predict import predict
from regimes.prediction.dataset.result import Prediction
from regimes.theory.formula.record import recorded
from regimes.validation.running.torch_threads import torch_threads_kept

__all__ = ["PredictedTime", "Predictions", "normalised", "predicted_times"]

_SAMPLES = 8192
_GAUSSIAN = "Gaussian classes with the means of the data and their pooled covariance"


@dataclass(frozen=True)
class PredictedTime:
    """An Ornstein-Uhlenbeck time by one criterion."""

    time: float | None
    se: float | None  # over the probes, the data being what they are; 0 where the data give the time without probes
    criterion: str  # in words
    reason: str | None = None  # why there is no time
    formulas: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Predictions:
    """All that is predicted of a data set."""

    times: dict[str, PredictedTime]  # by the keys of a prediction, and speciation.class_time_gaussian
    prediction: Prediction  # without a jackknife over the data
    curves: dict[str, NDArray[np.float64]]  # of the prediction, by name
    Lambda: float | None  # top covariance eigenvalue
    class_means: MixtureClones | None  # curve of Gaussian classes with the means of the data and a pooled covariance
    level: float  # of the normalised class clone probability
    index_level: float  # of the clone probability of the index
    warnings: tuple[str, ...]


def normalised(phi: Any, floor: float) -> NDArray[np.float64]:
    """``(phi - phi_inf)/(1 - phi_inf)``, 0 for independent clones and 1 for clones that always agree."""
    return np.asarray(compile_formula("normalised_clone_probability", target="numpy")(phi, floor))


def predicted_times(
    data: Dataset, *, level: float | None = None, probes: int | None = None, rng: int = 0, memory: int = 2**31
) -> Predictions:
    """Predict when a model of a data set decides, by every criterion there is.

    A level of one's own, in place of 0.5504, does not change the spectral time. The class means and the pooled
    covariance are those of the sample: in many dimensions and with few points they lie farther apart than those of the
    population, and the time comes out too large.
    """
    with torch_threads_kept():
        prediction = predict(data, groups=0, probes=probes, rng=rng, memory=memory)
    wanted = normalised_clone_level() if level is None else level
    with torch_threads_kept(), recorded() as of_means:
        means, why = _class_means(data, prediction.curves, rng, memory)
    times = _speciation(data, prediction, wanted, means, why) | _collapse(prediction)
    return Predictions(
        times={
            key: replace(each, formulas=prediction[key].formulas if key in prediction.numbers else tuple(of_means))
            for key, each in times.items()
        },
        prediction=prediction,
        curves=prediction.curves,
        Lambda=prediction["speciation.Lambda"].value,
        class_means=means,
        level=wanted,
        index_level=float(prediction["collapse.point_level"].value or 0.5),
        warnings=prediction.warnings,
    )


def _speciation(
    data: Dataset, prediction: Prediction, level: float, means: MixtureClones | None, why: str | None
) -> dict[str, PredictedTime]:
    numbers, curves, found = prediction.numbers, prediction.curves, {}
    leading = numbers["speciation.sample_spectral_time"]
    found["speciation.sample_spectral_time"] = PredictedTime(
        leading.value,
        None if leading.value is None else 0.0,
        "top covariance eigenvalue, 1/2 log Lambda",
        leading.reason,
    )
    without = numbers["speciation.class_time_memorised"].reason
    floor = 0.0 if data.labels is None else float(np.sum((np.bincount(data.labels) / data.n) ** 2))
    for key, field, criterion in (
        ("speciation.class_time_memorised", "clone_class", "class posterior over the training points"),
        ("speciation.class_time_left_out", "clone_class_leave_one_out", "the same with the own point left out"),
    ):
        if field not in curves:
            found[key] = PredictedTime(None, None, criterion, without)
        else:
            found[key] = _crossing(curves["t"], curves[field], curves[f"{field}_se"], floor, level, criterion)
    key, criterion = "speciation.class_time_gaussian", _GAUSSIAN
    if means is None:
        found[key] = PredictedTime(None, None, criterion, why or without)
    else:
        phi, error = means.clone_probability, means.clone_probability_se
        found[key] = _crossing(means.t, phi, error, floor, level, criterion)
    return found


def _collapse(prediction: Prediction) -> dict[str, PredictedTime]:
    return {
        key: _of(prediction[key], criterion)
        for key, criterion in (
            ("collapse.point_time", "posterior over the training points"),
            ("collapse.leave_one_out_zero", "zero of the leave-one-out excess entropy"),
        )
    }


def _of(number: Number, criterion: str) -> PredictedTime:
    return PredictedTime(number.value, _error(number.value, number.interval), criterion, number.reason)


def _crossing(
    t: NDArray[np.float64], phi: Any, error: Any, floor: float, level: float, criterion: str
) -> PredictedTime:
    found = crossing(
        t, normalised(phi, floor), error / (1 - floor), None, level, "the normalised class clone probability"
    )
    return PredictedTime(found.time, _error(found.time, found.interval), criterion, found.reason)


def _error(time: float | None, interval: Interval | None) -> float | None:
    """The lower end of an interval may have been cut at 0."""
    if time is None or interval is None or interval[1] is None:
        return None
    return (interval[1] - time) / NORMAL


def _class_means(
    data: Dataset, curves: dict[str, NDArray[np.float64]], rng: int, memory: int
) -> tuple[MixtureClones | None, str | None]:
    if data.labels is None or len(data.classes) < 2 or "t" not in curves:
        return None, None
    classes, d = len(data.classes), data.d
    if data.n <= classes:
        return None, f"{data.n} points of {classes} classes leave no covariance within the classes"
    try:
        check_memory("predicted_times", "the pooled covariance", 8 * (4 * d * d + data.X.size), memory, "thin the data")
    except ValueError as error:
        return None, str(error)
    count = np.bincount(data.labels)
    sums = np.zeros((classes, d))
    np.add.at(sums, data.labels, data.X)
    means = sums / count[:, None]
    rest = data.X - means[data.labels]
    variances, axes = np.linalg.eigh(rest.T @ rest / (data.n - classes))
    # One covariance for all classes: along its axes, variances are all there is.
    spread = np.tile(np.maximum(variances, 0.0), (classes, 1))
    return mixture_clones(count, means @ axes, spread, curves["t"], samples=_SAMPLES, rng=rng), None
