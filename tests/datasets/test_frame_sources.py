"""Frames and tables as sources, in Python and in files: labels and features by name, the same numbers as the array."""

import io
import json
import pickle
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet
import pytest
from PIL import Image

from regimes import load_dataset
from regimes.datasets.files.arrow import read_parquet
from regimes.datasets.files.formats import read_format
from regimes.datasets.files.reading import Reading

RNG = np.random.default_rng(8)
X, Y = RNG.normal(size=(40, 3)), RNG.integers(0, 3, 40)
NAMES = ["setosa", "versicolor", "virginica"]
SPECIES = [NAMES[kind] for kind in Y]
FRAME = pd.DataFrame(X, columns=["a", "b", "c"]).assign(species=SPECIES)
REFERENCE = load_dataset(X, SPECIES)

HUGGING_FACE = Path(__file__).parent / "huggingface"
"""Written by the library datasets 5.2: PIXELS as images, and a quarter of them as an Array2D of float32."""
PIXELS = (np.arange(6 * 4 * 4 * 3) * 7 % 256).astype(np.uint8).reshape(6, 4, 4, 3)


def written(writer, name):
    def write(folder):
        writer(folder / name)
        return folder / name

    return write


def stream(path):
    table = pa.Table.from_pandas(FRAME)
    with pa.ipc.new_stream(path, table.schema) as file:
        file.write_table(table, max_chunksize=7)


def parts(folder):
    for place, rows in enumerate((slice(0, 15), slice(15, 16), slice(16, 40))):
        FRAME[rows].to_parquet(folder / f"train-0000{place}-of-00003.parquet")
    return folder


SOURCES = {
    "pandas": lambda _: FRAME,
    "pandas, Arrow types": lambda _: FRAME.convert_dtypes(dtype_backend="pyarrow"),
    "pandas, categories": lambda _: FRAME.astype({"species": "category"}),
    "polars": lambda _: pl.DataFrame(X, schema=["a", "b", "c"]).with_columns(species=pl.Series(SPECIES)),
    "Arrow table": lambda _: pa.Table.from_pandas(FRAME),
    "Arrow batch": lambda _: pa.RecordBatch.from_pandas(FRAME.astype({"species": "category"})),
    "parquet": written(lambda path: FRAME.to_parquet(path, row_group_size=7), "a.parquet"),
    "feather": written(FRAME.to_feather, "a.feather"),
    "arrow stream": written(stream, "a.arrow"),
    "parquet folder": parts,
    "parquet pattern": lambda folder: f"{parts(folder)}/train-*.parquet",
}


@pytest.mark.parametrize("dress", SOURCES)
def test_a_frame_holds_the_same_points_in_every_dress(dress, tmp_path):
    source = SOURCES[dress](tmp_path)
    data = load_dataset(source, "species")
    np.testing.assert_allclose(data.X, REFERENCE.X, rtol=0, atol=1e-10)
    assert (data.classes, data.labels.tolist()) == (REFERENCE.classes, REFERENCE.labels.tolist())
    assert data.taken == "labels from column 'species'"
    part = load_dataset(source, "species", columns="c,a", center=False)
    np.testing.assert_allclose(part.X, X[:, [2, 0]], rtol=0, atol=1e-12)
    assert part.taken == "2 of 4 columns (c, a); labels from column 'species'"
    assert load_dataset(source, drop="species").labels is None
    assert load_dataset(source).classes == REFERENCE.classes  # for its name
    with pytest.raises(
        ValueError, match=r"labels must be a column of .*, got 'kind'; its columns are a, b, c, species"
    ):
        load_dataset(source, "kind")
    with pytest.raises(
        ValueError,
        match=r"every cell must be a number, got 'setosa' at row .*; text is no feature: .* --drop species \(drop",
    ):
        load_dataset(source, "a", columns="b,species")


