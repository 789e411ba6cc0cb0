"""How a text table is written, judged from its first lines: delimiter, decimal sign, and where the cells begin."""

from __future__ import annotations

import csv
import re
from collections import Counter
from dataclasses import dataclass
from itertools import islice

from regimes.datasets.files.cells import (
    cell_number,
    decimal_comma,
    is_missing,
    looks_numeric,
    may_be_thousands,
    unquoted,
)
from regimes.datasets.files.comments import content, is_comment
from regimes.datasets.files.text import TextFile
from regimes.datasets.files.thousands import one_column

__all__ = ["Dialect", "cells", "dialect_of"]

_LINES, _ROWS, _CHARACTERS = 200, 10, 2**17
"""Lines from which the rest is judged: fewer where they are long, but always some."""

_DELIMITERS = ("\t", ";", ",", "|", None)  # None: blanks
_WORDS = {"\t": "tabs", ";": "semicolons", "|": "bars", None: "blanks"}
_SEPARATOR = re.compile(r'"?sep=(.)"?\s*', re.IGNORECASE)


@dataclass(frozen=True)
class Dialect:
    """Delimiter (None for blanks), decimal sign, the first rows, and the cells of a comment line right above them."""

    delimiter: str | None
    comma: bool
    grouped: bool
    """Whether the decimal sign was said, so that other signs may separate thousands."""
    rows: list[list[str]]
    above: list[str] | None
    skipped: int
    """Lines of content above the rows: one that names the delimiter."""
    height: int
    """Lines of the first row, of which a quoted cell may have several."""

    @property
    def width(self) -> int:
        """Number of cells of a line: that of most lines below the first."""
        counts = Counter(len(row) for row in self.rows[1:] or self.rows)
        return counts.most_common(1)[0][0]

    @property
    def said(self) -> tuple[str, ...]:
        """What is unusual, in words."""
        marks = _WORDS.get(self.delimiter)
        signs = "decimal commas" if self.comma else "decimal points" if self.grouped else None
        words = (f"cells between {marks}" if marks else None, signs)
        return tuple(word for word in words if word)


def dialect_of(text: TextFile, decimal: str | None = None) -> Dialect | None:
    """Judge the first lines, if need be with the decimal sign that was said; None if there is no line."""
    first: list[str] = []
    for line in islice(text.lines(), _LINES):
        first.append(line)
        if len(first) > _ROWS and sum(map(len, first)) > _CHARACTERS:
            break
    lines = [line for _, line in content(iter(first))]
    declared = _SEPARATOR.fullmatch(lines[0]) if lines else None
    if declared:
        del lines[0]
    if not lines:
        return None
    chosen = declared[1] if declared else max(_delimiters(lines, decimal), key=lambda mark: _fit(lines, mark))
    if not declared and all(len(row) == 1 for row in cells(lines, chosen)):
        chosen = ";" if decimal == "," else ","  # of a single column all are as good
    if not declared and chosen == "," and decimal is None and one_column(lines):
        chosen = ";"
    rows = cells(lines, chosen)
    comma = decimal == "," if decimal else _decimal_commas(rows)
    above = _above(first, chosen)
    return Dialect(chosen, comma, decimal is not None, rows, above, int(bool(declared)), _height(lines))


def _delimiters(lines: list[str], decimal: str | None) -> tuple[str | None, ...]:
    """Those that may be: a decimal comma stands between commas in quotes alone."""
    quoted = decimal != "," or any(decimal_comma(cell) for row in cells(lines, ",") for cell in row)
    return _DELIMITERS if quoted else tuple(mark for mark in _DELIMITERS if mark != ",")


def _decimal_commas(rows: list[list[str]]) -> bool:
    commas = [cell for row in rows for cell in row if decimal_comma(cell)]
    points = any("." in cell and cell_number(cell) is not None for row in rows for cell in row)
    return bool(commas) and not points and not all(may_be_thousands(cell) for cell in commas)


def cells(lines: list[str], delimiter: str | None) -> list[list[str]]:
    """Cells of lines, without surrounding blanks."""
    if delimiter is None:
        lines = [" ".join(line.split()) for line in lines]
    try:
        reader = csv.reader(lines, delimiter=delimiter or " ", skipinitialspace=True)
        return [[cell.strip() for cell in row] for row in reader]
    except csv.Error:  # a cell beyond the limit of the module
        return [[cell.strip() for cell in line.split(delimiter)] for line in lines]


def _height(lines: list[str]) -> int:
    return next((at for at in range(1, len(lines)) if "".join(lines[:at]).count('"') % 2 == 0), 1)


def _fit(lines: list[str], delimiter: str | None) -> tuple[bool, bool, float]:
    """Whether all lines have the same number of cells, more than one, and the share of these that are numbers."""
    rows = cells(lines, delimiter)
    below = rows[1:] or rows
    width = len(below[0])
    even = all(len(row) == width for row in below) and len(rows[0]) in (width, width - 1)
    found = [cell for row in below for cell in row]
    comma = delimiter != ","
    numbers = sum(is_missing(cell) or looks_numeric(cell, comma=comma) for cell in found)
    return even and width > 1, width > 1, round(numbers / len(found), 2) if found else 0.0


def _above(first: list[str], delimiter: str | None) -> list[str] | None:
    """Cells of the comment line right above the first row, where names may stand."""
    at = next(place for place, line in enumerate(first) if line.strip() and not is_comment(line))
    if not at or not is_comment(first[at - 1]):
        return None
    return [*map(unquoted, cells([first[at - 1].strip().lstrip("#%").strip()], delimiter)[0])]
