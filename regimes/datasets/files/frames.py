"""Points from named columns, of a file or of a frame in Python: features, vectors or images, and labels."""

from __future__ import annotations

import io
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regimes.datasets.files.column_roles import is_label_name, why_no_classes
from regimes.datasets.files.columns import Table
from regimes.datasets.files.images import Picture, Pixels, read_pictures
from regimes.datasets.files.raw import raw_table
from regimes.datasets.files.reading import Reading, chosen_columns, dropped_columns, label_place, words
from regimes.datasets.points.blocks import Blocks
from regimes.datasets.points.builtin import RawData
from regimes.datasets.points.labels import lacking_labels
from regimes.numerics.interface.checks import check_memory

__all__ = ["Frame", "class_label_names", "frame_points", "joined"]

_SHOWN = 6
_ROWS = 2**16

Column = Callable[[int, int, int], Any]


@dataclass(frozen=True, eq=False)
class Frame:
    """Named columns of n rows, none of them read yet.

    A kind is number, text, vector, image or other. ``column(place, start, stop)`` reads rows of a column, of images the
    encoded bytes. ``index`` are columns that only number or name the rows, as the format says, and ``class_names`` the
    names of classes of which a column holds the numbers. ``streamed`` reads as ``column`` does, best rows in
    order, and holds no more of a file than these rows, where that can be.
    """

    names: tuple[str, ...]
    kinds: tuple[str, ...]
    n: int
    column: Column
    index: frozenset[str] = frozenset()
    class_names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    streamed: Column | None = None


def joined(frames: Sequence[Frame], where: str) -> Frame:
    """The rows of several frames of the same columns, one below the other."""
    first, *others = frames
    for other in others:
        if (other.names, other.kinds, other.class_names) != (first.names, first.kinds, first.class_names):
            raise ValueError(
                f"load_dataset: all files of a data set must have the same columns, got {', '.join(first.names)} and "
                f"{', '.join(other.names)} in {where}, or others of them, or other classes; give the files of one"
            )
    if not others:
        return first
    starts = np.cumsum([0, *(frame.n for frame in frames)]).tolist()
    streamed = [frame.streamed for frame in frames if frame.streamed is not None]
    return replace(
        first,
        n=starts[-1],
        column=_below([frame.column for frame in frames], starts),
        streamed=_below(streamed, starts) if len(streamed) == len(frames) else None,
    )


def _below(columns: Sequence[Column], starts: Sequence[int]) -> Column:
    """Columns of several frames, one below the other."""

    def column(place: int, start: int, stop: int) -> Any:
        parts = [
            read(place, max(start - before, 0), min(stop, end) - before)
            for read, before, end in zip(columns, starts, starts[1:], strict=False)
            if max(start, before) < min(stop, end)
        ]
        return [each for part in parts for each in part] if isinstance(parts[0], list) else np.concatenate(parts)

    return column


def class_label_names(features: Any) -> dict[str, tuple[str, ...]]:
    """Names of classes by column, from what the library ``datasets`` says of its columns."""
    found = features.items() if isinstance(features, dict) else ()
    return {
        str(name): tuple(map(str, each["names"]))
        for name, each in found
        if isinstance(each, dict) and each.get("_type") == "ClassLabel" and isinstance(each.get("names"), list)
    }


