"""The judge of class trees on planted classes, whose tree and times are known and whose clones are exact."""

from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from scipy.optimize import isotonic_regression  # noqa: E402
from scipy.stats import kendalltau, spearmanr  # noqa: E402

from regimes import load_dataset  # noqa: E402
from regimes.speciation import gaussian_class_times  # noqa: E402
from regimes.validation.experiments.class_tree import orders, transitions  # noqa: E402
from regimes.validation.experiments.class_tree.analysis import source_found  # noqa: E402
from regimes.validation.experiments.class_tree.experiment import PLAN  # noqa: E402
from regimes.validation.experiments.class_tree.form import cut  # noqa: E402
from regimes.validation.experiments.class_tree.predictions import predicted_times  # noqa: E402
from regimes.validation.experiments.class_tree.runs import SeedFound, drawn_classes, ideal_times  # noqa: E402
from regimes.validation.experiments.class_tree.sentences import sentences  # noqa: E402
from regimes.validation.measurement.falling import crossing_times  # noqa: E402
from regimes.validation.sampling import NoiseStream  # noqa: E402
from regimes.validation.training.confusion import corrected_clone_probability  # noqa: E402

SIGMA, D, EACH = 0.5, 20, 120
REACH = (1.1, 1.3, 2.2, 3.2, 4.6, 6.5)  # of the class means, each along an axis of its own: a chain of classes
MEANS = np.diag(REACH) @ np.eye(len(REACH), D)
K = len(REACH)
T = tuple(np.geomspace(0.08, 2.2, 12).tolist())
FORM = replace(PLAN.quick, clones=8, redraws=24, permutations=79)
STARTS = np.repeat(np.arange(K), EACH)
ERRS = np.full((K, K), 0.02) + 0.88 * np.eye(K)


def posterior(x, t):
    gamma = -np.expm1(-2 * t) + SIGMA**2 * np.exp(-2 * t)
    logs = -((x[:, None] - np.exp(-t) * MEANS) ** 2).sum(axis=2) / (2 * gamma)
    weights = np.exp(logs - logs.max(axis=1, keepdims=True))
    return weights / weights.sum(axis=1, keepdims=True)


def points(seed, each=EACH):
    drawn = np.random.default_rng(seed)
    labels = np.repeat(np.arange(K), each)
    return MEANS[labels] + SIGMA * drawn.normal(size=(len(labels), D)), labels


@pytest.fixture(scope="module")
def planted():
    drawn, (x, labels) = np.random.default_rng(1), points(2)
    noise = drawn.normal(size=(len(T), *x.shape))
    each = np.stack(
        [posterior(np.exp(-t) * x + np.sqrt(-np.expm1(-2 * t)) * z, t) for t, z in zip(T, noise, strict=True)]
    )
    classes = drawn_classes(each, FORM.clones, NoiseStream(3))
    confused = (drawn.uniform(size=(*classes.shape, 1)) > np.cumsum(ERRS, axis=1)[classes]).sum(axis=3)
    known = transitions.Ends(np.array(T), labels, classes, None)
    counts = np.stack([drawn.multinomial(600, row) for row in ERRS])
    wrong = transitions.Ends(np.array(T), labels, confused, counts)
    train, of = points(4)
    predicted = predicted_times(load_dataset(train, of, scale="none"), T, FORM.clones, 0)
    ideal = ideal_times(np.array(T), each, labels, labels, predicted.groups)
    return SeedFound("planted", predicted, wrong, known, ideal, None, 0.9, None, 0)


@pytest.fixture(scope="module")
def judged(planted):
    return source_found(FORM, [planted], 0, 5)


def test_the_planted_tree_is_predicted_and_measured(planted, judged):
    merges = planted.predicted.groups[planted.predicted.pairs :]
    assert [sorted(map(len, each)) for each in merges] == [[1, k] for k in range(1, K)]
    assert planted.predicted.children == tuple((k, k + 1) for k in range(K - 2))
    for model in ("trained", "exact"):
        for of in judged.orders[model].values():
            assert of.couples.value >= 0.75
            assert of.chance_couples < of.couples.value
            assert of.pairs["bound"]["spearman"].value > 0.9
            assert of.p_pairs < 0.05
            assert of.p_merges < 0.05
            assert abs(of.gain_pairs.value) < 0.1


