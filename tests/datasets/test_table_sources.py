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
    data = load_dataset(path, "kind" if header else X.shape[1], header=header, center=False)
    np.testing.assert_array_equal(data.X, X)
    assert data.classes == ("c0", "c1")
    assert data.labels.tolist() == [i % 2 for i in range(len(X))]


@pytest.mark.parametrize("labels", ["species", 2, "2"])
def test_the_label_column_is_named_or_counted(labels, tmp_path):
    data = load_dataset(write(tmp_path, TABLE), labels, center=False)
    np.testing.assert_array_equal(data.X, NUMBERS)
    assert (data.classes, data.labels.tolist()) == (("setosa", "versicolor"), [0, 1, 0])


@pytest.mark.parametrize("labels", ["kind", "'kind'"])
def test_names_may_stand_in_single_quotes(labels, tmp_path):
    data = load_dataset(write(tmp_path, "'a'\t'kind'\n5\tu\n7\tv\n1\tu\n"), labels)
    assert (data.n, data.d, data.classes) == (3, 1, ("u", "v"))


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


LONG = "1;2\n" * 300

REFUSED = [
    (
        "a,b,kind\n1,2,x\n3,4,y\n1,5,x\n",
        r"got 'x' at row 0, column 'kind' \(line 2 of .*table.csv\); .*--labels kind, otherwise --drop kind",
    ),
    ("5.1,x,3.5\n7,y,3\n6,x,3\n", r"got 'x' at row 0, column '1' \(line 1 of .*\); .*--labels 1, otherwise --drop 1"),
    (
        "a,sex,city\n1,m,x\n3,f,y\n5,f,x\n",
        r"column 'sex' .* text is in 2 columns \(sex, city\): give --labels NAME .* --drop NAME",
    ),
    (
        "a,b c\n1,2\n3,x\n4,5\n",
        "got 'x' at row 1, column 'b c' .*correct the cell, or leave the column out with --drop 'b c'",
    ),
    (
        "a,b\nm,s\n1,2\n3,4\n",
        "got 'm' at row 0, .*; if the line is no point, begin it with #; otherwise correct the cell",
    ),
    (f"a;b\n{LONG}3;x\n", r"got 'x' at row 300, column 'b' \(line 302"),
    ("a,b\n1_0,2\n3,4\n", "got '1_0' at row 0"),
    ("a,b\n1,0x1F\n3,4\n", "got '0x1F' at row 0, column 'b' .*; hexadecimal is not read; write decimals"),
    ("1,234;2,345\n3,456;1,000\n", "got '1,234' at row 0, column '0' .*; is it a decimal sign or .* give --decimal ."),
    ('"1,234.5",2\n"3,456.5",1\n', "got '1,234.5' .*; is it a decimal sign or a separator of thousands"),
    ("1.234,5;2\n3.456,7;1\n", "got '1.234,5' .*; is it a decimal sign or a separator of thousands"),
    (
        "a;b\n1.234;5\n987;6\n12;1\n",
        "points are decimal signs .* got '1.234' beside .*; give --decimal . or --decimal ,",
    ),
    (f"{LONG}1.234;2\n", "points are decimal signs or separate thousands cannot be told, got '1.234' beside numbers"),
    ("0,5\n1,05\n2,25\n", "commas separate cells or decimals cannot be told, got '1,05' in .*; give --decimal"),
    ("t,a\n60 kg,1\n71 kg,2\n", "got '60 kg' .*column 't' .*; write the numbers without their units, or .* --drop t"),
    ("t,a\n5\xb11,1\n7\xb12,2\n", "got '5\xb11' at row 0, column 't'"),
    ("t,a\n-$8.50,1\n$7.25,2\n", "got '-\\$8.50' .*; write the numbers without their units"),
    ('emb,k\n"[0.5, 1]",1\n"[0.7, 3]",2\n', "column 'emb' .*; a list in a cell is not read; write a column for each"),
    ("a,t\n1,5%\n3,7%\n", "got '5%' .*; write the numbers without their units"),
    ("q,a\n1974Q1,5\n1974Q2,7\n1974Q1,8\n", "got '1974Q1' at row 0"),
    ("label,a\n01,5\n02,7\n03,8\n", "got '01' at row 0, column 'label' .*; it is text or a category"),
    ("t,a\n#one,1.5\ntwo,2.5\nthree,1\n", "begins with # or % is a comment, got '#one,1.5' .* as \"#one\", otherwise"),
    ("t,a\n#one,1.5\n#two,2.5\n", "is a comment, got '#one,1.5' in .*, which may be a row"),
    ("#one,1.5\n#two,2.5\n", "at least one line, got .*: comments alone, which begin with # or %"),
    (
        f"{LONG}1,5;2\n1.5;2\n",
        r"got '1,5' at row 300, .*decimal commas beside decimal points; write all decimals with a",
    ),
    (
        "a,b\n1,2\n3,\n",
        r"1 of 4 missing, the first at row 1, column 'b' \(line 3 .* leaves out the 1 of 2 .* missing in b \(1\)$",
    ),
    (
        "a,b\n1,2\n,\n3,NA\n",
        r"3 of 6 missing, the first at row 1, column 'a' .*out the 2 of 3 .* missing in b \(2\), a \(1\)$",
    ),
    (
        "a,b,c\n1,2,\n3,4,\n",
        r"2 of 6 missing, the first at row 0, column 'c' .*; --drop NAME leaves out a column; missing in c \(2\)",
    ),
    ("1,nan\n3,4\n", r"1 of 4 missing, the first at row 0, column '1' \(line 1"),
    (
        "a,b\n1,2\n-inf,4\n",
        r"must be finite, got -inf at row 1, column 'a' \(line 3 of .*, 1 of 4 values is infinite; correct",
    ),
    ("a,b\n1,1e400\n3,4\n", "must be finite, got inf at row 0, column 'b'"),
    ("1,2\ninf,3\ninf,4\ninf,5\n", "must be finite, got inf at row 1, column '0'"),
    ("1,2\n3,4,5\n", "every line must have 2 cells as the first, got 3 in .*line 2"),
    (f"# of\n{LONG}1;2;3\n", "every line must have 2 cells as the first, got 3 in .*line 302"),
    ("1,2,3\n4,5\n6,7,8\n", "every line must have 3 cells as the first, got 2 in .*line 2"),
    ("a,b\n1,2,\n3,4,5\n", "every line must have 2 cells as the first, got 3 in .*line 2"),
    (
        "my data\na,b\n1,2\n3,4\n",
        "got 'my data' alone in the first line of .*, above 'a', 'b'; if it is a title, begin the line with #",
    ),
    ("Readings 2023;;\n;;\na;b;c\n1;2;3\n3;4;2\n", "got 'Readings 2023' alone in the first line of .*, above 'a', 'b'"),
    ("<!DOCTYPE html><html>\n<body>404</body></html>\n", "must hold the data themselves, got .*: a web page"),
    ("version https://git-lfs.github.com/spec/v1\noid sha256:ab\nsize 12\n", "a pointer of Git LFS .* git lfs pull"),
    ("a,a\n1,2\n3,4\n", "column names must be unique, got 'a' 2 times in .*; rename them, or give --columns or --drop"),
    (
        "0,1,2\n5,3,1\n7,3,3\n",
        "whether the first line holds names cannot be told, got '0', '1', '2' in .*; give --header if it does",
    ),
    ("0,1\n0.5,0.9\n0.7,0.8\n0.9,0.2\n", "whether the first line holds names cannot be told, got '0', '1' in"),
    ("0,1,2\n0.1,1.2,2.1\n0.3,1.5,2.5\n0.4,1.4,2.9\n", "cannot be told, got '0', '1', '2' in .*; give --header if"),
    ("9\n8.5\n7.5\n2.5\n", "whether the first line holds names cannot be told, got '9' in"),
    (
        "400.5,401,403.5,404\n0.7,0.1,0.9,1.4\n1.1,1.2,0.8,5.1\n3,7,1,1\n",
        "whether the first line holds names cannot be",
    ),
    ("3.0x,1\n3,2\n1,2\n5,4\n", "whether the first line holds names cannot be told, got '3.0x', '1'"),
    ("0.5,1.5,2.5,3.5\n0.7,0.1,0.9,1.4\n1.1,1.2,0.8,5.1\n", "whether the first line holds names cannot be told"),
    ("3.0x,7,1\n3,2,5\n1,2,7\n", "whether the first line holds names cannot be told, got '3.0x', '7', '1'"),
    ("a,class,y\n1,0,1\n3,0,0\n5,1,1\n", "got class, y in .*, any of which may; give --labels NAME for that one"),
    ("1,2,3\n4,5,6\n7,8,9.5\n1,1,1\n", "whether the first line holds names cannot be told"),
    (
        "a,class\n" + "".join(f"{n},{n % 2}\n" for n in range(12)),
        "one column, and a, which numbers the rows: if it is a",
    ),
    ("k\na\nb\n", "every cell must be a number, got 'a'"),
    ("", "must have at least one line, got .*: empty"),
    ("# nothing\n\n", "must have at least one line, got .*: comments alone"),
    ("a,b\n", r"at least two points of at least one feature, got shape \(0, 2\)"),
    ("a,b\n1,2\n", "at least two points, got 1 in 2 dimensions"),
    ('1,2\n3,"4\n5,6\n', r"got '4\\n5,6' at row 1, column '1' \(line 2"),
    ('1,2\n3,"4\n' + "5,6\n" * 300, r"got '4\\n5,6[^']{1,80}\.\.\.' at row 1"),
    ("1,2\n3,4\x00\n", "a table must be text, got .*, whose bytes are not text in UTF-8 or cp1252"),
]


