"""Images as sources: folders, patterns, archives; sizes, channels, depth, orientation; what is broken is named."""

import io
import os
import zipfile

import numpy as np
import pytest
from PIL import Image

from regimes import load_dataset

RNG = np.random.default_rng(5)
COLOUR = RNG.integers(0, 256, (6, 4, 5, 3), dtype=np.uint8)
GREY = COLOUR[..., 0]
NAMES = [f"{kind}/{place}.png" for kind in ("cat", "dog") for place in range(3)]


def write(folder, images, names=NAMES, **options):
    for name, image in zip(names, images, strict=True):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        (image if isinstance(image, Image.Image) else Image.fromarray(image)).save(path, **options)
    return folder


def pixels(images, known=255.0):
    """What a model is given: each value mapped from the range of its type to [-1, 1]."""
    return np.asarray(images, dtype=float).reshape(len(images), -1) / (known / 2) - 1


def zipped(folder, path):
    with zipfile.ZipFile(path, "w") as archive:
        for each in sorted(folder.rglob("*.*")):
            archive.write(each, each.relative_to(folder.parent))
        archive.writestr("__MACOSX/._0.png", b"what a system adds")
    return path


def test_a_folder_a_pattern_and_an_archive_hold_the_same_images_and_classes(tmp_path):
    folder = write(tmp_path / "pets", COLOUR)
    for source in (folder, f"{folder}/*/*.png", f"{folder}/**/*.png", zipped(folder, tmp_path / "pets.zip")):
        data = load_dataset(source, center=False)
        np.testing.assert_allclose(data.X, pixels(COLOUR), atol=1e-14)
        assert (data.classes, data.labels.tolist()) == (("cat", "dog"), [0, 0, 0, 1, 1, 1])
        assert data.taken == "4 x 5 colour images; classes by folder; 8-bit values mapped to [-1, 1]"
        assert data.notes == ()
    one = load_dataset(folder / "dog", scale="none", center=False)
    np.testing.assert_array_equal(one.X, COLOUR[3:].reshape(3, -1))
    assert (one.labels, one.taken) == (None, "4 x 5 colour images")
    same = load_dataset(COLOUR, ["cat"] * 3 + ["dog"] * 3, center=False)
    np.testing.assert_allclose(same.X, pixels(COLOUR), atol=1e-14)


def with_alpha(image):
    return np.dstack([image, np.full(image.shape[:2], 9, np.uint8)])


@pytest.mark.parametrize(
    ("images", "right", "known", "note"),
    [
        (list(GREY), GREY, 255.0, None),
        ([*GREY[:5], COLOUR[5]], [*np.repeat(GREY[:5, ..., None], 3, axis=-1), COLOUR[5]], 255.0, "5 of 6 .* are grey"),
        (
            [with_alpha(each) for each in COLOUR],
            COLOUR,
            255.0,
            "6 of 6 images have an alpha channel, which was dropped",
        ),
        ([Image.fromarray(each > 99) for each in GREY], (GREY > 99) * 255, 255.0, None),
        (list(GREY.astype(np.uint16) * 201), GREY.astype(int) * 201, 65535.0, None),
        ([GREY[0].astype(np.uint16) * 257, *GREY[1:]], GREY, 255.0, "1 of 6 images have 16 bits where others have 8"),
        ([Image.fromarray(each).convert("P", palette=1, colors=256) for each in GREY], None, 255.0, None),
    ],
    ids=["grey", "grey among colour", "alpha", "bits", "16 bits", "16 bits among 8", "palette"],
)
def test_channels_and_depth(images, right, known, note, tmp_path):
    write(tmp_path, images)
    if right is None:
        right = [np.asarray(each.convert("L")) for each in images]
    data = load_dataset(tmp_path, center=False)
    np.testing.assert_allclose(data.X, pixels(right, known), atol=1e-7 if note and "16" in note else 1e-14)
    if note is None:
        assert data.notes == ()
    else:
        assert len(data.notes) == 1
        with pytest.raises(AssertionError, match=note):
            raise AssertionError(data.notes[0])


@pytest.mark.parametrize("suffix", ["bmp", "tif", "ppm", "webp", "gif"])
def test_each_file_type_holds_the_same_values(suffix, tmp_path):
    images = GREY if suffix == "gif" else COLOUR
    write(tmp_path, images, [name.replace("png", suffix) for name in NAMES], lossless=True)
    np.testing.assert_allclose(load_dataset(tmp_path, center=False).X, pixels(images), atol=1e-14)


