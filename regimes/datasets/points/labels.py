"""Class labels: from any values to 0..K-1 with names, and the selection of classes."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "TURNED",
    "check_one_each",
    "class_order",
    "encode_labels",
    "is_padded",
    "label_texts",
    "lacking_labels",
    "listed",
    "select_classes",
]

TURNED = "the last axis has as many: move it to the front (X.T, or numpy.moveaxis(X, -1, 0))"
"""What to do where labels are those of another axis than the first."""

_LACKING = {"", "nan", "NaN", "NAN", "NA", "na", "N/A", "n/a", "<NA>", "#N/A", "#NULL!"}
"""Labels that say that there is none; Na is sodium."""


def label_texts(labels: Any) -> list[str]:
    """Name of the class of each label: integers, integer-valued floats, booleans or strings, blanks stripped."""
    values = _one_each(labels)
    if values.dtype.kind not in "biufSU":
        return [_text(value, row) for row, value in enumerate(values.tolist())]
    found, first, place = np.unique(values, return_index=True, return_inverse=True)
    texts = np.empty(found.size, dtype=object)
    for at in np.argsort(first):  # the first label that is none is the one to name
        texts[at] = _text(found[at], int(first[at]))
    return [str(text) for text in texts[place]]


def check_one_each(labels: Any, n: int, left_out: int = 0, *, last: int = 0) -> NDArray[Any]:
    """Labels in one dimension; refuse them if they are not one for each of n points, those left out among them.

    ``last`` is the length of the last axis of the points.
    """
    values = _one_each(labels)
    if len(values) != n:
        more = f", with the {left_out} left out: give one for each image" if left_out else ""
        more = more or (f"; {TURNED}" if len(values) == last else "")
        raise ValueError(
            f"load_dataset: there must be one label for each point, got {len(values)} labels for {n} points{more}"
        )
    return values


def lacking_labels(labels: Any) -> NDArray[np.bool_]:
    """Where a label is missing: nan, None, or text that is empty or says so."""
    values = _one_each(labels)
    if values.dtype.kind == "f":
        return np.asarray(np.isnan(values))
    if values.dtype.kind not in "OUS":
        return np.zeros(len(values), dtype=bool)
    return np.array([_is_lacking(_plain(value)) for value in values.tolist()], dtype=bool)


def _is_lacking(label: Any) -> bool:
    return label is None or label != label or (isinstance(label, str) and label.strip() in _LACKING)


def _one_each(labels: Any) -> NDArray[Any]:
    """Labels in one dimension; text in a list stays apart, since one long label would make a long array."""
    if isinstance(labels, list) and labels and all(type(label) is str for label in labels):
        return np.array(labels, dtype=object)
    try:
        values = np.asarray(labels)
    except (ValueError, TypeError, RuntimeError) as error:
        raise ValueError(f"load_dataset: labels must be one value for each point, got {error}") from None
    if values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    if values.ndim != 1:
        advice = "; save one of its columns, or of one-hot rows the argmax, and give that" if values.ndim == 2 else ""
        raise ValueError(f"load_dataset: labels must be one value for each point, got shape {values.shape}{advice}")
    return values


def encode_labels(labels: Any, n: int, *, class_names: Sequence[str] = ()) -> tuple[NDArray[np.intp], tuple[str, ...]]:
    """Class of each point, and the names of the classes: numbers in numerical order, then others by their letters.

    With ``class_names`` the labels are 0, 1, ... and these are their names, or they are these names, whose order stays.
    """
    check_one_each(labels, n)
    texts = label_texts(labels)
    distinct = dict.fromkeys(texts)
    spelled = dict(zip(distinct, _integral(list(distinct)), strict=True))
    if class_names:
        words = _one_each(labels).dtype.kind in "OUS"
        place = {name.strip(): at for at, name in enumerate(class_names)} if words else None
        numbers = np.array([int(spelled[text]) if place is None else place[text] for text in texts], dtype=np.intp)
        present, numbered = np.unique(numbers, return_inverse=True)
        return numbered.astype(np.intp), tuple(class_names[each] for each in present)
    names = tuple(sorted(set(spelled.values()), key=class_order))
    number = {name: place for place, name in enumerate(names)}
    of = {text: number[name] for text, name in spelled.items()}
    return np.array([of[text] for text in texts], dtype=np.intp), names


def _integral(texts: list[str]) -> list[str]:
    """Labels that a table wrote as 0.000e+00, 1.000e+00 are the integers that they stand for; 01 is no number."""
    if any("_" in text or is_padded(text) for text in texts):
        return texts
    try:
        numbers = [float(text) for text in texts]
    except ValueError:
        return texts
    if not all(math.isfinite(number) and number == int(number) and abs(number) < 2**53 for number in numbers):
        return texts
    return [str(int(number)) for number in numbers]


def is_padded(text: str) -> bool:
    """Whether a label has zeros in front, as 01 has, which is another than 1."""
    return re.match(r"[-+]?0\d", text) is not None


def select_classes(
    labels: NDArray[np.intp], names: tuple[str, ...], classes: Iterable[Any]
) -> tuple[NDArray[np.intp], NDArray[np.intp], tuple[str, ...]]:
    """Points of the classes wanted, their classes numbered in the order asked for, and the names of these.

    Where no name is a number, an integer counts the classes from 0.
    """
    if isinstance(classes, str | bytes) or np.ndim(classes) == 0:  # type: ignore[arg-type]
        raise ValueError(
            f"load_dataset: classes must be a sequence of names or numbers, got {classes!r}; "
            "give a list such as ['0', '7']"
        )
    places = [_place(wanted, names) for wanted in classes]
    if not places:
        raise ValueError(f"load_dataset: classes must name at least one class, got none; known are {listed(names)}")
    if len(set(places)) != len(places):
        twice = next(place for place in places if places.count(place) > 1)
        raise ValueError(f"load_dataset: each class can be asked for once, got {names[twice]!r} more than once")
    renumber = np.full(len(names), -1, dtype=np.intp)
    renumber[places] = np.arange(len(places))
    rows = np.flatnonzero(renumber[labels] >= 0)
    return rows, renumber[labels[rows]], tuple(names[place] for place in places)


def _text(value: Any, row: int) -> str:
    value = _plain(value)
    if not isinstance(value, int | str):
        advice = "; a number to be predicted is no class" if isinstance(value, float) else ""
        raise ValueError(f"load_dataset: labels must be integers or strings, got {value!r} at row {row}{advice}")
    text = str(value).strip()
    if not text:
        raise ValueError(f"load_dataset: every point must have a label, got an empty one at row {row}")
    return text


def _plain(value: Any) -> Any:
    """The Python value of a label: objects of NumPy and bytes occur inside arrays of either."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    return int(value) if isinstance(value, float) and value.is_integer() else value


def class_order(name: str) -> tuple[int, float, str]:
    """Numbers first and by size, then other names by their letters."""
    try:
        number = float(name)
    except ValueError:
        number = math.nan
    return (0, number, name) if math.isfinite(number) else (1, 0.0, name)


def _place(wanted: Any, names: tuple[str, ...]) -> int:
    text = str(_plain(wanted)).strip()
    if text in names:
        return names.index(text)
    by_count = text.isdecimal() and not any(class_order(name)[0] == 0 for name in names)
    if by_count and not isinstance(wanted, bool) and int(text) < len(names):
        return int(text)
    raise ValueError(f"load_dataset: there is no class {text!r}; known are {listed(names)}")


def listed(names: Sequence[str], most: int = 20) -> str:
    """The first names, and how many more there are."""
    if not names:
        return "none"
    rest = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + rest