@pytest.mark.parametrize(("text", "message"), REFUSED)
def test_a_table_that_is_not_one_of_numbers_is_refused(text, message, tmp_path):
    with pytest.raises(ValueError, match=message) as refusal:
        load_dataset(write(tmp_path, text))
    assert str(refusal.value).startswith("load_dataset: ")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"labels": "absent"}, "got 'absent'; its columns are length, width, species"),
        ({"labels": 3}, r"must lie in 0..2, got 3"),
        ({"columns": "length,depth"}, "there is no column 'depth' in .*; its columns are length, width, species"),
        ({"columns": "length,0"}, "each column can be asked for once, got 'length' more than once"),
        ({"columns": "width-length"}, "a range of columns must go up, got 'width-length'"),
        ({"columns": "species", "labels": "species"}, "must have a column besides the labels"),
        ({"drop": "0-2"}, "at least one column must be kept, got none of"),
        ({"drop": "7"}, r"must lie in 0..2, got 7"),
        ({"missing": "fill"}, "missing must be one of error, drop, got 'fill'"),
    ],
)
def test_columns_that_are_not_there_are_refused(options, message, tmp_path):
    with pytest.raises(ValueError, match=message):
        load_dataset(write(tmp_path, TABLE), **options)


def test_without_a_header_columns_are_counted(tmp_path):
    path = write(tmp_path, "1,2\n3,4\n")
    with pytest.raises(ValueError, match="got 'absent'; it has no header, so give indices, 0 to 1"):
        load_dataset(path, "absent")


