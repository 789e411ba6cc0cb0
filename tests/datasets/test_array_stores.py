"""Files of named arrays (HDF5, Zarr, safetensors, torch.save): the numbers of the array; nothing in them is run."""

import json
import pickle
import sys
import zipfile

import h5py
import numpy as np
import pytest
import safetensors.numpy
import zarr

from regimes import load_dataset
from regimes.datasets.files.formats import read_format
from regimes.datasets.files.pytorch import read_pytorch
from regimes.datasets.files.reading import Reading

torch = pytest.importorskip("torch")
safetensors_torch = pytest.importorskip("safetensors.torch")

RNG = np.random.default_rng(3)
X, Y = RNG.normal(size=(30, 2, 3)), RNG.integers(0, 3, 30)
REFERENCE = load_dataset(X, Y)


def write_hdf5(path, arrays):
    with h5py.File(path, "w") as file:
        for name, values in arrays.items():
            file.create_dataset(name, data=values, chunks=(min(7, len(values)), *values.shape[1:]))


def write_zarr(path, arrays):
    store = zarr.storage.ZipStore(path, mode="w") if path.suffix == ".zip" else zarr.storage.LocalStore(path)
    group = zarr.open_group(store, mode="w", zarr_format=2 if path.stem == "two" else 3)
    for name, values in arrays.items():
        group.create_array(name, data=values, chunks=(7, *values.shape[1:]))
    store.close()


def write_torch(path, arrays):
    torch.save({name: torch.tensor(values) for name, values in arrays.items()}, path)


WRITERS = {
    "points.npz": lambda path, arrays: np.savez_compressed(path, **arrays),
    "points.h5": write_hdf5,
    "points.zarr": write_zarr,
    "two.zarr": write_zarr,
    "points.zip": write_zarr,
    "points.pt": write_torch,
    "points.safetensors": lambda path, arrays: safetensors.numpy.save_file(arrays, path),
}


@pytest.fixture(params=WRITERS)
def write(request, tmp_path):
    def written(arrays):
        WRITERS[request.param](tmp_path / request.param, arrays)
        return tmp_path / request.param

    return written


def assert_reference(data):
    np.testing.assert_allclose(data.X, REFERENCE.X, rtol=0, atol=1e-10)
    assert (data.classes, data.labels.tolist()) == (REFERENCE.classes, REFERENCE.labels.tolist())


def test_arrays_are_found_by_usual_names_or_named(write):
    path = write({"X": X, "y": Y, "kinds": Y, "more": X[:4]})
    data = load_dataset(path)
    assert_reference(data)
    assert data.taken == "array X; labels y"
    assert_reference(load_dataset(f"{path}:X", "kinds"))
    assert load_dataset(f"{path}:more").n == 4
    with pytest.raises(ValueError, match=r"under 'absent', got the keys .*X 30x2x3.*; name one with .*:key"):
        load_dataset(f"{path}:absent")
    with pytest.raises(
        ValueError, match=r"labels must be a key of .* or a file of labels, got 'absent'; there are the"
    ):
        load_dataset(path, "absent")


def test_a_group_is_a_key_too(tmp_path):
    write_hdf5(tmp_path / "a.h5", {"train/X": X, "train/y": Y, "test/X": X[:4], "test/y": Y[:4]})
    assert_reference(load_dataset(f"{tmp_path}/a.h5:train"))
    with pytest.raises(ValueError, match=r"got the keys test/X 4x2x3, test/y 4, train/X 30x2x3, train/y 30; name one"):
        load_dataset(tmp_path / "a.h5")


def test_several_arrays_without_a_usual_name_need_a_key_and_one_does_not(write):
    path = write({"a": X, "b": X[:4]})
    with pytest.raises(ValueError, match=r"under one named X, x, data.*, got the keys a 30x2x3, b 4x2x3; name one"):
        load_dataset(path)
    assert_reference(load_dataset(f"{path}:a", Y))