def test_times_of_pairs_are_those_of_gaussian_classes(planted, judged):
    """Of two clones alone a start counts by the square of its chance to end in either class: eight are near to one."""
    exact = gaussian_class_times(MEANS, np.full(K, SIGMA**2))
    first, second = np.array([(one[0], other[0]) for one, other in planted.predicted.groups[: K * (K - 1) // 2]]).T
    ideal = planted.ideal[: len(first)]
    assert np.log(ideal / exact[first, second]).mean() == pytest.approx(0, abs=0.04)
    for model in ("trained", "exact"):
        of = judged.orders[model]["clones"]
        assert np.log(of.times[0, : len(first)] / exact[first, second]).mean() == pytest.approx(0.03, abs=0.08)
        assert of.pairs["bound"]["slope"].value == pytest.approx(1, abs=0.15)
        # What is predicted of the very quantity has no such shift.
        for same in (judged.orders[model][name].pairs["same"]["log_ratio"] for name in transitions.ESTIMANDS):
            assert abs(same.value) < max(4 * same.se, 0.06)


def test_classes_of_other_names_have_no_order(planted):
    names = np.roll(np.arange(K), 3)
    renamed = replace(
        planted,
        **{
            model: replace(
                getattr(planted, model), starts=names[STARTS], classes=names[getattr(planted, model).classes]
            )
            for model in ("exact",)
        },
    )
    found = source_found(FORM, [replace(renamed, trained=renamed.exact)], 0, 5)
    of = found.orders["exact"]["clones"]
    assert of.p_pairs > 0.05
    assert of.p_merges > 0.05
    assert "do not order" in sentences([found], [])[0]


def test_errors_of_the_classifier_are_taken_out(planted):
    """For pairs of clones as corrected_clone_probability does it."""
    drawn = np.random.default_rng(8)
    classes = drawn.integers(2, size=(1, 500, 2))
    confusion = np.array([[180, 20], [30, 170]])
    ends = transitions.Ends(np.array([1.0]), drawn.integers(2, size=500), classes, confusion)
    of = transitions.redraws(ends, 2, 0, drawn)
    table = np.zeros((2, 2))
    np.add.at(table, (classes[0, :, 0], classes[0, :, 1]), 1)
    expected = corrected_clone_probability(table.astype(int), confusion)
    shares = ((expected.joint + expected.joint.T) / 2).sum(axis=1)
    phi = (expected.corrected - np.sum(shares**2)) / (1 - np.sum(shares**2))
    assert transitions.transition_curves(ends, ((0,), (1,)), of)["clones"][0, 0] == pytest.approx(phi)
    raw = replace(planted.trained, confusion=None)
    shift = {}
    for name, each in (("raw", raw), ("corrected", planted.trained)):
        times, truth = (orders.measured_times(of, planted.predicted, FORM, (0,)) for of in (each, planted.exact))
        shift[name] = {key: np.log(times[key][0] / truth[key][0]).mean() for key in transitions.ESTIMANDS}
    for key in transitions.ESTIMANDS:
        assert abs(shift["corrected"][key]) < 0.06
        assert shift["raw"][key] < shift["corrected"][key] - 0.03
    useless = replace(planted.trained, confusion=np.full((K, K), 50))
    with pytest.raises(ValueError, match="must tell any two groups of classes apart"):
        orders.measured_times(useless, planted.predicted, FORM, (0,))


def test_crossings_and_rank_correlations_are_those_of_scipy():
    drawn, t = np.random.default_rng(0), np.geomspace(0.1, 2, 9)
    curves = 1 / (1 + t**3) + drawn.normal(scale=0.1, size=(40, 9))
    for curve, found in zip(curves, crossing_times(t, curves, 0.5), strict=True):
        falling = isotonic_regression(curve, increasing=False).x
        k = np.flatnonzero(falling >= 0.5)[-1]
        at = np.interp(0.5, [falling[k + 1], falling[k]], [np.log(t[k + 1]), np.log(t[k])])
        assert found == pytest.approx(np.exp(at))
    assert crossing_times(t, np.stack([np.ones(9), np.zeros(9)]), 0.5).tolist() == [t[-1], t[0]]
    measured, predicted = drawn.normal(size=(3, 12)), drawn.normal(size=12)
    for row, rank, tau in zip(
        measured, orders.spearman(measured, predicted), orders.kendall(measured, predicted), strict=True
    ):
        assert rank == pytest.approx(spearmanr(row, predicted).statistic)
        assert tau == pytest.approx(kendalltau(row, predicted).statistic)
    assert orders.slope(2 * predicted[None] + 1, predicted) == pytest.approx([2])
    assert orders.combined([1.0, 2.0, 3.0], [0.1, 0.1, 0.1]).se == pytest.approx(1 / np.sqrt(3))
    assert orders.right_couples(np.array([[1.0, 2.0, 1.5]]), [(0, 1), (1, 2)]).tolist() == [0.5]


def test_starts_are_classified_by_what_has_not_seen_them():
    parts = cut(PLAN.quick.sources[0].image, NoiseStream(0))
    rows = {part.tobytes() for part in parts.train.X}
    assert not rows & {part.tobytes() for part in parts.fresh}
    for which in (0, 1):
        others = {part.tobytes() for part in parts.classified_by(which).X}
        assert not others & {part.tobytes() for part in parts.fresh[parts.half == which]}
    assert np.bincount(parts.labels[parts.starts(200)]).tolist() == [20] * 10