WIDE = "id,a,a-b,c,7,y\n" + "".join(
    ",".join(map(str, [n, *(n % 5 + place for place in range(1, 5)), n % 2])) + "\n" for n in range(12)
)


@pytest.mark.parametrize(
    ("options", "first"),
    [
        ({}, [1, 2, 3, 4]),
        ({"columns": "a"}, [1]),
        ({"columns": ["c", "a"]}, [3, 1]),
        ({"columns": "a-b"}, [2]),  # a name
        ({"columns": "a-c"}, [1, 2, 3]),
        ({"columns": "a,3-4"}, [1, 3, 4]),
        ({"columns": "7"}, [4]),  # a name goes before an index
        ({"columns": 4}, [4]),
        ({"columns": "id,a"}, [0, 1]),  # asked for
        ({"drop": ["a", 3]}, [2, 4]),
        ({"columns": "a-c", "drop": "a-b"}, [1, 3]),
        ({"labels": -1}, [1, 2, 3, 4]),
        ({"labels": "y", "drop": "id,7"}, [1, 2, 3]),
    ],
)
def test_columns_are_named_counted_and_ranged(options, first, tmp_path):
    data = load_dataset(write(tmp_path, WIDE), center=False, **options)
    assert data.X[0].tolist() == first
    assert data.classes == ("0", "1")


