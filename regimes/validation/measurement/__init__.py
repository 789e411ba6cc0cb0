"""When a model commits to a class and to a training point: measured by simulation, beside what its data predict."""

from regimes.validation.measurement.result import MeasuredModel, TransitionMeasurement
from regimes.validation.measurement.transitions import measure_transitions

__all__ = ["MeasuredModel", "TransitionMeasurement", "measure_transitions"]
