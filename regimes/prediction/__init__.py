"""From a data set to its transition times: datasets and numerics brought together."""

from regimes.prediction.transitions import PARTS, predict
from regimes.prediction.result import CollapsePrediction, Curves, Prediction, SpeciationPrediction

__all__ = [
    "PARTS",
    "CollapsePrediction",
    "Curves",
    "Prediction",
    "SpeciationPrediction",
    "predict",
]
