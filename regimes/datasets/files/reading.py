"""What is taken of a source, and how it is read: options that travel as one, and the columns that they name."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypedDict

from regimes.datasets.files.cells import unquoted
from regimes.numerics.interface.paths import exists, is_standard_input
from regimes.numerics.interface.progress import Progress, silent

__all__ = [
    "MEMORY",
    "ColumnNames",
    "Reading",
    "ReadingOptions",
    "chosen_columns",
    "column_place",
    "dropped_columns",
    "is_file",
    "label_place",
    "refuse_columns",
    "words",
]

ColumnNames = str | int | Sequence[str | int]
"""Columns by name, by index from 0, or by a range of either; in one string they are separated by commas."""

MEMORY = 2 * 2**30
"""Bytes that a data set may take unless more is allowed."""

_MISSING, _DECIMAL = ("error", "drop"), (".", ",")
_SHOWN = 12


class ReadingOptions(TypedDict, total=False):
    """Keywords of :func:`regimes.load_dataset` that say what is read, for all that pass them on to it."""

    columns: ColumnNames | None
    drop: ColumnNames | None
    header: bool | None
    decimal: str | None
    missing: str
    resize: int | str | tuple[int, int] | None
    skip_broken: bool


@dataclass(frozen=True)
class Reading:
    """What is taken of a source: :class:`ReadingOptions`, checked, where the labels are, bytes that points may take.

    ``opens`` says that more may be left in the file, and read in blocks; ``report`` hears how far long reading is.
    """

    labels: Any = None
    columns: ColumnNames | None = None
    drop: ColumnNames | None = None
    header: bool | None = None
    decimal: str | None = None
    missing: str = "error"
    resize: int | str | tuple[int, int] | None = None
    skip_broken: bool = False
    memory: int = MEMORY
    opens: bool = False
    report: Progress = silent

    def __post_init__(self) -> None:
        if self.missing not in _MISSING:
            raise ValueError(f"load_dataset: missing must be one of {', '.join(_MISSING)}, got {self.missing!r}")
        if self.decimal not in (None, *_DECIMAL):
            raise ValueError(f"load_dataset: decimal must be '.' or ',', got {self.decimal!r}")

    @property
    def takes_all(self) -> bool:
        """Whether nothing is asked for but labels."""
        return self.columns is None and self.drop is None and self.missing == "error" and not self.of_text

    @property
    def of_text(self) -> tuple[str, ...]:
        """Options given that say how a text table is read."""
        return tuple(name for name in ("header", "decimal") if getattr(self, name) is not None)

    @property
    def label_column(self) -> str | int | None:
        """The column, or the key, that holds the labels, if they are named so."""
        return self.labels if isinstance(self.labels, str | int) and not isinstance(self.labels, bool) else None


def is_file(labels: str) -> bool:
    """Whether labels may be read from there: a path at which something is, or standard input."""
    return exists(labels) or is_standard_input(labels)


def refuse_columns(reading: Reading, where: str) -> None:
    """Refuse a choice of columns for what has none."""
    if reading.columns is not None or reading.drop is not None:
        raise ValueError(
            f"load_dataset: columns can be chosen of tables and arrays of rows alone, got columns or drop for {where}; "
            "leave them out"
        )


def column_place(wanted: str | int, names: Sequence[str] | None, width: int, where: str) -> int:
    """Index of a column that is named, or counted from 0 (from the end below 0); a name goes before a number in text.

    >>> column_place("b", ["a", "b"], 2, "x.csv"), column_place("1", ["a", "b"], 2, "x.csv")
    (1, 1)
    """
    text = str(wanted).strip()
    if names is not None and isinstance(wanted, str) and text not in names:
        text, names = unquoted(text), [*map(unquoted, names)]
    count = list(names).count(text) if names is not None and isinstance(wanted, str) else 0
    if count > 1:
        raise ValueError(
            f"load_dataset: column names must be unique, got {text!r} {count} times in {where}; give the index"
        )
    if count and names is not None:
        return list(names).index(text)
    if re.fullmatch(r"-?\d{1,9}", text):
        if not -width <= int(text) < width:
            raise ValueError(f"load_dataset: a column must lie in 0..{width - 1}, got {text} for {where}")
        return int(text) % width
    raise ValueError(f"load_dataset: there is no column {text!r} in {where}; {_known(names, width)}")


def chosen_columns(reading: Reading, names: Sequence[str] | None, width: int, where: str) -> list[int]:
    """Places of the columns that are asked for, in the order asked for, without those that are to be dropped.

    >>> chosen_columns(Reading(columns="c,0-1", drop="a"), ["a", "b", "c"], 3, "x.csv")
    [2, 1]
    """
    places = list(range(width)) if reading.columns is None else _places(reading.columns, names, width, where)
    if len(set(places)) != len(places):
        twice = next(place for place in places if places.count(place) > 1)
        called = twice if names is None else repr(names[twice])
        raise ValueError(f"load_dataset: each column can be asked for once, got {called} more than once for {where}")
    dropped = dropped_columns(reading, names, width, where)
    kept = [place for place in places if place not in dropped]
    if not kept:
        raise ValueError(f"load_dataset: at least one column must be kept, got none of {where}; {_known(names, width)}")
    return kept


def dropped_columns(reading: Reading, names: Sequence[str] | None, width: int, where: str) -> set[int]:
    """Places of the columns that are to be left out."""
    return set() if reading.drop is None else set(_places(reading.drop, names, width, where))


def label_place(reading: Reading, names: Sequence[str] | None, width: int, where: str) -> int | None:
    """Place of the column that is asked for as labels; None if there is none, or if labels name a file."""
    label = reading.label_column
    known = {*(names or ()), *map(unquoted, names or ())}
    if isinstance(label, str) and not {label, unquoted(label)} & known and not re.fullmatch(r"-?\d{1,9}", label):
        if is_file(label):
            return None
        raise ValueError(
            f"load_dataset: labels must be a column of {where} or a file of labels, got {label!r}; "
            f"{_known(names, width)}"
        )
    return None if label is None else column_place(label, names, width, where)


def _places(wanted: ColumnNames, names: Sequence[str] | None, width: int, where: str) -> list[int]:
    found: list[int] = []
    for each in _separate(wanted, names):
        ends = _range(each, names) if isinstance(each, str) else None
        if ends is None:
            found.append(column_place(each, names, width, where))
            continue
        first, last = (column_place(end, names, width, where) for end in ends)
        if last < first:
            raise ValueError(f"load_dataset: a range of columns must go up, got {each!r} for {where}")
        found += range(first, last + 1)
    return found


def words(option: ColumnNames | None) -> list[str | int]:
    """What an option names, where the names are not known: strings are taken apart at their commas."""
    given = [option] if isinstance(option, str | int) else option or []
    return [word for each in given for word in (_separate(each, None) if isinstance(each, str) else [each])]


def _separate(wanted: ColumnNames, names: Sequence[str] | None) -> list[str | int]:
    """One string is a name, or names that commas separate."""
    if isinstance(wanted, int):
        return [wanted]
    if not isinstance(wanted, str):
        return list(wanted)
    if names is not None and wanted in names:
        return [wanted]
    return [word.strip() for word in wanted.split(",") if word.strip()]


def _range(text: str, names: Sequence[str] | None) -> tuple[str, str] | None:
    """Ends of ``A-B``, where that is no name itself; names may have hyphens of their own."""
    known = () if names is None else names
    if text in known:
        return None
    for hyphen in re.finditer("-", text):
        ends = text[: hyphen.start()].strip(), text[hyphen.end() :].strip()
        if all(end in known or end.isdecimal() for end in ends):
            return ends
    return None


def _known(names: Sequence[str] | None, width: int) -> str:
    if names is None:
        return f"it has no header, so give indices, 0 to {width - 1}"
    more = f", ... ({width} in all)" if width > _SHOWN else ""
    return f"its columns are {', '.join(names[:_SHOWN])}{more}"
