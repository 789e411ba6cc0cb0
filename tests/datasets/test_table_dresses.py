"""The same points in every dress that tables come in: the same numbers, and what was decided is said."""

import bz2
import gzip
import io
import lzma
import tracemalloc
import zipfile

import numpy as np
import pytest

from regimes import load_dataset

RNG = np.random.default_rng(14)
POINTS = np.round(RNG.normal(size=(40, 6)), 6)
KINDS = RNG.integers(0, 2, 40)
NAMES = [f"f{place}" for place in range(6)]


def table(names=NAMES, rows=POINTS, *, sep=",", cell="{:.6f}".format, first=None, end="\n"):
    """Text of a table; ``first`` are the cells of a column before the others."""
    lines = [] if names is None else [names]
    lines += [
        [*([] if first is None else [first[place]]), *(cell(value) for value in row)] for place, row in enumerate(rows)
    ]
    return "".join(sep.join(line) + end for line in lines)


def comma(value):
    return f"{value:.6f}".replace(".", ",")


def labelled(names, labels, place):
    rows = [line.split(",") for line in table(None).splitlines()]
    lines = [names, *([*row[:place], str(label), *row[place:]] for row, label in zip(rows, labels, strict=True))]
    return "".join(",".join(line) + "\n" for line in lines)


def packed(text, how):
    data = text.encode()
    if how == "zip":
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("folder/", "")
            archive.writestr("folder/points.csv", data)
            archive.writestr("__MACOSX/._points.csv", b"\x00")
        return stream.getvalue()
    return {"gz": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress}[how](data)


COUNT = [str(place) for place in range(40)]
COUNT_FROM_1 = [f'"{place}"' for place in range(1, 41)]
FILTERED = [str(3 * place - place % 3) for place in range(40)]
ID_BEFORE_LAST = np.insert(POINTS, 5, RNG.permutation(900)[:40], 1)
SHUFFLED = [str(place) for place in RNG.permutation(90)[:40]]
ROW_NAMES = [f"s{place:02}" for place in range(40)]
NUMBERS_LEFT_OUT = "left out: it counts the rows"

