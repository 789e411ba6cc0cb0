"""What the measurement of a user's own model found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from regimes.numerics.interface.number import TIME, Number
from regimes.validation.measurement.figure import measurement_panels
from regimes.validation.measurement.measured import Measured
from regimes.validation.outcome.panels import PanelResult

__all__ = ["MeasuredModel", "TransitionMeasurement", "transition_measurement"]

_ASSUMES = (
    "the data are what they are: another draw of them is in no error",
    "steps of the sampler are in no error: twice as many tell what they do",
    "predictions from the posterior are those of a model with the exact empirical score of the data",
)
_TIMES = {
    "measure.class_time": "clones share their class, as classified",
    "measure.class_time_corrected": "clones share their class, corrected for the classifier",
    "measure.point_time": "clones share their training point",
    "measure.last_change": "mean last change of the nearest training point",
}


@dataclass(frozen=True)
class MeasuredModel:
    """A model and the data that it was trained on.

    Attributes
    ----------
    model : str
        Type of the score.
    dataset : dict
        ``name``, ``n``, ``d``, ``classes``, ``preprocessing``: every time depends on the scale stated here.
    """

    model: str
    dataset: dict[str, Any]


@dataclass(frozen=True, eq=False, repr=False)
class TransitionMeasurement(PanelResult):
    """Transition times of a model, measured and predicted.

    ``numbers``: measured times under ``measure`` (``class_time``, ``class_time_corrected``, ``point_time``,
    ``last_change``), with errors over the pairs of clones; predicted ones under the keys of :func:`regimes.predict`,
    and ``speciation.class_time_gaussian`` (Gaussian classes with the means of the data and their pooled covariance) and
    ``collapse.last_change`` (exact empirical score), with errors over probes; ``measure.ratio`` of each measured time
    over the predictions meant for it; levels, and what paths from pure noise reached. ``curves``: over ``t``, the times
    at which clones were born, phi of class and point, measured, predicted and corrected, and the denoising loss;
    ``panels`` and ``tables`` (classifier, last changes, classes of generated points, and the prediction itself).
    """

    kind: ClassVar[str] = "measurement"
    problem_type: ClassVar[type[MeasuredModel]] = MeasuredModel


def transition_measurement(found: Measured) -> TransitionMeasurement:
    """Rows and curves of a measurement."""
    curves: dict[str, Any] = {"t": found.t, "denoising_loss": found.denoising_loss}
    for name, phi in (("phi_class", found.phi_class), ("phi_point", found.phi_index)):
        if phi is not None:
            curves |= {f"{name}.{each}": value for each, value in vars(phi).items()}
    prediction = found.predictions.prediction.to_dict()
    return TransitionMeasurement(
        problem=MeasuredModel(found.model, found.dataset),
        numbers=_rows(found),
        curves=curves | {"panels": measurement_panels(found), "tables": _tables(found) | {"prediction": prediction}},
        settings=found.settings,
        sentences=tuple(
            f"{_TIMES[each.measured]}: {each.ratio:.2f} of {each.predicted}"
            + ("" if each.se is None else f" ({each.se:.2f})")
            for each in found.ratios
        ),
        assumes=_ASSUMES,
        warnings=found.warnings,
    )


def _rows(found: Measured) -> dict[str, Number]:
    rows = {
        key: Number(_TIMES[key], each.time, each.se, covers="pairs of clones", reason=found.reasons.get(key), unit=TIME)
        for key, each in found.measured.items()
    }
    missing = {key: reason for key, reason in found.reasons.items() if key in _TIMES and key not in rows}
    rows |= {key: Number(_TIMES[key], None, reason=reason, unit=TIME) for key, reason in missing.items()}
    rows |= {
        key: Number(
            each.criterion, each.time, each.se, covers="probes", formulas=each.formulas, reason=each.reason, unit=TIME
        )
        for key, each in found.predicted.items()
    }
    for each in found.ratios:
        key = f"measure.ratio.{each.measured.partition('.')[2]}.{each.predicted.partition('.')[2]}"
        label = f"{_TIMES[each.measured]}, over {each.predicted}"
        rows[key] = Number(label, each.ratio, each.se, covers="pairs of clones and probes")
    rows["measure.class_level"] = Number("level of the normalised class clone probability", found.level)
    rows["measure.point_level"] = Number("level of the clone probability of the point", found.index_level)
    if found.generated:
        reached, expected = found.generated["points_reached"], found.generated["points_expected"]
        rows["measure.points_reached"] = Number("training points nearest to the end of a path from noise", reached)
        rows["measure.points_expected"] = Number("as many as draws with equal probability would reach", expected)
    if found.classifier is not None:
        agrees, accuracy = found.classifier["agrees_with_labels"], found.classifier["accuracy"]
        rows["measure.classifier_agreement"] = Number("data points on whose class the classifier agrees", agrees)
        unknown = None if accuracy is not None else "the classifier does not say"
        rows["measure.classifier_accuracy"] = Number("accuracy on points held out", accuracy, reason=unknown)
    return rows


def _tables(found: Measured) -> dict[str, Any]:
    last, exact = found.last_change, found.last_change_exact
    return {
        "reasons": found.reasons,
        "classifier": found.classifier,
        "last_change": None if last is None else last.summary(),
        "last_change_exact": None if exact is None else exact.summary(),
        "class_share": np.asarray(found.generated.get("class_share", [])).tolist(),
        "class_share_of_data": np.asarray(found.generated.get("class_share_of_data", [])).tolist(),
    }
