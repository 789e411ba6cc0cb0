"""Points from named columns, of a file or of a frame in Python: features, vectors or images, and labels."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regimes.datasets.files.column_roles import found_label, is_label_name, numbers_rows, read_as_feature
from regimes.datasets.files.images import Picture, Pixels, read_pictures
from regimes.datasets.files.reading import Reading, chosen_columns, column_place, dropped_columns
from regimes.datasets.points.blocks import Blocks
from regimes.datasets.points.builtin import RawData
from regimes.numerics.interface.checks import check_memory

__all__ = ["Frame", "class_label_names", "frame_points", "joined"]

_SHOWN = 6


@dataclass(frozen=True, eq=False)
class Frame:
    """Named columns of n rows, none of them read yet.

    A kind is number, text, vector, image or other. ``column(place, start, stop)`` reads rows of a column, of images the
    encoded bytes. ``index`` are columns that only number or name the rows, as the format says, and ``class_names`` the
    names of classes of which a column holds the numbers.
    """

    names: tuple[str, ...]
    kinds: tuple[str, ...]
    n: int
    column: Callable[[int, int, int], Any]
    index: frozenset[str] = frozenset()
    class_names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def joined(frames: Sequence[Frame], where: str) -> Frame:
    """The rows of several frames of the same columns, one below the other."""
    first, *others = frames
    for other in others:
        if (other.names, other.kinds) != (first.names, first.kinds):
            raise ValueError(
                f"load_dataset: all files of a data set must have the same columns, got {', '.join(first.names)} and "
                f"{', '.join(other.names)} in {where}; give the files of one"
            )
    starts = np.cumsum([0, *(frame.n for frame in frames)]).tolist()

    def column(place: int, start: int, stop: int) -> Any:
        spans = zip(frames, starts, strict=False)
        parts = [
            frame.column(place, max(start - before, 0), min(stop - before, frame.n))
            for frame, before in spans
            if before < stop and start < before + frame.n
        ]
        return [each for part in parts for each in part] if isinstance(parts[0], list) else np.concatenate(parts)

    return replace(first, n=starts[-1], column=column) if others else first


def class_label_names(features: Any) -> dict[str, tuple[str, ...]]:
    """Names of classes by column, from what the library ``datasets`` says of its columns."""
    found = features.items() if isinstance(features, dict) else ()
    return {
        str(name): tuple(map(str, each["names"]))
        for name, each in found
        if isinstance(each, dict) and each.get("_type") == "ClassLabel" and isinstance(each.get("names"), list)
    }


def frame_points(frame: Frame, reading: Reading, where: str, *, name: str, memory: int = 2**62) -> RawData:
    """The column of images or vectors if there is one, otherwise the columns of numbers; labels by name."""
    frame, beside = _without_row_numbers(frame, reading, where)
    label = _label_place(frame, reading, where)
    places = _chosen(frame, reading, label, where)
    raw = RawData(values=np.empty(0), labels=reading.labels, name=name, source=where)
    kept: list[int] | None = None
    column = frame.names[places[0]]
    if frame.kinds[places[0]] == "image":
        pixels = _images(frame, places[0], reading, where, memory)
        kept, taken = pixels.kept, f"{pixels.description} of column {column}"
        raw = replace(raw, values=pixels.values, scale="range", known_range=pixels.known_range, notes=pixels.notes)
    elif frame.kinds[places[0]] == "vector":
        vectors = _vectors(frame, places[0], where)
        raw, taken = replace(raw, values=vectors), f"column {column} of {'x'.join(map(str, vectors.shape[1:]))} values"
    else:
        features = [frame.names[place] for place in places]
        unsure = [] if reading.columns is not None else [*map(read_as_feature, filter(is_label_name, features))]
        raw = replace(raw, values=_numbers(frame, places), notes=(*beside, *unsure), columns=features)
        raw = replace(raw, place=lambda row, column: f"row {row}, column {features[column]!r} ({where})")
        many = len(places) > _SHOWN
        taken = f"{len(places)} columns" if many else f"columns {', '.join(frame.names[place] for place in places)}"
    taken += _left_out(frame, places, label)
    if label is None:
        return replace(raw, taken=taken)
    labels, class_names = _labels(frame, label, where, memory)
    labels = labels if kept is None else labels[kept]
    return replace(raw, labels=labels, class_names=class_names, taken=f"{taken}, labels {frame.names[label]}")


def _label_place(frame: Frame, reading: Reading, where: str) -> int | None:
    """The column that is named; without one the only column that the format, or else its name, calls classes."""
    if reading.label_column is not None:
        text = str(reading.label_column)
        if text not in frame.names and not text.lstrip("-").isdecimal() and Path(text).expanduser().exists():
            return None
        return column_place(reading.label_column, frame.names, len(frame.names), where)
    known = [place for place, name in enumerate(frame.names) if name in frame.class_names]
    if known or reading.labels is not None:
        return known[0] if len(known) == 1 and reading.labels is None else None
    kept = set(range(len(frame.names))) - dropped_columns(reading, frame.names, len(frame.names), where)
    if reading.columns is not None:
        kept -= set(chosen_columns(reading, frame.names, len(frame.names), where))
    plain = [place for place in sorted(kept) if frame.kinds[place] in ("number", "text")]
    return found_label(_Plain(frame, where), plain)


@dataclass(frozen=True)
class _Plain:
    """A frame as columns of numbers and text."""

    frame: Frame
    where: str

    @property
    def names(self) -> Sequence[str]:
        return self.frame.names

    @property
    def shape(self) -> tuple[int, int]:
        return self.frame.n, len(self.frame.names)

    def name(self, place: int) -> str:
        return self.frame.names[place]

    def cells(self, place: int) -> NDArray[Any]:
        return np.asarray(self.frame.column(place, 0, self.frame.n))


def _without_row_numbers(frame: Frame, reading: Reading, where: str) -> tuple[Frame, tuple[str, ...]]:
    """A first column that numbers the rows is an index, as one that the format calls so."""
    notes: list[str] = []
    asked = reading.columns is not None or reading.label_column in (0, "0", *frame.names[:1])
    plain = not asked and frame.n and frame.kinds[:1] in (("number",), ("text",))
    if plain and numbers_rows(_Plain(frame, where), [], notes):
        frame = replace(frame, index=frame.index | {frame.names[0]})
    return frame, tuple(notes)


def _chosen(frame: Frame, reading: Reading, label: int | None, where: str) -> list[int]:
    """Places of the columns that hold the points: one of images or vectors, or any number of numbers."""
    chosen = chosen_columns(reading, frame.names, len(frame.names), where)
    left = set() if reading.columns is not None else {label}
    if reading.columns is None:
        left |= {place for place, name in enumerate(frame.names) if name in frame.index}
    places = [place for place in chosen if place not in left]
    whole = [place for place in places if frame.kinds[place] in ("image", "vector")]
    if len(whole) > 1 or (whole and reading.columns is not None and len(places) > 1):
        raise ValueError(
            f"load_dataset: one column of images or vectors must hold the points, got {_listed(frame, places)} of "
            f"{where}; name it alone with --columns (columns=)"
        )
    if whole:
        return whole
    other = [place for place in places if frame.kinds[place] != "number"]
    if other:
        text = [frame.names[place] for place in other if frame.kinds[place] == "text"]
        advice = f"if {text[0]} holds the classes, name it with --labels (labels=), " if text and label is None else ""
        raise ValueError(
            f"load_dataset: a feature must be a column of numbers, got {_listed(frame, other)} of {where}; {advice}"
            "leave out what is no feature with --drop (drop=)"
        )
    if not places:
        raise ValueError(f"load_dataset: a table must have a column besides the labels, got none in {where}")
    return places


def _numbers(frame: Frame, places: list[int]) -> Blocks:
    def rows(start: int, stop: int) -> NDArray[np.float64]:
        read = np.empty((stop - start, len(places)))
        for index, place in enumerate(places):
            read[:, index] = frame.column(place, start, stop)
        return read

    return Blocks((frame.n, len(places)), np.dtype(np.float64), rows)


def _vectors(frame: Frame, place: int, where: str) -> Blocks:
    """Lists of numbers, nested or not, all of the shape of the first."""
    first = np.asarray(frame.column(place, 0, min(1, frame.n)))

    def rows(start: int, stop: int) -> NDArray[Any]:
        read = np.asarray(frame.column(place, start, stop))
        if read.shape[1:] != first.shape[1:]:
            raise ValueError(
                f"load_dataset: all lists in a column must have one length, got {first.shape[1:]} and {read.shape[1:]} "
                f"in column {frame.names[place]} of {where}; pad or cut them"
            )
        return read

    return Blocks((frame.n, *first.shape[1:]), first.dtype, rows)


def _images(frame: Frame, place: int, reading: Reading, where: str, memory: int) -> Pixels:
    encoded = frame.column(place, 0, frame.n)
    pictures = [
        Picture(f"row {row}", lambda content=content: io.BytesIO(content or b""))  # type: ignore[misc]
        for row, content in enumerate(encoded)
    ]
    return read_pictures(pictures, where, resize=reading.resize, skip_broken=reading.skip_broken, memory=memory)


def _labels(frame: Frame, place: int, where: str, memory: int) -> tuple[Any, tuple[str, ...]]:
    """Labels of a column; numbers for which the format has names are numbered anew, without unused names."""
    check_memory("load_dataset", f"{frame.n} labels of {where}", 64 * frame.n, memory, "give fewer points")
    values = np.asarray(frame.column(place, 0, frame.n))
    names = frame.class_names.get(frame.names[place])
    if names is None:
        return values, ()
    known, numbers = np.unique(values, return_inverse=True)
    if values.dtype.kind not in "iu" or known[0] < 0 or known[-1] >= len(names):
        raise ValueError(
            f"load_dataset: the labels of {len(names)} classes must be 0 to {len(names) - 1}, got {known[0]} to "
            f"{known[-1]} in column {frame.names[place]} of {where}; leave out points without a class"
        )
    return numbers, tuple(names[number] for number in known)


def _left_out(frame: Frame, places: list[int], label: int | None) -> str:
    """The columns that were not taken."""
    left = [name for place, name in enumerate(frame.names) if place not in places and place != label]
    words = [f"the index {name}" if name in frame.index else name for name in left]
    return f", without {', '.join(words[:_SHOWN])}{', ...' if len(words) > _SHOWN else ''}" if words else ""


def _listed(frame: Frame, places: list[int]) -> str:
    more = f" and {len(places) - _SHOWN} more" if len(places) > _SHOWN else ""
    return ", ".join(f"{frame.names[place]} ({frame.kinds[place]})" for place in places[:_SHOWN]) + more
