"""Tables of Apache Arrow: Parquet and Arrow files, and tables in memory."""

from __future__ import annotations

import functools
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regimes.datasets.files.extras import library
from regimes.datasets.files.frames import Frame, class_label_names
from regimes.datasets.files.images import is_encoded
from regimes.datasets.files.unreadable import refusing_damage

__all__ = ["arrow_frame", "read_arrow", "read_parquet"]

_BATCH = 256  # rows of a Parquet file at a time


def read_parquet(path: Path) -> Frame:
    """The columns of a Parquet file; one group of rows is held at a time."""
    parquet = library("pyarrow.parquet", "Parquet files", of="pyarrow")
    with refusing_damage("a Parquet file", path):
        file = parquet.ParquetFile(path)
        schema, metadata = file.schema_arrow, file.metadata
        ends = np.cumsum([metadata.row_group(group).num_rows for group in range(metadata.num_row_groups)]).tolist()
    held: dict[int, Any] = {}

    def column(place: int, start: int, stop: int) -> Any:
        parts = []
        for group, end in enumerate(ends):
            before = ends[group - 1] if group else 0
            if before < stop and start < end:
                if held.get(-1) != group:
                    held.clear()
                    held[-1] = group
                if place not in held:
                    held[place] = file.read_row_group(group, columns=[schema.names[place]]).column(0)
                parts.append(held[place].slice(max(start - before, 0), min(stop, end) - max(start, before)))
        return _together(parts, schema.field(place).type)

    def checked(place: int, start: int, stop: int) -> Any:
        with refusing_damage("a Parquet file", path, schema.names[place]):
            return column(place, start, stop)

    streamed = _StreamedColumns("a Parquet file", path, schema, _parquet_batches)
    return replace(_frame(schema, ends[-1] if ends else 0, checked), streamed=streamed)


def _parquet_batches(path: Path, place: int, row: int) -> Iterator[tuple[int, Any]]:
    """A column from the group of rows on that holds a row, some rows at a time, each with the place of the first."""
    file = library("pyarrow.parquet", "Parquet files", of="pyarrow").ParquetFile(path)
    name, first = file.schema_arrow.names[place], 0
    for group in range(file.metadata.num_row_groups):
        rows = file.metadata.row_group(group).num_rows
        if first + rows <= row:
            first += rows
            continue
        for batch in file.iter_batches(_BATCH, row_groups=[group], columns=[name], use_threads=False):
            yield first, batch.column(0)
            first += len(batch)


def read_arrow(path: Path) -> Frame:
    """The columns of an Arrow file, of either of its two forms, mapped into memory when they are asked for."""
    with refusing_damage("an Arrow or Feather file", path):
        schema = _arrow_reader(path).schema
        n = sum(len(found) for _, found in _arrow_batches(path, 0, 0)) if schema.names else 0

    @functools.cache
    def table() -> Any:
        found = _arrow_reader(path).read_all()
        found.validate(full=True)  # offsets of an altered file lead outside of it
        return found

    def column(place: int, start: int, stop: int) -> Any:
        with refusing_damage("an Arrow or Feather file", path, schema.names[place]):
            return _together([table().column(place).slice(start, stop - start)], schema.field(place).type)

    streamed = _StreamedColumns("an Arrow or Feather file", path, schema, _arrow_batches)
    return replace(_frame(schema, n, column), streamed=streamed)


def _arrow_reader(path: Path, place: int | None = None) -> Any:
    """Of a file, mapped into memory; of one column without mapping it."""
    arrow = library("pyarrow", "Arrow files")
    source = arrow.memory_map(str(path)) if place is None else arrow.OSFile(str(path))
    options = arrow.ipc.IpcReadOptions(included_fields=[] if place is None else [place])
    try:
        return arrow.ipc.open_file(source, options=options)
    except arrow.ArrowInvalid:
        source.seek(0)
        return arrow.ipc.open_stream(source, options=options)


def _arrow_batches(path: Path, place: int, row: int) -> Iterator[tuple[int, Any]]:
    """A column from the batch on that holds a row, each with the place of its first row."""
    reader, first = _arrow_reader(path, place), 0
    of_file = hasattr(reader, "num_record_batches")
    for batch in map(reader.get_batch, range(reader.num_record_batches)) if of_file else reader:
        if row < first + len(batch):
            batch.validate(full=True)
            yield first, batch.column(0)
        first += len(batch)


def arrow_frame(table: Any, features: Any = None) -> Frame:
    """The columns of a table in memory."""

    def column(place: int, start: int, stop: int) -> Any:
        return _together([table.column(place).slice(start, stop - start)], table.schema.field(place).type)

    return _frame(table.schema, table.num_rows, column, features)


