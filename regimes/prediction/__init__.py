"""From a data set to its transition times: datasets and numerics brought together."""

from regimes.prediction.result import CollapsePrediction, Curves, Prediction, SpeciationPrediction
from regimes.prediction.transitions import PARTS, predict

__all__ = [
    "PARTS",
    "CollapsePrediction",
    "Curves",
    "Prediction",
    "SpeciationPrediction",
    "predict",
]
