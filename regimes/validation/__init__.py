"""Whether it holds: predictions held against simulation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from regimes.validation.running.missing_torch import import_simulation

if TYPE_CHECKING:
    from regimes.prediction.losses.curve import LossCurve
    from regimes.prediction.losses.information import LossInformation, information_from_losses
    from regimes.validation.experiments.catalogue import EXPERIMENTS, Experiment
    from regimes.validation.experiments.runner.by_name import run_experiment
    from regimes.validation.measurement import MeasuredModel, TransitionMeasurement, measure_transitions
    from regimes.validation.outcome.agreement import Agreement, ChiSquare, chi_square, correlated_chi_square
    from regimes.validation.outcome.experiment import ExperimentResult
    from regimes.validation.outcome.panels import Curve, Panel
    from regimes.validation.running.checkpoints import Checkpoints
    from regimes.validation.running.missing_torch import MissingTorch
    from regimes.validation.sampling import (
        SAMPLERS,
        CoarseNoise,
        NoiseStream,
        Sampler,
        backward,
        backward_states,
        backward_times,
        choose_device,
        clone_pairs,
        halved_times,
        noised,
        sampler,
        schedule_times,
        u_turn,
    )
    from regimes.validation.scores import (
        EmpiricalScore,
        HierarchyBeliefScore,
        MixtureScore,
        NetworkScore,
        ProjectedMixtureScore,
    )
    from regimes.validation.training import (
        CorrectedCloneProbability,
        NoiseLevels,
        Preconditioned,
        ResidualMLP,
        SmallUNet,
        TrainedClassifier,
        TrainedDenoiser,
        TrainingHistory,
        corrected_clone_probability,
        linear_start,
        load_denoiser,
        loss_curve,
        train_classifier,
        train_denoiser,
    )

# Torch and everything heavy stays away until a name that needs it is asked for.
_HOMES = {
    "regimes.prediction.losses.curve": ("LossCurve",),
    "regimes.prediction.losses.information": ("LossInformation", "information_from_losses"),
    "regimes.validation.outcome.agreement": ("Agreement", "ChiSquare", "chi_square", "correlated_chi_square"),
    "regimes.validation.running.checkpoints": ("Checkpoints",),
    "regimes.validation.experiments.catalogue": ("EXPERIMENTS", "Experiment"),
    "regimes.validation.experiments.runner.by_name": ("run_experiment",),
    "regimes.validation.outcome.experiment": ("ExperimentResult",),
    "regimes.validation.outcome.panels": ("Curve", "Panel"),
    "regimes.validation.measurement": ("MeasuredModel", "TransitionMeasurement", "measure_transitions"),
    "regimes.validation.running.missing_torch": ("MissingTorch",),
    "regimes.validation.sampling": (
        "SAMPLERS",
        "CoarseNoise",
        "NoiseStream",
        "Sampler",
        "backward",
        "backward_states",
        "backward_times",
        "choose_device",
        "clone_pairs",
        "halved_times",
        "noised",
        "sampler",
        "schedule_times",
        "u_turn",
    ),
    "regimes.validation.scores": (
        "EmpiricalScore",
        "HierarchyBeliefScore",
        "MixtureScore",
        "NetworkScore",
        "ProjectedMixtureScore",
    ),
    "regimes.validation.training": (
        "CorrectedCloneProbability",
        "NoiseLevels",
        "Preconditioned",
        "ResidualMLP",
        "SmallUNet",
        "TrainedClassifier",
        "TrainedDenoiser",
        "TrainingHistory",
        "corrected_clone_probability",
        "linear_start",
        "load_denoiser",
        "loss_curve",
        "train_classifier",
        "train_denoiser",
    ),
}
_HOME = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "EXPERIMENTS",
    "SAMPLERS",
    "Agreement",
    "Checkpoints",
    "ChiSquare",
    "CoarseNoise",
    "CorrectedCloneProbability",
    "Curve",
    "EmpiricalScore",
    "Experiment",
    "ExperimentResult",
    "HierarchyBeliefScore",
    "LossCurve",
    "LossInformation",
    "MeasuredModel",
    "MissingTorch",
    "MixtureScore",
    "NetworkScore",
    "NoiseLevels",
    "NoiseStream",
    "Panel",
    "Preconditioned",
    "ProjectedMixtureScore",
    "ResidualMLP",
    "Sampler",
    "SmallUNet",
    "TrainedClassifier",
    "TrainedDenoiser",
    "TrainingHistory",
    "TransitionMeasurement",
    "backward",
    "backward_states",
    "backward_times",
    "chi_square",
    "choose_device",
    "clone_pairs",
    "corrected_clone_probability",
    "correlated_chi_square",
    "halved_times",
    "information_from_losses",
    "linear_start",
    "load_denoiser",
    "loss_curve",
    "measure_transitions",
    "noised",
    "run_experiment",
    "sampler",
    "schedule_times",
    "train_classifier",
    "train_denoiser",
    "u_turn",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'regimes.validation' has no attribute {name!r}")
    value = getattr(import_simulation(_HOME[name], f"regimes.validation.{name}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
