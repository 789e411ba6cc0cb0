"""Which of several columns holds the classes: judged by name and by what stands in it."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from regimes.datasets.files.cells import unquoted
from regimes.datasets.points.labels import lacking_labels

if TYPE_CHECKING:
    from regimes.datasets.files.columns import Table

__all__ = [
    "as_option",
    "class_like",
    "classes_like",
    "found_label",
    "is_few",
    "is_label_name",
    "listed",
    "read_as_feature",
    "whole",
    "why_no_classes",
]

_LABEL_NAMES = {
    *("label", "labels", "class", "classes", "class_label", "cls", "category", "species", "target", "targets", "y")
}

_OUTCOMES = {
    "outcome",
    "quality",
    "survived",
    "diagnosis",
    "result",
    "group",
    "cluster",
    "type",
    "kind",
    "grade",
    "status",
}
"""Names that classes have as well, and other features."""

_START = 1000
"""Rows from which it is judged which columns have few values."""

_WIDE, _RARE = 16, 4
"""Counts and pixels have so many columns; few values say something there where less than one in so many has them."""

_FEW = 10
"""Classes that need not have several points each where a name says that they are classes."""

_CLASSES = 1000
_POINTS_OF_A_WORD, _POINTS_OF_A_NUMBER = 2, 5  # at least, on average, where it is a class


def is_label_name(name: str) -> bool:
    """Whether a column of this name usually holds classes, or what is to be predicted."""
    return unquoted(name.strip()).casefold() in _LABEL_NAMES


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


def as_option(name: str) -> str:
    """A name as it is written on a command line."""
    return shlex.quote(name)


def listed(table: Table, places: Sequence[int]) -> str:
    """Columns as an option takes them: by name, or by index where several names would be taken apart at a comma."""
    names = [table.name(place) for place in places]
    return names[0] if len(names) == 1 else ",".join(map(str, places) if "," in "".join(names) else names)


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


def class_like(table: Table, places: Sequence[int], *, labelled: bool) -> list[int]:
    """Features that may be the classes: by name, or where there are none as first or last one of few whole numbers.

    Not so where all columns are like these, as counts, bits and pixels at the edge of images are.
    """
    found = {place for place in places if is_label_name(table.name(place))}
    if not labelled:
        start = table.values[:_START]
        few = [place for place in places if is_few(start[:, place])]
        called = {place for place in few if table.name(place).strip().casefold() in _OUTCOMES}
        many = any((start[:, place] != start[:1, place]).any() for place in places if place not in few)
        alike = len(places) >= _WIDE and whole(start[:, places]) and bool((start[:, places] >= 0).all())
        told = many and (not alike or _RARE * (len(few) - 1) < len(places) - 1)
        ends = {*places[:1], *places[-1:]} if told else set()
        found |= {place for place in {*called, *ends}.intersection(few) if is_few(table.values[:, place])}
    return sorted(found)


def is_few(column: NDArray[Any]) -> bool:
    """Whether a column holds a few whole numbers, of several points each."""
    distinct = len(np.unique(column))
    return whole(column) and 1 < distinct <= min(_FEW, len(column) // _POINTS_OF_A_NUMBER)


def read_as_feature(name: str) -> str:
    """What to do about a feature by whose name it could be the classes."""
    return (
        f"column {name!r} was read as a feature: if it holds the classes, give --labels {as_option(name)} "
        f"(labels={name!r}), if it is to be predicted, --drop {as_option(name)} (drop={name!r})"
    )
