"""Points that stay in their file are those that are held, row by row."""

import pickle
from dataclasses import replace

import cloudpickle
import dask.array as da
import h5py
import numpy as np
import pytest
import xarray
import zarr

from regimes import load_dataset
from regimes.datasets.points.loading import load_or_open
from regimes.datasets.points.stored import StoredPoints
from regimes.numerics.interface.data_checks import checked_points
from regimes.numerics.posterior.near_copies import near_copies

DRAW = np.random.default_rng(4)
X = np.column_stack([DRAW.normal(size=(900, 6)) * np.arange(1, 7) + 5, np.full(900, 0.1)])
Y = DRAW.integers(3, size=900)
MEMORY = X.nbytes  # half of it does not hold the points


def saved(folder, kind, values=X):
    path = folder / f"x.{kind}"
    if kind == "npy":
        np.save(path, values)
    elif kind == "h5":
        with h5py.File(path, "w") as file:
            file["X"] = values
    else:
        zarr.save_group(str(path), X=values)
    return path


def same(stored, held):
    assert isinstance(stored.X, StoredPoints)
    assert (stored.X.shape, stored.X.dtype, len(stored.X)) == (held.X.shape, held.X.dtype, len(held.X))
    for key in (slice(None), slice(3, 50), slice(None, None, 7), [5, 1, 899 % held.n, 1], held.X[:, 0] > 0):
        np.testing.assert_allclose(stored.X[key], held.X[key], rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(stored.X[::3, 2:4], held.X[::3, 2:4], rtol=1e-12, atol=1e-12)
    assert stored.preprocessing.description == held.preprocessing.description
    assert stored.preprocessing.mean_variance == pytest.approx(held.preprocessing.mean_variance, rel=1e-12)
    assert (stored.classes, stored.notes) == (held.classes, held.notes)
    assert (stored.labels is None and held.labels is None) or np.array_equal(stored.labels, held.labels)
    assert np.array_equal(stored.in_source(np.arange(stored.n)), held.in_source(np.arange(held.n)))


@pytest.mark.parametrize("kind", ["npy", "h5", "zarr"])
def test_rows_are_read_from_wherever_they_are_asked_for(tmp_path, monkeypatch, kind):
    saved(tmp_path, kind)
    monkeypatch.chdir(tmp_path)
    stored = load_or_open(f"x.{kind}", memory=MEMORY).X
    rows = stored[3:9]
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    np.testing.assert_array_equal(pickle.loads(cloudpickle.dumps(stored))[3:9], rows)


def test_rows_of_a_dask_array_are_computed_a_chunk_at_a_time():
    asked = []
    note = lambda block: asked.append(len(block)) or block  # noqa: E731
    lazy = da.from_array(X, chunks=(250, 3)).rechunk((250, 7)).map_blocks(note, dtype=float, meta=X[:0])
    same(load_or_open(lazy, Y, memory=MEMORY), load_dataset(X, Y))
    assert max(asked) <= 250
    stored = load_or_open(lazy, memory=MEMORY).X
    np.testing.assert_allclose(pickle.loads(cloudpickle.dumps(stored))[:], load_dataset(X).X, rtol=1e-12, atol=1e-12)
    np.testing.assert_array_equal(load_dataset(lazy, scale="none", center=False).X, X)
    with pytest.raises(ValueError, match=r"must know its shape, got \(nan, 7\); call its compute_chunk_sizes"):
        load_dataset(lazy[lazy[:, 0] > 0])


@pytest.mark.parametrize("kind", ["npy", "h5", "zarr"])
@pytest.mark.parametrize("scale", ["none", "range", "standard", "feature", 0.5])
@pytest.mark.parametrize("center", [True, False])
def test_rows_are_those_of_points_that_are_held(tmp_path, kind, scale, center):
    path = saved(tmp_path, kind)
    stored = load_or_open(path, Y, scale=scale, center=center, memory=MEMORY)
    same(stored, load_dataset(path, Y, scale=scale, center=center))
    assert stored.taken.endswith("read from the file in passes, since memory does not hold the points")
    one, other = checked_points("test", stored.X), checked_points("test", stored.X[:])
    for name in ("low", "high", "mean"):
        np.testing.assert_allclose(getattr(one, name), getattr(other, name), rtol=1e-12, atol=1e-12)
    assert (one.held, other.held, one.bytes_held()) == (False, True, 0)


def test_classes_and_points_that_lack_a_value_are_left_out_first(tmp_path):
    values = X.copy()
    values[7, 2] = values[30, 0] = np.nan
    path = saved(tmp_path, "npy", values)
    for options in ({"classes": ["2", "0"]}, {}):
        same(
            load_or_open(path, Y, missing="drop", memory=MEMORY, **options),
            load_dataset(path, Y, missing="drop", **options),
        )
    with pytest.raises(ValueError, match="got 2 of 900 .*: 2 values, the first at row 7, column 2; --missing drop"):
        load_or_open(path, Y, memory=MEMORY)
    with pytest.raises(ValueError, match="classes can be selected only where there are labels, got none with x"):
        load_or_open(saved(tmp_path, "npy"), classes=["0"], memory=MEMORY)


def test_pixels_are_mapped_and_said(tmp_path):
    pixels = DRAW.integers(256, size=(400, 5, 5), dtype=np.uint8)
    path = saved(tmp_path, "npy", pixels)
    same(load_or_open(path, memory=8 * pixels.size), load_dataset(path))
    same(load_or_open(path, scale="none", memory=8 * pixels.size), load_dataset(path, scale="none"))


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (
            np.where(np.arange(7) == 3, np.inf, X),
            "every value must be finite, got 900 infinite ones, the first at row 0, column 3",
        ),
        (np.ones((900, 7)), "at least two points, and they must differ, got 900 that are taken of 900"),
        (X.astype(complex)[:, :4], "complex"),
    ],
)
def test_what_is_no_data_set_is_refused(tmp_path, values, message):
    with pytest.raises(ValueError, match=message):
        load_or_open(saved(tmp_path, "npy", values), memory=MEMORY // 2)


def test_all_of_them_are_never_made_an_array(tmp_path):
    stored = load_or_open(saved(tmp_path, "npy"), memory=MEMORY)
    with pytest.raises(ValueError, match="memory does not hold 900 points in 7 dimensions; allow more"):
        np.asarray(stored.X)
    with pytest.raises(ValueError, match="would take .*, more than memory"):
        load_dataset(saved(tmp_path, "npy"), memory=MEMORY // 2)


def test_what_can_only_be_read_from_its_beginning_must_fit(tmp_path):
    np.savez_compressed(tmp_path / "x.npz", X=X)
    with pytest.raises(ValueError, match="would take .*, more than memory"):
        load_or_open(tmp_path / "x.npz", memory=MEMORY // 2)
    assert isinstance(load_or_open(tmp_path / "x.npz", memory=MEMORY).X, np.ndarray)
    with pytest.raises(ValueError, match="columns of .* would take .*, more than memory"):
        load_or_open(saved(tmp_path, "npy"), columns="0-3", memory=MEMORY // 2)


def test_what_lacks_a_value_or_a_label_is_named_by_its_place(tmp_path):
    values, labels = X.copy(), np.array([str(each) for each in Y])
    values[50, 1], labels[2] = np.nan, ""
    message = "2 of 900 points that lack one: 1 values, the first at row 50, column 1 and 1 labels, the first at row 2"
    with pytest.raises(ValueError, match=message):
        load_or_open(saved(tmp_path, "npy", values), labels, memory=MEMORY)
    values[5, 4], values[800, 3] = np.nan, -np.inf
    with pytest.raises(ValueError, match="got 1 infinite ones, the first at row 800, column 3"):
        load_or_open(saved(tmp_path, "npy", values), memory=MEMORY)
    with pytest.raises(ValueError, match="900 of 900 points that lack one: 900 labels.*; too few points are whole"):
        load_or_open(saved(tmp_path, "npy"), [""] * 900, missing="drop", memory=MEMORY)


def test_wide_rows_are_read_a_few_at_a_time(tmp_path, monkeypatch):
    monkeypatch.setattr("regimes.datasets.points.stored._VALUES", 35)
    stored, held = load_or_open(saved(tmp_path, "npy"), memory=MEMORY), load_dataset(saved(tmp_path, "npy"))
    asked, rows = [], stored.X.blocks.rows
    read = lambda start, stop: asked.append(stop - start) or rows(start, stop)  # noqa: E731
    watched = replace(stored.X, blocks=replace(stored.X.blocks, rows=read))
    for key in (slice(None), slice(None, None, 3), [4, 800, 801, 4, 7], held.X[:, 0] > 0):
        np.testing.assert_allclose(watched[key], held.X[key], rtol=1e-12, atol=1e-12)
    assert max(asked) <= 5
    for key in (3, (slice(None), 1), np.zeros((2, 2), int)):
        with pytest.raises(IndexError, match="taken by rows"):
            watched[key]


def test_what_is_read_as_a_whole_must_fit(tmp_path):
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file["X"] = X
        file["big"] = np.zeros((900, 900))
        file["fields"] = np.zeros(4000, dtype=[("a", "f8"), ("b", "f8")])
    with pytest.raises(ValueError, match="900 x 900 values of big in .* would take .*, more than memory"):
        load_or_open(tmp_path / "x.h5:X", "big", memory=MEMORY)
    with pytest.raises(ValueError, match="4000 values of fields in .* would take .*, more than memory"):
        load_or_open(tmp_path / "x.h5:fields", memory=MEMORY)
    with h5py.File(tmp_path / "columns.h5", "w") as file:
        for name in "abc":
            file[name] = np.arange(9000.0)
    with pytest.raises(ValueError, match="9000 values of a in .* would take .*, more than memory"):
        load_or_open(tmp_path / "columns.h5", memory=MEMORY)


@pytest.mark.parametrize("noise", [1e-4, 1e-6])
def test_copies_that_stand_together_are_as_near_in_a_file_as_in_memory(tmp_path, noise):
    draw = np.random.default_rng(0)
    X = draw.normal(size=(1400, 256)).astype(np.float32)
    X = np.concatenate([X, X[:100] + noise * draw.normal(size=(100, 256)).astype(np.float32)])
    np.save(tmp_path / "x.npy", X)
    options = {"classes": None, "scale": None, "center": True, "memory": 2**20}
    stored = load_or_open(tmp_path / "x.npy", None, **options).X
    assert isinstance(stored, StoredPoints)
    ours, theirs = near_copies(stored, memory=2**22), near_copies(stored[:], memory=2**22)
    assert (ours.groups, ours.points) == (100, 200)
    assert ours.within == pytest.approx(theirs.within, rel=1e-3)


def test_variables_of_xarray_are_arrays():
    X = np.random.default_rng(0).normal(size=(40, 3))
    np.testing.assert_allclose(load_dataset(xarray.Variable(("a", "b"), X), center=False).X, X)
