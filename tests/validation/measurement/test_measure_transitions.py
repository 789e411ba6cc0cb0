"""Measurements of models whose clones are known: the exact empirical score, and the exact score of a mixture."""

import json
import os
import signal
import subprocess
import sys
import textwrap
import time

import numpy as np
import pytest
from scipy.stats import chi2

torch = pytest.importorskip("torch")

from regimes import load_dataset  # noqa: E402
from regimes.numerics.speciation.clone_probability import clone_probability  # noqa: E402
from regimes.validation import TransitionMeasurement  # noqa: E402
from regimes.validation.measurement.classification import Classifier, class_curve  # noqa: E402
from regimes.validation.measurement.model_score import linear_loss  # noqa: E402
from regimes.validation.measurement.options import MeasurementRequest  # noqa: E402
from regimes.validation.measurement.result import transition_measurement  # noqa: E402
from regimes.validation.measurement.transitions import measure_transitions, measured  # noqa: E402
from regimes.validation.scores import EmpiricalScore, MixtureScore, NetworkScore  # noqa: E402
from regimes.validation.training import train_classifier  # noqa: E402

D, MU = 8, 1.0
RNG = np.random.default_rng(5)
LABELS = RNG.integers(2, size=80)
X = RNG.normal(size=(80, D)) + MU * (2.0 * LABELS[:, None] - 1)
MIXTURE = MixtureScore([1, 1], np.stack([-np.full(D, MU), np.full(D, MU)]), 1.0)


def by_sign(x):
    return (x.sum(dim=1) > 0).long()


def measure(score=None, data=X, labels=LABELS, **options):
    given = {"classifier": by_sign, "pairs": 400, "steps": 60, "probes": 300, "device": "cpu"} | options
    return measured(score or EmpiricalScore(X), data, labels, MeasurementRequest(**given))


@pytest.fixture(scope="module")
def memorised():
    return measure(pairs=800, steps=100, sampler="euler-maruyama", probes=None, rng=3)


def test_pairs_of_a_memoriser_agree_with_the_posterior(memorised):
    phi = memorised.phi_index
    z = (phi.measured - phi.predicted) / np.hypot(np.sqrt(phi.predicted * (1 - phi.predicted) / 800), phi.predicted_se)
    assert np.abs(z).max() < 4
    assert chi2.sf((z**2).sum(), z.size) > 1e-3


def test_times_of_a_memoriser_agree(memorised):
    found = {each.quantity: each.z for each in memorised.agreement()}
    assert abs(found["measure.point_time against collapse.point_time"]) < 4
    assert abs(found["measure.last_change against collapse.last_change"]) < 4
    ratios = {(each.measured, each.predicted): each for each in memorised.ratios}
    ratio = ratios["measure.point_time", "collapse.point_time"]
    measured, predicted = memorised.measured["measure.point_time"], memorised.predicted["collapse.point_time"]
    assert ratio.ratio == measured.time / predicted.time
    assert ratio.se == pytest.approx(ratio.ratio * np.hypot(measured.se / measured.time, predicted.se / predicted.time))
    assert memorised.generated["points_reached"] == pytest.approx(memorised.generated["points_expected"], abs=2)


def test_clones_of_the_mixture_agree_with_the_closed_form():
    t = np.array([0.6, 0.9, 1.1, 1.3, 1.6])
    kappa = D * MU**2 * np.exp(-2 * t)  # sigma = 1
    # Many data points: their noised law is that of the mixture up to the errors of the pairs.
    labels = np.arange(4000) % 2
    data = np.random.default_rng(6).normal(size=(4000, D)) + MU * (2.0 * labels[:, None] - 1)
    found = measure(
        MIXTURE,
        data,
        labels,
        t=t,
        pairs=1500,
        steps=100,
        sampler="euler-maruyama",
        parts=["classes"],
        probes=2048,
        rng=1,
    )
    # By sign of m.x_0, not by label: sqrt(d) mu/sigma = 2.8 leaves 0.2% of the points on the other side.
    theory = clone_probability(kappa)
    z = (found.phi_class.measured - theory) / np.sqrt(theory * (1 - theory) / 1500)
    assert np.abs(z).max() < 4
    assert chi2.sf((z**2).sum(), z.size) > 1e-3
    exact = np.log(D * MU**2) / 2  # where kappa is 1
    assert abs(found.measured["measure.class_time"].time - exact) < 4 * found.measured["measure.class_time"].se
    assert found.predicted["speciation.class_time_gaussian"].time == pytest.approx(exact, rel=0.05)
    assert found.phi_class.corrected is None
    assert found.reasons["measure.class_time_corrected"].startswith("the classifier does not say how often it errs")
    assert found.last_change is None
    assert found.phi_index is None


