"""The same points in every dress that arrays come in, and what is said where something was judged."""

import numpy as np
import pytest

from regimes import load_dataset

RNG = np.random.default_rng(15)
POINTS = RNG.normal(size=(30, 3))
KINDS = RNG.integers(0, 2, 30)


def saved(folder, **arrays):
    np.savez(folder / "a.npz", **arrays)
    return folder / "a.npz"


def assert_labelled(data, taken):
    np.testing.assert_array_equal(data.X, POINTS)
    assert (data.classes, data.labels.tolist(), data.taken) == (("0", "1"), KINDS.tolist(), taken)


def structured(**columns):
    fields = [(name, column.dtype, column.shape[1:]) for name, column in columns.items()]
    array = np.empty(30, dtype=fields)
    for name, column in columns.items():
        array[name] = column
    return array


def test_fields_of_a_structured_array_are_columns(tmp_path):
    fields = structured(a=POINTS[:, 0], b=POINTS[:, 1:], cls=KINDS.astype(np.int32))
    np.save(tmp_path / "a.npy", fields)
    for source in (fields, tmp_path / "a.npy"):
        assert_labelled(load_dataset(source, center=False), "labels from column 'cls'")
    place = saved(tmp_path, X=fields)
    assert_labelled(load_dataset(place, "cls", center=False), "array X; labels from column 'cls'")
    assert load_dataset(fields, columns="b.1,a", center=False).X[0].tolist() == [POINTS[0, 2], POINTS[0, 0]]
    named = structured(id=np.array([f"s{n}" for n in range(30)]), a=POINTS[:, 0], kind=np.array(["u", "v"])[KINDS])
    data = load_dataset(named, "kind", center=False)
    assert (data.d, data.classes) == (1, ("u", "v"))
    with pytest.raises(ValueError, match=r"column 'kind' \(ndarray .*--labels kind, otherwise --drop kind"):
        load_dataset(named)
    with pytest.raises(ValueError, match="a column must hold numbers or text, got complex128 in 'z'"):
        load_dataset(structured(a=POINTS[:, 0], z=POINTS[:, 1] * 1j))


def test_keys_of_one_value_a_point_are_columns(tmp_path):
    columns = {name: POINTS[:, place] for place, name in enumerate("abc")}
    path = saved(tmp_path, **columns, species=KINDS)
    assert_labelled(load_dataset(path, center=False), "columns from keys; labels from column 'species'")
    np.testing.assert_array_equal(load_dataset(path, columns="c,a", center=False).X, POINTS[:, [2, 0]])
    assert_labelled(
        load_dataset(saved(tmp_path, **columns, kind=KINDS, X=KINDS), "kind", columns="a,b,c", center=False),
        "columns from keys; 3 of 5 columns (a, b, c); labels from column 'kind'",
    )


def test_the_second_positional_array_holds_the_labels(tmp_path):
    np.savez(tmp_path / "a.npz", POINTS, KINDS)
    assert_labelled(load_dataset(tmp_path / "a.npz", center=False), "array arr_0; labels arr_1")
    np.savez(tmp_path / "a.npz", POINTS, POINTS[:5])
    assert load_dataset(tmp_path / "a.npz").labels is None
    np.savez(tmp_path / "a.npz", POINTS, POINTS[:, 0])
    data = load_dataset(tmp_path / "a.npz")
    assert (data.labels, data.notes[0].split(":")[1]) == (None, " not taken as classes")


def test_a_key_that_is_dropped_holds_no_labels(tmp_path):
    objects = np.array(["cat", "dog"], dtype=object)[KINDS]
    path = saved(tmp_path, X=POINTS, y=objects, z=KINDS)
    with pytest.raises(
        ValueError, match=r"key y: Python objects .* labels with astype\(str\), or leave it out with --drop y"
    ):
        load_dataset(path)
    np.testing.assert_array_equal(load_dataset(path, drop="y,0", center=False).X, POINTS[:, 1:])
    assert_labelled(load_dataset(path, "z", center=False), "array X; labels z")