def test_photographs_are_turned_as_their_orientation_says(tmp_path):
    upright = [Image.fromarray(each) for each in COLOUR]
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by a quarter, clockwise
    turned = [each.transpose(Image.Transpose.ROTATE_90) for each in upright[:2]]
    write(tmp_path, turned, NAMES[:2], exif=exif)
    write(tmp_path, upright[2:], NAMES[2:])
    data = load_dataset(tmp_path, center=False)
    np.testing.assert_allclose(data.X, pixels(COLOUR), atol=1e-14)
    assert "2 turned upright by EXIF" in data.taken


def test_images_of_several_sizes_need_resize_which_keeps_their_shape_about_the_centre(tmp_path):
    ramp = np.tile(np.arange(0, 240, 20, dtype=np.uint8), (6, 1))  # 6 x 12
    write(tmp_path, [ramp, *GREY[:5]])
    with pytest.raises(
        ValueError, match=r"one size, got 2 sizes in .*: 4 x 5 of 5 and others of 1 \(cat/0.png \(6 x 12\)\)"
    ):
        load_dataset(tmp_path)
    square = load_dataset(tmp_path, resize=6, scale="none", center=False)
    np.testing.assert_array_equal(square.X[0].reshape(6, 6), ramp[:, 3:9])
    assert square.taken.startswith("6 x 6 grey images (6 cropped about the centre and resized)")
    for given in ("4x5", (4, 5)):
        kept = load_dataset(tmp_path, resize=given, scale="none", center=False)
        np.testing.assert_array_equal(kept.X[1:], GREY[:5].reshape(5, -1))
    with pytest.raises(ValueError, match=r"resize must be a number of pixels, or HEIGHTxWIDTH, got '0'; give 64"):
        load_dataset(tmp_path, resize=0)


def test_broken_and_odd_images_are_named_and_can_be_left_out(tmp_path):
    write(tmp_path, COLOUR)
    (tmp_path / "cat" / "a.png").write_bytes((tmp_path / "cat" / "0.png").read_bytes()[:-30])
    (tmp_path / "cat" / "b.jpg").write_bytes(b"GIF? no")
    frames = [Image.fromarray(each) for each in COLOUR[:2]]
    frames[0].save(tmp_path / "dog" / "c.gif", save_all=True, append_images=frames[1:])
    (tmp_path / "dog" / "d.eps").write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n")
    (tmp_path / "dog" / "d.eps").rename(tmp_path / "dog" / "d.png")  # Pillow would have Ghostscript run it
    with pytest.raises(
        ValueError,
        match=r"got 4 of 10 in .* that are not: cat/a.png \(damaged\), cat/b.jpg \(no image\), dog/c.gif \(2 frames\), "
        r"dog/d.png \(no image\); repair them, or leave them out with --skip-broken",
    ):
        load_dataset(tmp_path)
    Image.fromarray(COLOUR[0, :3]).save(tmp_path / "dog" / "e.png")
    data = load_dataset(tmp_path, skip_broken=True, center=False)
    np.testing.assert_allclose(data.X, pixels(COLOUR), atol=1e-14)
    assert data.labels.tolist() == [0, 0, 0, 1, 1, 1]
    assert data.notes[0].startswith("left out 5 of 11 images: cat/a.png (damaged),")
    assert data.notes[0].endswith("dog/e.png (3 x 5)")


def test_decompression_bombs_are_refused_before_they_are_decoded(tmp_path, monkeypatch):
    write(tmp_path, COLOUR)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    bomb = io.BytesIO()
    Image.new("1", (200, 100)).save(bomb, "PNG")
    (tmp_path / "cat" / "bomb.png").write_bytes(bomb.getvalue())
    with pytest.raises(ValueError, match=r"got 1 of 7 in .* that is not: cat/bomb.png \(more than 100 pixels\)"):
        load_dataset(tmp_path)


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["0.png"], r"one image is no data set, got .*0.png; give its folder, a pattern such as '.*\*.png'"),
        (["a/0.png", "1.png"], r"the folder of an image is its class, got 1 image beside the folders in .* \(1.png\)"),
        (
            ["train/a/0.png", "test/b/1.png"],
            r"got test, train in .*, which are parts of a data set; give one, such as .*/tr",
        ),
    ],
)
def test_what_is_no_data_set_of_images_is_refused(names, message, tmp_path):
    write(tmp_path, COLOUR[: len(names)], names)
    with pytest.raises(ValueError, match=message):
        load_dataset(tmp_path / names[0] if len(names) == 1 else tmp_path)


