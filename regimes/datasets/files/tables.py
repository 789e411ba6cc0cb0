"""Reading points and labels from text tables."""

from __future__ import annotations

import csv
import re
from array import array
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regimes.numerics.interface.paths import exists

__all__ = ["read_column", "read_table"]

_LABEL_NAMES = ("label", "labels", "target", "targets", "class", "species")

_Line = tuple[int, list[str]]


def read_table(path: Path, label_column: str | int | None = None) -> tuple[NDArray[np.float64], Any, tuple[str, ...]]:
    """Numbers of a table, its column of labels if one is asked for, and what could be a mistake.

    The delimiter is the tab, the semicolon or the comma, the first of these that the first line has outside
    quotes. The first line is a header if it has no number in it, or holds the name of the label column. A name
    that is not in the header is left to the caller.
    """
    lines = _lines(path)
    first = next(lines, None)
    if first is None:
        raise ValueError(f"load_dataset: a table must have at least one line, got {path}: empty")
    header = _header(first, label_column)
    width = len(first[1])
    place = _column(path, header, width, label_column)
    names = header or [str(column) for column in range(width)]
    cells, labels = array("d"), []
    for row, (number, line) in enumerate(lines if header else chain([first], lines)):
        if len(line) != width:
            raise ValueError(
                f"load_dataset: every line must have {width} cells as the first, "
                f"got {len(line)} in {path}, line {number}"
            )
        for column, cell in enumerate(line):
            if column == place:
                labels.append(cell)
                continue
            value = _number(cell)
            if value is None:
                raise ValueError(
                    f"load_dataset: every cell must be a number, got {cell!r} at row {row}, column {column} "
                    f"({path}, line {number}, column {names[column]!r}){_advice(cell)}"
                )
            cells.append(value)
    dimensions = width - (place is not None)
    if dimensions == 0:
        raise ValueError(f"load_dataset: a table must have a column besides the labels, got {path} with one column")
    values = np.asarray(cells).reshape(-1, dimensions)
    return values, None if place is None else labels, _notes(first[1], header, label_column)


def read_column(path: Path, n: int) -> list[str]:
    """Read labels, one a line. Of n + 1 lines the first is a header if it is neither a number nor repeated below."""
    labels = []
    for number, line in _lines(path):
        if len(line) != 1:
            raise ValueError(
                "load_dataset: a file of labels must have one label a line, "
                f"got {len(line)} cells in {path}, line {number}"
            )
        labels.append(line[0])
    if len(labels) == n + 1 and _number(labels[0]) is None and labels[0] not in labels[1:]:
        del labels[0]
    return labels


def _lines(path: Path) -> Iterator[_Line]:
    """Lines that are not blank, as cells without surrounding blanks, with their number in the file."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            start = next((line for line in stream if line.strip()), "")
            unquoted = re.sub(r'"[^"]*"', "", start)
            delimiter = next((mark for mark in "\t;" if mark in unquoted), ",")
            stream.seek(0)
            reader = csv.reader(stream, delimiter=delimiter, skipinitialspace=True)
            for cells in reader:
                line = [cell.strip() for cell in cells]
                if len(line) > 1 or any(line):
                    yield reader.line_num, line
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ValueError(
            f"load_dataset: a table must be text in UTF-8, got {path}, which cannot be read: {error}"
        ) from None


def _header(first: _Line, label_column: str | int | None) -> list[str] | None:
    cells = first[1]
    named = isinstance(label_column, str) and label_column in cells
    return cells if named or all(_number(cell) is None for cell in cells) else None


def _column(path: Path, header: list[str] | None, width: int, label_column: str | int | None) -> int | None:
    """Index of the label column; None if there is none, or if the name is not in the header."""
    if isinstance(label_column, int):
        if not 0 <= label_column < width:
            raise ValueError(
                f"load_dataset: the label column must lie in 0..{width - 1}, got {label_column} for {path}"
            )
        return label_column
    if label_column is None:
        return None
    count = header.count(label_column) if header else 0
    if count == 1 and header:
        return header.index(label_column)
    if count > 1:
        raise ValueError(
            f"load_dataset: column names must be unique, got {label_column!r} {count} times in {path}; give the index"
        )
    if label_column.isdecimal() and int(label_column) < width:  # an index from the command line
        return int(label_column)
    if exists(label_column):
        return None
    without = "it has no header, so give the index of a column, from 0"
    known = f"its columns are {', '.join(header)}" if header else without
    raise ValueError(
        f"load_dataset: labels must be a column of {path} or a file of labels, got {label_column!r}; {known}"
    )


def _number(cell: str) -> float | None:
    try:
        return None if "_" in cell else float(cell)  # float() takes 1_0 for ten
    except ValueError:
        return None


def _advice(cell: str) -> str:
    if re.fullmatch(r"[-+]?\d+,\d+", cell):
        return "; write decimals with a point"
    return "; if the column holds the classes, name it with labels" if re.search(r"[^\W\d]", cell) else ""


def _notes(first: list[str], header: list[str] | None, label_column: str | int | None) -> tuple[str, ...]:
    if header is None:
        # pandas writes such a header unless told otherwise.
        counted = len(first) > 1 and first == [str(column) for column in range(len(first))]
        note = "the first line reads 0, 1, 2, ... and was taken as a point: delete it if it is a header"
        return (note,) if counted else ()
    suspects = [name for name in header if name.lower() in _LABEL_NAMES] if label_column is None else []
    return tuple(
        f"column {name!r} was read as a feature: if it holds the classes, give labels={name!r}" for name in suspects
    )
