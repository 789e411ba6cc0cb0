"""Features and labels among the columns of a table: those asked for, and what is no number among them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regimes.datasets.files.cells import cell_advice, cell_number, cell_unit, is_missing, quoted
from regimes.datasets.files.column_roles import as_option, class_like, found_label, listed, read_as_feature
from regimes.datasets.files.reading import Reading, chosen_columns, dropped_columns, label_place
from regimes.datasets.files.row_numbers import RowNumbers, order_notes, row_numbers

__all__ = ["Table", "Taken", "take_columns"]

_TRUTH = {"true": 1.0, "false": 0.0}
_SHOWN, _ROWS = 6, 4096
_MOSTLY = 0.5  # share of text from which a column is one of text


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
    """Features and labels of a table, the columns of both, and in words what was decided about the others."""

    values: NDArray[np.float64]
    labels: Any
    places: list[int]
    label: int | None
    said: tuple[str, ...]
    notes: tuple[str, ...]


def take_columns(table: Table, reading: Reading) -> Taken:
    """Choose features and labels: those asked for, otherwise all but row numbers, and classes by their name."""
    names, where, (_, width) = table.names, table.where, table.shape
    label = label_place(reading, names, width, where)
    kept = [place for place in chosen_columns(reading, names, width, where) if place != label]
    numbered = RowNumbers() if reading.columns is not None else row_numbers(table, kept)
    said, notes = [*numbered.said], [*numbered.notes]
    kept = [place for place in kept if place not in numbered.places]
    if reading.labels is None:
        outside = set(range(width)) - dropped_columns(reading, names, width, where)
        label = found_label(table, kept if reading.columns is None else sorted(outside - set(kept)))
    kept = [place for place in kept if place != label]
    if not kept:
        other = ", ".join(map(table.name, numbered.places))
        raise ValueError(
            f"load_dataset: a table must have a column besides the labels, got {where} with one column"
            + (f", and {other}, which numbers the rows: if it is a feature, name it with --columns" if other else "")
        )
    table = _with_truth(table, kept, said)
    _refuse_texts(table, kept, labelled=label is not None or reading.labels is not None)
    if reading.columns is None:
        _refuse_twins(table, kept)
        places = [place for place in kept if place not in numbered.perhaps]
        classes = class_like(table, places, labelled=label is not None)
        ordered = {*numbered.perhaps, *numbered.recurring}.difference(classes)
        notes += [*order_notes(table, sorted(ordered)), *map(read_as_feature, map(table.name, classes))]
    if reading.columns is not None or reading.drop is not None:
        shown = ", ".join(table.name(place) for place in kept[:_SHOWN]) + (", ..." if len(kept) > _SHOWN else "")
        said.append(f"{len(kept)} of {width} columns ({shown})")
    if label is not None:
        said.append(f"labels from column {table.name(label)!r}")
    labels = None if label is None else np.array(table.cells(label))  # before columns are moved
    return Taken(
        values=_columns(table.values, kept),
        labels=labels,
        places=kept,
        label=label,
        said=tuple(said),
        notes=tuple(notes),
    )


def _columns(values: NDArray[np.float64], kept: list[int]) -> NDArray[np.float64]:
    """Columns of rows that nobody else holds: those in order move to the front, so that no second array is made."""
    n, width = values.shape
    if kept == list(range(width)):
        return values
    if kept != sorted(kept) or not values.flags.c_contiguous:
        return np.ascontiguousarray(values[:, kept])
    moved = values.reshape(-1)[: n * len(kept)].reshape(n, len(kept))
    for start in range(0, n, _ROWS):
        moved[start : start + _ROWS] = values[start : start + _ROWS, kept]  # fancy indexing copies before it is written
    return moved


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


def _refuse_texts(table: Table, kept: Sequence[int], *, labelled: bool) -> None:
    """One error for all columns of text, with the first cell."""
    bad = [place for place in kept if place in table.texts]
    if not bad:
        return
    place = bad[0]
    texts = table.texts[place]
    words = [code for code, text in enumerate(texts) if cell_number(text) is None and not is_missing(text)]
    code = words[0] if words else next((code for code, text in enumerate(texts) if "." in text), 0)
    row = int(np.argmax(table.values[:, place] == code))
    name = as_option(table.name(place))
    advice, classes = cell_advice(texts[code]), "" if labelled else f"give --labels {name} for classes, "
    if cell_unit(texts[code]):
        advice = f"write the numbers without their units, or leave the column out with --drop {name}"
    elif not advice and table.line(row) and "." in texts[code] and cell_number(texts[code]) is not None:
        advice = "decimal points beside decimal commas; write all decimals with one sign, or give --decimal ."
    elif not advice and cell_number(texts[code]) is not None:
        advice = f"it is text or a category: convert the column, {classes}or leave it out with --drop {name}"
    if not advice and np.isin(table.values[:, place], words).mean() < _MOSTLY:
        above = "if the line is no point, begin it with #; otherwise " if row == 0 and table.line(row) else ""
        advice = f"{above}correct the cell, or leave the column out with --drop {name}"
    if not advice and labelled:
        given = listed(table, bad)
        advice = f"text is no feature: leave it out with --drop {as_option(given)} (drop={given!r})"
    elif not advice and len(bad) == 1:
        advice = f"if the column holds the classes, give --labels {name}, otherwise --drop {name}"
    elif not advice:
        shown = ", ".join(table.name(each) for each in bad[:_SHOWN]) + (", ..." if len(bad) > _SHOWN else "")
        advice = f"text is in {len(bad)} columns ({shown}): give --labels NAME for the classes, --drop NAME for others"
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
