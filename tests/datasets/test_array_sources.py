"""Arrays as sources: shapes, types, and what is refused."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from regimes import Dataset, Preprocessing, load_dataset
from regimes.datasets.points.shape import check_points, flat_points

POINTS = np.array([[0.0, 1.0, 4.0], [2.0, -1.0, 0.0], [1.0, 3.0, 0.5], [-3.0, 0.0, 0.25]])

# Squares of anything smaller leave float64, and with them the variance: refused, see test_scaling.
FINITE = st.floats(-1e6, 1e6).map(lambda value: value if abs(value) > 1e-100 else 0.0)
MATRICES = hnp.arrays(np.float64, hnp.array_shapes(min_dims=2, max_dims=2, min_side=2, max_side=6), elements=FINITE)


@given(MATRICES)
def test_without_scaling_and_centring_the_points_are_the_values_given(X):
    if np.ptp(X, axis=0).max() == 0:
        with pytest.raises(ValueError, match=r"data must not be constant"):
            load_dataset(X)
        return
    before = X.copy()
    data = load_dataset(X, center=False)
    np.testing.assert_array_equal(data.X, before)
    np.testing.assert_array_equal(X, before)
    assert not np.shares_memory(data.X, X)


@given(MATRICES)
def test_centring_changes_the_callers_array_in_nothing_and_leaves_a_zero_mean(X):
    if np.ptp(X, axis=0).max() == 0:
        return
    before = X.copy()
    data = load_dataset(X)
    np.testing.assert_array_equal(X, before)
    assert np.abs(data.X.mean(axis=0)).max() <= 1e-15 * np.abs(X).max()
    assert data.preprocessing.center


def test_images_are_flattened_in_order_and_become_float64():
    images = np.arange(2 * 3 * 4, dtype=np.uint8).reshape(2, 3, 4) * 10
    data = load_dataset(images, center=False, scale="none")
    assert data.X.dtype == np.float64
    assert data.X.flags.c_contiguous
    assert (data.n, data.d, data.name, data.source) == (2, 12, "array", "ndarray of shape (2, 3, 4)")
    np.testing.assert_array_equal(data.X[1], images[1].ravel())


@pytest.mark.parametrize("dtype", [bool, np.int8, np.float16, ">f8", "<i4", np.longdouble])
def test_real_types_are_converted(dtype):
    values = np.array([[0, 1], [1, 1], [1, 0]]).astype(dtype)
    np.testing.assert_array_equal(load_dataset(values, center=False).X, [[0, 1], [1, 1], [1, 0]])


def test_fortran_order_and_strides_become_c_contiguous():
    data = load_dataset(np.asfortranarray(POINTS)[:, ::-1], center=False)
    assert data.X.flags.c_contiguous
    np.testing.assert_array_equal(data.X, POINTS[:, ::-1])


def test_lists_are_read():
    assert load_dataset([[1, 2], [3, 4]], center=False).X.tolist() == [[1.0, 2.0], [3.0, 4.0]]


def test_a_masked_array_without_masked_values_is_read_and_one_with_them_refused():
    whole = np.ma.masked_array(POINTS, mask=False)
    np.testing.assert_array_equal(load_dataset(whole, center=False).X, POINTS)
    with pytest.raises(ValueError, match=r"masked array; fill or drop"):
        load_dataset(np.ma.masked_greater(POINTS, 2))


class Sparse:
    """What NumPy sees in a sparse matrix: an object with toarray."""

    def toarray(self):
        return POINTS


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (3.0, r"points must have shape \(n, ...\).*got shape \(\); give points in rows"),
        (np.arange(5.0), r"got shape \(5,\); use reshape\(-1, 1\)"),
        (np.zeros((0, 3)), r"at least two points of at least one feature, got shape \(0, 3\)"),
        (np.zeros((3, 0)), r"got shape \(3, 0\)"),
        (np.ones((1, 4)), "at least two points, got 1 in 4 dimensions"),
        (np.ones((3, 4)), "data must not be constant, got 3 equal points"),
        (POINTS + 1j, r"real numbers, got complex ones \(complex128\)"),
        ([["a", "b"], ["c", "d"]], r"real numbers, got text \(<U1\)"),
        (np.array([[b"a"], [b"b"]]), r"got text \(\|S1\)"),
        (np.array([[1, 2], [3, 4]], dtype=object), r"got Python objects \(dtype object\)"),
        ([[1.0, 2.0], [3.0, None]], "got Python objects"),
        (np.array([["2020-01-01"], ["2020-01-02"]], dtype="datetime64[D]"), "got dtype datetime64"),
        ([[1, 2], [3]], "got list that is no array, as where its rows differ in length"),
        (None, "got NoneType; a source is an array, a built-in data set or a file"),
        ({"X": 3}, r"a dictionary must hold arrays alone, .* got X \(int\) in dict; leave"),
        ({"X": POINTS, "about": "b"}, r"must hold arrays alone, .* got about \(str\) in dict; leave"),
        ((POINTS, POINTS), r"got a pair of them; if these are points and labels, give load_dataset\(X, y\)"),
        (Sparse(), "got a sparse Sparse; give its toarray"),
    ],
)
def test_what_is_no_array_of_points_is_refused(source, message):
    with pytest.raises(ValueError, match=r"^load_dataset: .*" + message):
        load_dataset(source)


@pytest.mark.parametrize("bad", [np.inf, -np.inf])
def test_the_first_infinite_value_is_named_with_the_count(bad):
    X = POINTS.copy()
    X[2, 1], X[0, 0] = bad, np.nan
    with pytest.raises(ValueError, match=rf"got {bad} at row 2, column 1, 1 of 12 values is infinite; correct them"):
        load_dataset(X, missing="drop")
    X[3, 0] = bad
    with pytest.raises(ValueError, match=r"at row 2, column 1, 2 of 12 values are infinite"):
        load_dataset(X)


def test_points_without_a_value_are_named_or_left_out():
    X = POINTS.copy()
    X[2, 1] = X[2, 2] = np.nan
    with pytest.raises(
        ValueError, match=r"got 2 of 12 missing, the first at row 2, column 1; --missing drop .* the 1 of 4"
    ):
        load_dataset(X)
    data = load_dataset(X, ["a", "b", "a", None], missing="drop", center=False)
    np.testing.assert_array_equal(data.X, POINTS[:2])
    assert (data.labels.tolist(), data.taken) == ([0, 1], "2 of 4 points left out, which lack a value or a label")
    with pytest.raises(ValueError, match="every point lacks one"):
        load_dataset(X * np.nan)


@pytest.mark.parametrize("place", [0, 4])
def test_a_column_of_an_array_that_may_be_the_classes_is_pointed_out(place):
    X, y = np.random.default_rng(2).normal(size=(60, 4)), np.arange(60) % 3
    source = np.insert(X, place, y, axis=1)
    assert f"column '{place}' was read as a feature: if it holds the classes" in load_dataset(source).notes[0]
    assert not load_dataset(source, place).notes
    assert not load_dataset(X).notes


def test_values_too_large_for_float64_are_refused():
    if np.finfo(np.longdouble).max == np.finfo(np.float64).max:
        pytest.skip("longdouble is float64 here")
    X = np.array([[1, 2], [3, 4]], dtype=np.longdouble)
    X[1, 0] = np.longdouble("1e400")
    with pytest.raises(ValueError, match=r"got inf at row 1, column 0"):
        load_dataset(X)


def test_owned_memory_is_not_copied():
    X = POINTS.copy()
    assert np.shares_memory(flat_points(X, owned=True), X)
    assert not np.shares_memory(flat_points(X), X)


def test_two_different_points_are_enough():
    check_points(np.array([[1.0], [1.5]]))


DONE = Preprocessing("none", False, 1.0, 0.0, "values as given, mean kept", (0.0, 1.0), 0.25)


@pytest.mark.parametrize(
    ("X", "labels", "classes", "message"),
    [
        (np.zeros(3), None, (), r"shape \(n, d\), got shape \(3,\) of float64"),
        (np.zeros((3, 2), dtype=np.float16), None, (), "of float16; load_dataset makes one"),
        (np.zeros((3, 2), order="F"), None, (), "C-contiguous"),
        (np.zeros((3, 2)), None, ("a",), "class names need labels, got 1 names"),
        (np.zeros((3, 2)), np.zeros(2, dtype=np.intp), ("a",), r"intp of shape \(3,\).*got shape \(2,\)"),
        (np.zeros((3, 2)), np.zeros(3), ("a",), "of float64"),
        (
            np.zeros((3, 2)),
            np.zeros(3, dtype=np.intp),
            ("a", "b"),
            r"every class must have a point.*labels \[0\]",
        ),
        (np.zeros((3, 2)), np.array([0, 1, 2], dtype=np.intp), ("a", "b"), "every label a class"),
    ],
)
def test_a_dataset_checks_its_arrays(X, labels, classes, message):
    with pytest.raises(ValueError, match=r"^Dataset: .*" + message):
        Dataset("x", X, labels, classes, DONE, "test")


def test_a_dataset_passes_through_with_other_labels_and_name():
    data = load_dataset(POINTS, center=False)
    again = load_dataset(data, [1, 1, 2, 2], name="labelled")
    assert again.X is data.X
    assert (again.name, again.classes, again.labels.tolist()) == ("labelled", ("1", "2"), [0, 0, 1, 1])
    assert again.preprocessing == data.preprocessing
    assert not again.preprocessing.center


def test_classes_of_a_dataset_are_selected_and_centred_anew():
    data = load_dataset(POINTS, ["a", "b", "a", "c"], scale=2.0)
    part = load_dataset(data, classes=["c", "a"])
    np.testing.assert_allclose(part.X, load_dataset(POINTS[[0, 2, 3]], scale=2.0).X, atol=1e-15)
    assert part.labels.tolist() == [1, 1, 0]
    assert part.preprocessing.factor == 2.0
    assert part.preprocessing.description.endswith("mean subtracted; classes selected afterwards")
    assert part.preprocessing.mean_variance == pytest.approx(part.X.var(axis=0, ddof=1).mean())


def test_notes_of_a_dataset_are_renewed_when_classes_are_selected():
    points = np.vstack([POINTS, 100 * POINTS])
    data = load_dataset(points, ["a"] * 4 + ["b"] * 4)
    assert any("--scale standard" in note for note in data.notes)
    assert load_dataset(data, classes=["a"]).notes == ()


def test_the_scaling_of_a_dataset_cannot_be_changed():
    data = load_dataset(POINTS)
    with pytest.raises(ValueError, match=r"keeps its scaling \(values as given, mean subtracted\), got scale='range'"):
        load_dataset(data, scale="range")
    with pytest.raises(ValueError, match=r"keeps its centring, got center=False"):
        load_dataset(data, center=False)


def test_scikit_learn_is_not_imported_for_arrays_and_files(tmp_path):
    np.save(tmp_path / "points.npy", POINTS)
    code = (
        "import sys, numpy, regimes as d\n"
        "heavy = lambda: sorted({'sklearn', 'scipy', 'numba', 'sympy', 'matplotlib'} & set(sys.modules))\n"
        f"d.load_dataset(numpy.eye(3), [0, 1, 1]); d.load_dataset({str(tmp_path / 'points.npy')!r})\n"
        "print(heavy()); d.load_dataset('diabetes'); print('sklearn' in sys.modules)"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.splitlines() == ["[]", "True"]


def test_numbers_that_are_no_classes_are_not_taken_as_labels(tmp_path):
    """A regression target beside the points, whole numbers too, is no class of each."""
    X, target = np.random.default_rng(0).normal(size=(60, 3)), np.random.default_rng(1).permutation(60) + 20.0
    np.savez(tmp_path / "a.npz", X=X, y=target)
    data = load_dataset(tmp_path / "a.npz")
    assert data.labels is None
    assert "many different numbers: not taken as classes" in data.notes[0]
    assert len(load_dataset(tmp_path / "a.npz", "y").classes) == 60


def test_points_keep_their_place_in_the_source():
    X = np.arange(16.0).reshape(8, 2) ** 2
    X[1, 0] = np.nan
    labels = np.array(list("abcabcab"))
    data = load_dataset(X, labels, missing="drop", classes=["c", "a"])
    assert data.rows.tolist() == [0, 2, 3, 5, 6]
    assert data.in_source(np.array([4, 1])).tolist() == [6, 2]
    fewer = load_dataset(data, classes=["a"])
    assert fewer.rows.tolist() == [0, 3, 6]
    np.testing.assert_allclose(fewer.X + fewer.mapped.mean, fewer.mapped.seen(X[fewer.rows]))
    assert load_dataset(X[2:]).rows is None
