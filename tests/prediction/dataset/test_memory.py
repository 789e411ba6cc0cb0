"""What is allowed of memory is for everything, the points included."""

import tracemalloc

import numpy as np
import pyarrow as pa
import pyarrow.feather as feather
import pyarrow.parquet as pq
import pytest

from regimes import predict


@pytest.mark.parametrize("center", [True, False])
def test_memory_holds_the_points_and_all_arrays(tmp_path, center):
    draw = np.random.default_rng(0)
    X = (draw.normal(size=(4000, 300)) * np.arange(1, 301) ** -0.5).astype(np.float64)
    np.save(tmp_path / "x.npy", X)
    np.save(tmp_path / "y.npy", (X[:, 0] > 0).astype(int))
    options = {"labels": tmp_path / "y.npy", "center": center, "probes": 256, "groups": 10}
    plenty = predict(tmp_path / "x.npy", **options)  # everything is imported and compiled
    peaks = []
    for memory in (5 * X.nbytes, 12 * X.nbytes):
        tracemalloc.start()
        found = predict(tmp_path / "x.npy", memory=memory, **options)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert peaks[-1] < memory + 2**21  # objects of Python
        assert found["collapse.point_time"].value == pytest.approx(plenty["collapse.point_time"].value, rel=1e-9)
        assert found["speciation.Lambda"].value == pytest.approx(plenty["speciation.Lambda"].value, rel=1e-9)
    assert peaks[1] > peaks[0]


def test_too_little_memory_says_what_the_points_take():
    X = np.random.default_rng(0).normal(size=(2000, 100))
    told = r"; of memory = 0.00156 GiB the points, and what is kept of them, take 0.00149 GiB"
    with pytest.raises(ValueError, match=told):
        predict(X, memory=X.nbytes * 21 // 20)


@pytest.mark.parametrize("copies", [0, 40])
def test_points_that_stay_in_their_file_have_the_same_times(tmp_path, copies):
    draw = np.random.default_rng(1)
    X = draw.normal(size=(3000, 500)) * np.arange(1, 501) ** -0.5
    X = np.vstack([X, X[:copies] + 1e-5])
    np.save(tmp_path / "x.npy", X)
    options = {"probes": 256, "groups": 5, "parts": ["speciation", "collapse"]}
    held = predict(tmp_path / "x.npy", **options)
    stored = predict(tmp_path / "x.npy", memory=23_500_000, **options)
    assert "read from the file in passes" in stored.problem.taken
    for key in ("speciation.Lambda", "speciation.sample_Lambda", "collapse.point_time", "collapse.leave_one_out_zero"):
        assert stored[key].value == pytest.approx(held[key].value, rel=1e-7), key
        if held[key].interval is not None:
            assert stored[key].interval == pytest.approx(held[key].interval, rel=1e-6), key
    assert ("copies.groups" in stored.numbers) == bool(copies)
    if copies:
        assert stored["copies.points"].value == held["copies.points"].value == 2 * copies
    # The bound is from as many points as fit.
    assert abs(stored["collapse.bound"].value / held["collapse.bound"].value - 1) < 0.03


def test_wide_rows_stay_within_the_memory(tmp_path):
    draw = np.random.default_rng(2)
    np.save(tmp_path / "x.npy", draw.normal(size=(300, 20_000)).astype(np.float32))
    options = {"parts": ["speciation"], "rng": 1}
    held = predict(tmp_path / "x.npy", **options)
    memory = 22 * 2**20  # the points take 23 MiB in single precision, 46 in double
    tracemalloc.start()
    stored = predict(tmp_path / "x.npy", memory=memory, **options)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert "read from the file in passes" in stored.problem.taken
    assert (
        peak < memory + 2**24
    )  # what is looked at in any case: a million values in double precision, and copies of it
    assert stored["speciation.sample_Lambda"].value == pytest.approx(held["speciation.sample_Lambda"].value, rel=1e-6)


def write_parquet(table, folder):
    pq.write_table(table, folder / "points.parquet", row_group_size=700)
    return folder / "points.parquet"


def write_feather(table, folder):
    feather.write_feather(table, folder / "points.feather", chunksize=500)
    return folder / "points.feather"


def write_stream(table, folder):  # as the library datasets does, in two files
    (folder / "points").mkdir()
    for part in range(2):
        path = str(folder / "points" / f"data-{part}.arrow")
        with pa.OSFile(path, "wb") as file, pa.ipc.new_stream(file, table.schema) as writer:
            writer.write_table(table.slice(part * 5000, 5000 + 2000 * part), max_chunksize=300)
    return folder / "points"


@pytest.mark.parametrize("write", [write_parquet, write_feather, write_stream])
def test_vectors_of_a_table_stay_in_their_file(tmp_path, write):
    X = np.random.default_rng(2).normal(size=(12000, 300)).astype(np.float32) * np.arange(1, 301, dtype="f4") ** -0.5
    labels = (X[:, 0] > 0).astype(int)
    np.save(tmp_path / "x.npy", X)
    table = pa.table({"vector": pa.FixedSizeListArray.from_arrays(pa.array(X.ravel()), 300), "label": labels})
    options = {"memory": 20_000_000, "probes": 64, "groups": 4, "parts": ["speciation"]}
    array = predict(tmp_path / "x.npy", labels=labels, **options)
    found = predict(write(table, tmp_path), labels="label", **options)
    assert "read from the file in passes" in found.problem.taken
    assert {key: each.value for key, each in found.numbers.items()} == {
        key: each.value for key, each in array.numbers.items()
    }
