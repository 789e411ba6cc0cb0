"""What was found for one pair of classes: its denoisers, and their times beside the predicted ones."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from regimes.validation.experiments.digits_speciation.comparison import PairTimes
from regimes.validation.experiments.runner.trained_case import TrainedCase
from regimes.validation.measurement.measured import Measured
from regimes.validation.training import TrainedClassifier

__all__ = ["BRIEF", "PREDICTIONS", "PairFound"]

PREDICTIONS = {
    "speciation.sample_spectral_time": "1/2 log Lambda",
    "speciation.class_time_gaussian": "class means, pooled covariance",
    "speciation.class_time_memorised": "posterior over training points",
    "speciation.class_time_left_out": "posterior, own point left out",
}
"""Predicted times by their keys."""

BRIEF = PREDICTIONS | {"speciation.class_time_gaussian": "class means"}


@dataclass(frozen=True, eq=False)
class PairFound:
    """All that was found for one pair of classes."""

    case: TrainedCase  # the denoiser and its measurement
    classifier: TrainedClassifier  # of the class of generated points, trained on all points of the pair
    held_out: tuple[float, float]  # phi_class, as classified, of clones born at t_S from held-out points, and its error
    from_training: tuple[float, float]
    again: tuple[Measured, ...]  # of the same network trained anew from other weights, in other batches

    @property
    def t_S(self) -> float:
        """``1/2 log Lambda`` of the training points."""
        return float(self.case.measurement.predicted["speciation.sample_spectral_time"].time or 0.0)

    @property
    def measured(self) -> str:
        """Name of the measured time: corrected for the classifier where that could be done."""
        found = self.case.measurement.measured
        key = "measure.class_time_corrected"
        return key if key in found else "measure.class_time"

    @property
    def times(self) -> PairTimes:
        """Measured times of all trainings, and predicted ones."""
        predicted = {name: self.case.measurement.predicted.get(name) for name in PREDICTIONS}
        measured, shared = [], []
        for each in (self.case.measurement, *self.again):
            final, raw = each.measured[self.measured], each.measured["measure.class_time"]
            if final.time is None or final.se is None or raw.time is None or raw.se is None:
                continue
            # What the correction adds to the error is that of the confusion matrix, the same for all trainings.
            measured.append((final.time, raw.se / raw.time * final.time))
            shared.append(max(0.0, (final.se / final.time) ** 2 - (raw.se / raw.time) ** 2))
        return PairTimes(
            self.case.name,
            tuple(measured),
            {name: (each.time, each.se or 0.0) for name, each in predicted.items() if each is not None and each.time},
            self.case.measurement.pairs,
            float(np.sqrt(np.mean(shared))) if shared else 0.0,
        )