def test_a_frame_is_judged_as_the_table_that_it_makes(tmp_path):
    frame = FRAME.rename(columns={"species": "kind"})
    with pytest.raises(ValueError, match=r"got .* column 'kind' .*--labels kind, otherwise --drop kind"):
        load_dataset(frame)
    frame.insert(0, "Unnamed: 0", np.arange(40))
    frame.assign(target=X[:, 0]).to_csv(tmp_path / "a.csv", index=False)
    for options in ({"drop": "target,kind"}, {"labels": "kind", "drop": "target"}, {"labels": "kind"}):
        data, table = (load_dataset(each, **options) for each in (frame.assign(target=X[:, 0]), tmp_path / "a.csv"))
        np.testing.assert_allclose(data.X, table.X, rtol=0, atol=1e-10)
        assert (data.classes, data.notes) == (table.classes, table.notes)
        assert f"first line as a header; {data.taken}" == table.taken


def test_columns_that_only_number_the_rows_are_left_out_and_said(tmp_path):
    FRAME.set_index(RNG.permutation(40)).to_parquet(tmp_path / "a.parquet")
    data = load_dataset(tmp_path / "a.parquet", "species")
    np.testing.assert_allclose(data.X, REFERENCE.X, rtol=0, atol=1e-10)
    assert data.taken == ("without the index __index_level_0__; 3 of 5 columns (a, b, c); labels from column 'species'")


def test_whole_numbers_booleans_and_missing_values():
    frame = pd.DataFrame({"i": pd.array([1, 2, None], dtype="Int64"), "b": [True, False, True]})
    for source in (frame, pl.DataFrame({"i": [1, 2, None], "b": [True, False, True]}), pa.table({"i": [1, 2, None]})):
        with pytest.raises(
            ValueError, match=r"every value must be there, got 1 of .* missing, the first at row 2, column 'i'"
        ):
            load_dataset(source)
    np.testing.assert_array_equal(load_dataset(frame[:2], center=False).X, [[1, 1], [2, 0]])


@pytest.mark.parametrize("kind", [pa.list_(pa.float32()), pa.list_(pa.float32(), 3)])
def test_a_column_of_vectors_holds_the_points(kind, tmp_path):
    text = pa.array([f"text {row}" for row in range(40)])
    table = pa.table({"embedding": pa.array(X.astype(np.float32).tolist(), kind), "text": text, "label": Y})
    pa.parquet.write_table(table, tmp_path / "a.parquet", row_group_size=11)
    for source in (table, tmp_path / "a.parquet", table.to_pandas(), pl.DataFrame(table.to_pydict())):
        data = load_dataset(source, "label", center=False)
        np.testing.assert_array_equal(data.X, X.astype(np.float32) if source is table else data.X)
        np.testing.assert_allclose(data.X, X, atol=1e-6)
        assert data.taken == "column 'embedding' of 3 values; without text; labels from column 'label'"
    ragged = pa.table({"embedding": [[1.0, 2.0], [3.0]]})
    with pytest.raises(ValueError, match=r"all lists in a column must have one length"):
        load_dataset(ragged)
    with pytest.raises(
        ValueError, match=r"one column of images or vectors must hold the points, got one \(vector\), two"
    ):
        load_dataset(pa.table({"one": [[1.0], [2.0]], "two": [[1.0], [2.0]]}))


@pytest.mark.parametrize("row", [0, 1])
def test_a_list_that_is_missing_is_refused(row):
    lists = X.tolist()
    lists[row] = None
    for source in (pd.DataFrame({"emb": lists}), pl.DataFrame({"emb": lists})):
        with pytest.raises(ValueError, match="got a list that is missing; drop such rows"):
            load_dataset(source)
        with pytest.raises(ValueError, match="one value for each point, got column 'emb' of .*, which holds vectors"):
            load_dataset(source, "emb")