DRESSES = {
    "header": (table(), "first line as a header"),
    "no header": (table(None), ""),
    "windows lines, no last end": (table(end="\r\n").rstrip("\r\n"), ""),
    "old mac lines": (table(end="\r"), ""),
    "semicolons": (table(sep=";"), "cells between semicolons"),
    "tabs": (table(sep="\t"), "cells between tabs"),
    "bars": (table(sep="|"), "cells between bars"),
    "blanks": (table(None, sep=" "), "cells between blanks"),
    "columns of numpy.savetxt": (table(None, sep="  ", cell="{: .12e}".format), "cells between blanks"),
    "blanks after commas": (table(sep=", "), ""),
    "sep line": ("sep=;\n" + table(sep=";"), "cells between semicolons"),
    "semicolons and decimal commas": (table(sep=";", cell=comma), "cells between semicolons; decimal commas"),
    "tabs and decimal commas": (table(sep="\t", cell=comma), "decimal commas"),
    "quoted decimal commas": (table(cell=lambda value: f'"{comma(value)}"'), "decimal commas"),
    "all quoted": (table(cell=lambda value: f'"{value:.6f}"'), ""),
    "exponents of Fortran": (table(cell=lambda value: f"{value:.12e}".replace("e", "D")), ""),
    "comments": ("# made by\n\n" + table().replace("\n", "\n# between\n", 3), "first line as a header"),
    "names in a comment": ("# " + table(sep=" "), "names from the comment above the first line"),
    "counter of pandas": (table(["", *NAMES], first=COUNT), f"first column {NUMBERS_LEFT_OUT}"),
    "shuffled index of pandas": (table(["", *NAMES], first=SHUFFLED), "first column left out: it numbers the rows"),
    "read and written by pandas": (table(["Unnamed: 0", *NAMES], first=COUNT), f"'Unnamed: 0' {NUMBERS_LEFT_OUT}"),
    "id": (table(["ID", *NAMES], first=SHUFFLED), "first column 'ID' left out: it numbers the rows"),
    "counter of any name": (table(["n", *NAMES], first=COUNT), f"first column 'n' {NUMBERS_LEFT_OUT}"),
    "counter without header": (table(None, first=COUNT), f"first column {NUMBERS_LEFT_OUT}"),
    "write.csv of R": (table(['""', *(f'"{name}"' for name in NAMES)], first=COUNT_FROM_1), NUMBERS_LEFT_OUT),
    "write.table of R": (table(sep=" ", first=COUNT_FROM_1), NUMBERS_LEFT_OUT),
    "row names": (table(["sample", *NAMES], first=ROW_NAMES), "'sample' left out: it names the rows"),
    "row names without header": (table(None, first=ROW_NAMES), "left out: it names the rows"),
    "saved and read by pandas twice": (
        table(["", "Unnamed: 0.1", "Unnamed: 0", *NAMES], first=[f"{place},{place},{place}" for place in range(40)]),
        f"column 'Unnamed: 0.1' {NUMBERS_LEFT_OUT}; column 'Unnamed: 0' {NUMBERS_LEFT_OUT}",
    ),
    "two tables of pandas": (
        table(["", *NAMES], first=COUNT[:25] + COUNT[:15]),
        "left out: it counts the rows of several tables",
    ),
    "filtered, without header": (table(None, first=FILTERED), "first column left out: it numbers the rows"),
    "filtered write.table of R": (table(sep=" ", first=FILTERED), "first column left out: it numbers the rows"),
    "shuffled write.table of R": (table(sep="\t", first=SHUFFLED), "first column left out: it numbers the rows"),
    "id elsewhere": (table([*NAMES[:5], "id", "f5"], rows=ID_BEFORE_LAST), "column 'id' left out: it numbers the rows"),
    "PassengerId": (table([*NAMES[:5], "PassengerId", "f5"], rows=ID_BEFORE_LAST), "column 'PassengerId' left out"),
    "counter elsewhere": (
        table([*NAMES[:5], "n", "f5"], rows=np.insert(POINTS, 5, range(40), 1)),
        f"column 'n' {NUMBERS_LEFT_OUT}",
    ),
    "delimiters at the ends": (table(end=",\n"), "column '6' left out: it is empty"),
    "delimiters at the ends of rows": (
        table([*NAMES[:5], "f5"], end=",\n").replace(",\n", "\n", 1),
        "left out: it is empty",
    ),
    "delimiters at the ends, no header": (table(None, end=";\n", sep=";"), "column '6' left out: it is empty"),
    "sometimes commented out": (table(None) + "#0.5,1,1,1,1,1\n% end\n", "2 lines beginning with # or % as comments"),
    "row names with hashes": (
        table(first=[f'"#{place}"' for place in range(40)], names=["k", *NAMES]),
        "left out: it names the rows",
    ),
    "header 1 to 6": (table(list("123456")), "first line as a header"),
    "header 0 to 5": (table(list("012345")), "first line as a header"),
    "counter and header 0 to 5": (table(["", *"012345"], first=COUNT), NUMBERS_LEFT_OUT),
    "decimals as names": (
        table(["", "a1", "400.5", "401.5", "403.5", "404.5", "406.5"], first=COUNT),
        NUMBERS_LEFT_OUT,
    ),
    "header of years": (table(["1990", "1994", "2001", "2005", "2011", "2020"]), "first line as a header"),
}


@pytest.mark.parametrize(("text", "said"), DRESSES.values(), ids=DRESSES.keys())
def test_every_dress_holds_the_same_points(text, said, tmp_path):
    path = tmp_path / "points.csv"
    path.write_bytes(text.encode())
    data = load_dataset(path, center=False)
    np.testing.assert_allclose(data.X, POINTS, rtol=0, atol=1e-10)
    assert said in data.taken
    assert ("left out" in data.taken) is ("left out" in said)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252"])
def test_every_encoding(encoding, tmp_path):
    path = tmp_path / "points.csv"
    path.write_bytes(table(["größe", *NAMES[1:]]).encode(encoding))
    data = load_dataset(path, columns="größe,f1-f5", center=False)
    np.testing.assert_array_equal(data.X, POINTS)
    assert ("encoding" in data.taken) is (encoding != "utf-8-sig")


