"""Points in objects of other libraries, told by what they can do: none of these libraries is imported."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regimes.datasets.files.arrow import arrow_frame
from regimes.datasets.files.column_roles import classes_like, is_label_name, why_no_classes
from regimes.datasets.files.frames import Frame, frame_points
from regimes.datasets.files.images import is_encoded
from regimes.datasets.files.named_arrays import choose_arrays
from regimes.datasets.files.raw import raw_array
from regimes.datasets.files.reading import Reading
from regimes.datasets.points.blocks import Blocks
from regimes.datasets.points.builtin import RawData
from regimes.datasets.points.chunked import chunked_blocks, is_chunked
from regimes.datasets.points.items import is_array, is_loader, item_points
from regimes.datasets.points.tensors import plain, same_shape

__all__ = ["object_points"]

_SAMPLES = ("sample", "samples", "n", "time", "batch", "index", "obs", "member")
"""Names of the axis along which the points lie."""


def object_points(source: Any, reading: Reading) -> RawData:
    """Points and labels of a frame, a table, a tensor, a loader or a labelled array; anything else is passed on."""
    described = _described(source)
    if (
        hasattr(source, "collect_schema")
        and callable(getattr(source, "collect", None))
        and not hasattr(source, "shape")
    ):
        raise ValueError(f"load_dataset: a frame must hold its values, got {described}; call its collect() method")
    if isinstance(source, Mapping) and source and all(_is_hugging_face(part) for part in source.values()):
        raise ValueError(
            f"load_dataset: one part of a data set must be given, got {', '.join(map(str, source))} in {described}; "
            f"give one, such as data[{next(iter(source))!r}]"
        )
    if _is_hugging_face(source) and source.format.get("type") == "custom":  # a transform, which frames pass over
        return item_points(source, reading, described)
    if callable(getattr(source, "to_frame", None)) and not hasattr(source, "columns"):
        raise ValueError(f"load_dataset: a source must be a frame or an array, got {described}; give its to_frame()")
    frame = _frame(source)
    if frame is not None:
        _refuse_shuffled(source, reading.labels)
        raw = frame_points(frame, reading, described)
        return raw if raw.labels is not None else replace(raw, notes=(*raw.notes, *_index_notes(source)))
    if hasattr(source, "data_vars") or (hasattr(source, "dims") and hasattr(source, "coords")):
        return _labelled(source, reading, described)
    if is_loader(source):
        return item_points(source, reading, described)
    if (
        isinstance(source, Mapping)
        and source
        and all(is_array(each) or isinstance(each, list) for each in source.values())
    ):
        arrays = {str(name): _block(np.asarray(_array(array))) for name, array in source.items()}
        return replace(choose_arrays(described, arrays, None, reading), name="array")
    if isinstance(source, Mapping):
        return _mapping(source, reading, described)
    if isinstance(source, tuple) and len(source) == 2 and all(map(is_array, source)):
        raise ValueError(
            "load_dataset: a source must be one array, got a pair of them; if these are points and labels, give "
            "load_dataset(X, y)"
        )
    values = chunked_blocks(source) if is_chunked(source) else _array(source)
    return raw_array(values, replace(reading, labels=plain(reading.labels)), described)


def _mapping(source: Mapping[Any, Any], reading: Reading, described: str) -> RawData:
    """Points and labels of what scikit-learn loads, ``data`` with ``target``; refuse a dictionary of anything else."""
    if "data" not in source or not (is_array(source["data"]) and is_array(source.get("target"))):
        others = [f"{name} ({type(each).__name__})" for name, each in source.items() if not is_array(each)]
        raise ValueError(
            f"load_dataset: a dictionary must hold arrays alone, points under X and labels under y, got "
            f"{', '.join(others)[:120] or 'none'} in {described}; leave the others out"
        )
    if reading.labels is not None:
        return object_points(source["data"], reading)
    target, names = np.asarray(source["target"]), source.get("target_names")
    several = f"target of {described} has shape {target.shape}: not taken as classes" if target.ndim != 1 else None
    reason = several or why_no_classes(target, f"target of {described}", named=True)
    if reason:
        raw = object_points(source["data"], reading)
        return replace(raw, notes=(*raw.notes, reason))
    raw = object_points(source["data"], replace(reading, labels=source["target"]))
    called = () if names is None or target.dtype.kind not in "iu" else tuple(map(str, names))
    return replace(raw, class_names=called, taken="; ".join(filter(None, ("data", raw.taken, "labels target"))))


def _index_notes(frame: Any) -> list[str]:
    """What to know about an index that may be the classes, as after ``set_index``."""
    index: Any = getattr(frame, "index", None)
    if getattr(index, "nlevels", 0) != 1 or len(index) < 2:
        return []
    values = np.asarray(index)
    named = is_label_name(str(index.name))
    if not (named or values.dtype.kind in "OUS") or not classes_like(values):
        return []
    called = "of the frame" if index.name is None else f"{str(index.name)!r}"
    return [f"the index {called} may be the classes, and was not taken: give labels=frame.index"]


def _array(source: Any) -> Any:
    """A tensor, or several arrays, tensors or images in a row, as one array; anything else as it is."""
    if isinstance(source, Sequence) and not isinstance(source, str | bytes) and all(map(is_array, source)):
        return same_shape([np.asarray(plain(each)) for each in source]) if len(source) else source
    return plain(source)


def _described(source: Any) -> str:
    shape = getattr(source, "shape", None)
    name = type(source).__name__
    return f"{name} of shape {tuple(shape)}" if isinstance(shape, tuple | list) else name


def _frame(source: Any) -> Frame | None:
    """Columns of a data set of the library datasets, of Arrow, polars or pandas; None for anything else."""
    if _is_hugging_face(source):
        return arrow_frame(source.with_format("arrow")[:], _features(source.features))
    if hasattr(source, "schema") and hasattr(source, "num_rows") and hasattr(source, "column_names"):
        return arrow_frame(source)
    if hasattr(source, "get_columns") and hasattr(source, "to_series"):
        return _polars(source)
    return _pandas(source) if hasattr(source, "iloc") and hasattr(source, "columns") else None


def _refuse_shuffled(frame: Any, labels: Any) -> None:
    """Labels of pandas that have the rows of the frame in another order are not those of the rows one by one."""
    of_points: Any = getattr(frame, "index", None)
    of_labels: Any = getattr(labels, "index", None)
    if not hasattr(of_points, "equals") or not hasattr(of_labels, "equals") or len(of_points) != len(of_labels):
        return
    if not of_points.equals(of_labels) and of_points.sort_values().equals(of_labels.sort_values()):
        raise ValueError(
            "load_dataset: labels must come in the order of the points, got a Series with the index of the frame in "
            "another order; give labels.reindex(frame.index), or labels.to_numpy() if they are in order"
        )


def _is_hugging_face(source: Any) -> bool:
    return (
        hasattr(source, "features") and callable(getattr(source, "with_format", None)) and hasattr(source, "num_rows")
    )


def _features(features: Any) -> dict[str, Any]:
    """Columns of images and of classes, as the JSON beside a table says it."""
    return {
        name: {"_type": type(feature).__name__, "names": getattr(feature, "names", None)}
        for name, feature in features.items()
    }


def _pandas(frame: Any) -> Frame:
    """Columns by place, since names may repeat; a missing value among numbers is nan."""
    kinds = tuple(
        "text" if hasattr(dtype, "categories") else _kind(getattr(dtype, "kind", "O"), frame.iloc[:, place].dropna())
        for place, dtype in enumerate(frame.dtypes)
    )

    def column(place: int, start: int, stop: int) -> Any:
        values = frame.iloc[start:stop, place]
        if kinds[place] == "number":
            return (
                values.to_numpy(dtype=np.float64, na_value=np.nan)
                if values.dtype.kind != "b"
                else values.to_numpy(float)
            )
        return _objects(values.to_numpy(dtype=object), kinds[place])

    names = tuple("/".join(map(str, name)) if isinstance(name, tuple) else str(name) for name in frame.columns)
    return Frame(names=names, kinds=kinds, n=len(frame), column=column)


def _polars(frame: Any) -> Frame:
    columns = frame.get_columns()
    kinds = tuple(
        "number"
        if each.dtype.is_numeric() or str(each.dtype) == "Boolean"
        else _kind("O", each.drop_nulls().head(1).to_list())
        for each in columns
    )

    def column(place: int, start: int, stop: int) -> Any:
        values = columns[place].slice(start, stop - start)
        if kinds[place] == "number":
            return np.asarray(values.to_numpy(), dtype=np.float64)
        held = np.empty(len(values), dtype=object)
        held[:] = values.to_list()
        return _objects(held, kinds[place])

    return Frame(names=tuple(frame.columns), kinds=kinds, n=len(frame), column=column)


def _kind(kind: str, values: Any) -> str:
    """Kind of a column of objects by its first value."""
    if kind in "buif":
        return "number"
    first = next(iter(values), None)
    if isinstance(first, str) or kind in "US":
        return "text"
    if is_encoded(first["bytes"] if isinstance(first, Mapping) and "bytes" in first else first):
        return "image"
    if isinstance(first, list | tuple | np.ndarray) or hasattr(first, "getbands"):
        array = np.asarray(first)
        return "vector" if array.ndim and array.dtype.kind in "buif" else "other"
    return "number" if all(isinstance(value, Real | Decimal) for value in values) and first is not None else "other"


def _objects(values: NDArray[Any], kind: str) -> Any:
    if kind == "image":
        return [each["bytes"] if isinstance(each, Mapping) else each for each in values]
    if kind == "vector" and any(each is None or isinstance(each, float) for each in values):
        raise ValueError("load_dataset: every value must be present, got a list that is missing; drop such rows")
    return same_shape([np.asarray(plain(each)) for each in values]) if kind == "vector" else values


def _labelled(source: Any, reading: Reading, described: str) -> RawData:
    """An array with named axes (xarray), or several; labels may be one of them, or a coordinate of the points."""
    variables = getattr(source, "data_vars", None)
    arrays = {"array": source} if variables is None else dict(variables)
    known = {str(name): _block(array) for name, array in arrays.items()}
    beside = {str(name): _block(array) for name, array in source.coords.items() if str(name) not in known}
    labels = reading.labels
    if isinstance(labels, str) and labels in beside:
        labels = beside[labels].whole()
    reading = replace(reading, labels=labels)
    return replace(choose_arrays(described, known, None if variables is not None else "array", reading), name="array")


def _block(array: Any) -> Blocks:
    dims = tuple(getattr(array, "dims", ()))
    moved = ""
    samples = [name for name in dims if str(name).casefold() in _SAMPLES]
    if len(samples) == 1 and dims[0] != samples[0]:
        moved = f", which was moved to the front of {', '.join(map(str, dims))}"
        array = array.transpose(samples[0], ...)
        dims = tuple(array.dims)

    def rows(start: int, stop: int) -> NDArray[Any]:
        return np.asarray(array[start:stop] if array.ndim else array)

    return Blocks(tuple(array.shape), np.dtype(array.dtype), rows, f"points along {dims[0]}{moved}" if dims else "")