def test_categories_and_texts_of_numbers_are_no_numbers():
    for column in (pd.Categorical([1, 2, 3, 1]), ["1", "2", "3", "1"]):
        frame = pd.DataFrame({"a": column, "b": [1.0, 2.0, 3.0, 5.0]})
        with pytest.raises(ValueError, match=r"got '1' at row 0, column 'a' .*; it is text or a category: convert"):
            load_dataset(frame)
        assert load_dataset(frame, "a").classes == ("1", "2", "3")
    frame = pd.DataFrame({"a": pd.Series([pd.NA, 2, 3, 5], dtype=object), "k": ["u", pd.NA, "v", "u"]})
    with pytest.raises(ValueError, match=r"1 of 4 missing, the first at row 0, column 'a'"):
        load_dataset(frame, "k")
    assert load_dataset(frame, "k", missing="drop").classes == ("u", "v")


def test_a_folder_of_save_to_disk_has_images_with_the_names_of_their_classes():
    data = load_dataset(HUGGING_FACE / "pets" / "train", center=False)
    np.testing.assert_allclose(data.X, PIXELS.reshape(6, -1) / 127.5 - 1, atol=1e-14)
    assert (data.classes, data.labels.tolist()) == (("cat", "dog"), [0, 1] * 3)
    assert (
        data.taken
        == "4 x 4 colour images of column 'image'; labels from column 'label'; 8-bit values mapped to [-1, 1]"
    )
    with pytest.raises(
        ValueError, match=r"one part .* must be given, got train, test in .*; give one, such as .*pets/train"
    ):
        load_dataset(HUGGING_FACE / "pets")


def test_arrays_and_unused_classes_of_a_parquet_file_from_the_hub():
    data = load_dataset(HUGGING_FACE / "arrays.parquet", center=False)
    np.testing.assert_array_equal(data.X, PIXELS[:, :2, :, 0].reshape(6, -1) / 8)
    assert (data.classes, data.labels.tolist()) == (("a", "c"), [1, 0] * 3)


@pytest.mark.parametrize("column", ["x", "embedding"])
def test_classes_stand_in_the_order_in_which_the_data_set_numbers_them(column, tmp_path):
    """MNIST's classes in words; no point is of the class one, and one point is of no class."""
    names = ["zero", "one", "two", "three"]
    features = {"label": {"_type": "ClassLabel", "names": names}, column: {"_type": "Value"}}
    labels = [0, 2, 3, 0, 2, 3, -1]
    values = [[float(k), 1.0] for k in range(7)] if column == "embedding" else [float(k) for k in range(7)]
    table = pa.table({column: values, "label": labels})
    table = table.replace_schema_metadata({"huggingface": json.dumps({"info": {"features": features}})})
    pa.parquet.write_table(table, tmp_path / "a.parquet")
    data = load_dataset(tmp_path / "a.parquet", missing="drop")
    assert (data.classes, data.labels.tolist()) == (("zero", "two", "three"), [0, 1, 2, 0, 1, 2])
    assert load_dataset(tmp_path / "a.parquet", missing="drop", classes=["three", "zero"]).labels.tolist() == [1, 0] * 2
    other = table.replace_schema_metadata({"huggingface": json.dumps({"info": {"features": {}}})})
    pa.parquet.write_table(other, tmp_path / "b.parquet")
    with pytest.raises(ValueError, match="or other classes; give the files of one"):
        load_dataset(f"{tmp_path}/*.parquet")


def encoded(images):
    streams = [io.BytesIO() for _ in images]
    for image, stream in zip(images, streams, strict=True):
        Image.fromarray(image).save(stream, "PNG")
    return [stream.getvalue() for stream in streams]


def test_classes_beside_images_and_vectors_are_found_by_name(tmp_path):
    kinds = [0, 1, 1, 0, 1, 0]
    table = pa.table({"jpg": encoded(PIXELS), "cls": kinds, "caption": ["one"] * 6})
    pa.parquet.write_table(table, tmp_path / "a.parquet")
    vectors = pl.DataFrame({"embedding": PIXELS.reshape(6, -1).tolist(), "label": kinds, "text": list("abcdef")})
    for source, name in (
        (tmp_path / "a.parquet", "cls"),
        (table, "cls"),
        (table.to_pandas(), "cls"),
        (vectors, "label"),
    ):
        data = load_dataset(source, scale=1, center=False)
        np.testing.assert_array_equal(data.X, PIXELS.reshape(6, -1))
        assert (data.classes, data.labels.tolist()) == (("0", "1"), kinds)
        assert f"labels from column '{name}'" in data.taken
        assert load_dataset(source, drop=name).labels is None
    scores = load_dataset(vectors.with_columns(label=pl.Series(np.linspace(0, 1, 6))))
    assert scores.labels is None
    assert "holds numbers that are not integers: not taken as classes" in scores.notes[0]


