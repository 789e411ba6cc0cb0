"""Text tables as sources: delimiters, headers, label columns, and the errors that name the cell."""

import csv

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from regimes import load_dataset

TABLE = "length,width,species\n5.1,3.5,setosa\n7.0,3.2,versicolor\n6.3,3.3,setosa\n"
NUMBERS = np.array([[5.1, 3.5], [7.0, 3.2], [6.3, 3.3]])


def write(tmp_path, text, name="table.csv", encoding="utf-8"):
    path = tmp_path / name
    path.write_bytes(text.encode(encoding))
    return path


@given(
    X=hnp.arrays(
        np.float64,
        hnp.array_shapes(min_dims=2, max_dims=2, min_side=2, max_side=5),
        elements=st.floats(-1e9, 1e9).map(lambda value: value if abs(value) > 1e-100 else 0.0),
    ),
    header=st.booleans(),
    delimiter=st.sampled_from(",;\t"),
)
def test_an_array_comes_back_from_csv_to_the_last_bit(X, header, delimiter, tmp_path_factory):
    if np.ptp(X, axis=0).max() == 0:
        return
    path = tmp_path_factory.mktemp("csv") / "points.csv"
    with path.open("w", newline="") as stream:
        writer = csv.writer(stream, delimiter=delimiter)
        if header:
            writer.writerow([f"x{i}" for i in range(X.shape[1])] + ["kind"])
        writer.writerows([*map(repr, row.tolist()), f"c{i % 2}"] for i, row in enumerate(X))
    data = load_dataset(path, "kind" if header else X.shape[1], center=False)
    np.testing.assert_array_equal(data.X, X)
    assert data.classes == ("c0", "c1")
    assert data.labels.tolist() == [i % 2 for i in range(len(X))]


@pytest.mark.parametrize("labels", ["species", 2, "2"])
def test_the_label_column_is_named_or_counted(labels, tmp_path):
    data = load_dataset(write(tmp_path, TABLE), labels, center=False)
    np.testing.assert_array_equal(data.X, NUMBERS)
    assert (data.classes, data.labels.tolist()) == (("setosa", "versicolor"), [0, 1, 0])


def test_a_label_column_may_stand_first_and_hold_numbers(tmp_path):
    data = load_dataset(write(tmp_path, "k;a;b\n10;1;2\n9;3;4\n10;5;6\n"), "k", center=False)
    assert (data.classes, data.labels.tolist()) == (("9", "10"), [1, 0, 1])
    assert data.X.tolist() == [[1, 2], [3, 4], [5, 6]]


@pytest.mark.parametrize(
    "text",
    [
        "1,2\n3,4\n",
        "a,b\n1,2\n3,4",
        "\n1;2\r\n\r\n3;4\r\n",
        "a\tb\n1\t2\n3\t4\n",
        ' "a;1" , "b" \n"1", 2\n3 , "4"\n',
    ],
)
def test_delimiters_headers_quotes_and_blank_lines(text, tmp_path):
    assert load_dataset(write(tmp_path, text), center=False).X.tolist() == [[1, 2], [3, 4]]


def test_a_byte_order_mark_is_not_part_of_the_first_name(tmp_path):
    path = write(tmp_path, TABLE, encoding="utf-8-sig")
    with pytest.raises(ValueError, match=r"its columns are length, width, species"):
        load_dataset(path, "absent")


def test_labels_of_a_table_may_lie_in_another_file(tmp_path):
    labels = write(tmp_path, "a\nb\na\n", "labels.txt")
    data = load_dataset(write(tmp_path, "1,2\n3,4\n5,6\n"), str(labels))
    assert data.labels.tolist() == [0, 1, 0]


@pytest.mark.parametrize(
    ("text", "labels", "message"),
    [
        (
            TABLE,
            None,
            r"got 'setosa' at row 0, column 2 \(.*table.csv, line 2, column 'species'\); if the column holds",
        ),
        ("5.1,3.5,setosa\n7,3,b\n", None, r"got 'setosa' at row 0, column 2 \(.*, line 1, column '2'\)"),
        ("a,b\n1,2\n3,\n", None, r"got '' at row 1, column 1 \(.*, line 3, column 'b'\)$"),
        ("a,b\n1,2\n,\n", None, r"got '' at row 1, column 0 \(.*, line 3, column 'a'\)$"),
        ("a;b\n1,5;2\n3;4\n", None, "got '1,5' at row 0, column 0 .*; write decimals with a point"),
        ("a,b\n1_0,2\n3,4\n", None, "got '1_0' at row 0"),
        ("1,2\n3,4,5\n", None, "every line must have 2 cells as the first, got 3 in .*line 2"),
        ("a,a\n1,2\n3,4\n", "a", "column names must be unique, got 'a' 2 times in .*; give the index"),
        (TABLE, "absent", "got 'absent'; its columns are length, width, species"),
        ("1,2\n3,4\n", "absent", "got 'absent'; it has no header, so give the index of a column, from 0"),
        (TABLE, 3, r"must lie in 0..2, got 3"),
        (TABLE, -1, r"must lie in 0..2, got -1"),
        ("k\na\nb\n", "k", "must have a column besides the labels, got .* with one column"),
        ("a,k\n1,x\n2,\n", "k", "every point must have a label, got an empty one at row 1"),
        ("", None, "must have at least one line, got .*: empty"),
        ("a,b\n", None, r"at least two points of at least one feature, got shape \(0, 2\)"),
        ("1,nan\n3,4\n", None, "got nan at row 0, column 1"),
        ('1,2\n3,"4\n5,6\n', None, r"got '4\\n5,6' at row 1, column 1 \(.*line 3"),
        ("1,2\n3,4\x00\n", None, r"got '4\\x00' at row 1"),
    ],
)
def test_a_table_that_is_not_one_of_numbers_is_refused(text, labels, message, tmp_path):
    with pytest.raises(ValueError, match=message):
        load_dataset(write(tmp_path, text), labels)


def test_other_encodings_are_refused(tmp_path):
    with pytest.raises(ValueError, match=r"must be text in UTF-8, got .*table.csv, which cannot be read"):
        load_dataset(write(tmp_path, "größe,b\n1,2\n3,4\n", encoding="latin-1"))


def test_a_column_that_looks_like_labels_is_pointed_out(tmp_path):
    path = write(tmp_path, "a,Label\n1,0\n2,1\n4,1\n")
    note = "column 'Label' was read as a feature: if it holds the classes, give labels='Label'"
    assert note in load_dataset(path).notes
    assert note not in load_dataset(path, "Label").notes


def test_a_header_of_counted_columns_is_pointed_out(tmp_path):
    data = load_dataset(write(tmp_path, "0,1,2\n5,3,1\n7,3,3\n"))
    assert data.n == 3
    assert data.notes[0].startswith("the first line reads 0, 1, 2, ... and was taken as a point")