def test_points_that_lack_something_are_left_out_if_asked(tmp_path):
    path = write(tmp_path, "a,b,y\n1,2,u\n3,NA,v\n5,6,u\n7,8,\n9,1,v\n2,n/a,\n")
    data = load_dataset(path, missing="drop", center=False)
    assert (data.X.tolist(), data.classes, data.labels.tolist()) == ([[1, 2], [5, 6], [9, 1]], ("u", "v"), [0, 0, 1])
    assert "3 of 6 points left out, which lack a value or a label" in data.taken
    with pytest.raises(
        ValueError, match=r"must have a label, got an empty one at row 3 \(2 of 6 are missing\); --missing"
    ):
        load_dataset(path, drop="b")
    path = write(tmp_path, "a,b,empty\n1,2,\n3,4,7\n5,7,\n2,9,\n")
    with pytest.raises(ValueError, match=r"got 1 of 4; missing in empty \(3\): .* --drop empty \(drop='empty'\)"):
        load_dataset(path, missing="drop")


def test_bytes_that_are_no_text_in_any_encoding_are_refused(tmp_path):
    (tmp_path / "table.csv").write_bytes(b"\x81\x8d,\xff\n1,2\n")
    with pytest.raises(ValueError, match=r"must be text, got .*table.csv, whose bytes are not text in UTF-8 or cp1252"):
        load_dataset(tmp_path / "table.csv")


SPREAD = np.random.default_rng(3).normal(size=(20, 2)).round(4)


def columns(*cells):
    """Lines of two columns of noise, and of others by row number."""
    return "".join(",".join(str(cell(n)) for cell in cells) + "\n" for n in range(20))


FIRST, SECOND = (lambda n: SPREAD[n, 0]), (lambda n: SPREAD[n, 1])
FEW = columns(FIRST, SECOND, lambda n: n % 2)


