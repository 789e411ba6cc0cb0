"""What a NumPy file declares is held against the file and the memory before anything is read."""

import io
import time
import zipfile

import numpy as np
import pytest

from regimes import load_dataset

POINTS = np.array([[0.0, 1.0, 4.0], [2.0, -1.0, 0.0], [1.0, 3.0, 0.5], [-3.0, 0.0, 0.25]])


def npy(values):
    stream = io.BytesIO()
    np.save(stream, values)
    return stream.getvalue()


def header(shape, descr="<f8"):
    stream = io.BytesIO()
    np.lib.format.write_array_header_2_0(stream, {"descr": descr, "fortran_order": False, "shape": shape})
    return stream.getvalue()


def npz(path, members, compression=zipfile.ZIP_DEFLATED):
    with zipfile.ZipFile(path, "w", compression) as file:
        for name, content in members:
            file.writestr(f"{name}.npy", content)
    return path


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (npy(POINTS) + b"\0", "has bytes behind the array: 97 bytes of data, where shape .* takes 96"),
        (npy(POINTS)[:-1], "is truncated: 95 bytes of data"),
        (header((2**40, 2**40)), "is truncated: 0 bytes of data"),
        (header((2**40, 2**40, 0)), r"points must have|at least two points"),
        (header((2**40, 2), "|V0"), "more than memory = 2 GiB; give fewer points, or raise memory"),
        (header((-4, -3)) + bytes(96), r"declares the shape \(-4, -3\)"),
        (npy(POINTS).replace(b"\x93NUMPY\x01", b"\x93NUMPY\x09"), "a version that NumPy does not know"),
        (b"NUMPY", "does not begin as one"),
    ],
)
def test_a_header_must_describe_its_file(content, message, tmp_path):
    (tmp_path / "x.npy").write_bytes(content)
    with pytest.raises(ValueError, match=message):
        load_dataset(tmp_path / "x.npy")
    with pytest.raises(ValueError, match=message):
        load_dataset(npz(tmp_path / "x.npz", [("X", content)]))


def test_memory_holds_the_points_as_doubles(tmp_path):
    np.save(tmp_path / "x.npy", np.arange(1000, dtype=np.uint8).reshape(100, 10) % 250)
    with pytest.raises(ValueError, match=r"x.npy, of shape \(100, 10\) and type uint8, would take .*raise memory"):
        load_dataset(tmp_path / "x.npy", memory=7999)
    assert load_dataset(tmp_path / "x.npy", memory=8000).d == 10


def test_labels_of_other_points_are_refused_before_they_are_read(tmp_path):
    place = npz(tmp_path / "x.npz", [("X", npy(POINTS)), ("y", header((40_000_000,), "|i1") + bytes(40_000_000))])
    start = time.process_time()
    assert "y of" in load_dataset(place).notes[0]
    with pytest.raises(ValueError, match="one label for each point, got 40000000 labels for 4 points"):
        load_dataset(place, "y")
    assert time.process_time() - start < 1  # reading them takes as long, and naming each one 30 s


def test_a_key_that_stands_twice_is_refused(tmp_path):
    with pytest.warns(UserWarning, match="Duplicate name"):
        place = npz(tmp_path / "x.npz", [("X", npy(POINTS)), ("X", npy(2 * POINTS))])
    with pytest.raises(ValueError, match="every key of a .npz file must stand once, got 'X' more than once"):
        load_dataset(place)


def test_an_archive_must_be_packed_as_numpy_packs_it(tmp_path):
    place = npz(tmp_path / "x.npz", [("X", npy(POINTS))], zipfile.ZIP_BZIP2)
    with pytest.raises(ValueError, match="compressed in a way that NumPy does not write"):
        load_dataset(place)


@pytest.mark.parametrize("write", [np.save, np.savez, np.savetxt])
def test_standard_input_is_recognised_by_its_content(write, monkeypatch):
    stream = io.BytesIO()
    write(stream, POINTS, **({"delimiter": ","} if write is np.savetxt else {}))
    stream.seek(0)
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(stream))
    data = load_dataset("-", center=False)
    np.testing.assert_array_equal(data.X, POINTS)
    assert (data.name, data.source) == ("standard input", "standard input")


@pytest.mark.parametrize("suffix", [".pt", ".safetensors", ".zip"])
def test_files_of_named_arrays_come_through_standard_input(suffix, tmp_path, monkeypatch):
    place = tmp_path / f"a{suffix}"
    if suffix == ".zip":
        import zarr

        store = zarr.storage.ZipStore(place, mode="w")
        zarr.open_group(store, mode="w").create_array("X", data=POINTS)
        store.close()
    elif suffix == ".pt":
        torch = pytest.importorskip("torch")
        torch.save({"X": torch.tensor(POINTS)}, place)
    else:
        pytest.importorskip("safetensors.numpy").save_file({"X": POINTS}, place)
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(place.read_bytes())))
    np.testing.assert_array_equal(load_dataset("-:X", center=False).X, POINTS)


def test_standard_input_gives_labels_and_its_errors_name_it(monkeypatch):
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"b\na\nb\na\n")))
    assert load_dataset(POINTS, "-").labels.tolist() == [1, 0, 1, 0]
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(npy(POINTS)[:-1])))
    with pytest.raises(ValueError, match="got standard input, which cannot be read: it is truncated"):
        load_dataset("-")
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(npy(POINTS))))
    with pytest.raises(ValueError, match="standard input must not be larger than .* raise memory"):
        load_dataset("-", memory=200)
