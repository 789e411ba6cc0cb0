"""What pairs of clones and paths say: clone probabilities, times, and what to think of the model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regimes.datasets.points.dataset import Dataset
from regimes.numerics.posterior.curves import PosteriorCurves
from regimes.validation.measurement.classification import Classifier, class_curve
from regimes.validation.measurement.clones import ClonePairs
from regimes.validation.measurement.crossings import MeasuredTime, measured_crossing
from regimes.validation.measurement.last_change import LastChange
from regimes.validation.measurement.measured import CloneCurve
from regimes.validation.measurement.nearest import NearestPoint
from regimes.validation.measurement.predicted_times import Predictions, normalised

__all__ = ["class_times", "generated_points", "measurement_warnings", "point_time"]

Array = NDArray[np.float64]

_DRAWS = 100
_WORST_AGREEMENT = 0.9
_WORST_LOSS, _SMALL_LOSS = 1.5, 0.01  # of that of the best linear denoiser, plus an error that no network is without


def class_times(
    clones: Sequence[ClonePairs],
    judge: Classifier,
    data: Dataset,
    curves: PosteriorCurves,
    predictions: Predictions,
    generator: np.random.Generator,
    reasons: dict[str, str],
) -> tuple[CloneCurve, dict[str, MeasuredTime]]:
    """Clone probability of the class, and where it passes its level, as classified and corrected."""
    found = class_curve([each.classes for each in clones if each.classes is not None], judge, generator, _DRAWS)
    floor = float(np.sum((np.bincount(data.labels) / data.n) ** 2)) if data.labels is not None else 0.0
    measured = {
        name: _crossing(
            curves.t,
            normalised(found[phi], floor),
            predictions.level,
            normalised(found[draws], floor),
            "the normalised class clone probability",
        )
        for name, phi, draws in (
            ("measure.class_time", "measured", "draws"),
            ("measure.class_time_corrected", "corrected", "corrected_draws"),
        )
        if phi in found
    }
    if "reason" in found:
        reasons["measure.class_time_corrected"] = found["reason"]
    phi_class = CloneCurve(
        found["measured"],
        found["measured_se"],
        curves.clone_class,
        curves.clone_class_se,
        found.get("corrected"),
        found.get("corrected_se"),
    )
    return phi_class, measured


def point_time(
    clones: Sequence[ClonePairs],
    nearest: NearestPoint,
    curves: PosteriorCurves,
    predictions: Predictions,
    generator: np.random.Generator,
) -> tuple[CloneCurve, MeasuredTime]:
    """Probability that clones share their training point, and where it passes its level."""
    same = np.stack([each.same_index(nearest.copies) for each in clones])
    mean, error = same.mean(axis=1), same.std(axis=1, ddof=1) / np.sqrt(same.shape[1])
    draws = generator.normal(mean, error, size=(_DRAWS, mean.size))
    what = "the probability that clones share their training point"
    crossing = _crossing(curves.t, mean, predictions.index_level, draws, what)
    return CloneCurve(mean, error, curves.clone_index, curves.clone_index_se), crossing


def _crossing(t: Array, phi: Array, level: float, draws: Array, what: str) -> MeasuredTime:
    if t.size < 3:
        return MeasuredTime(None, None, f"{what} was measured at too few times, {t.size}; a crossing needs three")
    return measured_crossing(t, phi, level, draws, what=what)


def generated_points(last: LastChange, data: Dataset, nearest: NearestPoint) -> dict[str, Any]:
    """What paths from pure noise reached, beside what draws with equal probability would reach."""
    paths, share = last.time.size, np.unique(nearest.first_copy, return_counts=True)[1] / data.n
    found: dict[str, Any] = {
        "points_reached": int(np.unique(last.index).size),
        "points_expected": float(np.sum(-np.expm1(paths * np.log1p(-np.minimum(share, 1 - 1e-16))))),
    }
    if last.classes is not None and data.labels is not None:
        classes = len(data.classes)
        found["class_share"] = (np.bincount(last.classes, minlength=classes) / paths).tolist()
        found["class_share_of_data"] = (np.bincount(data.labels, minlength=classes) / data.n).tolist()
    return found


def measurement_warnings(
    predictions: Predictions, t: Array, loss: Array, judge: Classifier | None, linear: Array
) -> tuple[str, ...]:
    """What to do before using the times."""
    warnings = list(predictions.warnings)
    excess = loss - _WORST_LOSS * linear
    worst = int(excess.argmax())
    if excess[worst] > _SMALL_LOSS:
        warnings.append(
            f"at t = {t[worst]:.3g} the score predicts the noise with an error of {loss[worst]:.3g} a dimension, where "
            f"the best linear denoiser has {linear[worst]:.3g} and a score of 0 has 1: check prediction, clock and "
            "scale of the model, and that the data are in its units"
        )
    if judge is not None and judge.agrees is not None and judge.agrees < _WORST_AGREEMENT:
        warnings.append(
            f"the classifier finds the class of {judge.agrees:.0%} of the data points: the class clone probability is "
            "that of its classes rather than of the true ones, and so are the predictions"
        )
    return tuple(warnings)
