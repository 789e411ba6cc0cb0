"""The data sets that come with scikit-learn."""

import numpy as np
import pytest
from sklearn import datasets

from regimes import load_dataset
from regimes.datasets.points import builtin
from regimes.datasets.points.builtin import load_builtin


@pytest.mark.parametrize(
    ("name", "n", "d", "classes"),
    [
        ("digits", 1797, 64, 10),
        ("iris", 150, 4, 3),
        ("wine", 178, 13, 3),
        ("breast_cancer", 569, 30, 2),
        ("diabetes", 442, 10, 0),
    ],
)
def test_sizes(name, n, d, classes):
    data = load_dataset(name)
    assert (data.n, data.d, len(data.classes)) == (n, d, classes)
    assert (data.labels is None) == (classes == 0)
    assert data.name == name
    assert data.source == f"scikit-learn, load_{name}"
    assert data.preprocessing.scale == ("range" if name == "digits" else "feature")


@pytest.mark.parametrize("moved", [False, True])
@pytest.mark.parametrize("name", ["digits", "iris", "wine", "breast_cancer"])
def test_a_set_is_what_scikit_learn_loads_also_where_its_files_have_moved(name, moved, monkeypatch):
    if moved:
        monkeypatch.setitem(builtin._FILES, name, "elsewhere.csv")
    expected, data = getattr(datasets, f"load_{name}")(), load_builtin(name)
    np.testing.assert_array_equal(data.values, expected["data"])
    np.testing.assert_array_equal(data.labels, expected["target"])
    assert data.class_names == tuple(str(label) for label in expected["target_names"])


def test_digits_fill_the_range():
    data = load_dataset("digits", center=False)
    assert (data.X.min(), data.X.max()) == (-1.0, 1.0)
    np.testing.assert_array_equal(data.X, load_builtin("digits").values / 8 - 1)


def test_diabetes_comes_in_its_own_units():
    ages = load_dataset("diabetes", scale="none", center=False).X[:, 0]
    assert (ages.min(), ages.max()) == (19.0, 79.0)


def test_labels_of_ones_own_replace_those_of_the_data():
    halves = np.arange(150) // 75
    data = load_dataset("iris", halves)
    assert data.classes == ("0", "1")
    assert data.labels.tolist() == halves.tolist()


def test_two_loads_do_not_share_memory():
    assert not np.shares_memory(load_dataset("iris").X, load_dataset("iris").X)


def test_an_unknown_builtin_is_refused():
    with pytest.raises(ValueError, match=r"must be one of digits, .*, diabetes, got 'mnist'"):
        load_builtin("mnist")