def _frame(schema: Any, n: int, column: Callable[[int, int, int], Any], features: Any = None) -> Frame:
    metadata = schema.metadata or {}
    if features is None:
        features = _parsed(metadata.get(b"huggingface")).get("info", {}).get("features", {})
    kinds = [_kind(field.type, features.get(field.name) if isinstance(features, dict) else None) for field in schema]
    for place, kind in enumerate(kinds):
        if kind == "bytes":
            kinds[place] = "image" if n and is_encoded(column(place, 0, 1)[0]) else "other"
    index = _parsed(metadata.get(b"pandas")).get("index_columns", ())
    return Frame(
        names=tuple(schema.names),
        kinds=tuple(kinds),
        n=n,
        column=column,
        index=frozenset(each for each in index if isinstance(each, str)),
        class_names=class_label_names(features),
    )


@dataclass(eq=False)
class _StreamedColumns:
    """Columns of a file, a batch after another; rows before those that were read last begin anew."""

    what: str
    path: Path
    schema: Any
    batches: Callable[[Path, int, int], Iterator[tuple[int, Any]]]
    held: threading.local = field(default_factory=threading.local)  # each thread reads by itself

    def __call__(self, place: int, start: int, stop: int) -> Any:
        parts = []
        with refusing_damage(self.what, self.path, self.schema.names[place]):
            while start < stop:
                first, found = self._holding(place, start)
                parts.append(found.slice(start - first, stop - start))
                start += len(parts[-1])
            return _together(parts, self.schema.field(place).type)

    def _holding(self, place: int, row: int) -> tuple[int, Any]:
        """The batch that holds a row, with the place of its first."""
        held = vars(self.held).setdefault("places", {})
        reading, first, found = held.get(place, (iter(()), 0, ()))
        if place not in held or row < first:
            reading = self.batches(self.path, place, row)
            first, found = next(reading)
        while row >= first + len(found):
            first, found = next(reading)
        held[place] = reading, first, found
        return first, found

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "held": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state, held=threading.local())


def _parsed(text: bytes | None) -> dict[str, Any]:
    try:
        found = json.loads(text or b"{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _kind(kind: Any, feature: Any) -> str:
    types = library("pyarrow.types", "Arrow tables", of="pyarrow")
    kind = _storage(kind)
    image = isinstance(feature, dict) and feature.get("_type") == "Image"
    if types.is_struct(kind) and "bytes" in {field.name for field in kind}:
        return (
            "image"
            if types.is_binary(kind.field("bytes").type) or types.is_large_binary(kind.field("bytes").type)
            else "other"
        )
    if types.is_binary(kind) or types.is_large_binary(kind):
        return "image" if image else "bytes"
    if types.is_integer(kind) or types.is_floating(kind) or types.is_boolean(kind) or types.is_decimal(kind):
        return "number"
    if types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind) or types.is_dictionary(kind):
        return "text"
    while types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind):
        kind = _storage(kind.value_type)
        if types.is_integer(kind) or types.is_floating(kind) or types.is_boolean(kind):
            return "vector"
    return "other"


def _storage(kind: Any) -> Any:
    """What lies below an extension type."""
    return getattr(kind, "storage_type", kind)


def _together(parts: list[Any], kind: Any) -> Any:
    """Rows of a column, in pieces, as an array, a list of bytes where they are images."""
    arrow = library("pyarrow", "Arrow tables")
    chunks = [chunk for part in parts for chunk in getattr(part, "chunks", [part])]  # a batch has none
    chunks = [chunk.storage if isinstance(chunk, arrow.ExtensionArray) else chunk for chunk in chunks]
    array = arrow.chunked_array(chunks, type=_storage(kind)).combine_chunks()
    types = arrow.types
    if types.is_struct(array.type):
        array = array.field("bytes")
    if types.is_binary(array.type) or types.is_large_binary(array.type):
        return array.to_pylist()
    if types.is_dictionary(array.type):
        array = array.dictionary_decode()
    if types.is_decimal(array.type):
        array = array.cast(arrow.float64())
    if types.is_string(array.type) or types.is_large_string(array.type) or types.is_string_view(array.type):
        return np.asarray(array.to_pylist(), dtype=object)
    return _values(array, types)


def _values(array: Any, types: Any) -> NDArray[Any]:
    """Numbers, or lists of them of one length, as an array of one more axis for each list."""
    if not (types.is_list(array.type) or types.is_large_list(array.type) or types.is_fixed_size_list(array.type)):
        array = array.storage if hasattr(array, "storage") else array
        if types.is_boolean(array.type) and array.null_count:
            array = array.cast("uint8")
        return np.asarray(array.to_numpy(zero_copy_only=False))
    if array.null_count:
        raise ValueError(
            "load_dataset: every value must be present, got a list that is missing; leave its row out of the file"
        )
    lengths = (
        set(array.value_lengths().unique().to_pylist())
        if not types.is_fixed_size_list(array.type)
        else {array.type.list_size}
    )
    if len(lengths) > 1:
        least, most = min(lengths), max(lengths)
        raise ValueError(
            f"load_dataset: all lists in a column must have one length, got {least} to {most}; pad or cut them"
        )
    inner = _values(array.flatten(), types)
    return inner.reshape(len(array), *lengths, *inner.shape[1:]) if lengths else inner.reshape(0, 0)
