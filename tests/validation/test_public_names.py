"""The public names of simulations, pinned: a change here is a change for users."""

import inspect
import re
from pathlib import Path

import pytest

import regimes.validation

PUBLIC = [
    "EXPERIMENTS",
    "SAMPLERS",
    "Agreement",
    "Checkpoints",
    "ChiSquare",
    "CloneCurve",
    "CoarseNoise",
    "CorrectedCloneProbability",
    "Curve",
    "EmpiricalScore",
    "Experiment",
    "ExperimentResult",
    "HierarchyBeliefScore",
    "LastChange",
    "LossCurve",
    "LossInformation",
    "MeasuredTime",
    "MissingTorch",
    "MixtureScore",
    "NetworkScore",
    "NoiseLevels",
    "NoiseStream",
    "Panel",
    "Preconditioned",
    "PredictedTime",
    "ProjectedMixtureScore",
    "ResidualMLP",
    "Sampler",
    "SmallUNet",
    "TimeRatio",
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


def test_public_names():
    assert regimes.validation.__all__ == PUBLIC
    assert set(PUBLIC) <= set(dir(regimes.validation))
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        regimes.validation.nothing  # noqa: B018


def test_every_name_is_documented():
    pytest.importorskip("torch")
    for name in PUBLIC:
        value = getattr(regimes.validation, name)
        assert not inspect.ismodule(value), name
        if inspect.isfunction(value):
            assert "Returns\n" in value.__doc__, name


def test_the_page_of_simulations_lists_every_name():
    page = (Path(__file__).parents[2] / "docs" / "simulations.md").read_text(encoding="utf-8")
    listed = re.findall(
        r"^\.\. (?:auto(?:function|class|exception)|py:data):: regimes\.validation\.(\w+)$", page, re.MULTILINE
    )
    assert sorted(listed) == sorted(PUBLIC)