@pytest.mark.parametrize(
    ("folders", "found"),
    [
        (["train", "test"], "got test, train in .*, which are parts of a data set; give one, such as {}/train"),
        (["Training", "Testing", "misc"], "give one, such as {}/Training"),
        (["images/train", "images/val"], "give one, such as {}/images/train"),
        (["val2017", "train2017"], "give one, such as {}/train2017"),
        (["cat/train", "cat/test", "dog/train"], r"got folders with test, train in .*'{}/\*/train/\*'"),
        (["images", "masks"], "which are images and what belongs to them; give one, such as {}/images"),
        (["plane", "train"], ("plane", "train")),
        (["bullet train", "freight train"], ("bullet train", "freight train")),
        (["train/cat", "train/dog"], ("cat", "dog")),
        (["a/cat", "a/dog", "b/cat"], ("a", "b")),
        (["00000", "00001", "00002"], ("00000", "00001", "00002")),
    ],
    ids=" ".join,
)
def test_parts_of_a_data_set_are_no_classes(folders, found, tmp_path):
    root = write(tmp_path / "set", COLOUR[: len(folders)], [f"{name}/0.png" for name in folders])
    if isinstance(found, str):
        for source in (root, f"{root}/**/*.png"):
            with pytest.raises(ValueError, match=found.format(root)):
                load_dataset(source)
    else:
        data = load_dataset(root)
        assert data.classes == found
        assert ("not those inside it (cat, dog)" in data.taken) == (found == ("a", "b"))


@pytest.mark.parametrize(
    "names", [("00000/00000", "00000/00007", "01000/01020"), ("00000/img00000007", "00001/img00001000")]
)
def test_folders_of_a_thousand_files_are_no_classes(names, tmp_path):
    data = load_dataset(write(tmp_path, COLOUR[: len(names)], [f"{name}.png" for name in names]))
    assert data.labels is None
    assert "number the files in them: no classes" in data.taken


@pytest.mark.parametrize("images", [COLOUR[..., 0].astype(np.float32), COLOUR[..., 0].astype(np.int32) - 300])
def test_images_of_more_than_sixteen_bits_are_to_be_converted(images, tmp_path):
    folder = write(tmp_path, [*images], [f"{place}.tif" for place in range(6)])
    for skip in (False, True):
        with pytest.raises(ValueError, match=r"images must have 8 or 16 bits, got 6 of 6 .*; convert them, or give"):
            load_dataset(folder, skip_broken=skip)


def test_the_labels_of_a_table_of_several_columns_are_named(tmp_path):
    folder = write(tmp_path / "set", COLOUR, [f"{place}.png" for place in range(6)])
    table = folder / "celeb.csv"
    table.write_text("image_id,Male,Smiling\n" + "".join(f"{5 - i}.png,{i % 2},{i // 3}\n" for i in range(6)))
    assert load_dataset(folder, f"{table}:Smiling").labels.tolist() == [1, 1, 1, 0, 0, 0]
    assert f"if celeb.csv has their classes, give --labels {table}" in load_dataset(folder).notes[0]
    with pytest.raises(ValueError, match=r"must have two columns, .* got 3 in .*; name .* --labels .*celeb.csv:Male"):
        load_dataset(folder, table)
    with pytest.raises(ValueError, match=r"there is no column 'Old' .* its columns are image_id, Male, Smiling"):
        load_dataset(folder, f"{table}:Old")


def test_a_class_without_images_and_what_was_printed_are_said(tmp_path):
    printed = [Image.fromarray(each).convert("CMYK") for each in COLOUR[:3]]
    write(tmp_path, printed, [f"cat/{place}.jfif" for place in range(3)], format="JPEG")
    (tmp_path / "dog").mkdir()
    data = load_dataset(tmp_path)
    assert data.notes == (
        "3 of 3 images were converted from CMYK or LAB without their profile",
        "left out, since they are no images: dog/ (empty)",
    )


def test_a_part_of_an_archive_is_named_by_its_folder_or_a_pattern(tmp_path):
    names = [f"{part}/{kind}/0.png" for part in ("test", "train") for kind in ("cat", "dog")]
    place = zipped(write(tmp_path / "set", COLOUR[:4], names), tmp_path / "set.zip")
    with pytest.raises(ValueError, match=r"parts of a data set; give one, such as .*set.zip:set/train$"):
        load_dataset(place)
    for key in ("set/train", "*/train/*"):
        data = load_dataset(f"{place}:{key}", center=False)
        np.testing.assert_allclose(data.X, pixels(COLOUR[2:4]), atol=1e-14)
        assert data.classes == ("cat", "dog")
    with pytest.raises(ValueError, match="got nothing in .*set.zip:absent"):
        load_dataset(f"{place}:absent")
    place.write_bytes(place.read_bytes() + b"more")
    with pytest.raises(ValueError, match="must be a zip archive, whole"):
        load_dataset(place)


