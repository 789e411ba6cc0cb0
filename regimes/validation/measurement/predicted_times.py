"""Transition times of a data set by every criterion, with the errors that remain while the data are what they are."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regimes.datasets.points.dataset import Dataset
from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.interface.checks import check_memory
from regimes.numerics.speciation.calculator import normalised_clone_level
from regimes.numerics.speciation.mixture import MixtureClones, mixture_clones
from regimes.prediction.dataset.intervals import NORMAL, crossing
from regimes.prediction.dataset.predict import predict
from regimes.prediction.dataset.result import Prediction
from regimes.validation.running.torch_threads import torch_threads_kept

__all__ = ["PredictedTime", "Predictions", "normalised", "predicted_times"]

_SAMPLES = 8192


@dataclass(frozen=True)
class PredictedTime:
    """A time by one criterion.

    Attributes
    ----------
    time : float or None
        Ornstein-Uhlenbeck time.
    se : float or None
        Standard error over the probes, the data being what they are; 0 where the data give the time without probes.
    criterion : str
        In words.
    reason : str or None
        Why there is no time.
    """

    time: float | None
    se: float | None
    criterion: str
    reason: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain dictionary, ready for JSON.

        Returns
        -------
        dict
            The attributes.
        """
        return asdict(self)


@dataclass(frozen=True, eq=False)
class Predictions:
    """All that is predicted of a data set.

    Attributes
    ----------
    times : dict of PredictedTime
        ``speciation.time``, ``speciation.clone_crossing``, ``speciation.clone_crossing_leave_one_out``,
        ``speciation.class_means``, ``collapse.clone_crossing``, ``collapse.time``.
    prediction : Prediction
        What :func:`regimes.predict` says, without a jackknife over the data.
    class_means : MixtureClones or None
        Curve of Gaussian classes with the means of the data and their pooled covariance.
    level : float
        Level of the normalised class clone probability.
    index_level : float
        Level of the clone probability of the index.
    """

    times: dict[str, PredictedTime]
    prediction: Prediction
    class_means: MixtureClones | None
    level: float
    index_level: float


def normalised(phi: Any, floor: float) -> NDArray[np.float64]:
    """``(phi - phi_inf)/(1 - phi_inf)``, 0 for independent clones and 1 for clones that always agree.

    Parameters
    ----------
    phi : array_like
        Clone probability.
    floor : float
        ``phi_inf``, the sum of the squared weights of the classes.

    Returns
    -------
    ndarray
        Of the same shape.
    """
    return np.asarray(compile_formula("normalised_clone_probability", target="numpy")(phi, floor))


def predicted_times(
    data: Dataset, *, level: float | None = None, probes: int | None = None, rng: int = 0, memory: int = 2**31
) -> Predictions:
    """Predict when a model of a data set decides, by every criterion there is.

    Parameters
    ----------
    data : Dataset
        The data as the model sees them.
    level : float, optional
        Level of the normalised class clone probability in place of 0.5504. It does not change ``speciation.time``.
    probes : int, optional
        Noised points, as of :func:`regimes.predict`.
    rng : int
        Seed of the probes.
    memory : int
        Bytes beyond the data.

    Returns
    -------
    Predictions
        Times, curves and levels.

    Notes
    -----
    The class means and the pooled covariance are those of the sample: in many dimensions and with few points they lie
    farther apart than those of the population, and the time comes out too large.
    """
    with torch_threads_kept():
        prediction = predict(data, groups=0, probes=probes, rng=rng, memory=memory)
        wanted = normalised_clone_level() if level is None else level
        means, why = _class_means(data, prediction, rng, memory)
    times = _speciation(data, prediction, wanted, means, why) | _collapse(prediction)
    return Predictions(times, prediction, means, wanted, prediction.collapse.level if prediction.collapse else 0.5)


def _speciation(
    data: Dataset, prediction: Prediction, level: float, means: MixtureClones | None, why: str | None
) -> dict[str, PredictedTime]:
    reasons, curves, found = prediction.reasons, prediction.curves, {}
    leading = None if prediction.speciation is None else prediction.speciation.time
    found["speciation.time"] = PredictedTime(
        leading, None if leading is None else 0.0, "top covariance eigenvalue, 1/2 log Lambda",
        reasons.get("speciation.time"),
    )  # fmt: skip
    without = reasons.get("speciation.clone_crossing")
    floor = 0.0 if data.labels is None else float(np.sum((np.bincount(data.labels) / data.n) ** 2))
    for name, field, criterion in (
        ("clone_crossing", "clone_class", "class posterior over the training points"),
        ("clone_crossing_leave_one_out", "clone_class_leave_one_out", "the same with the own point left out"),
    ):
        phi = None if curves is None else getattr(curves, field)
        if curves is None or phi is None:
            found[f"speciation.{name}"] = PredictedTime(None, None, criterion, without)
        else:
            error = getattr(curves, f"{field}_se")
            found[f"speciation.{name}"] = _crossing(curves.t, phi, error, floor, level, criterion)
    criterion = "Gaussian classes with the means of the data and their pooled covariance"
    if means is None:
        found["speciation.class_means"] = PredictedTime(None, None, criterion, why or without)
    else:
        phi, error = means.clone_probability, means.clone_probability_se
        found["speciation.class_means"] = _crossing(means.t, phi, error, floor, level, criterion)
    return found


def _collapse(prediction: Prediction) -> dict[str, PredictedTime]:
    collapse, reasons = prediction.collapse, prediction.reasons
    if collapse is None:
        return {}
    return {
        f"collapse.{name}": PredictedTime(time, _error(time, interval), criterion, reasons.get(f"collapse.{name}"))
        for name, time, interval, criterion in (
            ("clone_crossing", collapse.clone_crossing, collapse.clone_crossing_interval,
             "posterior over the training points"),
            ("time", collapse.time, collapse.time_interval, "zero of the leave-one-out excess entropy"),
        )
    }  # fmt: skip


def _crossing(
    t: NDArray[np.float64], phi: Any, error: Any, floor: float, level: float, criterion: str
) -> PredictedTime:
    found = crossing(
        t, normalised(phi, floor), error / (1 - floor), None, level, "the normalised class clone probability"
    )
    return PredictedTime(found.time, _error(found.time, found.interval), criterion, found.reason)


def _error(time: float | None, interval: tuple[float, float] | None) -> float | None:
    """The lower end of an interval may have been cut at 0."""
    return None if time is None or interval is None else (interval[1] - time) / NORMAL


def _class_means(
    data: Dataset, prediction: Prediction, rng: int, memory: int
) -> tuple[MixtureClones | None, str | None]:
    if data.labels is None or len(data.classes) < 2 or prediction.curves is None:
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
    return mixture_clones(count, means @ axes, spread, prediction.curves.t, samples=_SAMPLES, rng=rng), None
