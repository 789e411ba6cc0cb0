"""NumPy files as sources: keys, damage, and pickles that are never loaded."""

import pickle

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from regimes import load_dataset
from regimes.datasets.files.arrays import find_file

POINTS = np.array([[0.0, 1.0, 4.0], [2.0, -1.0, 0.0], [1.0, 3.0, 0.5], [-3.0, 0.0, 0.25]])
LABELS = np.array([3, 1, 3, 2])

SHAPES = hnp.array_shapes(min_dims=2, max_dims=4, min_side=2, max_side=4)
ARRAYS = hnp.arrays(st.sampled_from([np.float64, np.float32, np.uint8, np.int64]), SHAPES, elements=st.integers(0, 200))


def assert_same(one, other):
    np.testing.assert_array_equal(one.X, other.X)
    assert one.classes == other.classes
    assert one.preprocessing == other.preprocessing
    if other.labels is None:
        assert one.labels is None
    else:
        np.testing.assert_array_equal(one.labels, other.labels)


@given(values=ARRAYS, scale=st.sampled_from(["none", "range", "standard", "feature", 0.5]))
def test_an_array_comes_back_from_npy_and_npz(values, scale, tmp_path_factory):
    if np.ptp(values, axis=0).max() == 0:
        return
    folder = tmp_path_factory.mktemp("npy")
    labels = np.arange(len(values)) % 2
    np.save(folder / "points.npy", values)
    np.savez(folder / "points.npz", x=values, labels=labels)
    direct = load_dataset(values, labels, scale=scale)
    from_npy = load_dataset(folder / "points.npy", labels, scale=scale)
    assert_same(from_npy, direct)
    assert (from_npy.name, from_npy.source) == ("points", str(folder / "points.npy"))
    assert_same(load_dataset(folder / "points.npz", scale=scale), direct)


@pytest.mark.parametrize("key", ["X", "x", "data", "images", "arr_0", "x_train", "sole"])
def test_the_data_key_of_an_archive_is_found(key, tmp_path):
    np.savez(tmp_path / "a.npz", **{key: POINTS})
    np.testing.assert_array_equal(load_dataset(tmp_path / "a.npz", center=False).X, POINTS)


@pytest.mark.parametrize("key", ["y", "labels", "label", "targets", "target"])
def test_the_label_key_of_an_archive_is_found(key, tmp_path):
    np.savez_compressed(tmp_path / "a.npz", **{"X": POINTS, key: LABELS})
    data = load_dataset(tmp_path / "a.npz", classes=["3", "1"], center=False)
    assert (data.classes, data.labels.tolist()) == (("3", "1"), [0, 1, 0])
    np.testing.assert_array_equal(data.X, POINTS[[0, 1, 2]])


def test_labels_of_the_test_part_do_not_go_with_the_training_part(tmp_path):
    path = tmp_path / "a.npz"
    np.savez(path, x_train=POINTS, y_train=LABELS, x_test=POINTS[::-1], y_test=LABELS[::-1])
    assert load_dataset(path).labels.tolist() == [2, 0, 2, 1]
    assert load_dataset(f"{path}:x_test").labels.tolist() == [1, 2, 0, 2]
    np.savez(path, x_train=POINTS, y_test=LABELS)
    assert load_dataset(path).labels is None


def test_a_key_can_be_named_for_data_and_labels(tmp_path):
    path = tmp_path / "a.npz"
    np.savez(path, pixels=POINTS, other=POINTS * 2, kinds=LABELS)
    data = load_dataset(f"{path}:other", "kinds", center=False)
    np.testing.assert_array_equal(data.X, POINTS * 2)
    assert data.classes == ("1", "2", "3")


def test_a_missing_key_lists_the_keys(tmp_path):
    path = tmp_path / "a.npz"
    np.savez(path, pixels=POINTS, kinds=LABELS, more=POINTS)
    with pytest.raises(
        ValueError, match=r"under one named X, .* got the keys kinds 4, more 4x3, pixels 4x3; name one with .*npz:key"
    ):
        load_dataset(path)
    with pytest.raises(ValueError, match=r"under 'absent', got the keys kinds 4, more 4x3, pixels 4x3"):
        load_dataset(f"{path}:absent")
    with pytest.raises(ValueError, match=r"labels must be a key of .* got 'absent'; there are the keys kinds 4, more"):
        load_dataset(f"{path}:pixels", "absent")