def frame_points(frame: Frame, reading: Reading, where: str) -> RawData:
    """The column of images or vectors if there is one, otherwise what is taken of a table; classes by name."""
    names, width = frame.names, len(frame.names)
    asked = reading.labels
    dropped = dropped_columns(reading, names, width, where)
    classes = [name for name in frame.class_names if names.index(name) not in dropped]
    if asked is None and len(classes) == 1:
        reading = replace(reading, labels=classes[0])
    label = label_place(reading, names, width, where)
    kept = [place for place in chosen_columns(reading, names, width, where) if place != label]
    whole = [place for place in kept if frame.kinds[place] in ("image", "vector")]
    if not whole:
        return _table_points(frame, reading, where)
    if len(whole) > 1 or (reading.columns is not None and len(kept) > 1):
        raise ValueError(
            f"load_dataset: one column of images or vectors must hold the points, got {_listed(frame, kept)} of "
            f"{where}; name it alone with --columns (columns=)"
        )
    (place,) = whole
    if frame.kinds[place] == "vector" and reading.opens and frame.streamed is not None and frame.n:
        frame = replace(frame, column=frame.streamed)  # a pass over a file that memory may not hold
    notes: tuple[str, ...] = ()
    if label is None and asked is None:
        label, notes = _unasked_label(frame, {*range(width)} - dropped - {place}, where, reading.memory)
    left_out = [name for each, name in enumerate(names) if each not in (place, label)]
    said = [f"without {', '.join(left_out[:_SHOWN])}{', ...' if len(left_out) > _SHOWN else ''}"] if left_out else []
    labels = None if label is None else _labels(frame, label, where, reading.memory)
    if labels is not None and asked is None and lacking_labels(labels).all():
        notes, label, labels = (*notes, f"no point has a class in column {names[label or 0]!r}: not taken"), None, None
    if label is not None:
        said.append(f"labels from column {names[label]!r}")
    raw = RawData(
        values=np.empty(0),
        labels=asked if label is None else labels,
        name="table",
        source=where,
        class_names=() if label is None else frame.class_names.get(names[label], ()),
        notes=notes,
    )
    if frame.kinds[place] == "vector":
        values = _vectors(frame, place, where)
        shown = " x ".join(map(str, values.shape))
        size = 0 if reading.opens and values.chunk else values.declared_bytes
        check_memory("load_dataset", f"{shown} values of {where}", size, reading.memory, "give fewer points")
        taken = f"column {names[place]!r} of {'x'.join(map(str, values.shape[1:]))} values"
        return replace(raw, values=values, taken="; ".join((taken, *said)))
    pixels = _images(frame, place, reading, where)
    return replace(
        raw,
        values=pixels.values,
        scale="range",
        known_range=pixels.known_range,
        notes=(*notes, *pixels.notes),
        taken="; ".join((f"{pixels.description} of column {names[place]!r}", *said)),
        kept=(frame.n, pixels.kept),
    )


def _unasked_label(
    frame: Frame, places: Collection[int], where: str, memory: int
) -> tuple[int | None, tuple[str, ...]]:
    """The one column beside images or vectors that holds classes by its name and its values, or why there is none."""
    known = [place for place in places if frame.names[place] in frame.class_names]
    named = known or [
        place for place in places if is_label_name(frame.names[place]) and frame.kinds[place] in ("number", "text")
    ]
    if len(named) > 1:
        return None, (f"classes may stand in {_listed(frame, named)} of {where}: --labels NAME (labels=) takes them",)
    if not named:
        return None, ()
    name = f"column {frame.names[named[0]]!r} of {where}"
    reason = why_no_classes(_labels(frame, named[0], where, memory), name, named=True)
    return (named[0], ()) if reason is None else (None, (reason,))


def _table_points(frame: Frame, reading: Reading, where: str) -> RawData:
    """Columns of numbers and of text, judged as those of a text table; an index that the format marks is left out."""
    n, width = frame.n, len(frame.names)
    needed = _needed(frame, reading, where)
    size = 8 * n * len(needed)
    check_memory("load_dataset", f"{n} x {len(needed)} values of {where}", size, reading.memory, "give fewer points")
    values = np.empty((n, width)) if len(needed) == width else np.zeros((width, n)).T  # what is not written is not held
    texts = {}
    for place in needed:
        name = frame.names[place]
        if frame.kinds[place] == "number" and name not in frame.class_names:
            for start in range(0, n, _ROWS):
                values[start : start + _ROWS, place] = frame.column(place, start, min(start + _ROWS, n))
        else:
            found = _labels(frame, place, where, reading.memory)
            texts[place], values[:, place] = np.unique(found, return_inverse=True)
    index = [name for name in frame.names if name in frame.index]
    said = (f"without the index {', '.join(index)}",) if index and reading.columns is None else ()
    if said:
        reading = replace(reading, drop=[*words(reading.drop), *index])
    named = {place: [str(text) for text in found] for place, found in texts.items()}
    return raw_table(Table(values, frame.names, where, named), reading, said, class_names=frame.class_names)


