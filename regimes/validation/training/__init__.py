"""Small denoisers, their training and losses, and a classifier of what they generate."""

from regimes.prediction.losses.curve import LossCurve
from regimes.prediction.losses.information import LossInformation, information_from_losses
from regimes.validation.training.classifier import TrainedClassifier, train_classifier
from regimes.validation.training.conditions import ConditionCode
from regimes.validation.training.confusion import CorrectedCloneProbability, corrected_clone_probability
from regimes.validation.training.losses import loss_curve
from regimes.validation.training.noise_levels import NoiseLevels
from regimes.validation.training.preconditioning import Preconditioned, linear_start
from regimes.validation.training.residual_mlp import ResidualMLP
from regimes.validation.training.trained_denoiser import TrainedDenoiser, TrainingHistory, load_denoiser
from regimes.validation.training.training import train_denoiser
from regimes.validation.training.tree_denoiser import TreeDenoiser
from regimes.validation.training.unet import SmallUNet

__all__ = [
    "ConditionCode",
    "CorrectedCloneProbability",
    "LossCurve",
    "LossInformation",
    "NoiseLevels",
    "Preconditioned",
    "ResidualMLP",
    "SmallUNet",
    "TrainedClassifier",
    "TrainedDenoiser",
    "TrainingHistory",
    "TreeDenoiser",
    "corrected_clone_probability",
    "information_from_losses",
    "linear_start",
    "load_denoiser",
    "loss_curve",
    "train_classifier",
    "train_denoiser",
]
