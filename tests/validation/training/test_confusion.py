"""The correction of the clone probability, on simulated labels."""

import numpy as np
import pytest

from regimes.numerics.interface.result import plain

pytest.importorskip("torch")

from regimes.validation.training import corrected_clone_probability

TWO = [[0.40, 0.11], [0.11, 0.38]]
THREE = [[0.30, 0.04, 0.02], [0.05, 0.25, 0.03], [0.02, 0.04, 0.25]]
GOOD = [[0.98, 0.02], [0.015, 0.985]]
POOR = [[0.85, 0.15], [0.10, 0.90]]
POOR_THREE = [[0.90, 0.06, 0.04], [0.05, 0.85, 0.10], [0.0, 0.1, 0.9]]


def simulated(joint, errors, pairs, known, seed):
    """Draw true classes, then what a classifier makes of each, one by one."""
    generator = np.random.default_rng(seed)
    classes = len(joint)
    true = generator.choice(classes**2, size=pairs, p=np.ravel(joint))
    limits = np.cumsum(errors, axis=1)

    def classified(of):
        return (generator.random(of.size)[:, None] > limits[of]).sum(axis=1)

    counts = np.zeros((classes, classes), dtype=int)
    np.add.at(counts, (classified(true // classes), classified(true % classes)), 1)
    confusion = np.zeros((classes, classes), dtype=int)
    own = np.repeat(np.arange(classes), known)
    np.add.at(confusion, (own, classified(own)), 1)
    return counts, confusion


@pytest.mark.parametrize(
    ("joint", "errors", "pairs"), [(TWO, GOOD, 2000), (TWO, POOR, 2000), (TWO, POOR, 300), (THREE, POOR_THREE, 3000)]
)
def test_corrected_within_its_error(joint, errors, pairs):
    phi, repetitions = np.trace(joint), 600
    results = [corrected_clone_probability(*simulated(joint, errors, pairs, 175, seed)) for seed in range(repetitions)]
    z = np.array([(result.corrected - phi) / result.corrected_se for result in results])
    assert abs(z.mean()) * np.sqrt(repetitions) < 4.5  # to first order; a bias of 0.1 standard errors would be 2.4
    assert 0.9 < z.std() < 1.1
    assert 0.63 < np.mean(np.abs(z) < 1) < 0.74
    assert 0.92 < np.mean(np.abs(z) < 1.96) < 0.98
    raw = np.array([result.raw for result in results])
    Q = np.transpose(errors) @ np.array(joint) @ np.array(errors)
    assert abs(raw.mean() - np.trace(Q)) < 4 * np.sqrt(np.trace(Q) * (1 - np.trace(Q)) / pairs / repetitions)
    assert abs(np.trace(Q) - phi) > 0.01  # there was something to correct
    joints = np.mean([result.joint for result in results], axis=0)
    np.testing.assert_allclose(joints, joint, atol=0.01)


def test_a_classifier_without_errors_changes_nothing_but_the_error():
    counts = np.array([[410, 90], [60, 440]])
    result = corrected_clone_probability(counts, [[175, 0], [0, 180]])
    assert result.corrected == result.raw == 0.85
    assert result.raw_se == pytest.approx(np.sqrt(0.85 * 0.15 / 1000))
    assert result.corrected_se > result.raw_se  # no error in 175 points is no proof of none
    np.testing.assert_allclose(result.joint, counts / 1000)
    assert plain(result)["joint"] == result.joint.tolist()


def test_which_clone_is_first_does_not_matter():
    counts, confusion = np.array([[300, 70], [20, 250]]), [[150, 25], [10, 160]]
    first, second = (corrected_clone_probability(each, confusion) for each in (counts, counts.T))
    assert first.corrected == pytest.approx(second.corrected, rel=1e-14)
    assert first.corrected_se == pytest.approx(second.corrected_se, rel=1e-14)


@pytest.mark.parametrize(
    ("counts", "confusion", "text"),
    [
        ([[1, 2, 3], [4, 5, 6]], np.eye(2), "pair_counts must be a square matrix of counts"),
        (np.eye(3), np.eye(2) * 9, "must have one shape, got .3, 3. and .2, 2."),
        ([[0.5, 1], [1, 1]], np.eye(2) * 9, "pair_counts must hold counts, whole numbers from 0"),
        ([[5, 1], [1, 5]], [[5, -1], [0, 3]], "confusion must hold counts"),
        ([[1, 0], [0, 0]], np.eye(2) * 9, "at least 2 pairs and 2 points of each class are needed, got 1 pairs"),
        ([[5, 0], [0, 5]], [[9, 0], [0, 1]], "got 10 pairs and .9, 1. points"),
        ([[5, 0], [0, 5]], [[50, 50], [50, 50]], "must tell the classes apart, got confusion rows"),
    ],
)
def test_errors_say_what_to_do(counts, confusion, text):
    with pytest.raises(ValueError, match=text):
        corrected_clone_probability(counts, confusion)
