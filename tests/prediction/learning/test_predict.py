"""The training clock of data: against the solvers beneath, by scale, and what is refused."""

import json
import math

import numpy as np
import pytest

from regimes import load_dataset
from regimes.numerics.learning.features import random_features
from regimes.numerics.learning.finite_features import gaussian_features
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
    assert "there is no window" in close.sentences[0]
    assert "times as late" not in close.sentences[0]
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
        ({"spectrum": [1.0], "samples": 9, "rate": 1, "batch": 10}, "must not exceed the 9 points, got 10"),
        ({"spectrum": [1.0], "samples": 9, "rate": -1}, "learning rate"),
        ({"spectrum": [1.0], "samples": 9, "activation": "no"}, "activation must be one of"),
        ({"spectrum": [1.0], "samples": 9, "generalised": 0}, "generalised"),
        ({"source": np.ones((9, 2))}, "equal points|must vary"),
    ):
        given = dict(change)
        with pytest.raises(ValueError, match=words):
            predict_training(given.pop("source", None), **given)


def test_the_least_test_loss_is_found_where_the_spectrum_is_wide():
    """The last mode of as many features as dimensions comes 1e5 times as late as the best time."""
    found = predict_training(spectrum=[[1.0, 100]], samples=50, features=100, time=0.01)
    best = found["learning.best_time"].value
    assert best < found["learning.tau_gen"].value / 100
    given = random_features([1.0], counts=[100], features=100, samples=50, t=0.01)
    near = training_losses(given, best * np.geomspace(0.3, 3, 60))
    assert found["learning.best_loss"].value == pytest.approx(near.test.min(), rel=1e-4)
    assert best == pytest.approx(near.time[np.argmin(near.test)], rel=0.1)


def test_without_a_least_test_loss_it_says_why():
    falling = predict_training(spectrum=[[1.0, 100]], samples=math.inf, features=400)
    assert falling["learning.best_loss"].value is None
    assert TrainingClock.from_dict(json.loads(json.dumps(falling.to_dict()))).problem.samples == math.inf
    assert falling["learning.best_time"].reason.startswith("it falls to the end")


def test_where_nothing_is_learned_no_time_to_stop_is_named():
    wide = predict_training(spectrum=[[1e4, 50]], samples=120, features=700)
    assert "learn next to nothing" in wide.sentences[-1]
    assert not any("time to stop" in each for each in wide.sentences)
    assert "the mean eigenvalue is 1e+04: take eigenvalues over their mean" in wide.warnings[0]
    X, _ = points()
    assert "--scale standard" in predict_training(100 * X, scale="none").warnings[0]
    assert "time to stop" in predict_training(X, scale="none").sentences[-1]


def test_shares_and_the_noise_level_are_said():
    spoken = predict_training(
        spectrum=[[1.0, 100]], samples=400, features=3200, time=[0.1, 0.5], generalised=0.9, memorised=0.1
    )
    assert spoken["learning.tau_gen"].label == "modes of the population: 90% are learned"
    assert spoken["learning.tau_mem"].label == "modes of the points: 10% are learned"
    assert "at t = 0.1, 90% of the population's modes" in spoken.sentences[0]
    assert "10% of the points' modes at" in spoken.sentences[0]
    assert all(each.startswith("At t = 0.1: ") for each in spoken.sentences[1:])


@pytest.mark.parametrize("activation", ["tanh", "relu"])
def test_a_rate_that_diverges_is_named(activation):
    """Descent on a finite draw grows above the bound and not below; a mean adds a mode of p times its square."""
    asked = {"features": 800, "samples": 400, "activation": activation}
    warned = predict_training(spectrum=[[1.0, 200]], rate=1e9, **asked).warnings
    bound = float(next(each for each in warned if "diverges" in each).partition("above ")[2].partition(",")[0])
    given = random_features([1.0], counts=[200], t=0.1, **asked)
    covariance = gaussian_features(given, np.random.default_rng(0)).covariance + given.mean**2
    noise = -np.expm1(-0.2)
    for rate, grows in ((0.93 * bound, False), (1.07 * bound, True)):
        weights = np.random.default_rng(1).standard_normal(800)
        start = np.linalg.norm(weights)
        for _ in range(400):
            weights -= rate * 2 * noise / (200 * 800) * covariance @ weights
        assert (np.linalg.norm(weights) > start) == grows
    calm = predict_training(spectrum=[[1.0, 200]], rate=0.9 * bound, **asked)
    assert not any("diverges" in each for each in calm.warnings)


def test_few_points_make_the_best_time_late_and_the_loss_low():
    rng = np.random.default_rng(0)
    sample = predict_training(rng.standard_normal((400, 100)), scale="none", features=3200)
    law = predict_training(spectrum=[[1.0, 100]], samples=400, features=3200)
    assert "the best time is too late and the test loss too low" in sample.warnings[0]
    assert sample["learning.best_time"].value > law["learning.best_time"].value
    assert sample["learning.best_loss"].value < law["learning.best_loss"].value
    assert not predict_training(rng.standard_normal((400, 10)), scale="none").warnings


def test_the_picture_marks_eigenvalues_times_and_the_best_time():
    def places(axes):
        return {line.get_label(): line.get_xdata()[0] for line in axes.lines if not line.get_label().startswith("_")}

    parted = predict_training(spectrum=[[1.0, 100]], samples=400, features=3200)
    upper, lower = map(places, parted.plot().axes)
    lambdas = [upper[rf"$\lambda_{{{of}}}$"] for of in ("gen", "mem")]
    given = random_features([1.0], counts=[100], features=3200, samples=400, t=0.1)
    assert tuple(lambdas) == pytest.approx(learning_window(feature_spectrum(given)).eigenvalues)
    assert lower[r"$\tau_{mem}$"] / lower[r"$\tau_{gen}$"] == pytest.approx(lambdas[0] / lambdas[1])
    assert lower["test loss least"] == parted["learning.best_time"].value
    assert upper[next(label for label in upper if label.startswith("84.4% of the modes at"))] == pytest.approx(given.s2)
    joined = predict_training(spectrum=[[1.0, 100]], samples=60, features=170)
    lower = places(joined.plot().axes[1])
    assert lower[r"$\tau_{gen} = \tau_{mem}$: no gap"] == joined["learning.tau_gen"].value