def test_an_array_is_read_in_blocks_of_rows(write, monkeypatch):
    blocks = read_format(write({"X": X, "y": Y}), Reading()).values
    monkeypatch.setattr("regimes.datasets.points.blocks._BLOCK", 8 * X[:4].size)
    read = dict(blocks.blocks())
    assert list(read) == list(range(0, 30, 4))
    np.testing.assert_array_equal(np.concatenate(list(read.values())), X)


def test_an_array_that_does_not_fit_is_refused_by_what_it_declares(tmp_path):
    with h5py.File(tmp_path / "wide.h5", "w") as file:
        file.create_dataset("X", shape=(2**20, 2**20), dtype="f4", chunks=(1, 1024))  # a few kB: no chunk is written
    zarr.create_array(tmp_path / "wide.zarr", shape=(2**20, 2**20), dtype="f4", chunks=(1, 1024))
    for name in ("wide.h5", "wide.zarr"):
        with pytest.raises(
            ValueError, match=r"1048576 x 1048576 values of .* in .* would take 4.1e\+03 GiB, more than memory"
        ):
            read_format(tmp_path / name, Reading(memory=2**30))


def test_a_damaged_or_mistaken_file_is_called_so(write):
    path = write({"X": X, "y": Y})
    if path.is_dir():
        for chunk in (path / "X").rglob("*"):
            if chunk.is_file() and not chunk.name.endswith(("json", ".zarray", ".zattrs")):
                chunk.write_bytes(b"\x00")
    else:
        content = path.read_bytes()
        for wrong in (content[: len(content) // 2], b"", b"text, not numbers\n" * 9):
            path.write_bytes(wrong)
            with pytest.raises(ValueError, match=r"^load_dataset: .* must be .*, got .*" + path.name):
                load_dataset(path)
        return
    with pytest.raises(
        ValueError, match=r"^load_dataset: this must be a Zarr store, whole and not altered, got .*key X"
    ):
        load_dataset(path)


def test_labels_in_one_column_and_beside_an_array_called_x(write):
    path = write({"train_set_x": X, "train_set_y": Y[:, None], "classes": np.arange(3)})
    data = load_dataset(path)
    assert_reference(data)
    assert data.taken == "array train_set_x; labels train_set_y"


def test_arrays_of_one_axis_are_columns_where_there_is_no_other(write):
    columns = {name: X[:, 0, place].copy() for place, name in enumerate("abc")}
    data = load_dataset(write({**columns, "species": Y}), center=False)
    np.testing.assert_array_equal(data.X, X[:, 0])
    assert (data.classes, data.taken) == (("0", "1", "2"), "columns from keys; labels from column 'species'")


def test_weights_of_a_model_are_no_points(tmp_path):
    layers = torch.nn.Sequential(torch.nn.Linear(6, 4), torch.nn.BatchNorm1d(4), torch.nn.Linear(4, 4))
    for model in (layers, layers[0]):
        torch.save({"model": model.state_dict(), "epoch": 3}, tmp_path / "a.pt")
        safetensors_torch.save_file(model.state_dict(), tmp_path / "a.safetensors")
        for name in ("a.pt", "a.safetensors"):
            with pytest.raises(ValueError, match=r"with the weights of a model, such as .*weight; give the data on"):
                load_dataset(tmp_path / name)
    assert load_dataset(f"{tmp_path}/a.safetensors:weight").n == 4


def test_what_is_no_array_of_points_is_called_so(tmp_path):
    np.savez(tmp_path / "inception.npz", mu=np.zeros(6), sigma=np.eye(6))
    with pytest.raises(ValueError, match="got .* with their mean mu and covariance sigma; give the features"):
        load_dataset(tmp_path / "inception.npz")
    torch.save([(torch.tensor(x), int(y)) for x, y in zip(X, Y, strict=True)], tmp_path / "a.pt")
    with pytest.raises(ValueError, match=r"in one array, got 30 of shape \(2, 3\) in .*, called \*/\*; stack them"):
        load_dataset(tmp_path / "a.pt")


def test_labels_of_a_pt_file_may_be_a_list(tmp_path):
    for labels in (Y.tolist(), [str(each) for each in Y]):
        torch.save({"latents": torch.tensor(X), "labels": labels}, tmp_path / "a.pt")
        assert_reference(load_dataset(tmp_path / "a.pt"))


def test_matrices_of_matlab_are_turned_back(tmp_path):
    with h5py.File(tmp_path / "a.mat", "w", userblock_size=512) as file:
        for name, values in {"X": X.reshape(30, 6).T, "y": Y[None].astype(float)}.items():
            file[name] = values
            file[name].attrs["MATLAB_class"] = np.bytes_("double")
        file["#refs#/b"] = np.zeros((2, 2))  # of a cell array
    data = load_dataset(tmp_path / "a.mat")
    assert_reference(data)
    assert data.taken == "array X, rows as in MATLAB; labels y"
    (tmp_path / "a.mat").write_bytes(b"MATLAB 5.0 MAT-file" + bytes(200))
    with pytest.raises(
        ValueError, match=r"must be one of version 7.3, got another, .*; save it in MATLAB with '-v7.3'"
    ):
        load_dataset(tmp_path / "a.mat")


def test_text_is_a_label_and_no_point(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["X"], file["y"] = X, np.array([f"class {kind}" for kind in Y], dtype=object)
    assert load_dataset(tmp_path / "a.h5").classes == ("class 0", "class 1", "class 2")
    with pytest.raises(ValueError, match=r"real numbers, got text"):
        load_dataset(f"{tmp_path}/a.h5:y")


@pytest.mark.parametrize("change", [lambda x: x.bfloat16(), lambda x: x.permute(0, 2, 1), lambda x: x[3:20, 1:]])
def test_tensors_are_read_without_torch_as_torch_reads_them(change, tmp_path):
    values = change(torch.tensor(X, dtype=torch.float32))
    right = values.float().numpy().reshape(len(values), -1)
    torch.save({"ema": {"latents": torch.nn.Parameter(values)}, "step": 3}, tmp_path / "a.pt")
    safetensors_torch.save_file({"latents": values.contiguous()}, tmp_path / "a.safetensors")
    for name in ("a.pt", "a.safetensors"):
        np.testing.assert_array_equal(load_dataset(tmp_path / name, center=False).X, right)


class Trap:
    def __reduce__(self):
        return (open, ("mark", "w"))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (Trap(), r"got io.open in .*a.pt, which is never run"),
        (torch.nn.Linear(2, 3), r"got torch.nn.modules.linear.Linear in .*, which is never run; save the tensor alone"),
        ({"x": np.ones((3, 2))}, r"must hold tensors in dictionaries, lists and tuples, got .*, which is never run"),
        (torch.ones(3, 2).to_sparse(), r"which is never run; save the tensor alone"),
        (torch.ones(3, 2, dtype=torch.complex64), r"real numbers, got a torch.ComplexFloatStorage in .*"),
    ],
)
def test_what_a_pt_file_holds_besides_tensors_is_refused_and_never_run(content, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    torch.save(content, "a.pt")
    with pytest.raises(ValueError, match=message):
        load_dataset("a.pt")
    assert not (tmp_path / "mark").exists()


def test_a_pickle_that_claims_more_than_it_holds_is_damaged(tmp_path):
    torch.save(torch.ones(3, 2), tmp_path / "a.pt")
    with zipfile.ZipFile(tmp_path / "a.pt") as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    shared = [1]
    for _ in range(30):
        shared = [shared, shared]  # 2^30 ways to the one number
    for description in (
        members["a/data.pkl"].replace(b"K\x03K\x02\x86", b"K\xffK\x02\x86"),  # 255 x 2 of 6 values
        members["a/data.pkl"][:-9],
        pickle.dumps(shared, protocol=2),
    ):
        with zipfile.ZipFile(tmp_path / "b.pt", "w") as archive:
            for name, values in {**members, "a/data.pkl": description}.items():
                archive.writestr(name, values)
        with pytest.raises(
            ValueError, match=r"torch.save wrote, whole and not altered, got .*b.pt|got no array; name one"
        ):
            load_dataset(tmp_path / "b.pt")
    (tmp_path / "b.pt").write_bytes((tmp_path / "a.pt").read_bytes() + b"more")
    with pytest.raises(ValueError, match=r"got .*b.pt, which cannot be read: it goes on behind the archive"):
        load_dataset(tmp_path / "b.pt")
    (tmp_path / "b.pt").write_bytes((tmp_path / "a.pt").read_bytes().replace(np.float32(1).tobytes(), b"\0\0\0\0"))
    with pytest.raises(ValueError, match=r"not altered, got .*b.pt, which cannot be read"):
        read_pytorch(tmp_path / "b.pt")["b"].whole()


def test_the_format_before_zip_archives_is_refused_with_advice(tmp_path):
    torch.save(torch.ones(3, 2), tmp_path / "a.pt", _use_new_zipfile_serialization=False)
    with pytest.raises(
        ValueError, match=r"as torch.save writes since 1.6, got .*a.pt: none; load it and save it again"
    ):
        load_dataset(tmp_path / "a.pt")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"dtype": "|O", "filters": [{"id": "pickle", "protocol": 5}]}, "must be a Zarr store, whole and not altered"),
        (
            {"compressor": {"id": "base64"}},
            r"with codecs of numbers, got base64 in .*two.zarr, key X, which is never run",
        ),
    ],
)
def test_a_codec_that_could_run_code_is_never_run(change, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_zarr(tmp_path / "two.zarr", {"X": X})
    path = tmp_path / "two.zarr" / "X" / ".zarray"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"compressor": None} | change))
    for chunk in path.parent.glob("[0-9]*"):
        chunk.write_bytes(pickle.dumps(Trap()))
    with pytest.raises(ValueError, match=message):
        load_dataset(tmp_path / "two.zarr")
    assert not (tmp_path / "mark").exists()


