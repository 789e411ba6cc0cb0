"""Tensors, loaders and labelled arrays as sources: told by what they can do, the same numbers as the array."""

import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pandas
import pytest
import xarray
from sklearn.utils import Bunch

from regimes import load_dataset

torch = pytest.importorskip("torch")
DataLoader, Dataset, IterableDataset, Subset, TensorDataset = (
    getattr(torch.utils.data, name) for name in ("DataLoader", "Dataset", "IterableDataset", "Subset", "TensorDataset")
)

RNG = np.random.default_rng(11)
X, Y = RNG.normal(size=(30, 2, 3)), RNG.integers(0, 3, 30)
REFERENCE = load_dataset(X, Y)
PAIRS = TensorDataset(torch.tensor(X), torch.tensor(Y))


class Named(Dataset):
    """A map-style data set of dictionaries, with names of its classes."""

    classes = ("cat", "dog", "eel")

    def __len__(self):
        return len(X)

    def __getitem__(self, row):
        return {"pixel_values": X[row], "label": int(Y[row])}


class Transformed:
    """What the library datasets gives with a transform, which its table does not have."""

    features = {"label": SimpleNamespace(names=list(Named.classes))}
    format = {"type": "custom"}
    num_rows = len(X)

    def with_format(self, kind):
        raise AssertionError

    def __len__(self):
        return len(X)

    def __getitem__(self, row):
        return Named()[row]


class Stream(IterableDataset):
    def __init__(self, *, endless=False):
        self.endless = endless

    def __iter__(self):
        while True:
            yield from ((torch.tensor(x), int(y)) for x, y in zip(X, Y, strict=True))
            if not self.endless:
                return


LABELLED = xarray.DataArray(X, dims=("sample", "row", "column"), coords={"kind": ("sample", Y)})

SOURCES = {
    "tensor": (torch.tensor(X), torch.tensor(Y)),
    "part of a graph": (torch.tensor(X, requires_grad=True) * 1.0, Y),
    "pairs": (PAIRS, None),
    "loader": (DataLoader(PAIRS, batch_size=7), None),
    "loader of single points": (DataLoader(PAIRS, batch_size=None), None),
    "dictionaries": (Named(), None),
    "loader of dictionaries": (DataLoader(Named(), batch_size=4), None),
    "dictionaries of a transform": (Transformed(), None),
    "stream": (Stream(), None),
    "loader of a stream": (DataLoader(Stream(), batch_size=4), None),
    "tensors without labels": (TensorDataset(torch.tensor(X)), Y),
    "DataArray": (LABELLED, "kind"),
    "xarray Dataset": (xarray.Dataset({"X": LABELLED.drop_vars("kind"), "y": ("sample", Y)}), None),
    "xarray, samples last": (LABELLED.transpose("row", "column", "sample"), "kind"),
    "memory map": ("points.npy", Y),
    "what scikit-learn loads": (Bunch(data=X, target=Y, target_names=["0", "1", "2"], DESCR="text", frame=None), None),
    "dictionary of arrays": ({"X": torch.tensor(X), "y": Y}, None),
    "list of arrays": (list(X), Y),
    "list of pairs": ([(x, int(y)) for x, y in zip(X, Y, strict=True)], None),
}


@pytest.mark.parametrize("dress", SOURCES)
def test_the_same_points_in_every_dress(dress, tmp_path):
    source, labels = SOURCES[dress]
    if dress == "memory map":
        np.save(tmp_path / source, X)
        source = np.load(tmp_path / source, mmap_mode="r")
    data = load_dataset(source, labels)
    np.testing.assert_allclose(data.X, REFERENCE.X, rtol=0, atol=1e-10)
    assert data.labels.tolist() == REFERENCE.labels.tolist()
    assert data.classes == (Named.classes if "dictionaries" in dress else REFERENCE.classes)
    assert data.notes == ()


@pytest.mark.parametrize("kind", [torch.bfloat16, torch.float16, torch.float32, torch.int16, torch.uint8])
def test_every_real_type_of_tensor_keeps_its_values(kind):
    values = (torch.tensor(X) * 3).to(kind)
    np.testing.assert_array_equal(
        load_dataset(values, scale="none", center=False).X, values.double().numpy().reshape(30, -1)
    )


