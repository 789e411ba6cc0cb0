"""Reading points and labels from text tables: NumPy reads the cells, what they are is judged here."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from regimes.datasets.files.cells import cell_number, decimal_comma, is_missing, may_be_thousands, quoted, unquoted
from regimes.datasets.files.columns import Table
from regimes.datasets.files.comments import content, is_comment
from regimes.datasets.files.dialect import Dialect, cells, dialect_of
from regimes.datasets.files.header import has_header
from regimes.datasets.files.layout import Layout, Reader
from regimes.datasets.files.reading import Reading, label_place, words
from regimes.datasets.files.row_numbers import row_numbers
from regimes.datasets.files.text import TextFile
from regimes.datasets.points.labels import is_padded
from regimes.numerics.interface.checks import check_memory

__all__ = ["TABLES", "read_column", "read_table"]

TABLES = (".csv", ".tsv", ".txt", ".dat", ".data")
"""Endings of text tables."""

_SHOWN = 4
_TEXT = 64
"""Bytes of a cell of text."""


def read_table(path: Path, reading: Reading) -> tuple[Table, tuple[str, ...], tuple[str, ...]]:
    """Cells of a text table with the names of its columns, in words how it was read, and what to know about that."""
    text = TextFile.of(path, reading.memory)
    dialect = dialect_of(text, reading.decimal)
    if dialect is None:
        found = ": comments alone, which begin with # or %" if any(map(is_comment, text.lines())) else ": empty"
        raise ValueError(f"load_dataset: a table must have at least one line, got {path}{found}")
    names, header, said = _names(dialect, reading, str(path))
    layout = Layout(text, dialect, header, names)
    as_text, unasked = layout.asked(reading)
    texts = {place: _Texts() for place in as_text}
    ignored: dict[int, Reader] = dict.fromkeys(unasked, lambda cell: 0.0)
    size = f"{text.count} lines of {layout.width} cells in {path}"
    needed = text.count * (8 * layout.width + _TEXT * len(texts))
    check_memory("load_dataset", size, needed, reading.memory, "give fewer points")
    passed = layout.passed_over()
    values, comma = None if reading.decimal == "," else layout.read(texts, ignored), dialect.comma
    if values is None:  # some cell is no plain number
        values, comma = _cell_by_cell(layout, texts, ignored)
    asked_for = label_place(reading, names, layout.width, str(path))
    for place in sorted(set(texts) - {asked_for}):  # labels that are asked for are words, whatever they look like
        numbers = texts[place].numbers(comma, dialect.grouped)
        if numbers is not None and len(values):
            values[:, place] = numbers[values[:, place].astype(np.intp)]
            del texts[place]
    encoding = () if text.encoding.startswith("utf-8") else (f"encoding {text.encoding}",)
    table = Table(values, names, str(path), {place: [*found.numbered] for place, found in texts.items()}, layout.line)
    notes = () if comma or reading.decimal else layout.signs(values)
    return table, (*said, *replace(dialect, comma=comma).said, *encoding, *passed), notes


def read_column(path: Path, n: int, memory: int) -> list[str]:
    """Read labels, one a line. Of n + 1 lines the first is a header if it is neither a number nor repeated below."""
    labels: list[str] = []
    text = TextFile.of(path, memory)
    check_memory(
        "load_dataset", f"{text.count} labels of {path}", _TEXT * text.count, memory, "give one for each point"
    )
    for number, line in content(text.lines()):
        row = cells([line], ",")[0]
        if len(row) == 2 and not labels and (beside := _beside_row_numbers(path, memory)) is not None:
            return beside
        if len(row) != 1:
            raise ValueError(
                "load_dataset: a file of labels must have one label a line, "
                f"got {len(row)} cells in {path}, line {number}"
            )
        labels.append(row[0])
    comments = sum(map(is_comment, text.lines())) if len(labels) < n else 0
    if comments:
        raise ValueError(
            f"load_dataset: there must be one label for each point, got {len(labels)} labels for {n} points and "
            f"{comments} lines that begin with # or %, as comments do, in {path}; put labels that begin so in quotes"
        )
    if len(labels) == n + 1 and cell_number(labels[0]) is None and labels[0] not in labels[1:]:
        del labels[0]
    return labels


def _beside_row_numbers(path: Path, memory: int) -> list[str] | None:
    """Labels of a table of two columns, of which the first numbers the rows."""
    table, _, _ = read_table(path, Reading(labels=-1, memory=memory))
    found: list[str] | None = table.cells(1).tolist() if row_numbers(table, [0]).places else None
    return found


@dataclass
class _Texts:
    """Reads the cells of one column as the numbers of their texts."""

    numbered: dict[str, int] = field(default_factory=dict)

    def __call__(self, cell: str) -> int:
        return self.numbered.setdefault(_plain(cell), len(self.numbered))

    def numbers(self, comma: bool, grouped: bool) -> NDArray[np.float64] | None:
        """The number that each text is, nan where it says that there is none; None if one is neither, as 01 is."""
        if any(map(is_padded, self.numbered)):
            return None
        found = [
            np.nan if is_missing(text) else cell_number(text, comma=comma, grouped=grouped) for text in self.numbered
        ]
        return None if None in found else np.array(found, dtype=np.float64)


@dataclass
class _Numbers:
    """Reads the cells of one column as numbers of any spelling, and keeps those that are none."""

    comma: bool
    grouped: bool
    texts: set[str] = field(default_factory=set)
    points: bool = False

    def __call__(self, cell: str) -> float:
        point = "." in cell
        self.points = self.points or point
        try:
            if "_" not in cell and not (self.comma and point):
                return float(cell.replace(",", ".", 1) if self.comma else cell)
        except ValueError:
            pass
        cell = _plain(cell)
        value = np.nan if is_missing(cell) else cell_number(cell, comma=self.comma, grouped=self.grouped)
        if value is None or (self.comma and point and not self.grouped):
            self.texts.add(cell)
            return np.nan
        return value


def _refuse_title(first: list[str], below: list[list[str]], where: str) -> None:
    """Refuse a first line of one text, which is the title of a table, above the first line of several cells."""
    filled = next((row for row in below if any(row)), [])
    names = len(filled) > 1 and all(cell and cell_number(cell) is None for cell in filled)
    if first[0] and not any(first[1:]) and cell_number(first[0]) is None and names:
        raise ValueError(
            f"load_dataset: the first line must be a row or the names of all columns, got {quoted(first[0])} alone in "
            f"the first line of {where}, above {', '.join(map(quoted, filled[:_SHOWN]))}; if it is a title, begin the "
            "line with # or delete it"
        )


def _plain(cell: str) -> str:
    """A cell without blanks, and without the quotes that a blank before them made part of it."""
    cell = cell.strip()
    return cell[1:-1].strip() if len(cell) > 1 and cell[0] == cell[-1] == '"' else cell


def _names(dialect: Dialect, reading: Reading, where: str) -> tuple[list[str] | None, bool, tuple[str, ...]]:
    """Names of the columns, whether they stand in the first line, and in words where they stand."""
    first, said = [*map(unquoted, dialect.rows[0])], ("first line as a header",)
    words = [cell_number(cell, comma=dialect.comma) is None for cell in first]
    if reading.header is not False and all(words):
        below = dialect.rows[1:]
        longer = len(below) > 0 and all(len(row) == len(first) + 1 for row in below)
        if longer and not any(row[-1] for row in below):
            return [*first, ""], True, said  # each line ends in a delimiter
        if longer and _are_row_names([row[0] for row in below], dialect.delimiter):
            return ["", *first], True, said  # R has no name for these
    _refuse_title(first, dialect.rows[1:], where)
    if reading.header or (reading.header is None and (_named(reading) & set(first) or _judged(dialect, where))):
        return first, True, said
    above = dialect.above
    if above and len(above) == len(first) and all(cell_number(cell) is None for cell in above):
        return above, False, ("names from the comment above the first line",)
    return None, False, ()


def _are_row_names(starts: list[str], delimiter: str | None) -> bool:
    """Whether the cells that rows have more than the header count rows, or name them, as R does between blanks."""
    if starts == [str(place) for place in range(1, len(starts) + 1)]:
        return True
    whole = delimiter in (None, "\t") and all(cell.isdecimal() for cell in starts)
    return len(set(starts)) == len(starts) and (whole or all(cell_number(cell) is None for cell in starts))


def _judged(dialect: Dialect, where: str) -> bool:
    return has_header(dialect.rows, comma=dialect.comma, where=where)


def _named(reading: Reading) -> set[str]:
    """What the options name, but for numbers, which count columns as well."""
    given = [word for option in (reading.columns, reading.drop) for word in [*words(option), option]]
    return {
        word for word in [*given, reading.label_column] if isinstance(word, str) and word and cell_number(word) is None
    }


def _cell_by_cell(
    layout: Layout, texts: dict[int, _Texts], ignored: dict[int, Reader]
) -> tuple[NDArray[np.float64], bool]:
    """Read numbers of any spelling; columns that turn out to hold text join ``texts``."""
    comma = layout.dialect.comma
    while True:
        rest = set(range(layout.width)) - set(texts) - set(ignored)
        numbers = {place: _Numbers(comma, layout.dialect.grouped) for place in rest}
        for each in texts.values():
            each.numbered.clear()
        values = layout.read(texts, numbers, ignored)
        if values is None:
            raise ValueError(f"load_dataset: a table must be lines of cells, got {layout.text.path}, which is none")
        bad = {place: found for place, found in numbers.items() if found.texts}
        if not bad:
            return values, comma
        cells = [cell for found in bad.values() for cell in found.texts]
        commas = all(decimal_comma(cell) for cell in cells) and not all(may_be_thousands(cell) for cell in cells)
        if commas and not comma and not layout.dialect.grouped and not any(found.points for found in numbers.values()):
            comma = True
        else:
            texts |= {place: _Texts() for place in bad}