def _needed(frame: Frame, reading: Reading, where: str) -> list[int]:
    """Columns that are taken, or may be for their name: the others are not read."""
    names, width = frame.names, len(frame.names)
    label = label_place(reading, names, width, where)
    kept = set(chosen_columns(reading, names, width, where))
    classes = {place for place in range(width) if is_label_name(names[place])}
    return sorted(
        (kept | classes) - dropped_columns(reading, names, width, where) | (set() if label is None else {label})
    )


def _vectors(frame: Frame, place: int, where: str) -> Blocks:
    """Lists of numbers, nested or not, all of the shape of the first."""
    column, name = frame.column, frame.names[place]  # alone, since a cluster takes what stands in the function
    first = np.asarray(column(place, 0, min(1, frame.n)))
    one = first.shape[1:]

    def rows(start: int, stop: int) -> NDArray[Any]:
        read = np.asarray(column(place, start, stop))
        if read.shape[1:] != one:
            raise ValueError(
                f"load_dataset: all lists in a column must have one length, got {one} and {read.shape[1:]} "
                f"in column {name} of {where}; pad or cut them"
            )
        return read

    return Blocks((frame.n, *one), first.dtype, rows, chunk=int(column is frame.streamed))


def _images(frame: Frame, place: int, reading: Reading, where: str) -> Pixels:
    encoded = frame.column(place, 0, frame.n)
    pictures = [
        Picture(f"row {row}", lambda content=content: io.BytesIO(content or b""))  # type: ignore[misc]
        for row, content in enumerate(encoded)
    ]
    skip, memory, report = reading.skip_broken, reading.memory, reading.report
    return read_pictures(pictures, where, resize=reading.resize, skip_broken=skip, memory=memory, report=report)


def _labels(frame: Frame, place: int, where: str, memory: int) -> NDArray[Any]:
    """A column as text, or numbers as they are; the name of a class for its number, and nothing for no class."""
    if frame.kinds[place] in ("vector", "image"):
        raise ValueError(
            f"load_dataset: labels must be one value for each point, got column {frame.names[place]!r} of {where}, "
            f"which holds {frame.kinds[place]}s; name another with --labels (labels=)"
        )
    check_memory("load_dataset", f"{frame.n} labels of {where}", 64 * frame.n, memory, "give fewer points")
    values = np.asarray(frame.column(place, 0, frame.n))
    names = frame.class_names.get(frame.names[place])
    if names is not None and values.dtype.kind in "iuf":
        known = (values >= 0) & (values < len(names))
        return np.where(known, np.array([*names], dtype=object)[np.where(known, values, 0).astype(np.intp)], "")
    if values.dtype.kind in "biuf":
        return values
    return np.array(["" if _is_absent(each) else str(each) for each in values.tolist()], dtype=object)


def _is_absent(value: Any) -> bool:
    """Whether an object says that there is no value: None, nan, NaT, and NA of pandas, which has no truth."""
    unequal = value is None or type(value).__name__ == "NAType" or value != value
    return isinstance(unequal, bool | np.bool_) and bool(unequal)


def _listed(frame: Frame, places: list[int]) -> str:
    more = f" and {len(places) - _SHOWN} more" if len(places) > _SHOWN else ""
    return ", ".join(f"{frame.names[place]} ({frame.kinds[place]})" for place in places[:_SHOWN]) + more
