"""The training clock of data: against the solvers beneath, by scale, and what is refused."""

import json

import numpy as np
import pytest

from regimes import load_dataset
from regimes.numerics.learning.features import random_features
from regimes.numerics.learning.losses import training_losses
from regimes.numerics.learning.spectrum import feature_spectrum
from regimes.numerics.learning.window import learning_window, separating_samples
from regimes.prediction.learning.covariance import covariance_of, levels_of
from regimes.prediction.learning.predict import TrainingClock, predict_training


def points(n=300, d=20, seed=0):
    rng = np.random.default_rng(seed)
    labels = np.repeat(["near", "far"], n // 2)
    X = rng.standard_normal((n, d)) * np.sqrt(np.linspace(0.3, 2, d))
    X[labels == "far", -1] += 3.0  # along the direction that varies most
    return X, labels


def test_numbers_are_those_of_the_covariance_of_the_points():
    X, labels = points()
    found = predict_training(X, labels, features=900, time=0.05, scale="none")
    values = np.linalg.eigvalsh(np.cov(X.T))
    given = random_features(values, features=900, samples=300, t=0.05)
    window = learning_window(feature_spectrum(given))
    assert found["learning.tau_gen"].value == pytest.approx(window.tau_gen, rel=1e-8)
    assert found["learning.tau_mem"].value == pytest.approx(window.tau_mem, rel=1e-8)
    assert found["learning.window"].value == pytest.approx(window.ratio, rel=1e-8)
    assert found["learning.separating_samples"].value == pytest.approx(separating_samples(given), rel=1e-3)
    losses = training_losses(given, found.curves["tau"])
    assert found.curves["test"] == pytest.approx(losses.test, rel=1e-6)
    assert found["learning.best_time"].value == found.curves["tau"][np.argmin(losses.test)]
    assert found.sentences[0].startswith("Random features under gradient flow, not a U-Net: ")


def test_large_directions_and_the_classes_in_them_come_first():
    X, labels = points()
    found = predict_training(X, labels, scale="none")
    times = [mode["tau"] for mode in found.curves["modes"]]
    assert times == sorted(times)
    assert [each["class"] for each in found.curves["classes"]] == ["far", "near"] or len(
        {each["tau"] for each in found.curves["classes"]}
    ) == 1
    assert found.curves["classes"][0]["tau"] < np.median(times)


def test_classes_lie_where_their_means_do():
    X, labels = points()
    data = load_dataset(X, labels, scale="none")
    covariance = covariance_of(data, 2**30)
    assert covariance.counts.sum() == 20
    assert covariance.classes.sum(axis=1) == pytest.approx([1, 1])
    assert covariance.eigenvalues @ covariance.counts == pytest.approx(X.var(axis=0, ddof=1).sum())
    assert covariance.classes[:, -1].min() > 0.9


def test_many_eigenvalues_are_taken_together_without_moving_the_times():
    values = np.geomspace(0.01, 10, 300)
    place, levels, counts = levels_of(values, np.ones(300))
    assert (levels.size, counts.sum(), place.size) == (128, 300, 300)
    assert levels @ counts == pytest.approx(values.sum())
    few, many = (
        learning_window(feature_spectrum(random_features(each, counts=much, features=3000, samples=900, t=0.1)))
        for each, much in ((levels, counts), (values, np.ones(300)))
    )
    assert (few.tau_gen, few.tau_mem) == pytest.approx((many.tau_gen, many.tau_mem), rel=0.01)


def test_steps_and_epochs_are_those_of_the_rate_and_the_batch():
    """Gradient descent on the loss of a finite draw comes within 1/e of a mode's end in the steps that are said."""
    spectrum = [[1.0, 40]]
    found = predict_training(spectrum=spectrum, samples=100, features=200, rate=0.5, batch=25)
    steps = found["learning.tau_gen_steps"].value
    assert steps == pytest.approx(40**2 * found["learning.tau_gen"].value / 0.5)
    assert found["learning.tau_gen_epochs"].value == pytest.approx(steps * 25 / 100)
    assert "learning_steps" in found["learning.tau_gen_steps"].formulas
    # One mode alone: A <- A - rate dL/dA, with the curvature of the loss in the docstring of the formula.
    noise, p, eigenvalue = -np.expm1(-0.2), 200, 3.0
    tau = p / 40 / (2 * noise * eigenvalue)
    left = (1 - 0.5 * 2 * noise * eigenvalue / (40 * p)) ** (40**2 * tau / 0.5)
    assert left == pytest.approx(np.exp(-1), rel=1e-3)


def test_noise_levels_have_times_of_their_own_and_the_first_has_curves():
    both = predict_training(spectrum=[[1.0, 50], [4.0, 50]], samples=300, time=[0.05, 0.4])
    alone = predict_training(spectrum=[[1.0, 50], [4.0, 50]], samples=300, time=0.4)
    assert both.curves["levels"][1]["tau_mem"] == alone["learning.tau_mem"].value
    assert both.curves["levels"][0]["tau_gen"] == both["learning.tau_gen"].value
    assert both.curves["levels"][0]["t"] == 0.05


def test_without_a_window_it_says_so():
    close = predict_training(spectrum=[[0.02, 50], [4.0, 50]], samples=120, features=160, time=0.05)
    assert "there is no window" in close.sentences[1] or close["learning.window"].value > 1
    few = predict_training(spectrum=[[1.0, 50]], samples=120, features=30)
    assert few["learning.tau_mem"].value is None
    assert "no mode is left for the points" in few["learning.tau_mem"].reason
    relu = predict_training(spectrum=[[1.0, 50]], samples=120, activation="relu")
    assert "the mean of a feature is not 0" in relu.warnings[0]


def test_it_is_stored_whole():
    X, labels = points(60, 5)
    found = predict_training(X, labels, rate=0.1, batch=8)
    again = TrainingClock.from_dict(json.loads(json.dumps(found.to_dict())))
    assert again == found
    assert again.problem == found.problem
    assert "not a U-Net" in repr(found).splitlines()[0]


def test_what_cannot_be_answered_is_refused():
    for change, words in (
        ({}, "one of the two, got neither"),
        ({"spectrum": [1.0], "source": "iris"}, "one of the two, got both"),
        ({"spectrum": [1.0]}, "samples .number of training points. must be given"),
        ({"spectrum": [1.0, -1.0], "samples": 9}, "must be finite and not negative"),
        ({"spectrum": [[1.0, 2.0, 3.0]], "samples": 9}, "rows of an eigenvalue and how many"),
        ({"spectrum": [1.0], "samples": 0.5}, "number of training points, n"),
        ({"spectrum": [1.0], "samples": 9, "features": 0}, "number of features, p"),
        ({"spectrum": [1.0], "samples": 9, "time": [0.1, -1.0]}, "Ornstein-Uhlenbeck time"),
        ({"spectrum": [1.0], "samples": 9, "time": []}, "must hold one at least"),
        ({"spectrum": [1.0], "samples": 9, "batch": 4}, "batch needs rate"),
        ({"spectrum": [1.0], "samples": 9, "rate": -1}, "learning rate"),
        ({"spectrum": [1.0], "samples": 9, "activation": "no"}, "activation must be one of"),
        ({"spectrum": [1.0], "samples": 9, "generalised": 0}, "generalised"),
        ({"source": np.ones((9, 2))}, "equal points|must vary"),
    ):
        given = dict(change)
        with pytest.raises(ValueError, match=words):
            predict_training(given.pop("source", None), **given)