@pytest.mark.parametrize(
    ("columns", "note"),
    [
        ({"label": [-1] * 6}, "no point has a class in column 'label': not taken"),
        ({"coarse": [0, 1] * 3, "fine": [0, 1, 1] * 2}, r"classes may stand in coarse (number), fine (number) of"),
    ],
)
def test_columns_of_classes_that_are_not_taken_are_named(columns, note):
    features = {name: {"_type": "ClassLabel", "names": ["b", "a"]} for name in columns}
    table = pa.table({"x": PIXELS.reshape(6, -1).tolist(), **columns})
    data = load_dataset(table.replace_schema_metadata({"huggingface": json.dumps({"info": {"features": features}})}))
    assert (data.labels, data.notes[0].startswith(note)) == (None, True)


def test_objects_of_pandas_that_are_numbers_are_features():
    frame = pd.DataFrame({"a": pd.Series([1, 2.5, None], dtype=object), "b": [Decimal("0.5"), Decimal(1), Decimal(2)]})
    np.testing.assert_array_equal(load_dataset(frame, missing="drop", center=False).X, [[1, 0.5], [2.5, 1]])
    with pytest.raises(ValueError, match=r"must have one shape, got \(1,\) and \(2,\)"):
        load_dataset(pd.DataFrame({"x": [[1.0], [1.0, 2.0]]}))


def test_labels_of_pandas_in_another_order_are_not_taken_row_by_row():
    labels = FRAME["species"].sample(frac=1, random_state=0)
    with pytest.raises(ValueError, match=r"index of the frame in another order; give labels.reindex\(frame.index\)"):
        load_dataset(FRAME[["a", "b", "c"]], labels)
    for same in (labels.reindex(FRAME.index), FRAME["species"].set_axis(np.arange(5, 45))):
        assert load_dataset(FRAME[["a", "b", "c"]], same).labels.tolist() == REFERENCE.labels.tolist()


def test_broken_images_of_a_column_are_named_by_their_rows_and_left_out_with_their_labels():
    png = [io.BytesIO() for _ in PIXELS]
    for image, stream in zip(PIXELS, png, strict=True):
        Image.fromarray(image).save(stream, "PNG")
    cells = [{"bytes": each.getvalue(), "path": None} for each in png]
    cells[2]["bytes"] = b"\x89PNG and no more"
    table = pa.table({"image": cells, "kind": list("aabbab")})
    for source in (table, table.to_pandas(), pl.DataFrame(table.to_pydict())):
        with pytest.raises(ValueError, match=r"got 1 of 6 in .* that is not: row 2 \((damaged|no image)\)"):
            load_dataset(source, "kind")
        data = load_dataset(source, "kind", skip_broken=True, center=False)
        np.testing.assert_allclose(data.X, np.delete(PIXELS, 2, 0).reshape(5, -1) / 127.5 - 1, atol=1e-14)
        assert data.labels.tolist() == [0, 0, 1, 0, 1]


def test_parts_of_one_set_and_different_tables_are_not_put_together(tmp_path):
    for name in ("train-0", "test-0"):
        FRAME.to_parquet(tmp_path / f"{name}.parquet")
    with pytest.raises(ValueError, match=r"got test, train in .*; give one, such as .*/\*\*/train-\*.parquet"):
        load_dataset(tmp_path)
    FRAME.drop(columns="a").to_parquet(tmp_path / "train-1.parquet")
    with pytest.raises(ValueError, match=r"must have the same columns, got a, b, c, species and b, c, species in"):
        load_dataset(f"{tmp_path}/train-*")