def test_a_trained_classifier_is_corrected_for():
    classifier = train_classifier(X, LABELS, folds=4, networks=1, steps=30, device="cpu")
    found = measure(classifier=classifier, parts=["classes"], t=[0.5, 1.0, 1.5], pairs=200)
    assert found.classifier["accuracy"] == classifier.accuracy
    assert not found.classifier["trained_here"]
    assert np.all(found.phi_class.corrected_se > 0)
    names = {each.quantity.split()[0] for each in found.agreement()}
    assert names == {"measure.class_time_corrected"}
    assert {"measure.class_time", "measure.class_time_corrected"} <= set(found.measured)


def test_without_labels_a_classifier_gives_them():
    found = measure(labels=None, parts=["classes"], t=[0.5, 1.0, 1.5], pairs=50)
    assert found.dataset["classes"] == ["0", "1"]
    assert found.classifier["agrees_with_labels"] == 1.0


def test_without_labels_and_classifier_the_index_is_left():
    found = measure(labels=None, classifier=None, pairs=20, steps=10)
    assert found.phi_class is None
    assert (
        found.reasons["measure.class_time"]
        == "classes need labels of two classes at least, but the data have no labels"
    )
    assert {"measure.point_time", "measure.last_change"} <= set(found.measured)
    assert found.phi_index.predicted is not None


def test_data_are_taken_in_the_units_of_the_model():
    shifted = measure(EmpiricalScore(X + 7.0), X + 7.0, parts=["collapse"], t=[0.3, 0.4, 0.5], pairs=200)
    plain = measure(parts=["collapse"], t=[0.3, 0.4, 0.5], pairs=200)
    np.testing.assert_allclose(shifted.phi_index.measured, plain.phi_index.measured, atol=0.02)  # rounding of near ties
    np.testing.assert_allclose(shifted.phi_index.predicted, plain.phi_index.predicted, atol=1e-6)
    assert shifted.predicted["speciation.sample_spectral_time"].time == pytest.approx(
        plain.predicted["speciation.sample_spectral_time"].time
    )
    assert not any("the data are in its units" in each for each in shifted.warnings)
    # A data set that was centred when it was loaded is what a model of it saw.
    data = load_dataset(X + 7.0, LABELS)
    centred = measure(EmpiricalScore(data.X), data, None, parts=["collapse"], t=[0.3, 0.4, 0.5], pairs=200)
    np.testing.assert_allclose(centred.phi_index.measured, plain.phi_index.measured, atol=0.02)


@pytest.mark.parametrize("factor", [0.0, 0.5, 2.0, -1.0])
def test_a_score_that_does_not_denoise_is_named(factor):
    exact = EmpiricalScore(X)
    found = measure(lambda x, t: factor * exact(x, t), pairs=10, steps=4, t=[0.5, 1, 2])
    assert any("where the best linear denoiser has" in each for each in found.warnings)
    assert not any("best linear" in each for each in measure(pairs=10, steps=4, t=[0.5, 1, 2]).warnings)


def test_the_linear_loss_is_that_of_a_regression():
    t, rng = np.array([0.3, 1.0]), np.random.default_rng(8)
    data = load_dataset(rng.normal(size=(50, 3)) @ np.diag([2.0, 1.0, 0.2]))
    for t_of, loss in zip(t, linear_loss(data, t, 2**30), strict=True):
        a, z = np.repeat(data.X, 4000, axis=0), rng.normal(size=(200_000, 3))
        x = np.exp(-t_of) * a + np.sqrt(1 - np.exp(-2 * t_of)) * z
        left = z - x @ np.linalg.lstsq(x, z, rcond=None)[0]
        # The spectrum divides by n - 1, the sample by n.
        assert loss == pytest.approx(np.mean(left**2), rel=0.02)