@pytest.mark.parametrize(
    ("text", "note"),
    [
        (
            "a,target\n1,2.5\n3,2.7\n5,2.9\n",
            "if it holds the classes, give --labels target (labels='target'), if it is",
        ),
        ("x,y\n1,0\n3,1\n5,1\n", "column 'y' was read as a feature"),  # a coordinate
        (
            "id,a,b\n5,1,2\n5,3,4\n7,3,2\n",
            "first column 'id' was read as a feature: if it numbers the rows, give --drop id",
        ),
        ("a,b\n1,3\n2,4\n3,2\n", "first column 'a' was read as a feature: if it numbers the rows, give --drop a"),
        (
            "year,b\n" + columns(lambda n: 2020 - n, FIRST),
            "first column 'year' was read as a feature: if it numbers",
        ),
        (
            "b,t,c\n" + columns(FIRST, lambda n: 0.5 * n, SECOND),
            "column 't' was read as a feature: if it num",
        ),
        (
            ",b\n" + columns(lambda n: n * n % 19, FIRST),
            "first column was read as a feature: if it num",
        ),
        (
            columns(lambda n: n * 7919 % 10007, FIRST, SECOND),
            "first column was read as a feature: if it num",
        ),
        (
            "id,subject_id,b\n" + columns(int, lambda n: n // 2, FIRST),
            "column 'subject_id' was read as a feature: if",
        ),
        (f"b,c,Outcome\n{FEW}", "column 'Outcome' was read as a feature: if it holds the classes, give"),
        (
            f"b,stage,'vote'\n{columns(FIRST, lambda n: n * 7 % 4, lambda n: n * 5 % 7 % 2)}",
            "column 'vote' was read as",
        ),
        (
            f"b,year,c\n{columns(FIRST, lambda n: 1950 + n // 10, SECOND)}",
            "column 'year' was read as a feature: if it num",
        ),
        (
            f"year,quarter,c\n{columns(lambda n: 1950 + n // 4, lambda n: 1 + n % 4, SECOND)}",
            "columns year, quarter were read as features: if they number the rows, give --drop year,quarter",
        ),
        (
            f"g,a,c\n{columns(lambda n: n // 10, FIRST, SECOND)}",
            "column 'g' was read as a feature: if it holds the classes",
        ),
        (FEW, "column '2' was read as a feature: if it holds the classes, give --labels 2 (labels='2')"),
        ("0,5\n1,5\n2,25\n-3,5\n", "the comma of each line was read as one between two columns: if it is a decimal"),
        ("a;b\n45.000;1\n52.300;2\n61.250;5\n", "the points of numbers such as 45.000 were read as decimal signs"),
    ],
)
def test_a_column_that_may_be_no_feature_is_pointed_out(text, note, tmp_path):
    path = write(tmp_path, text)
    assert note in load_dataset(path).notes[0]
    if "comma" not in note and "points" not in note:
        assert note not in " ".join(load_dataset(path, columns="0-1").notes)
    else:
        assert not any(note in each for each in load_dataset(path, decimal=".").notes)


def test_a_sum_below_a_table_is_pointed_out(tmp_path):
    data = load_dataset(write(tmp_path, ",a,b\n0,1,5\n1,7,2\n2,5,1\nTotal,9,8\n"))
    assert "(line 5 of" in data.notes[0]
    assert "is 'Total' among numbers: if this row is no point, such as a sum, delete it" in data.notes[0]


GERMAN = [[1234.5, 2.0], [1100.25, -3e3], [1.5, 1234567.0]]


@pytest.mark.parametrize(
    ("text", "decimal", "rows"),
    [
        ("a;b\n1.234,5;2\n1.100,25;-3e3\n1,5;1.234.567\n", ",", GERMAN),
        ("a;b\n1234,5;2\n1\u202f100,25;-3e3\n1,5;1 234 567\n", ",", GERMAN),
        ('a,b\n"1.234,5",2\n"1.100,25",-3e3\n"1,5",1.234.567\n', ",", GERMAN),
        ("1'234.5\t2\n1100.25\t\u22123e3\n1.5\t1,234,567\n", ".", GERMAN),
        ("1.234;2\n987;5\n", ",", [[1234, 2], [987, 5]]),
        ("1.234;2\n987;5\n", ".", [[1.234, 2], [987, 5]]),
        (f"{LONG}1.234;2\n", ",", [*[[1, 2]] * 300, [1234, 2]]),
        ("0,5\n1,05\n-2,25\n", ",", [[0.5], [1.05], [-2.25]]),
        ("w\n0,5\n1,05\n-2,25\n", None, [[0.5], [1.05], [-2.25]]),
    ],
)
def test_the_decimal_sign_can_be_said(text, decimal, rows, tmp_path):
    data = load_dataset(write(tmp_path, text), decimal=decimal, center=False)
    assert data.X.tolist() == rows
    assert ("decimal points" if decimal == "." else "decimal commas") in data.taken


@pytest.mark.parametrize(
    ("text", "decimal", "message"),
    [
        (f"a;b\n{LONG}1.5;2\n", ",", "got '1.5' at row 300, .*; decimal points beside decimal commas; .*--decimal .$"),
        ("a;b\n1,5;2\n3;4\n", ".", "got '1,5' at row 0, .*or give --decimal ,$"),
        ("a;b\n1;2\n3;4\n", ";", "decimal must be '.' or ',', got ';'"),
    ],
)
def test_numbers_with_another_decimal_sign_are_refused(text, decimal, message, tmp_path):
    with pytest.raises(ValueError, match=message):
        load_dataset(write(tmp_path, text), decimal=decimal)


@pytest.mark.parametrize(
    "text",
    [
        "0,0,0\n0.1,0.2,0.3\n0.2,0.4,0.6\n0.3,0.5,0.9\n",  # a path that starts at the origin
        "0,1,2\n3,4,5\n6,7,8\n9,10,11\n",
        "5,0,0,3\n7,0,0,255\n1,0,0,12\n2,9,0,7\n",
        "0,1\n1,1\n1,0\n0,0\n",
        "0,0.2,0.3,0.5,0.7,0.8,0.9\n1,0.5,0.6,0.7,0.8,1,2\n2,0.1,0.2,0.4,0.5,1,3\n3,0.5,0.6,0.7,0.8,1,2\n",  # counted
        "cat,1,2\ndog,2,2\ncat,3,1\n",
    ],
)
def test_a_first_line_like_the_others_is_a_point(text, tmp_path):
    rows = text.count("\n")
    assert load_dataset(write(tmp_path, text), 0 if text[0] == "c" else None).n == rows


def test_labels_that_look_like_comments_are_asked_about(tmp_path):
    labels = write(tmp_path, "#a\nb\n#a\n", "labels.txt")
    with pytest.raises(
        ValueError, match=r"got 1 labels for 3 points and 2 lines that begin with # or %, as comments do"
    ):
        load_dataset(NUMBERS, str(labels))
    assert load_dataset(NUMBERS, str(write(tmp_path, '"#a"\nb\n"#a"\n', "labels.txt"))).classes == ("#a", "b")


def test_whether_the_first_line_is_a_header_can_be_said(tmp_path):
    path = write(tmp_path, "0,1,2\n5,3,1\n7,3,3\n")
    assert (load_dataset(path, header=True).n, load_dataset(path, header=False).n) == (2, 3)


def _row(cells):
    return ",".join(map(str, cells))


def test_years_above_a_table_are_its_header(tmp_path):
    values = np.random.default_rng(0).uniform(1000, 3000, size=(20, 10)).round()
    rows = [f"C{place},{_row(row)}" for place, row in enumerate(values)]
    (tmp_path / "a.csv").write_text("\n".join(["Country," + _row(range(2001, 2011)), *rows]))
    np.testing.assert_array_equal(load_dataset(tmp_path / "a.csv", center=False).X, values)


def test_a_first_line_in_order_is_asked_about(tmp_path):
    values = np.random.default_rng(0).uniform(0, 1, size=(20, 7)).round(4) + 0.00001
    first = _row([4000.0, 3875.86, 3751.7, 3620.1, 3500.2, 3371.0, 3250.9])
    (tmp_path / "a.csv").write_text("\n".join([first, *map(_row, values)]))
    with pytest.raises(ValueError, match=r"whether the first line holds names cannot be told, .*--header"):
        load_dataset(tmp_path / "a.csv")
    assert load_dataset(tmp_path / "a.csv", header=True).n == 20


def test_a_first_point_that_lacks_a_value_is_a_point(tmp_path):
    values = np.random.default_rng(0).normal(size=(20, 3)).round(4)
    (tmp_path / "a.csv").write_text("\n".join([",0.551,0.888", *map(_row, values)]))
    with pytest.raises(ValueError, match="1 of 63 missing"):
        load_dataset(tmp_path / "a.csv")
