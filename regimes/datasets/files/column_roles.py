"""Which of several columns numbers the rows, and which holds the classes: judged by name and by what stands in it."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from regimes.datasets.files.cells import cell_advice, cell_number
from regimes.datasets.points.labels import lacking_labels

if TYPE_CHECKING:
    from regimes.datasets.files.columns import Table

__all__ = [
    "as_option",
    "classes_like",
    "counts_rows",
    "found_label",
    "is_label_name",
    "numbers_rows",
    "read_as_feature",
    "whole",
    "why_no_classes",
]

_LABEL_NAMES = {
    *("label", "labels", "class", "classes", "class_label", "cls", "category", "species", "target", "targets", "y")
}
_ROW_NAMES = {"", "id", "index", "idx", "unnamed: 0", "row", "rownames", "row_names", "row.names", "#"}

_COUNTED = 10
"""Rows from which a first column that counts them is no feature, whatever its name."""

_FEW = 10
"""Classes that need not have several points each where a name says that they are classes."""

_CLASSES = 1000
_POINTS_OF_A_WORD, _POINTS_OF_A_NUMBER = 2, 5  # at least, on average, where it is a class


def is_label_name(name: str) -> bool:
    """Whether a column of this name usually holds classes, or what is to be predicted."""
    return name.strip().casefold() in _LABEL_NAMES


def classes_like(labels: NDArray[Any], *, at_least: int = 2) -> bool:
    """Whether values may be classes: words or whole numbers, each of several points; ``at_least`` classes are few."""
    if labels.dtype.kind == "f" and not whole(labels):
        return False
    words = labels.dtype.kind in "OUS"
    labels = labels[~lacking_labels(labels)]
    distinct = len(set(labels.tolist()))
    return distinct <= min(
        max(at_least, len(labels) // (_POINTS_OF_A_WORD if words else _POINTS_OF_A_NUMBER)), _CLASSES
    )


def why_no_classes(labels: NDArray[Any], called: str, *, named: bool) -> str | None:
    """Why values that nobody asked for are not taken as labels; ``named`` says that their name is one of classes."""
    if classes_like(labels, at_least=_FEW if named else 2):
        return None
    kind = "words" if labels.dtype.kind in "OUS" else "numbers"
    what = f"many different {kind}" if labels.dtype.kind != "f" or whole(labels) else "numbers that are not integers"
    return f"{called} holds {what}: not taken as classes"


def whole(numbers: NDArray[Any]) -> bool:
    """Whether the numbers that are there are integers."""
    present = numbers[~np.isnan(numbers)]
    return bool(np.isfinite(present).all()) and np.array_equal(present, np.floor(present))


def counts_rows(column: NDArray[Any], *, at_least: int = _COUNTED) -> bool:
    """Whether a column reads 0, 1, 2, ... or 1, 2, 3, ... for so many rows."""
    n = len(column)
    return n >= at_least and any(np.array_equal(column, np.arange(first, first + n)) for first in (0, 1))


def as_option(name: str) -> str:
    """A name as it is written on a command line."""
    return shlex.quote(name)


def numbers_rows(table: Table, said: list[str], notes: list[str]) -> bool:
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
            f"{called} was read as a feature: if it numbers the rows, give --drop {as_option(given)} (drop={given!r})"
        )
    return False


def found_label(table: Table, places: Sequence[int]) -> int | None:
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
        f"column {name!r} was read as a feature: if it holds the classes, give --labels {as_option(name)} "
        f"(labels={name!r}), if it is to be predicted, --drop {as_option(name)} (drop={name!r})"
    )