def test_classes_that_overlap_are_those_of_the_classifier():
    """Every model and prediction is exact; its classifier finds the class of three points in four."""
    rng = np.random.default_rng(5)
    labels = rng.integers(2, size=200)
    data = (labels[:, None] - 0.5) + rng.normal(size=(200, D)) * 1.8
    classifier = train_classifier(data, labels, folds=2, networks=1, steps=60, device="cpu")
    found = measure(EmpiricalScore(data), data, labels, classifier=classifier, pairs=400, steps=100, parts=["classes"])
    assert found.classifier["agrees_with_labels"] < 0.9
    assert "measure.class_time_corrected" not in found.measured
    assert "no chance that could be corrected" in found.reasons["measure.class_time_corrected"]
    z = {each.quantity: each.z for each in found.agreement()}
    assert abs(z["measure.class_time against speciation.class_time_memorised"]) < 4


def test_a_corrected_probability_above_one_is_not_given():
    pairs = [np.array([[0, 1] * 500, [0, 1] * 500])]
    errs = Classifier(2, np.array([[80, 20], [20, 80]]), False, None, by_sign)
    found = class_curve(pairs, errs, np.random.default_rng(0), 20)
    assert "corrected" not in found
    assert "errs alike on both clones" in found["reason"]


def test_times_are_added_below_until_clones_share_their_point():
    """The mixture's own score knows no training point: its clones part late, far below the prediction."""
    found = measure(MIXTURE, parts=["collapse"], pairs=300, steps=40)
    assert found.t.size > 8
    assert found.phi_index.measured[0] > 0.5
    assert found.denoising_loss.shape == found.t.shape
    index, predicted = found.measured["measure.point_time"].time, found.predicted["collapse.point_time"].time
    assert index < 0.5 * predicted
    given = measure(MIXTURE, parts=["collapse"], pairs=300, steps=40, t=found.t[-8:])
    np.testing.assert_array_equal(given.phi_index.measured, found.phi_index.measured[-8:])


def test_copies_of_points_count_once_among_those_to_be_reached():
    tripled = np.tile(X[:20], (3, 1))
    found = measure(EmpiricalScore(tripled), tripled, parts=["trajectories"], pairs=200, steps=30, t=[0.5], labels=None)
    assert found.generated["points_expected"] == pytest.approx(20, abs=0.1)
    assert found.generated["points_reached"] >= 19


