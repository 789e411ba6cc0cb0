"""Where the rows of a text table stand in its file: read by NumPy, and looked through for what is no row."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from regimes.datasets.files.cells import cell_number, is_missing
from regimes.datasets.files.column_roles import is_label_name
from regimes.datasets.files.comments import content, is_comment, passed_over, refuse_row
from regimes.datasets.files.dialect import Dialect, cells
from regimes.datasets.files.reading import Reading, chosen_columns, label_place
from regimes.datasets.files.text import TextFile
from regimes.datasets.files.thousands import commas_between, points_group

__all__ = ["Layout", "Reader"]

Reader = Callable[[str], float]

_BLOCK = 4096
"""Rows that are looked at together."""


@dataclass(frozen=True)
class Layout:
    """Where the rows of a table stand in its file, and what they are called."""

    text: TextFile
    dialect: Dialect
    header: bool
    names: list[str] | None

    @property
    def width(self) -> int:
        """Number of cells of a row."""
        return len(self.names) if self.names else len(self.dialect.rows[0])

    def lines(self) -> Iterator[tuple[int, str]]:
        """Lines of the rows, with their numbers in the file."""
        skipped = self.dialect.skipped + (self.dialect.height if self.header else 0)
        return islice(content(self.text.lines()), skipped, None)

    def line(self, row: int) -> int | None:
        """The line of a row, as long as no cell has a line end in it."""
        return next((number for number, _ in islice(self.lines(), row, None)), None)

    def asked(self, reading: Reading) -> tuple[set[int], set[int]]:
        """Columns to be read as text, by their name or by their first cells, and columns that nobody asked for."""
        where, rows = str(self.text.path), self.dialect.rows[1 if self.header else 0 :]
        label = label_place(reading, self.names, self.width, where)
        texts = {place for place, name in enumerate(self.names or ()) if is_label_name(name)}
        if label is not None:
            texts.add(label)
        for row in rows:
            texts |= {place for place, cell in enumerate(row[: self.width]) if self._is_text(cell)}
        kept = chosen_columns(reading, self.names, self.width, where)
        return texts, set(range(self.width)) - set(kept) - texts

    def _is_text(self, cell: str) -> bool:
        return (
            not is_missing(cell) and cell_number(cell, comma=self.dialect.comma, grouped=self.dialect.grouped) is None
        )

    def passed_over(self) -> tuple[str, ...]:
        """In words, the lines that are no rows: a comment that may be one is refused."""
        where, rows = str(self.text.path), self.dialect.rows[1 if self.header else 0 :]
        tabs, comments, empty, gap, begun = self.dialect.delimiter == "\t", 0, 0, 0, False
        for line in self.text.lines():
            if is_comment(line):
                comments += 1
                row = cells([line], self.dialect.delimiter)[0]
                if len(row) == self.width:
                    refuse_row(line, row, rows[-1] if rows else None, where)
            elif line.strip():
                empty, gap, begun = empty + gap, 0, True
            elif (tabs and "\t" in line) or (self.width == 1 and begun):
                gap += 1
        return passed_over(comments - (self.names is not None and self.names is self.dialect.above), empty)

    def signs(self, values: NDArray[np.float64]) -> tuple[str, ...]:
        """What to know about points and commas that may be no decimal signs; refused where that cannot be told."""
        where, delimiter, rows = str(self.text.path), self.dialect.delimiter, self.dialect.rows
        single = delimiter != "," or self.width == 1
        blocks = (values[start : start + _BLOCK] for start in range(0, len(values), _BLOCK))
        if any((np.nan_to_num(block) % 1 > 0).any() for block in blocks):
            note = points_group((cells([line], delimiter)[0] for _, line in self.lines()), where)
            return (note,) if note and single else ()
        note = "" if single else commas_between(rows[1 if self.header else 0 :], where)
        return (note,) if note and not self.names else ()

    def read(self, *readers: Mapping[int, Reader]) -> NDArray[np.float64] | None:
        """All rows, as NumPy reads them but for the columns that have readers; None if a cell is no plain number."""
        rows = self.dialect.rows[1 if self.header else 0 :]
        if not rows:
            return np.empty((0, self.width))
        for row, found in enumerate(map(len, rows)):
            if found != self.width:
                raise self._uneven(found, row)
        try:
            values: NDArray[np.float64] = np.loadtxt(
                (line for _, line in self.lines()),
                dtype=np.float64,
                delimiter=self.dialect.delimiter,
                quotechar='"',
                comments=None,
                converters={place: reader for each in readers for place, reader in each.items()},
                encoding=None,
                ndmin=2,
            )
        except ValueError as error:
            uneven = re.search(r"changed from (\d+) to (\d+) at row (\d+)", str(error))
            if uneven is None:
                return None
            raise self._uneven(int(uneven[2]), int(uneven[3]) - 1) from None
        return values

    def _uneven(self, found: int, row: int) -> ValueError:
        return ValueError(
            f"load_dataset: every line must have {self.width} cells as the first, got {found} in {self.text.path}, "
            f"line {self.line(row)}; a line that is no row of the table must begin with #"
        )