def test_a_regression_target_is_not_taken_for_classes(tmp_path):
    np.savez(tmp_path / "a.npz", X=POINTS, y=POINTS[:, 0] / 3)
    data = load_dataset(tmp_path / "a.npz")
    assert data.labels is None
    assert data.notes[0] == f"y in {tmp_path / 'a.npz'} holds numbers that are not integers: not taken as classes"
    with pytest.raises(ValueError, match=r"labels must be integers or strings, got 0.66.* at row 1; a number to be"):
        load_dataset(tmp_path / "a.npz", "y")


@pytest.mark.parametrize("suffix", [".npy", ".txt", ".csv"])
def test_labels_lie_in_a_file_of_their_own(suffix, tmp_path):
    path = tmp_path / f"labels{suffix}"
    if suffix == ".npy":
        np.save(path, LABELS)
    else:
        path.write_text("kind\n3\n1\n3\n2\n")
    for source in (POINTS, tmp_path / "points.npy", tmp_path / "points.npz"):
        if source is not POINTS:
            np.save(source, POINTS) if source.suffix == ".npy" else np.savez(source, X=POINTS)
        for given_as in (path, str(path)):
            data = load_dataset(source, given_as)
            assert (data.classes, data.labels.tolist()) == (("1", "2", "3"), [2, 0, 2, 1])


def test_a_line_too_many_is_a_header_only_if_it_can_be_no_label(tmp_path):
    path = tmp_path / "labels.txt"
    path.write_text("cat\ncat\ndog\ndog\ncat\n")
    with pytest.raises(ValueError, match=r"one label for each point, got 5 labels for 4 points"):
        load_dataset(POINTS, path)
    path.write_text("7\n3\n1\n3\n2\n")
    with pytest.raises(ValueError, match=r"got 5 labels for 4 points"):
        load_dataset(POINTS, path)


def test_a_file_of_labels_has_one_column(tmp_path):
    path = tmp_path / "labels.csv"
    path.write_text("a,1\nb,2\nc,3\na,4\n")
    with pytest.raises(ValueError, match=r"one label a line, got 2 cells in .*labels.csv, line 1"):
        load_dataset(POINTS, path)
    for numbered in (",kind\n0,a\n1,b\n2,b\n3,a\n", '"","x"\n"1","a"\n"2","b"\n"3","b"\n"4","a"\n'):  # of pandas, of R
        path.write_text(numbered)
        data = load_dataset(POINTS, path)
        assert (data.classes, data.labels.tolist()) == (("a", "b"), [0, 1, 1, 0])


def test_columns_of_an_array_are_counted(tmp_path):
    np.save(tmp_path / "points.npy", np.column_stack([POINTS, LABELS]))
    for source in (tmp_path / "points.npy", np.column_stack([POINTS, LABELS])):
        data = load_dataset(source, 3, columns="0,2", center=False)
        np.testing.assert_array_equal(data.X, POINTS[:, [0, 2]])
        assert (data.classes, data.taken) == (("1", "2", "3"), "2 of 4 columns (0, 2); labels from column '3'")
    with pytest.raises(ValueError, match=r"of an array of shape \(n, d\) alone, got shape \(4, 3, 1\)"):
        load_dataset(POINTS[:, :, None], columns=0)
    with pytest.raises(ValueError, match="header says how a text table is read"):
        load_dataset(POINTS, header=True)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("absent.npy", "must lead to a file, got .*absent.npy: no such file"),
        ("", r"there must be images .* in a folder, .* one array each, tables .* or Zarr .*, got points.xlsx in"),
        ("points.xlsx", "the file type must be one of .npy, .csv, .tsv, .txt, .dat, .*points.xlsx; convert it"),
        ("absent.npz:X", "got .*absent.npz:X: no such file"),
    ],
)
def test_a_path_that_leads_nowhere_is_refused(name, message, tmp_path):
    (tmp_path / "points.xlsx").write_bytes(b"x")
    for source in (tmp_path / name, str(tmp_path / name)):
        with pytest.raises(ValueError, match=message):
            load_dataset(source)