def test_a_description_leads_to_no_file_outside_its_folder(tmp_path):
    (tmp_path / "set").mkdir()
    FRAME.to_feather(tmp_path / "other.arrow")
    (tmp_path / "set" / "state.json").write_text(json.dumps({"_data_files": [{"filename": "../other.arrow"}]}))
    with pytest.raises(ValueError, match=r"must name what lies beside it, got '../other.arrow' in"):
        load_dataset(tmp_path / "set")


@pytest.mark.parametrize("name", ["a.parquet", "a.feather"])
def test_a_damaged_table_and_another_file_under_its_name_are_refused(name, tmp_path):
    path = SOURCES[name.removeprefix("a.")](tmp_path)
    content = path.read_bytes()
    for wrong in (b"", content[: len(content) // 2], b"a,b\n1,2\n" * 9):
        path.write_bytes(wrong)
        with pytest.raises(ValueError, match=rf"must be an? .* file, whole and not altered, got .*{name}"):
            load_dataset(path, "species")


def test_a_few_kilobytes_that_declare_many_rows_are_refused_before_they_are_read(tmp_path):
    table = pa.table({"x": np.zeros(2_000_000, np.float32), "y": np.zeros(2_000_000, np.int8)})
    pa.parquet.write_table(table, tmp_path / "a.parquet")
    assert (tmp_path / "a.parquet").stat().st_size < 20_000
    with pytest.raises(ValueError, match=r"2000000 x 2 values of .* would take .* more than memory = 0.00977 GiB"):
        read_format(tmp_path / "a.parquet", Reading(columns="x", memory=10 * 2**20))


def test_a_frame_that_is_not_computed_asks_for_it():
    with pytest.raises(ValueError, match=r"a frame must hold its values, got LazyFrame; call its collect\(\) method"):
        load_dataset(pl.DataFrame({"a": [1.0, 2.0]}).lazy())


def test_columns_and_labels_of_another_form():
    assert load_dataset(FRAME, ["species"]).classes == REFERENCE.classes
    indexed = load_dataset(FRAME.set_index("species"))
    assert indexed.labels is None
    assert indexed.notes[0] == "the index 'species' may be the classes, and was not taken: give labels=frame.index"
    assert not load_dataset(FRAME.drop(columns="species").set_index(np.array([f"row {i}" for i in range(40)]))).notes
    for source in (FRAME["a"], FRAME["species"], pl.Series([1.0, 2.0])):
        with pytest.raises(ValueError, match=r"must be a frame or an array, got Series of shape .*; give its to_frame"):
            load_dataset(source)


def vectors(rows, first=0):
    values = np.arange(first, first + 8 * rows, dtype=np.float32)
    return pa.table({"v": pa.FixedSizeListArray.from_arrays(pa.array(values), 8)})


def test_a_shard_without_rows_among_others(tmp_path):
    for place, rows in enumerate((20, 0, 30)):
        pa.parquet.write_table(vectors(rows, 8 * 20 * (place == 2)), tmp_path / f"{place}.parquet")
    data = load_dataset(tmp_path, center=False)
    assert np.array_equal(data.X, np.arange(400).reshape(50, 8))


def test_streamed_rows_in_any_order_by_several_threads(tmp_path):
    pa.parquet.write_table(vectors(5000), tmp_path / "a.parquet", row_group_size=700)
    rows = pickle.loads(pickle.dumps(read_parquet(tmp_path / "a.parquet").streamed))
    starts = np.random.default_rng(0).integers(0, 4000, size=60)
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda start: rows(0, start, start + 900), starts))
    for start, each in zip(starts, found, strict=True):
        assert np.array_equal(each, np.arange(8 * start, 8 * (start + 900)).reshape(900, 8))


def test_labels_as_views_of_text(tmp_path):
    table = vectors(4).append_column("label", pa.array(["a", "b"] * 2).cast(pa.string_view()))
    with pa.OSFile(str(tmp_path / "a.arrow"), "wb") as file, pa.ipc.new_file(file, table.schema) as writer:
        writer.write_table(table)
    assert load_dataset(tmp_path / "a.arrow").classes == ("a", "b")
