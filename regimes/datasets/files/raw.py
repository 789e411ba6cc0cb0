"""From arrays and tables to points as they came, with what was taken of them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regimes.datasets.files.column_roles import class_like, read_as_feature
from regimes.datasets.files.columns import Table, take_columns
from regimes.datasets.files.reading import Reading
from regimes.datasets.files.row_numbers import counts_rows
from regimes.datasets.points.blocks import Blocks
from regimes.datasets.points.builtin import PIXELS, RawData
from regimes.datasets.points.pixels import DARKEST, are_pixels
from regimes.datasets.points.shape import flat_points
from regimes.numerics.interface.checks import check_memory

__all__ = ["raw_array", "raw_table", "table_of"]

_START, _START_VALUES = 1000, 2**20
"""Rows of an array that is read in blocks, and values at most, from which it is judged whether a column counts them."""


def raw_table(
    table: Table,
    reading: Reading,
    said: tuple[str, ...] = (),
    notes: tuple[str, ...] = (),
    *,
    class_names: Mapping[str, tuple[str, ...]] = MappingProxyType({}),
) -> RawData:
    """Features and labels of a table; cells are named by column in what is said about them later.

    ``class_names`` are the names, by column, of classes in the order in which they are numbered.
    """
    taken = take_columns(table, reading)
    pixels = set(taken.places) <= set(table.pixels) and taken.values.size and taken.values.max() > DARKEST
    return RawData(
        values=taken.values,
        labels=reading.labels if taken.labels is None else taken.labels,
        name="table",
        source=table.where,
        notes=(*notes, *taken.notes),
        taken="; ".join((*said, *taken.said)),
        place=lambda row, column: table.place(row, taken.places[column]),
        columns=[table.name(place) for place in taken.places],
        class_names=() if taken.label is None else class_names.get(table.name(taken.label), ()),
        **(PIXELS if pixels else {}),
    )


def raw_array(
    values: Any, reading: Reading, where: str, said: tuple[str, ...] = (), notes: tuple[str, ...] = ()
) -> RawData:
    """Points of one array: all of it, or columns of its rows; a structured array is a table of its fields."""
    dtype = getattr(values, "dtype", None)
    if getattr(dtype, "names", None):
        records = values.whole() if isinstance(values, Blocks) else values
        return raw_table(_table_of_records(records, where), reading, said, notes)
    label = reading.label_column
    by_index = isinstance(label, int) or (isinstance(label, str) and label.lstrip("-").isdecimal())
    if by_index or reading.columns is not None or reading.drop is not None:
        if isinstance(values, Blocks):
            twice = 16 * math.prod(values.shape)  # all in double precision, and the columns that are taken of it
            check_memory("load_dataset", f"columns of {where}", twice, reading.memory, "choose them before")
        X = flat_points(values)
        shape = values.shape if isinstance(values, Blocks) else np.shape(values)
        if len(shape) != 2:
            raise ValueError(
                "load_dataset: columns can be chosen of an array of shape (n, d) alone, "
                f"got shape {shape} ({where}); choose them before"
            )
        pixels = range(X.shape[1]) if are_pixels(dtype, shape) else ()
        table = Table(np.asarray(X, dtype=np.float64), None, where, pixels=pixels)
        return raw_table(table, reading, said, notes)
    start = values
    if isinstance(values, Blocks) and values.shape:
        few = max(2, _START_VALUES // max(math.prod(values.shape[1:]), 1))
        start = values.rows(0, min(len(values), _START, few))
    numbers = isinstance(start, np.ndarray) and start.ndim == 2 and start.size and start.dtype.kind in "buif"
    if numbers and counts_rows(start[:, 0]):
        notes = (
            *notes,
            "the first column counts the rows and was read as a feature: leave it out with --drop 0 (drop=0)",
        )
    if numbers and reading.labels is None:
        notes = (*notes, *_class_notes(start, where))
    return RawData(
        values=values,
        labels=reading.labels,
        name="array",
        source=where,
        notes=notes,
        taken="; ".join(said),
    )


def _class_notes(start: NDArray[Any], where: str) -> list[str]:
    """What to know about first and last columns of an array that have few values where others have many."""
    with np.errstate(over="ignore"):  # what does not fit is refused later
        table = Table(start.astype(np.float64), None, where)
    return [read_as_feature(str(place)) for place in class_like(table, range(start.shape[1]), labelled=False)]


def table_of(columns: Mapping[str, NDArray[Any]], where: str) -> Table:
    """A table of arrays of numbers or text, one a column."""
    values, texts = [], {}
    for place, (name, column) in enumerate(columns.items()):
        if column.dtype.kind in "US":
            found, numbered = np.unique(column.astype(str), return_inverse=True)
            texts[place], column = [text.strip() for text in found.tolist()], numbered
        elif column.dtype.kind not in "buif":
            raise ValueError(
                f"load_dataset: a column must hold numbers or text, got {column.dtype} in {name!r} of {where}; "
                "leave it out, or convert it"
            )
        values.append(column)
    return Table(np.column_stack(values).astype(np.float64), [*columns], where, texts)


def _table_of_records(values: NDArray[Any], where: str) -> Table:
    """Fields of a structured array; one that holds a row of numbers is a column for each."""
    found: dict[str, NDArray[Any]] = {}
    pixels: list[int] = []
    for name in values.dtype.names or ():
        field = values[name].reshape(len(values), -1)
        single = values[name].ndim == 1
        if are_pixels(field.dtype, values[name].shape):
            pixels += range(len(found), len(found) + field.shape[1])
        found |= {name if single else f"{name}.{place}": field[:, place] for place in range(field.shape[1])}
    return replace(table_of(found, where), pixels=pixels)
