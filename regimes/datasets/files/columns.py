"""Which columns of a source that has several are features, which holds the classes, and which numbers the rows."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from regimes.datasets.files.cells import cell_advice, cell_number, is_missing, quoted
from regimes.datasets.files.reading import Reading, chosen_columns, dropped_columns, label_place
from regimes.datasets.points.labels import lacking_labels

__all__ = [
    "Table",
    "Taken",
    "classes_like",
    "counts_rows",
    "found_label",
    "is_label_name",
    "numbers_rows",
    "read_as_feature",
    "take_columns",
    "whole",
]

_LABEL_NAMES = {
    *("label", "labels", "class", "classes", "class_label", "cls", "category", "species", "target", "targets", "y")
}
_ROW_NAMES = {"", "id", "index", "idx", "unnamed: 0", "row", "rownames", "row_names", "row.names", "#"}
_TRUTH = {"true": 1.0, "false": 0.0}

_COUNTED = 10
"""Rows from which a first column that counts them is no feature, whatever its name."""

_CLASSES = 1000
_POINTS_OF_A_WORD, _POINTS_OF_A_NUMBER = 2, 5  # at least, on average, where it is a class
_SHOWN = 6
_MOSTLY = 0.5  # share of text from which a column is one of text


class Named(Protocol):
    """Columns that may have names."""

    @property
    def names(self) -> Sequence[str] | None:
        """Names, where there are any."""

    @property
    def where(self) -> str:
        """What the columns belong to."""

    @property
    def shape(self) -> tuple[int, int]:
        """Number of rows and of columns."""

    def name(self, place: int) -> str:
        """What a column is called in options and messages."""

    def cells(self, place: int) -> NDArray[Any]:
        """A column, of numbers or of text."""


@dataclass(frozen=True, eq=False)
class Table:
    """Columns of one source: numbers, nan where one is missing; of a text column the number of its text in ``texts``.

    ``line`` gives the line of the file in which a row stands; ``pixels`` are columns of 8-bit values.
    """

    values: NDArray[np.float64]
    names: Sequence[str] | None
    where: str
    texts: Mapping[int, Sequence[str]] = field(default_factory=dict)
    line: Callable[[int], int | None] = lambda row: None
    pixels: Collection[int] = ()

    @property
    def shape(self) -> tuple[int, int]:
        """Number of rows and of columns."""
        return len(self.values), self.values.shape[1]

    def name(self, place: int) -> str:
        """What a column is called in options and messages: its name, or its index where it has none."""
        return str(self.names[place]) if self.names and self.names[place] else str(place)

    def place(self, row: int, place: int) -> str:
        """Where a cell stands, in words."""
        line = self.line(row)
        return (
            f"row {row}, column {quoted(self.name(place))} ({'' if line is None else f'line {line} of '}{self.where})"
        )

    def cells(self, place: int) -> NDArray[Any]:
        """A column, of numbers or of text."""
        column = self.values[:, place]
        if place not in self.texts:
            return column
        return np.array([*self.texts[place]], dtype=object)[column.astype(np.intp)]


@dataclass(frozen=True, eq=False)
class Taken:
    """Features and labels of a table, the columns of the features, and in words what was decided about the others."""

    values: NDArray[np.float64]
    labels: Any
    places: list[int]
    said: tuple[str, ...]
    notes: tuple[str, ...]


def is_label_name(name: str) -> bool:
    """Whether a column of this name usually holds classes, or what is to be predicted."""
    return name.strip().casefold() in _LABEL_NAMES


def classes_like(labels: NDArray[Any]) -> bool:
    """Whether values may be classes: words or whole numbers, each of several points."""
    if labels.dtype.kind == "f" and not whole(labels):
        return False
    words = labels.dtype.kind in "OUS"
    labels = labels[~lacking_labels(labels)]
    distinct = len(set(labels.tolist()))
    return distinct <= min(max(2, len(labels) // (_POINTS_OF_A_WORD if words else _POINTS_OF_A_NUMBER)), _CLASSES)


def take_columns(table: Table, reading: Reading) -> Taken:
    """Choose features and labels: those asked for, otherwise all but row numbers, and classes by their name."""
    names, where, (_, width) = table.names, table.where, table.shape
    label = label_place(reading, names, width, where)
    kept = [place for place in chosen_columns(reading, names, width, where) if place != label]
    said, notes = _Words(), _Words()
    if reading.columns is None and kept and kept[0] == 0 and numbers_rows(table, said, notes):
        del kept[0]
    if reading.labels is None:
        outside = set(range(width)) - dropped_columns(reading, names, width, where)
        label = found_label(table, kept if reading.columns is None else sorted(outside - set(kept)))
    kept = [place for place in kept if place != label]
    if not kept:
        raise ValueError(f"load_dataset: a table must have a column besides the labels, got {where} with one column")
    table = _with_truth(table, kept, said)
    _refuse_texts(table, kept)
    if reading.columns is None:
        _refuse_twins(table, kept)
        notes += [read_as_feature(name) for name in map(table.name, kept) if is_label_name(name)]
    if reading.columns is not None or reading.drop is not None:
        shown = ", ".join(table.name(place) for place in kept[:_SHOWN]) + (", ..." if len(kept) > _SHOWN else "")
        said.append(f"{len(kept)} of {width} columns ({shown})")
    if label is not None:
        said.append(f"labels from column {table.name(label)!r}")
    return Taken(
        values=table.values if kept == list(range(width)) else np.ascontiguousarray(table.values[:, kept]),
        labels=None if label is None else table.cells(label),
        places=kept,
        said=tuple(said),
        notes=tuple(notes),
    )


def whole(numbers: NDArray[Any]) -> bool:
    """Whether the numbers that are there are integers."""
    present = numbers[~np.isnan(numbers)]
    return bool(np.isfinite(present).all()) and np.array_equal(present, np.floor(present))


def counts_rows(column: NDArray[Any], *, at_least: int = _COUNTED) -> bool:
    """Whether a column reads 0, 1, 2, ... or 1, 2, 3, ... for so many rows."""
    n = len(column)
    return n >= at_least and any(np.array_equal(column, np.arange(first, first + n)) for first in (0, 1))


def _option(name: str) -> str:
    """A name as it is written on a command line."""
    return shlex.quote(name)


class _Words(list[str]):
    """What is said, in its order."""


def numbers_rows(table: Named, said: list[str], notes: list[str]) -> bool:
    """Whether the first column counts or names the rows; if it does that is said, if it may it is noted."""
    n, width = table.shape
    name = str(table.names[0]).strip().casefold() if table.names else None
    if width < 2 or (name is not None and is_label_name(name)):
        return False
    called = f"first column{f' {table.names[0]!r}' if table.names and table.names[0] else ''}"
    column = table.cells(0)
    if column.dtype.kind not in "buif":
        texts = {str(text) for text in column}
        words = name in _ROW_NAMES or all(cell_number(text) is None and not cell_advice(text) for text in texts)
        named = words and len(texts) == n > 1
        if named:
            said.append(f"{called} left out: it names the rows")
        return named
    counts = counts_rows(column, at_least=2)
    distinct = whole(column) and len(np.unique(column)) == n > 1
    if (distinct and name in _ROW_NAMES) or counts_rows(column):
        said.append(f"{called} left out: it {'counts' if counts else 'numbers'} the rows")
        return True
    if counts or name in _ROW_NAMES - {""}:
        given = table.name(0)
        notes.append(
            f"{called} was read as a feature: if it numbers the rows, give --drop {_option(given)} (drop={given!r})"
        )
    return False


def found_label(table: Named, places: Sequence[int]) -> int | None:
    """The one column that has a name of classes, and can be."""
    if table.names is None:
        return None
    names = {str(name).strip().casefold() for name in table.names}
    coordinate = {"x", "y"} <= names
    found = [
        place
        for place in places
        if is_label_name(table.name(place))
        and not (coordinate and table.name(place).casefold() == "y")
        and classes_like(table.cells(place))
    ]
    if len(found) > 1:
        which = ", ".join(table.name(place) for place in found)
        raise ValueError(
            f"load_dataset: one column holds the classes, got {which} in {table.where}, any of which may; "
            "give --labels NAME for that one and --drop NAME for the others (labels=..., drop=...)"
        )
    return found[0] if found else None


def read_as_feature(name: str) -> str:
    """What to do about a feature by whose name it could be the classes."""
    return (
        f"column {name!r} was read as a feature: if it holds the classes, give --labels {_option(name)} "
        f"(labels={name!r}), if it is to be predicted, --drop {_option(name)} (drop={name!r})"
    )


def _with_truth(table: Table, kept: Sequence[int], said: list[str]) -> Table:
    """Features that read True and False are 1 and 0, as in an array."""
    truths = [place for place in kept if place in table.texts and _are_truths(table.texts[place])]
    for place in truths:
        numbers = np.array([_TRUTH.get(text.casefold(), np.nan) for text in table.texts[place]])
        table.values[:, place] = numbers[table.values[:, place].astype(np.intp)]
    if not truths:
        return table
    said.append(f"True and False as 1 and 0 in {len(truths)} column{'s' if len(truths) > 1 else ''}")
    texts = {place: texts for place, texts in table.texts.items() if place not in truths}
    return replace(table, texts=texts)


def _are_truths(texts: Sequence[str]) -> bool:
    return all(text.casefold() in _TRUTH or is_missing(text) for text in texts)


def _refuse_texts(table: Table, kept: Sequence[int]) -> None:
    """One error for all columns of text, with the first cell."""
    bad = [place for place in kept if place in table.texts]
    if not bad:
        return
    place = bad[0]
    texts = table.texts[place]
    words = [code for code, text in enumerate(texts) if cell_number(text) is None and not is_missing(text)]
    code = words[0]
    row = int(np.argmax(table.values[:, place] == code))
    advice = cell_advice(texts[code])
    if not advice and np.isin(table.values[:, place], words).mean() < _MOSTLY:
        advice = f"correct the cell, or leave the column out with --drop {_option(table.name(place))}"
    if not advice and len(bad) == 1:
        name = _option(table.name(place))
        advice = f"if the column holds the classes, give --labels {name}, otherwise --drop {name}"
    if not advice:
        listed = ", ".join(table.name(each) for each in bad[:_SHOWN]) + (", ..." if len(bad) > _SHOWN else "")
        advice = f"text is in {len(bad)} columns ({listed}): give --labels NAME for the classes, --drop NAME for others"
    raise ValueError(
        f"load_dataset: every cell must be a number, got {quoted(texts[code])} at {table.place(row, place)}; {advice}"
    )


def _refuse_twins(table: Table, kept: Sequence[int]) -> None:
    names = [str(table.names[place]) for place in kept if table.names[place]] if table.names else []
    twin = next((name for name in names if names.count(name) > 1), None) if len(set(names)) < len(names) else None
    if twin is not None:
        raise ValueError(
            f"load_dataset: column names must be unique, got {twin!r} {names.count(twin)} times in {table.where}; "
            "rename them, or give --columns or --drop with indices from 0"
        )
