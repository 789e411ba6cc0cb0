"""Guidance, U-turns and training noise of data sets whose truth is known, and of those that have none."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from regimes import load_dataset, noise_schedule
from regimes.numerics.estimation.roots import bracketed_root
from regimes.numerics.interface.checkpoints import Checkpoints
from regimes.numerics.interface.progress import silent
from regimes.numerics.speciation.clone_probability import class_information, clone_probability
from regimes.prediction.dataset.found import Budget, Found
from regimes.prediction.decisions.guidance import guidance_answer
from regimes.prediction.decisions.training_noise import training_answer
from regimes.prediction.decisions.uturns import uturn_answer

GUIDANCE = ("guidance.low", "guidance.high")
UTURN = [f"uturn.{end}_{sampler}" for end in ("keep", "lose") for sampler in ("stochastic", "deterministic")]


def found(X: Any, labels: Any = None, folder: Path | None = None) -> Found:
    data, store = load_dataset(X, labels, scale="none"), Checkpoints(folder, {})
    return Found(data, noise_schedule("ddpm-linear"), Budget(128, 0.01, 0, 10, 2**30, silent, store), True, None)


def two_classes(n: int) -> tuple[np.ndarray, np.ndarray]:
    """Unit classes at +-2 in each of four directions: kappa = 16 exp(-2t)."""
    labels = np.arange(n) % 2
    return np.random.default_rng(0).normal(size=(n, 4)) + 2.0 * (2 * labels[:, None] - 1), labels


def time_of(value: Any, level: float) -> float:
    return bracketed_root(lambda t: float(value(16 * np.exp(-2 * t))) - level, 0.01, 9.0)


def test_two_gaussian_classes() -> None:
    of = found(*two_classes(300))
    guidance, uturn = guidance_answer(of), uturn_answer(of, of.schedule)
    for key, share in zip(GUIDANCE, (0.95, 0.05), strict=True):
        number, exact = guidance.numbers[key], time_of(class_information, share * np.log(2))
        assert number.interval is not None
        assert number.interval[0] < exact
        assert number.interval[1] is None
        assert abs(np.log(number.value / exact)) < 0.25
        assert number.step is not None
        memorised = guidance.numbers[f"{key}_memorised"]
        assert memorised.value > 0.85 * exact
        assert memorised.covers == "probes"
    assert "class_log_ratio" in guidance.numbers["guidance.low"].formulas
    for end, level in (("keep", 0.95), ("lose", 0.525)):
        number, exact = uturn.numbers[f"uturn.{end}_stochastic"], time_of(clone_probability, level)
        assert number.interval[0] < exact
        assert abs(np.log(number.value / exact)) < 0.15
        assert uturn.numbers[f"uturn.{end}_deterministic"].value > number.value
    strength = uturn.numbers["uturn.lose_stochastic_strength"]
    assert strength.value == (uturn.numbers["uturn.lose_stochastic"].step.index + 1) / 1000
    assert len(guidance.curves["guidance.classes"]) == 2
    assert len(guidance.curves["guidance.pairs"]) == 1
    for answer in (guidance, uturn):
        assert all((number.value is None) == bool(number.reason) or number.value for number in answer.numbers.values())
        assert all(np.isfinite(curve).all() for curve in answer.curves.values() if isinstance(curve, np.ndarray))


@pytest.mark.parametrize("labels", [None, "one", "noise", "few"])
def test_what_has_no_class_to_keep_has_a_reason(labels: str | None) -> None:
    X, _ = two_classes(3 if labels == "few" else 60)
    given = {
        None: None,
        "one": np.zeros(len(X), int),
        "noise": np.random.default_rng(5).permutation(np.arange(len(X)) % 2),
        "few": np.arange(len(X)) % 2,
    }[labels]
    of = found(X, given)
    guidance, uturn = guidance_answer(of), uturn_answer(of, of.schedule)
    for key in (*GUIDANCE, "uturn.keep_stochastic", "uturn.keep_deterministic"):
        number = (guidance if key in GUIDANCE else uturn).numbers[key]
        assert number.value is None
        assert number.reason
    assert guidance.sentences
    assert uturn.sentences
    if labels is None:
        assert "no labels" in guidance.sentences[0]
        assert guidance.numbers["guidance.low_memorised"].value is None
    if labels == "noise":
        assert "cannot be told" in str(guidance.numbers["guidance.low"].reason)


def test_a_class_that_is_decided_outside_the_schedule_is_said() -> None:
    X, labels = two_classes(60)
    of = found(1e4 * X, labels)
    assert any("above the largest noise" in text for text in guidance_answer(of).warnings)
    assert any("below the smallest" in text for text in guidance_answer(found(1e-4 * X, labels)).warnings)
    number = uturn_answer(of, of.schedule).numbers["uturn.keep_stochastic_strength"]
    assert number.value is None
    assert "no strength reaches it" in str(number.reason)


def test_what_is_kept_in_a_folder_gives_the_same(tmp_path: Path) -> None:
    X, labels = two_classes(40)
    first, again = (guidance_answer(found(X, labels, tmp_path / "kept")) for _ in range(2))
    assert first.numbers == again.numbers
    assert "class_log_ratio" in again.numbers["guidance.low"].formulas


def test_one_heavy_class_has_no_survival_to_speak_of() -> None:
    labels = (np.arange(150) % 50 == 0).astype(int)
    X = np.random.default_rng(3).normal(size=(150, 3)) + 6 * labels[:, None]
    of = found(X, labels)
    number = uturn_answer(of, of.schedule).numbers["uturn.keep_stochastic"]
    assert number.value is None
    assert "weighs so much" in str(number.reason)


def test_scales_of_images_and_training_noise_of_the_digits() -> None:
    digits = load_dataset("digits", classes=[0, 1])
    of = Found(digits, noise_schedule("ddpm-linear"), Budget(128, 0.01, 0, 10, 2**30, silent), True, None)
    assert digits.shape == (8, 8)
    answer = uturn_answer(of, of.schedule)
    halves = [band["half_stochastic"] for band in answer.curves["uturn.bands"][1:]]
    assert halves == sorted(halves, reverse=True)
    assert "finest details" in answer.sentences[-1]
    training = training_answer(of, of.schedule)
    mean, std = (training.numbers[f"training.{name}"] for name in ("P_mean", "P_std"))
    assert mean.interval[0] < mean.value < mean.interval[1]
    assert 0.9 < std.value < 1.4
    assert mean.formulas == ("hidden_log_noise",)
    assert std.formulas == ("hidden_log_noise", "hidden_log_noise_spread")


def test_training_noise_of_few_points_has_a_reason() -> None:
    of = found(np.eye(4))
    numbers = training_answer(of, of.schedule).numbers
    assert all(number.value is None and "at least 8 points" in str(number.reason) for number in numbers.values())


def test_images_given_as_arrays_keep_their_shape() -> None:
    images = np.random.default_rng(0).normal(size=(20, 3, 8, 8))
    assert load_dataset(images).shape == (3, 8, 8)
    assert load_dataset(images.reshape(20, -1)).shape == ()
    assert load_dataset(load_dataset(images)).shape == (3, 8, 8)