@pytest.mark.parametrize(
    "header",
    [
        {"X": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 48]}},
        {"X": {"dtype": "F32", "shape": [2, 3], "data_offsets": [8, 32]}},
        {"X": {"dtype": "F32", "shape": [-2, -3], "data_offsets": [0, 24]}},
        {"X": {"dtype": "F32", "shape": [2, 2], "data_offsets": [0, 16]}},
        {"X": {"dtype": "F8_E4M3", "shape": [2, 3], "data_offsets": [0, 6]}},
        {"X": 3},
    ],
)
def test_a_safetensors_header_must_fit_its_file(header, tmp_path):
    text = json.dumps(header).encode()
    (tmp_path / "a.safetensors").write_bytes(len(text).to_bytes(8, "little") + text + bytes(24))
    with pytest.raises(ValueError, match=r"^load_dataset: .*(safetensors file, whole|real numbers).*a.safetensors"):
        load_dataset(tmp_path / "a.safetensors")


@pytest.mark.parametrize(
    ("library", "name"),
    [
        ("h5py", "a.h5"),
        ("zarr", "a.zarr"),
        ("pyarrow", "a.feather"),
        ("pyarrow.parquet", "a.parquet"),
        ("PIL.Image", "*"),
    ],
)
def test_a_missing_reader_names_the_command_that_installs_it(library, name, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, library, None)
    for each in ("a.h5", "a.feather", "a.parquet", "1.png", "2.png"):
        (tmp_path / each).write_bytes(b"of no matter")
    (tmp_path / "a.zarr").mkdir()
    (tmp_path / "a.zarr" / "zarr.json").write_text("{}")
    with pytest.raises(ValueError, match=r'which is not installed; pip install "regimes\[formats\]"'):
        load_dataset(f"{tmp_path}/{'*.png' if name == '*' else name}")