def test_labels_of_their_own_are_left_out_with_the_images(tmp_path):
    write(tmp_path, COLOUR, [f"{place}.png" for place in range(6)])
    (tmp_path / "1.png").write_bytes(b"no image")
    labels = tmp_path / "labels.txt"
    labels.write_text("b\nb\na\na\nb\na\n")
    for given in (labels, ["b", "b", "a", "a", "b", "a"]):
        data = load_dataset(tmp_path, given, skip_broken=True)
        assert [data.classes[label] for label in data.labels] == ["b", "a", "a", "b", "a"]
        assert "labels in the order of the names: 0.png, 1.png, 2.png and 3 more" in data.taken
    with pytest.raises(ValueError, match="got 5 labels for 6 points, with the 1 left out: give one for each image"):
        load_dataset(tmp_path, ["a", "b", "a", "b", "a"], skip_broken=True)


@pytest.mark.parametrize("header", ["", "file,label\n"])
@pytest.mark.parametrize("called", ["{}.png", "./images/{}.png", "pic{}"])
def test_labels_of_a_table_with_names_go_by_the_names(header, called, tmp_path):
    """As text 10.png comes before 2.png, in the table it comes last."""
    names = ["pic1", "pic2", "pic10", "pic9", "pic3", "pic4"] if called == "pic{}" else ["1", "2", "10", "9", "3", "4"]
    write(tmp_path / "set", COLOUR, [f"{name}.png" for name in names])
    kinds = dict(zip(names, "abcabc", strict=True))
    table = tmp_path / "labels.csv"
    lines = [f"{called.format(name.removeprefix('pic'))},{kind}" for name, kind in kinds.items()]
    table.write_text(header + "\n".join(lines))
    data = load_dataset(tmp_path / "set", table, center=False)
    assert [data.classes[label] for label in data.labels] == [kinds[name] for name in sorted(names)]
    assert "labels by the names of the images" in data.taken
    table.write_text(header + "\n".join(lines[1:]))
    with pytest.raises(ValueError, match=r"must name every image once, got .* without 1 of 6, such as (pic)?1.png"):
        load_dataset(tmp_path / "set", table)


def test_folders_keep_their_names(tmp_path):
    data = load_dataset(write(tmp_path, COLOUR, [f"{kind}/0.png" for kind in ("010", "1", "2", "b", "a", "01")]))
    assert data.classes == ("01", "1", "2", "010", "a", "b")


def test_what_other_systems_write_and_pipes(tmp_path):
    folder = write(tmp_path / "set", COLOUR)
    os.mkfifo(folder / "cat" / "pipe.png")
    assert load_dataset(folder).notes == ("left out, since they are no images: cat/pipe.png (no file)",)
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for name in NAMES:
            archive.writestr(zipfile.ZipInfo(name.replace("/", "\\")), (folder / name).read_bytes())
    assert load_dataset(tmp_path / "a.zip").classes == ("cat", "dog")
    content = bytearray((tmp_path / "a.zip").read_bytes())
    content[content.index(b"PK\x01\x02") + 8] |= 1
    (tmp_path / "a.zip").write_bytes(content)
    with pytest.raises(
        ValueError, match="an archive must not be encrypted, got .*a.zip; unpack it and give the folder"
    ):
        load_dataset(tmp_path / "a.zip")


def test_options_of_another_kind_of_source_are_refused(tmp_path):
    write(tmp_path, COLOUR)
    for option in ({"columns": "0"}, {"drop": 0}):
        with pytest.raises(
            ValueError, match="columns can be chosen of tables and arrays of rows alone, got columns or"
        ):
            load_dataset(tmp_path, **option)
    with pytest.raises(ValueError, match="resize is for images in files, got ndarray .*, which holds none"):
        load_dataset(COLOUR, resize=2)


def test_an_image_as_an_array_is_no_data_set():
    with pytest.raises(ValueError, match=r"one image is no data set, got 8-bit values of shape \(32, 32, 3\)"):
        load_dataset(RNG.integers(0, 256, (32, 32, 3), dtype=np.uint8))


def test_eight_bit_values_are_scaled_only_where_they_are_those_of_pixels():
    bits = (GREY > 99).astype(np.uint8)
    np.testing.assert_array_equal(load_dataset(bits, center=False).X, bits.reshape(6, -1))
    assert load_dataset(GREY).taken == "8-bit values mapped to [-1, 1]"


def test_a_table_beside_images_is_asked_about(tmp_path):
    import pyarrow as pa
    import pyarrow.parquet
    from PIL import Image

    for place in range(3):
        Image.fromarray(np.full((4, 4), 40 * place, np.uint8)).save(tmp_path / f"{place}.png")
    pa.parquet.write_table(pa.table({"a": [1.0, 2.0, 3.0]}), tmp_path / "metadata.parquet")
    with pytest.raises(ValueError, match=r"must hold tables or images, got both in .*metadata.parquet"):
        load_dataset(tmp_path)
    assert load_dataset(f"{tmp_path}/*.png").n == 3
