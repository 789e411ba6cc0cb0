"""Transition times of a model, measured beside predicted ones, with all that is behind them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regimes.numerics.interface.result import plain
from regimes.validation.measurement.crossings import MeasuredTime
from regimes.validation.measurement.last_change import LastChange
from regimes.validation.measurement.predicted_times import PredictedTime, Predictions
from regimes.validation.outcome.agreement import Agreement

__all__ = ["CloneCurve", "Measured", "TimeRatio", "time_ratios"]

Array = NDArray[np.float64]

_SPECIATION = (
    "speciation.sample_spectral_time",
    "speciation.class_time_memorised",
    "speciation.class_time_left_out",
    "speciation.class_time_gaussian",
)
_COMPARED = {
    "measure.class_time": _SPECIATION,
    "measure.class_time_corrected": _SPECIATION,
    "measure.point_time": ("collapse.point_time", "collapse.leave_one_out_zero"),
    "measure.last_change": ("collapse.last_change",),
}


@dataclass(frozen=True, eq=False)
class CloneCurve:
    """A clone probability, measured and predicted at the same times."""

    measured: Array  # share of the pairs that end alike
    measured_se: Array
    predicted: Array | None  # what a model with the exact empirical score would do
    predicted_se: Array | None
    corrected: Array | None = None  # for the errors of the classifier
    corrected_se: Array | None = None


@dataclass(frozen=True)
class TimeRatio:
    """A measured time over a predicted one, by their keys."""

    measured: str
    predicted: str
    ratio: float
    se: float | None  # of both together; None where one of the two has none


def time_ratios(measured: dict[str, MeasuredTime], predicted: dict[str, PredictedTime]) -> tuple[TimeRatio, ...]:
    """Put each measured time over the predictions that are meant for it.

    Examples
    --------
    >>> measured = {"measure.point_time": MeasuredTime(0.3, 0.01)}
    >>> predicted = {"collapse.point_time": PredictedTime(0.25, 0.0, "posterior")}
    >>> [(each.predicted, round(each.ratio, 3), round(each.se, 3)) for each in time_ratios(measured, predicted)]
    [('collapse.point_time', 1.2, 0.04)]
    """
    ratios = []
    for name, against in _COMPARED.items():
        for other in against:
            found, theory = measured.get(name), predicted.get(other)
            if found is None or theory is None or found.time is None or not theory.time:
                continue
            se = None
            if found.se is not None and theory.se is not None:
                se = math.hypot(found.se, found.time / theory.time * theory.se) / theory.time
            ratios.append(TimeRatio(name, other, found.time / theory.time, se))
    return tuple(ratios)


@dataclass(frozen=True, eq=False)
class Measured:
    """Times and curves of a model, by the keys that its result has for them."""

    model: str
    dataset: dict[str, Any]
    t: Array  # at which clones were born
    pairs: int
    phi_class: CloneCurve | None  # none where it was not measured
    phi_index: CloneCurve | None
    measured: dict[str, MeasuredTime]
    predicted: dict[str, PredictedTime]
    ratios: tuple[TimeRatio, ...]
    last_change: LastChange | None  # along the model's own paths from pure noise
    last_change_exact: LastChange | None  # by the exact law under the exact empirical score
    # of the paths from pure noise: class_share beside class_share_of_data, points_reached (different training points
    # nearest to an end), points_expected (as many as draws with equal probability would reach).
    generated: dict[str, Any]
    classifier: dict[str, Any] | None
    level: float  # of the normalised class clone probability
    index_level: float
    denoising_loss: Array  # mean squared error of the predicted noise a dimension, on the data; 1 for a score of 0
    reasons: dict[str, str]  # why something is missing
    warnings: tuple[str, ...]
    settings: dict[str, Any]
    predictions: Predictions

    def agreement(self) -> tuple[Agreement, ...]:
        """Each predicted time beside the measured one; of the class, the corrected one if there is one.

        A model that generalises need not agree: what is predicted of the index belongs to the exact empirical score.
        """
        corrected = any(each.measured == "measure.class_time_corrected" and each.se is not None for each in self.ratios)
        skipped = "measure.class_time" if corrected else "measure.class_time_corrected"
        found = []
        for each in self.ratios:
            measured, predicted = self.measured[each.measured], self.predicted[each.predicted]
            if each.se is None or each.measured == skipped or measured.time is None or predicted.time is None:
                continue
            se = math.hypot(measured.se or 0.0, predicted.se or 0.0)
            if se > 0:
                name = f"{each.measured} against {each.predicted}"
                found.append(Agreement(name, predicted.time, predicted.time, measured.time, se, self.pairs))
        return tuple(found)

    def to_dict(self) -> dict[str, Any]:
        """Plain dictionary for the tables of an experiment: all but the curves behind the predictions."""
        names = [name for name in self.__dataclass_fields__ if name not in ("model", "predictions")]
        shown = {name: getattr(self, name) for name in names}
        for name in ("last_change", "last_change_exact"):
            shown[name] = None if shown[name] is None else shown[name].summary()
        agreement = [plain(each) | {"z": each.z} for each in self.agreement()]
        found: dict[str, Any] = plain(shown) | {"agreement": agreement}
        return found
