"""When a model commits to a class and to a training point: measured by simulation, beside what its data predict."""

from regimes.validation.measurement.crossings import MeasuredTime
from regimes.validation.measurement.last_change import LastChange
from regimes.validation.measurement.predicted_times import PredictedTime
from regimes.validation.measurement.result import CloneCurve, TimeRatio, TransitionMeasurement
from regimes.validation.measurement.transitions import measure_transitions

__all__ = [
    "CloneCurve",
    "LastChange",
    "MeasuredTime",
    "PredictedTime",
    "TimeRatio",
    "TransitionMeasurement",
    "measure_transitions",
]