def test_what_comes_with_the_points_is_left_out_where_it_is_no_class():
    data = load_dataset(TensorDataset(torch.tensor(X), torch.tensor(X[:, 0, 0])))
    assert data.labels is None
    assert data.notes[0].startswith("what TensorDataset gives beside the points is not one class for each")


def test_a_loader_that_shuffles_is_said():
    shuffled = DataLoader(PAIRS, batch_size=7, shuffle=True)
    assert "draws its points at random" in load_dataset(shuffled).notes[0]
    with pytest.raises(ValueError, match="labels must come in the order of the points, got some beside DataLoader"):
        load_dataset(shuffled, Y)


def test_a_loader_that_leaves_out_the_last_batch_is_said():
    assert "28 points are left" in load_dataset(DataLoader(PAIRS, batch_size=7, drop_last=True)).notes[0]


def test_images_of_pillow_are_their_colours_and_of_eight_bits():
    from PIL import Image

    pixels = np.random.default_rng(0).integers(0, 256, (6, 4, 4, 3), dtype=np.uint8)
    palette = [Image.fromarray(each).convert("P", palette=1, colors=256) for each in pixels]
    right = load_dataset(np.stack([np.asarray(each.convert("RGB")) for each in palette]))
    assert right.taken == "8-bit values mapped to [-1, 1]"
    for source in (
        palette,
        [(each, 0) for each in palette],
        {"image": palette, "label": [0, 1] * 3},
        pandas.DataFrame({"image": palette}),
    ):
        np.testing.assert_array_equal(load_dataset(source).X, right.X)


class Other:
    def __init__(self, item):
        self.item = item

    def __len__(self):
        return 3

    def __getitem__(self, row):
        return self.item


class Failing(Other):
    def __init__(self):
        pass

    def __getitem__(self, row):
        return 1 / 0


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (Other("text"), r"an item must be a tensor or a pair \(x, y\), got str in Other; take x and y out of it"),
        (Other((1, 2, 3)), r"must be a tensor or a pair \(x, y\), got tuple"),
        (Subset(PAIRS, []), r"at least two points, got none in Subset"),
        ([torch.ones(2), torch.ones(3)], r"all points must have one shape, got \(2,\) and \(3,\); resize, pad or cut"),
        (Other(((X[0], X[1]), 1)), r"must be a tensor or a pair \(x, y\), got tuple in Other"),
        (Failing(), "got ZeroDivisionError from Failing after 0: division by zero; see that a loop over it gives them"),
        (torch.ones(3, 2).to_sparse(), r"a tensor must be dense, got torch.sparse_coo; give its to_dense\(\)"),
        (torch.ones(3, 2, device="meta"), r"a tensor must hold values, got one on the device meta"),
        (torch.ones(3, 2, dtype=torch.complex64), "real numbers, got complex ones"),
        (xarray.Dataset({"a": LABELLED, "b": LABELLED}), r"got the keys a 30x2x3, b 30x2x3"),
    ],
)
def test_what_holds_no_points_is_refused(source, message):
    with pytest.raises(ValueError, match=r"^load_dataset: .*" + message):
        load_dataset(source)


def test_the_axis_of_samples_is_moved_to_the_front():
    data = load_dataset(xarray.DataArray(X, dims=("lat", "lon", "time")), center=False)
    np.testing.assert_array_equal(data.X, np.moveaxis(X, -1, 0).reshape(3, -1))
    assert data.taken == "array array, points along time, which was moved to the front of lat, lon, time"
    assert load_dataset(xarray.DataArray(X, dims=("obs", "lat", "time"))).n == len(X)


def test_points_of_several_shapes_are_refused():
    with pytest.raises(ValueError, match=r"all points must have one shape, got \(2,\) and \(3,\) in "):
        load_dataset(torch.utils.data.ConcatDataset([TensorDataset(torch.ones(2, 2)), TensorDataset(torch.ones(2, 3))]))


def test_a_stream_without_end_is_stopped_by_the_memory():
    from regimes.datasets.files.reading import Reading
    from regimes.datasets.points.objects import object_points

    with pytest.raises(ValueError, match=r"the points of Stream, of which there may be more, would take"):
        object_points(Stream(endless=True), Reading(memory=2**16))


def test_no_library_is_imported_for_its_objects():
    code = (
        "import sys, numpy, regimes\n"
        "regimes.load_dataset(numpy.eye(3))\n"
        "print(sorted({'torch', 'pandas', 'polars', 'pyarrow', 'xarray', 'PIL', 'h5py', 'zarr'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