def test_a_name_that_is_nothing_gets_a_hint():
    with pytest.raises(ValueError, match=r"got 'digit': did you mean digits\? built-in are digits, iris.*files are"):
        load_dataset("digit")
    with pytest.raises(ValueError, match=r"got 'zzz': built-in are"):
        load_dataset("zzz")


def test_the_home_directory_is_expanded(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    np.save(tmp_path / "points.npy", POINTS)
    assert find_file("~/points.npy") == tmp_path / "points.npy"


class Trap:
    """Pickles to a call that leaves a file behind."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (open, (str(self.path), "w"))


def test_pickles_and_object_arrays_are_refused_without_being_loaded(tmp_path):
    mark = tmp_path / "mark"
    objects = np.empty((2, 2), dtype=object)
    objects[:] = Trap(mark)
    np.save(tmp_path / "objects.npy", objects, allow_pickle=True)
    np.savez(tmp_path / "objects.npz", X=objects, y=[0, 1])
    (tmp_path / "pickled.npy").write_bytes(pickle.dumps(Trap(mark)))
    (tmp_path / "pickled.npz").write_bytes(pickle.dumps(Trap(mark)))
    for name in ("objects.npy", "objects.npz", "pickled.npy", "pickled.npz"):
        with pytest.raises(ValueError, match=rf"{name}.*: Python objects \(a pickle\), which are never loaded"):
            load_dataset(tmp_path / name)
    np.save(tmp_path / "labels.npy", objects[0], allow_pickle=True)
    with pytest.raises(ValueError, match=r"which are never loaded"):
        load_dataset(POINTS, tmp_path / "labels.npy")
    assert not mark.exists()
    pickle.loads((tmp_path / "pickled.npy").read_bytes()).close()
    assert mark.exists()  # the trap does work


def test_an_archive_and_an_array_under_the_name_of_the_other(tmp_path):
    with (tmp_path / "a.npz").open("wb") as stream:
        np.save(stream, POINTS)
    with pytest.raises(ValueError, match=r"must be a zip archive of arrays, got .*: a single array; rename it to .npy"):
        load_dataset(tmp_path / "a.npz")
    with (tmp_path / "a.npy").open("wb") as stream:
        np.savez(stream, X=POINTS)
    with pytest.raises(ValueError, match=r"must hold one array, got .*: an archive; rename it to .npz"):
        load_dataset(tmp_path / "a.npy")


@pytest.mark.parametrize("suffix", [".npy", ".npz"])
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    cut=st.integers(0, 600),
    changes=st.lists(st.tuples(st.integers(0, 599), st.integers(0, 255)), max_size=4),
)
def test_a_damaged_file_loads_or_is_refused_by_name(suffix, cut, changes, tmp_path):
    path = tmp_path / f"damaged{suffix}"
    with path.open("wb") as stream:
        np.save(stream, POINTS) if suffix == ".npy" else np.savez(stream, X=POINTS, y=LABELS)
    content = bytearray(path.read_bytes())[: cut or None]
    for place, value in changes:
        content[place % len(content)] = value
    path.write_bytes(content)
    refusal = None
    try:
        data = load_dataset(path)
    except ValueError as error:
        refusal = str(error)
    if refusal is None:
        assert np.isfinite(data.X).all()
    else:
        assert refusal.startswith("load_dataset: ")


def test_an_old_name_of_a_type_in_a_header_is_no_warning(tmp_path):
    path = tmp_path / "old.npy"
    np.save(path, np.array([[b"1"], [b"2"]]))
    path.write_bytes(path.read_bytes().replace(b"|S1", b"|a1"))  # NumPy warns: deprecated
    with pytest.raises(ValueError, match=r"values must be real numbers, got text \(\|S1\)"):
        load_dataset(path)


@pytest.mark.parametrize("suffix", [".npy", ".npz"])
def test_a_truncated_file_is_called_unreadable(suffix, tmp_path):
    path = tmp_path / f"short{suffix}"
    np.save(path, POINTS) if suffix == ".npy" else np.savez(path, X=POINTS)
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(ValueError, match=rf"must be a whole NumPy file, got .*short{suffix}, which cannot be read: ."):
        load_dataset(path)
    path.write_bytes(b"")
    with pytest.raises(ValueError, match=r"which cannot be read: "):
        load_dataset(path)