@pytest.mark.parametrize("ending", ["csv.gz", "tsv.bz2", "txt.xz", "dat.zip", "zip"])
def test_packed_tables(ending, tmp_path):
    path = tmp_path / f"points.{ending}"
    content = packed(table(), ending.split(".")[-1])
    path.write_bytes(content)
    data = load_dataset(path, center=False)
    np.testing.assert_array_equal(data.X, POINTS)
    assert data.name == "points"
    changed = bytearray(content)
    changed[len(content) // 2] ^= 0xFF
    for damaged in (content[: len(content) // 2], bytes(changed), b"x" + content, content + b"trailing"):
        path.write_bytes(damaged)
        with pytest.raises(ValueError, match=r"must be (a file that can be read to its end|a zip archive, whole), got"):
            load_dataset(path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1 2\n" * 100_000, "100001 lines of 2 cells in .* would take .* GiB, more than memory"),
        ("7" * 10**6, "a line of .* characters or more, in .* would take"),
    ],
)
def test_a_table_beyond_the_memory_is_refused_before_it_is_read(text, message, tmp_path):
    path = tmp_path / "points.csv.gz"
    path.write_bytes(gzip.compress(text.encode()))
    tracemalloc.start()
    with pytest.raises(ValueError, match=message):
        load_dataset(path, memory=2**20)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 3 * 2**20  # a block of text among it
    with pytest.raises(ValueError, match="100001 labels of .* would take|a line of"):
        load_dataset(POINTS, path, memory=2**20)


def test_columns_left_out_leave_the_others_where_they_are(tmp_path):
    X = np.arange(5000 * 7.0).reshape(5000, 7)
    np.savetxt(tmp_path / "points.txt", X, fmt="%.1f")
    for options, kept in (
        ({"columns": "6,2"}, [6, 2]),
        ({"columns": "2,6"}, [2, 6]),
        ({"drop": "3"}, [0, 1, 2, 4, 5, 6]),
        ({"labels": 5, "drop": "0"}, [1, 2, 3, 4, 6]),
    ):
        data = load_dataset(tmp_path / "points.txt", center=False, **options)
        np.testing.assert_array_equal(data.X, X[:, kept])
    assert data.classes[:2] == ("5", "12")


def test_a_zip_of_a_table_holds_nothing_else(tmp_path):
    path = tmp_path / "points.csv.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.csv", table())
        archive.writestr("b.csv", table())
    with pytest.raises(ValueError, match="holds one file, this one has 2"):
        load_dataset(path)


LABELLED = {
    "numbers first, columns counted": (
        labelled(["label", *"012345"], KINDS, 0),
        "labels from column 'label'",
        ("0", "1"),
    ),
    "truth last": (labelled([*NAMES, "y"], KINDS == 1, 6), "labels from column 'y'", ("False", "True")),
    "words": (labelled([*NAMES, "Species"], np.array(["a", "b"])[KINDS], 6), "column 'Species'", ("a", "b")),
    "floats": (labelled([*NAMES[:3], "target", *NAMES[3:]], KINDS + 1.0, 3), "column 'target'", ("1", "2")),
}


@pytest.mark.parametrize(("text", "said", "classes"), LABELLED.values(), ids=LABELLED.keys())
def test_a_column_that_can_only_be_the_classes_is_taken_as_labels(text, said, classes, tmp_path):
    path = tmp_path / "points.csv"
    path.write_text(text)
    data = load_dataset(path, center=False)
    np.testing.assert_array_equal(data.X, POINTS)
    assert (data.classes, data.labels.tolist()) == (classes, KINDS.tolist())
    assert said in data.taken
    name = data.taken.split("'")[-2]
    assert load_dataset(path, drop=name).labels is None
    if data.classes != ("a", "b"):
        assert load_dataset(path, columns=["f1" if "f1" in text else "1", name]).d == 2
    assert load_dataset(path, name, columns="1-2").d == 2