def test_a_module_of_ones_own():
    """The exact denoiser of the mixture, as a module that predicts noise from alpha_bar."""

    class Denoiser(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.centre = torch.nn.Parameter(torch.full((D,), MU))

        def forward(self, x, alpha_bar):
            amplitude = alpha_bar.sqrt()[:, None]
            side = torch.tanh(amplitude * (x @ self.centre)[:, None])  # sigma = 1, so that Gamma_t = 1
            return torch.sqrt(1 - amplitude**2) * (x - amplitude * self.centre * side)

    score = NetworkScore(Denoiser(), prediction="eps", clock="alpha_bar")
    options = {"t": [0.5, 1.0, 1.5], "parts": ["classes"], "pairs": 100}
    found, exact = measure(score, **options), measure(MIXTURE, **options)
    np.testing.assert_allclose(found.phi_class.measured, exact.phi_class.measured, atol=0.021)
    assert found.settings["device"] == "cpu"


def test_times_by_default_hold_the_predicted_ones(memorised):
    for name in ("speciation.class_time_memorised", "collapse.point_time"):
        centre = memorised.predicted[name].time
        assert np.any(np.isclose(memorised.t, 0.5 * centre))
        assert np.any(np.isclose(memorised.t, 1.5 * centre))
    assert np.all(np.diff(memorised.t) > 0)
    assert memorised.denoising_loss.shape == memorised.t.shape
    assert np.all(memorised.denoising_loss < 1)


def test_few_times_give_no_crossing_and_say_so():
    found = measure(parts=["collapse"], t=[0.3, 0.5], pairs=10, steps=4)
    assert found.measured["measure.point_time"].time is None
    assert "a crossing needs three" in found.reasons["measure.point_time"]
    assert found.agreement() == ()


def test_paths_alone_go_with_a_deterministic_sampler():
    found = measure(parts=["trajectories"], sampler="flow", pairs=30, steps=20)
    assert found.last_change.time.size == 30
    assert found.phi_index is None
    assert found.measured["measure.last_change"].se > 0


def test_the_result_holds_all_of_it_and_is_drawn(memorised):
    result = transition_measurement(memorised)
    again = TransitionMeasurement.from_dict(json.loads(json.dumps(result.to_dict(), allow_nan=False)))
    assert again == result
    assert result["measure.point_time"].value == memorised.measured["measure.point_time"].time
    assert result["collapse.point_time"].error == memorised.predicted["collapse.point_time"].se
    (ratio,) = (each for each in memorised.ratios if each.predicted == "collapse.leave_one_out_zero")
    assert result["measure.ratio.point_time.leave_one_out_zero"].value == ratio.ratio
    assert result["measure.points_reached"].value == memorised.generated["points_reached"]
    assert again.curves["phi_point.measured"].tolist() == memorised.phi_index.measured.tolist()
    assert again.curves["t"].tolist() == memorised.t.tolist()
    assert result.settings["sampler"] == "euler-maruyama"
    assert result.problem.model == "EmpiricalScore"
    figure = again.plot()
    assert [axis.get_title() for axis in figure.axes] == [
        "Two clones share their class",
        "Two clones share their training point",
        "Last change of the nearest training point",
    ]
    assert "measure.point_time" in repr(result) or len(repr(result).splitlines()) == 30


def test_what_is_missing_has_a_row_with_its_reason():
    result = transition_measurement(measure(labels=None, classifier=None, pairs=20, steps=10))
    assert result["measure.class_time"].value is None
    assert "the data have no labels" in result["measure.class_time"].reason
    json.dumps(result.to_dict(), allow_nan=False)


def test_progress_ends_at_the_total():
    seen = []
    measure(pairs=12, steps=4, t=[0.4, 0.8, 1.2], progress=lambda part, done, total: seen.append((done, total)))
    assert seen[-1] == (60, 60)
    assert [done for done, _ in seen] == sorted({done for done, _ in seen})


def test_an_interruption_changes_nothing(tmp_path):
    options = {"pairs": 20, "steps": 10, "t": [0.4, 0.8, 1.2]}
    whole = json.dumps(measure(**options).to_dict())

    def stop(part, done, total):
        if done >= 60:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        measure(checkpoint=tmp_path / "run", progress=stop, **options)
    assert len(list((tmp_path / "run").glob("clones-*.npz"))) == 3
    assert json.dumps(measure(checkpoint=tmp_path / "run", **options).to_dict()) == whole


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs SIGKILL")
def test_a_killed_measurement_goes_on_to_the_same_bytes(tmp_path):
    body = textwrap.dedent(
        """
        import sys, time
        import numpy as np, torch
        torch.set_num_threads(1)
        from regimes.validation.measurement.transitions import measure_transitions
        from regimes.validation.scores import EmpiricalScore
        X = np.random.default_rng(0).normal(size=(30, 4))
        exact = EmpiricalScore(X)
        def score(x, t):
            time.sleep(0.005)
            return exact(x, t)
        measure_transitions(score, X, t=[0.2, 0.4, 0.6, 0.8], pairs=20, steps=40, probes=300, device="cpu",
                            checkpoint=sys.argv[1], progress=lambda part, done, total: print(done, flush=True))
        """
    )
    killed = subprocess.Popen(
        [sys.executable, "-c", body, str(tmp_path / "run")], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    killed.stdout.readline()
    killed.stdout.readline()
    time.sleep(0.08)
    os.kill(killed.pid, signal.SIGKILL)
    killed.communicate()
    assert 2 <= len(list((tmp_path / "run").glob("clones-*.npz"))) < 4
    data = np.random.default_rng(0).normal(size=(30, 4))
    options = {"t": [0.2, 0.4, 0.6, 0.8], "pairs": 20, "steps": 40, "probes": 300, "device": "cpu"}
    found = [
        measure_transitions(EmpiricalScore(data), data, checkpoint=folder, **options)
        for folder in (tmp_path / "run", None)
    ]
    assert json.dumps(found[0].to_dict()) == json.dumps(found[1].to_dict())


def test_a_checkpoint_goes_on_with_its_own_model_alone(tmp_path):
    options = {"pairs": 10, "steps": 4, "t": [0.5, 1.0, 1.5], "checkpoint": tmp_path / "run"}
    measure(**options)
    with pytest.raises(ValueError, match=r"belongs to another model \(its denoising loss was .* choose another folder"):
        measure(MIXTURE, **options)
    with pytest.raises(ValueError, match="belongs to a run with other settings"):
        measure(**options | {"rng": 1})


class Returning:
    """A score that returns what it was given."""

    def __init__(self, value):
        self.value = value

    def __call__(self, x, t):
        return self.value(x)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"pairs": 9}, r"pairs \(pairs of clones at each time\) must be at least 10, got 9"),
        ({"steps": 1}, r"steps .* must be at least 2, got 1"),
        ({"sampler": "ddim"}, "sampler must be stochastic, got the deterministic 'ddim'.* coincide; take 'ancestral'"),
        ({"sampler": "heun"}, "name must be one of"),
        ({"parts": ["speciation"]}, "parts must be among classes, collapse, trajectories, got speciation"),
        ({"parts": []}, "parts must be among .* got none"),
        ({"end": -1.0}, "end .* must be at least 0, got -1"),
        ({"end": 0.5, "t": [0.4, 0.6, 0.8]}, "end must lie below every t, got end = 0.5 and t = 0.4"),
        ({"t": [0.4, -1.0]}, "must be positive and finite, got -1"),
        ({"start": 0.5, "t": [0.4, 0.6, 0.8]}, "start .* must exceed every t, 0.8 at most, got 0.5"),
        ({"labels": None, "classifier": None, "parts": ["classes"]}, "classes need labels of two classes at least"),
        ({"data": X * np.nan}, "every value must be there, got 640 of 640 missing"),
        ({"data": X[:, 0]}, r"points must have shape \(n, ...\)"),
        ({"score": "model.pt"}, r"score must be a function score\(x, t\).*got str; NetworkScore makes one"),
        ({"score": Returning(lambda x: x[:, :3])}, r"must have the shape of the states, \(256, 8\), got \(256, 3\)"),
        ({"score": Returning(lambda x: x * float("nan"))}, "the score must be finite, got nan or inf in 256 of 256"),
        ({"classifier": "model.pt"}, "classifier must be a TrainedClassifier or a function .* got str"),
        ({"classifier": lambda x: x[:, :2]}, r"one class number for each point, integers of shape \(80,\), got"),
        ({"classifier": lambda x: by_sign(x) + 1}, "class numbers 0 to 1, as the labels of the data are numbered"),
        ({"classifier": lambda x: 2 * by_sign(x), "labels": None}, "finds none of class 1 among them; give labels"),
        ({"classifier": lambda x: ["left"] * len(x)}, "must give class numbers, got names such as 'left'"),
        ({"t": [100.0, 400.0]}, "something is left of the data, got 400, .* were these steps of a schedule"),
        ({"level": 2.0}, "level must lie between 0 and 1, got 2"),
        ({"score": torch.nn.Linear(D, D)}, r"the module Linear is none .* NetworkScore\(model, prediction="),
        ({"memory": 1000}, "memory"),
        ({"rng": -1}, "seed"),
        ({"dtype": "float16"}, "dtype must be 'float32' or 'float64'"),
        ({"device": "tpu9"}, "device"),
    ],
)
def test_wrong_input_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        measure(**options)


def test_a_trained_denoiser_is_told_to_give_its_score():
    class Trained:
        def score(self):
            return MIXTURE

    with pytest.raises(ValueError, match=r"got Trained; give what its score\(\) returns"):
        measure(Trained())
