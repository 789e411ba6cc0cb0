"""The classifier: accuracy by cross-validation against what theory allows, and against another library."""

import json
import math

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from regimes import load_dataset  # noqa: E402
from regimes.validation.training import train_classifier  # noqa: E402


def two_gaussians(n, d, distance, seed):
    generator = np.random.default_rng(seed)
    labels = np.arange(n) % 2
    return generator.normal(size=(n, d)) + distance / 2 / np.sqrt(d) * (2 * labels[:, None] - 1), labels


def test_accuracy_of_two_gaussians_is_near_the_best():
    """The best accuracy is Phi(distance/2); held-out accuracy may not exceed it by chance alone, nor fall far below."""
    X, labels = two_gaussians(1000, 4, 3.0, 0)
    best = 0.5 * (1 + math.erf(1.5 / math.sqrt(2)))
    result = train_classifier(X, labels, folds=4, networks=1, steps=100, device="cpu")
    assert -0.02 - 4 * result.accuracy_se < result.accuracy - best < 4 * result.accuracy_se
    assert result.confusion.sum(axis=1).tolist() == [500, 500]
    assert np.trace(result.confusion) == round(result.accuracy * 1000)
    fresh, their_labels = two_gaussians(20_000, 4, 3.0, 1)
    right = np.mean(result.predict(fresh) == their_labels)
    assert abs(right - result.accuracy) < 4 * np.hypot(result.accuracy_se, 0.002)
    shares = result.probabilities(torch.tensor(fresh[:7], dtype=torch.float32))
    np.testing.assert_allclose(shares.sum(axis=1), 1)


def test_labels_without_meaning_are_not_learned():
    """Networks that had seen the points would know them: held-out accuracy is that of a coin."""
    generator = np.random.default_rng(0)
    X, labels = generator.normal(size=(300, 20)), generator.integers(0, 2, 300)
    result = train_classifier(X, labels, folds=4, networks=1, noise=0.0, device="cpu")
    assert abs(result.accuracy - 0.5) < 4 * np.sqrt(0.25 / 300)
    assert np.mean(result.predict(X) == labels) > 0.9


@pytest.mark.long
@pytest.mark.parametrize(("pair", "least"), [("01", 0.99), ("38", 0.98), ("18", 0.97), ("49", 0.98), ("59", 0.97)])
def test_digits_are_told_apart_as_well_as_by_a_support_vector_machine(pair, least):
    from sklearn.model_selection import cross_val_predict
    from sklearn.svm import SVC

    data = load_dataset("digits", classes=list(pair))
    result = train_classifier(data.X, data.labels, device="cpu")
    machine = np.mean(cross_val_predict(SVC(gamma="scale", C=10), data.X, data.labels, cv=10) == data.labels)
    assert result.accuracy >= least
    assert result.accuracy > machine - 0.02


def test_same_seed_same_bytes_and_plain_record():
    X, labels = two_gaussians(60, 3, 2.0, 0)
    first, same, other = (
        train_classifier(X, labels, folds=3, networks=1, steps=20, rng=rng, device="cpu") for rng in (0, 0, 1)
    )
    assert first.probabilities(X).tobytes() == same.probabilities(X).tobytes()
    assert first.probabilities(X).tobytes() != other.probabilities(X).tobytes()
    record = json.loads(json.dumps(first.to_dict()))
    assert record["confusion"] == first.confusion.tolist()
    assert record["settings"]["folds"] == 3
    assert first.held_out_classes.shape == (60,)


def test_folds_share_the_classes_and_images_are_taken():
    X, labels = two_gaussians(40, 4, 4.0, 0)
    labels = (np.arange(40) >= 35).astype(int)  # five points of the second class
    result = train_classifier(X.reshape(40, 2, 2), labels, folds=10, networks=1, steps=5, device="cpu")
    assert result.settings["folds"] == 5
    assert result.predict(X.reshape(40, 2, 2)).tolist() == result.predict(X).tolist()


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda X, y: train_classifier(X, np.zeros(40, dtype=int)), "at least 2 classes with 2 points each, got 1"),
        (lambda X, y: train_classifier(X, np.arange(40) == 0), "the smallest with 1"),
        (lambda X, y: train_classifier(X, y, folds=1), "folds .parts of the cross-validation. must be at least 2"),
        (lambda X, y: train_classifier(X, y, noise=-1), "noise must be finite and not negative, got -1"),
        (lambda X, y: train_classifier(np.ones((40, 2)), y), "the points must differ"),
        (lambda X, y: train_classifier(X, y, steps=0), "steps .steps of the training. must be at least 1"),
        (lambda X, y: train_classifier(X, y, steps=1, device="cpu").predict(X[:, :3]), "rows of 4 numbers, got"),
        (lambda X, y: train_classifier(X, y, steps=1, device="cpu").predict(X * np.nan), "x must be finite"),
    ],
)
def test_errors_say_what_to_do(call, text):
    X, labels = two_gaussians(40, 4, 4.0, 0)
    with pytest.raises(ValueError, match=text):
        call(X, labels)
