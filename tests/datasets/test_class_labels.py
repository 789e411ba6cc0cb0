"""Labels of any kind become 0..K-1, and classes are selected by name."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from regimes import load_dataset
from regimes.datasets.points.labels import encode_labels, label_texts, select_classes

POINTS = np.array([[0.0, 1.0], [2.0, -1.0], [1.0, 3.0], [-3.0, 0.0]])


@given(st.lists(st.integers(-50, 50) | st.sampled_from(["cat", "dog", "ö", "nan", "10a"]), min_size=1, max_size=30))
def test_names_and_numbers_give_the_labels_back(labels):
    numbers, names = encode_labels(np.array(labels, dtype=object), len(labels))
    assert [names[number] for number in numbers] == [str(label) for label in labels]
    assert len(set(names)) == len(names)
    assert set(numbers.tolist()) == set(range(len(names)))


@pytest.mark.parametrize(
    ("labels", "classes"),
    [
        (["01", "1", "1"], ("01", "1")),
        (["1_0", "10", "10"], ("10", "1_0")),
        (["1", "1.0", "+2"], ("1", "2")),  # numbers throughout
        (["1", "1.0", "a", "a"], ("1", "1.0", "a")),
        (["Na", "K", "Na"], ("K", "Na")),  # sodium
    ],
)
def test_labels_are_one_class_where_they_are_one_number(labels, classes, tmp_path):
    assert load_dataset(POINTS[: len(labels)], labels).classes == classes
    (tmp_path / "a.csv").write_text("a,label\n" + "".join(f"0.{row},{label}\n" for row, label in enumerate(labels * 4)))
    assert load_dataset(tmp_path / "a.csv", "label").classes == classes
    assert load_dataset(tmp_path / "a.csv").classes == classes  # for its name


def test_numbers_come_in_numerical_order_before_other_names():
    assert encode_labels(["10", "b", "9", "a", "nan"], 5)[1] == ("9", "10", "a", "b", "nan")


@pytest.mark.parametrize(
    ("labels", "texts"),
    [
        ([2, 1, 2, 1], ["2", "1", "2", "1"]),
        (np.array([2.0, 1.0, 2.0, -1.0]), ["2", "1", "2", "-1"]),
        (np.array([[2], [1]], dtype=np.uint8), ["2", "1"]),
        ([True, False], ["True", "False"]),
        (np.array([b"cat", b"dog"]), ["cat", "dog"]),
        (np.array([np.int64(3), "x", np.float64(4)], dtype=object), ["3", "x", "4"]),
    ],
)
def test_texts_of_labels(labels, texts):
    assert label_texts(labels) == texts


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([0, 1, 0], "one label for each point, got 3 labels for 4 points"),
        ([0, 1], r"got 2 labels for 4 points; the last axis has as many: move it to the front \(X.T, or"),
        ([0, 1, 0.5, 1], "integers or strings, got 0.5 at row 2; a number to be predicted is no class"),
        ([0, 1, np.nan, 1], "every point must have a label, got an empty one at row 2"),
        (["a", None, "b", "a"], "every point must have a label, got an empty one at row 1"),
        (["a", "NA", "b", "a"], r"a label, got 'NA', no label, at row 1 \(1 of 4 .*; if 'NA' is a class, rename it"),
        (["a", " ", "b", "a"], "every point must have a label, got an empty one at row 1"),
        (
            np.eye(4),
            r"one value for each point, got shape \(4, 4\); save one of its columns, or of one-hot rows the argmax",
        ),
        (np.array(3), r"one value for each point, got shape \(\)$"),
        ([[1, 2], [3]], "one value for each point, got .*inhomogeneous"),
        (np.array([1j, 2, 3, 4]), "integers or strings, got 1j at row 0"),
    ],
)
def test_labels_that_are_none_are_refused(labels, message):
    with pytest.raises(ValueError, match=r"^load_dataset: .*" + message):
        load_dataset(POINTS, labels)


def test_one_class_is_allowed():
    assert load_dataset(POINTS, [5, 5, 5, 5]).classes == ("5",)
    assert load_dataset(POINTS, ["a", "b", "a", "b"], classes=["b"]).labels.tolist() == [0, 0]


@pytest.mark.parametrize(
    "classes", [["0", "7"], [0, 7], (0, "7"), np.array([0, 7]), np.array([0.0, 7.0]), range(0, 8, 7)]
)
def test_classes_are_named_by_text_or_number(classes):
    data = load_dataset("digits", classes=classes)
    assert (data.n, data.classes) == (357, ("0", "7"))
    assert np.bincount(data.labels).tolist() == [178, 179]


def test_the_order_of_classes_is_kept_and_points_stay_in_place():
    forward = load_dataset(POINTS, ["a", "b", "c", "a"], classes=["a", "c"], center=False)
    backward = load_dataset(POINTS, ["a", "b", "c", "a"], classes=["c", "a"], center=False)
    np.testing.assert_array_equal(forward.X, POINTS[[0, 2, 3]])
    np.testing.assert_array_equal(backward.X, forward.X)
    assert (forward.labels.tolist(), backward.labels.tolist()) == ([0, 1, 0], [1, 0, 1])


def test_integers_count_the_classes_only_where_no_name_is_a_number():
    labels = np.array([0, 1, 2])
    assert select_classes(labels, ("setosa", "versicolor", "virginica"), [2, "0"])[2] == (
        "virginica",
        "setosa",
    )
    assert select_classes(labels, ("1", "2", "3"), [1])[2] == ("1",)
    with pytest.raises(ValueError, match=r"there is no class '0'; known are 1, 2, 3"):
        select_classes(labels, ("1", "2", "3"), [0])


@pytest.mark.parametrize(
    ("classes", "message"),
    [
        ([], "at least one class, got none; known are a, b"),
        (["a", "x"], "there is no class 'x'; known are a, b"),
        ([2], "there is no class '2'; known are a, b"),
        ([True], "there is no class 'True'; known are a, b"),
        (["a", "a"], "each class can be asked for once, got 'a' more than once"),
        (["a", 0], "got 'a' more than once"),
        ("a", r"sequence of names or numbers, got 'a'; give a list such as \['0', '7'\]"),
        (0, "sequence of names or numbers, got 0; give a list"),
    ],
)
def test_classes_that_cannot_be_selected_are_refused(classes, message):
    with pytest.raises(ValueError, match=r"^load_dataset: .*" + message):
        load_dataset(POINTS, ["a", "b", "a", "b"], classes=classes)


def test_a_long_list_of_classes_is_cut():
    labels = [f"c{i:02}" for i in range(30)]
    with pytest.raises(ValueError, match=r"known are c00, .*, c19 and 10 more$"):
        load_dataset(np.eye(30), labels, classes=["zebra"])


def test_classes_need_labels():
    with pytest.raises(ValueError, match=r"only where there are labels, got none with array; give labels"):
        load_dataset(POINTS, classes=[0])
    with pytest.raises(ValueError, match=r"got none with diabetes"):
        load_dataset("diabetes", classes=[0])


def test_points_are_checked_again_after_selection():
    with pytest.raises(ValueError, match=r"at least two points, got 1 in 2 dimensions"):
        load_dataset(POINTS, [0, 1, 1, 1], classes=[0])
    with pytest.raises(ValueError, match=r"data must not be constant, got 2 equal points"):
        load_dataset([[1.0], [1.0], [2.0]], [0, 0, 1], classes=[0])
