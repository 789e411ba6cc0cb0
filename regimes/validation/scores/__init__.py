"""Scores: functions of noised points and a time that give the gradient of the logarithm of the noised law."""

from regimes.validation.scores.empirical import EmpiricalScore
from regimes.validation.scores.hierarchy import HierarchyBeliefScore
from regimes.validation.scores.mixture import MixtureScore
from regimes.validation.scores.network import NetworkScore
from regimes.validation.scores.projected_mixture import ProjectedMixtureScore

__all__ = [
    "EmpiricalScore",
    "HierarchyBeliefScore",
    "MixtureScore",
    "NetworkScore",
    "ProjectedMixtureScore",
]
