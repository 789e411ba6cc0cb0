"""The tree of classes of a data set."""

import json

import numpy as np
import pytest

from regimes import ClassTree, formula, predict_classes
from regimes.speciation import gaussian_class_times


@pytest.fixture(scope="module")
def wine():
    return predict_classes("wine")


def test_rows_are_what_the_tables_say(wine):
    merges, pairs = wine.curves["merges"], wine.curves["pairs"]
    for place, merge in enumerate(merges, 1):
        row = wine[f"classes.merge.{place}"]
        assert (row.value, row.error, row.interval) == (merge["time"], merge["error"], tuple(merge["interval"]))
        assert row.interval[0] < row.value
        assert row.interval[1] is None
    by_time = sorted(pairs, key=lambda pair: pair["bound"]["time"])
    for which, pair in (("last", by_time[0]), ("first", by_time[-1])):
        for name in ("bound", "overlap", "log_odds", "means"):
            row = wine[f"classes.{which}.{name}"]
            assert (row.value, row.error) == (pair[name]["time"], pair[name]["error"])
            assert " | ".join(pair["classes"]) in row.label
    # The first merge is a pair, scored in the same way.
    assert merges[0]["time"] == by_time[0]["bound"]["time"]
    assert wine.curves["merge_clone"].shape == (2, wine.curves["t"].size)


def test_curves_as_a_frame(wine):
    pytest.importorskip("pandas")
    assert list(wine.to_frame().columns) == [f"merge_clone{end}[{i}]" for end in ("", "_se") for i in (0, 1)]


def test_formulas_are_recorded(wine):
    made = {key: set(row.formulas) for key, row in wine.numbers.items()}
    assert {"class_quadratic_score", "normalised_clone_probability"} <= made["classes.merge.1"]
    assert made["classes.merge.1"] == made["classes.first.bound"]
    assert "class_distance" in made["classes.last.overlap"]
    assert {"log_odds_mean", "log_odds_variance", "log_odds_balance"} <= made["classes.last.log_odds"]
    assert "log_odds_balance" not in made["classes.last.means"]
    assert all(formula(name) for names in made.values() for name in names)


def test_it_comes_back_from_json(wine):
    again = ClassTree.from_dict(json.loads(json.dumps(wine.to_dict())))
    assert again == wine
    assert again.curves["pairs"] == wine.curves["pairs"]
    assert repr(again) == repr(wine)


def test_sentences_and_steps(wine):
    text = " ".join(wine.sentences)
    assert text.startswith("As noise falls, class_2 and {class_0, class_1} part first, by t = ")
    assert "class_0 and class_1 part last" in text
    assert f"(step {wine['classes.merge.2'].step.index} of ddpm-linear)" in text


def test_a_known_hierarchy():
    rng = np.random.default_rng(1)
    means = np.zeros((4, 24))
    means[:2, 0], means[2:, 0] = 4, -4
    means[[0, 2], 1], means[[1, 3], 1] = (2, -1.5), (-2, 1.5)
    labels = np.repeat(list("abcd"), 150)
    X = means[np.repeat(np.arange(4), 150)] + rng.normal(size=(600, 24))
    found = predict_classes(X, labels)
    truth = gaussian_class_times(means, np.ones(4))
    merges = found.curves["merges"]
    assert [sorted(map(sorted, merge["classes"])) for merge in merges] == [
        [["c"], ["d"]],
        [["a"], ["b"]],
        [["a", "b"], ["c", "d"]],
    ]
    for merge, (i, j) in zip(merges, ((2, 3), (0, 1), (0, 2)), strict=True):
        assert merge["time"] == pytest.approx(truth[i, j], abs=4 * merge["error"])
        assert merge["error"] < 0.1
    for pair in found.curves["pairs"]:
        i, j = ("abcd".index(name) for name in pair["classes"])
        for name in ("overlap", "log_odds", "means"):
            assert pair[name]["time"] == pytest.approx(truth[i, j], abs=4 * pair[name]["error"])
    scaled = predict_classes(X, labels, t=[0.5, 1.0])
    assert scaled.curves["t"].tolist() == [0.5, 1.0]
    assert scaled.curves["merges"][2]["time"] == pytest.approx(merges[2]["time"], abs=0.01)


def test_copies_are_held_out_together():
    # Ten points, six times each: what held-out points can tell is what ten points can.
    rng = np.random.default_rng(2)
    X, labels = rng.normal(size=(10, 3)), np.repeat([0, 1], 5)
    copied = predict_classes(np.repeat(X, 6, axis=0), np.repeat(labels, 6))
    assert copied["classes.merge.1"].value is None


def test_times_too_many_for_the_memory_are_refused():
    rng = np.random.default_rng(2)
    with pytest.raises(
        ValueError, match=r"posteriors of 2 classes at 5\d\d\d times would take .*; ask for fewer times"
    ):
        predict_classes(rng.normal(size=(60, 3)), np.arange(60) % 2, t=np.linspace(0.1, 2, 5000), memory=2**22)


def test_classes_that_nothing_tells_apart():
    rng = np.random.default_rng(3)
    labels = np.repeat(["a", "b", "c"], 40)
    X = rng.normal(size=(120, 5)) + 3.0 * (labels == "c")[:, None]
    result = predict_classes(X, labels)
    assert result["classes.merge.1"].label == "classes part: a | b"
    assert result["classes.merge.1"].value is None
    assert "held-out points" in result["classes.merge.1"].reason
    assert result.curves["merges"][0]["height"] == 0
    assert "Held-out points do not tell apart, at any noise: a and b." in result.sentences


def test_one_point_of_a_class_is_left_out_and_said():
    rng = np.random.default_rng(4)
    labels = np.repeat([0, 1], 20)
    labels[0] = 2
    result = predict_classes(rng.normal(size=(40, 3)) + 3 * labels[:, None], labels)
    assert result.problem.classes == ["0", "1"]
    assert result.problem.n == 39
    assert "1 class of one point left out (2): nothing is left to test" in result.warnings


@pytest.mark.parametrize(
    ("source", "options", "text"),
    [
        ("diabetes", {}, "diabetes has no labels; give the class of each point as labels"),
        ("digits", {"classes": ["3"]}, "there must be two classes of two points at least, got 1 class"),
        (np.eye(60), {"labels": np.arange(60)}, "there must be two classes of two points at least, got 60 classes, 0"),
        (np.eye(600), {"labels": np.arange(600) // 2}, "at most 200 classes are compared pair by pair, got 300"),
        ("iris", {"groups": 1}, "groups .of the jackknife. must be at least 2, got 1"),
        ("iris", {"t": [0.0, 1.0]}, "positive and finite, got 0"),
        ("iris", {"memory": 100}, "memory .bytes. must be at least"),
    ],
)
def test_what_cannot_be_asked_is_refused(source, options, text):
    with pytest.raises(ValueError, match=f"^predict_classes: .*{text}"):
        predict_classes(source, **options)