def test_labels_that_are_missing_are_no_reason_to_have_none(tmp_path):
    labels = KINDS.astype(float)
    labels[4] = np.nan
    with pytest.raises(ValueError, match=r"an empty one at row 4 \(1 of 30 are missing\); --missing drop"):
        load_dataset(saved(tmp_path, X=POINTS, y=labels))
    data = load_dataset(tmp_path / "a.npz", missing="drop")
    assert (data.n, data.classes) == (29, ("0", "1"))


def test_labels_in_several_columns_are_refused(tmp_path):
    place = saved(tmp_path, X=POINTS, y=np.column_stack([KINDS, KINDS]))
    with pytest.raises(
        ValueError, match=r"got shape \(30, 2\); save one of its columns, or of one-hot rows the argmax"
    ):
        load_dataset(place, "y")
    assert "shape (30, 2), not one label for each point: not taken" in load_dataset(place).notes[0]


def test_eight_bit_values_go_to_the_range_of_models_unless_told():
    pixels = RNG.integers(0, 200, (30, 4, 4)).astype(np.uint8)
    data = load_dataset(pixels, center=False)
    np.testing.assert_allclose(data.X, pixels.reshape(30, -1) / 127.5 - 1, atol=1e-12)
    assert data.taken == "8-bit values mapped to [-1, 1]"
    for same in (pixels.reshape(30, -1), structured(a=pixels.reshape(30, -1)), load_dataset(pixels, center=False)):
        np.testing.assert_array_equal(load_dataset(same, center=False).X, data.X)
    told = load_dataset(pixels, scale="none", center=False)
    assert (told.taken, told.X.max()) == ("", pixels.max())
    bits = (pixels > 99).astype(np.uint8)
    for binary in (bits, bits.astype(bool)):
        np.testing.assert_array_equal(load_dataset(binary, center=False).X, bits.reshape(30, -1))


def test_eight_bit_columns_of_a_table_are_no_pixels(tmp_path):
    ages = RNG.integers(18, 90, (30, 3)).astype(np.uint8)
    keys = saved(tmp_path, age=ages[:, 0], height=ages[:, 1], weight=ages[:, 2])
    tokens = RNG.integers(0, 20, (30, 40)).astype(np.uint8)
    np.testing.assert_array_equal(load_dataset(tokens, center=False).X, tokens)
    for source in (ages, keys, structured(a=ages[:, 0], b=ages[:, 1:])):
        np.testing.assert_array_equal(load_dataset(source, center=False).X, ages)


@pytest.mark.parametrize("shape", [(32, 32, 3), (16, 24, 4), (3, 32, 32)])
def test_one_image_is_no_data_set(shape):
    image = RNG.integers(0, 256, shape).astype(np.uint8)
    with pytest.raises(ValueError, match=r"one image is no data set, got 8-bit values of shape .*; give images"):
        load_dataset(image)
    assert load_dataset(image.reshape(shape[0], -1)).n == shape[0]
    assert load_dataset(np.stack([image, image[::-1]])).n == 2
    with pytest.raises(ValueError, match=r"one image, x\[None\], is no data set, got values of shape .*x\.reshape"):
        load_dataset(image.astype(float))
    assert load_dataset(RNG.normal(size=(20, 50, 3))).n == 20  # clouds of points
    assert load_dataset(RNG.normal(size=(5, 32, 32))).n == 5


def test_a_first_column_that_counts_the_rows_is_pointed_out():
    numbered = np.column_stack([np.arange(30), POINTS])
    assert "leave it out with --drop 0 (drop=0)" in load_dataset(numbered).notes[0]
    assert load_dataset(numbered, drop=0, center=False).X.tolist() == POINTS.tolist()


def test_a_data_set_keeps_its_columns():
    with pytest.raises(
        ValueError, match="a Dataset has been read already, got columns, drop, header, decimal or missing"
    ):
        load_dataset(load_dataset(POINTS), columns=0)


def test_columns_of_a_built_in_set():
    data, whole = load_dataset("iris", columns="0,2"), load_dataset("iris")
    np.testing.assert_allclose(data.X, whole.X[:, [0, 2]])
    assert (data.classes, data.taken) == (whole.classes, "2 of 4 columns (0, 2)")
