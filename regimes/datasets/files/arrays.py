"""Reading points and labels from files: which of them, under which key."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from regimes.datasets.files.column_roles import why_no_classes
from regimes.datasets.files.formats import FORMATS, read_format
from regimes.datasets.files.named_arrays import DATA_KEYS, SECOND, label_keys
from regimes.datasets.files.numpy_files import npy_blocks, opened_archive, read_npy
from regimes.datasets.files.raw import raw_array, raw_table, table_of
from regimes.datasets.files.reading import MEMORY, Reading, words
from regimes.datasets.files.tables import TABLES, read_column, read_table
from regimes.datasets.files.text import PACKED, zipped_name
from regimes.datasets.points.builtin import RawData
from regimes.datasets.points.labels import listed
from regimes.numerics.interface.paths import exists, expanded
from regimes.numerics.interface.standard_input import is_standard_input, standard_input_file

__all__ = ["SUFFIXES", "find_file", "is_table", "read_labels", "read_points"]

SUFFIXES = (".npy", ".npz", *TABLES)
"""File types that hold points."""


def find_file(source: str | os.PathLike[str], suffixes: Iterable[str] = SUFFIXES) -> tuple[Path, str | None]:
    """An existing file of one of these types, and the key that ``file.npz:key`` names; ``~`` is the home directory."""
    text, key = os.fspath(source), None
    if ".npz:" in text and not exists(text):
        text, key = text.rsplit(":", 1)
    path = expanded("load_dataset", text)
    if not path.is_file():
        found = "a directory" if path.is_dir() else "a pipe or a device" if path.exists() else "no such file"
        raise ValueError(f"load_dataset: a path must lead to a file, got {text}: {found}")
    if file_type(path) not in suffixes:
        raise ValueError(
            f"load_dataset: the file type must be one of {', '.join((*suffixes, *FORMATS))}, got {text}; "
            "convert it, or load it yourself and give the array"
        )
    return path, key


def file_type(path: Path) -> str:
    """The ending of a file; of a packed table that of the table, as in ``points.csv.gz`` or inside ``points.zip``."""
    endings = [ending.lower() for ending in path.suffixes[-2:]]
    if len(endings) == 2 and endings[0] in TABLES and endings[1] in PACKED:
        return endings[0]
    ending = path.suffix.lower()
    within = zipped_name(path) if ending == ".zip" else None
    return Path(within).suffix.lower() if within and Path(within).suffix.lower() in TABLES else ending


def is_table(path: Path) -> bool:
    """Whether a path leads to a text table, by its name."""
    return file_type(expanded("load_dataset", path)) in TABLES


def read_points(source: str | os.PathLike[str], reading: Reading) -> RawData:
    """Read points, and the labels that lie in the same file; refuse more than the memory, before anything is read.

    Labels may be named by a key of the ``.npz`` file, or by a column by name or by index from 0; anything else is
    passed on as it is, for :func:`read_labels`.
    """
    known = None if is_table(Path(source)) else read_format(source, reading)
    if known is not None:
        return known
    path, key = find_file(source)
    suffix = file_type(path)
    if suffix in TABLES:
        table, said, notes = read_table(path, reading)
        raw = raw_table(table, reading, said, notes)
    elif suffix == ".npz":
        raw = _read_archive(path, key, reading)
    else:
        raw = raw_array(npy_blocks(path, reading.memory), reading, str(path))
    ending = path.name.lower().rfind(suffix)
    name = path.name[:ending] if ending > 0 else path.stem
    return replace(raw, name=name, source=os.fspath(source))


def read_labels(labels: Any, n: int, memory: int = MEMORY) -> Any:
    """Read labels from a file of their own, one a line for n points; an array is returned as it is."""
    if not isinstance(labels, str | os.PathLike):
        return labels
    if is_standard_input(labels):
        with standard_input_file("load_dataset", memory, ".csv") as place:
            return read_labels(place, n, memory)
    path, _ = find_file(labels, (".npy", *TABLES))
    return read_npy(path, memory, rows=n) if file_type(path) == ".npy" else read_column(path, n, memory)


def _read_archive(path: Path, key: str | None, reading: Reading) -> RawData:
    with opened_archive(path, reading.memory) as archive:
        left_out = set(words(reading.drop)) & set(archive.members)
        keys = [each for each in archive.members if each not in left_out]
        if left_out:
            rest = [word for word in words(reading.drop) if word not in left_out]
            reading = replace(reading, drop=rest or None)
        if key is None:
            known = [candidate for candidate in DATA_KEYS if candidate in keys]
            key = known[0] if known else keys[0] if len(keys) == 1 else None
            if key is None or set(words(reading.columns)) & set(keys):
                columns = {each: archive.read(each) for each in keys}
                columns = {each: column for each, column in columns.items() if column.ndim == 1}
                if len(columns) > 1 and len({len(column) for column in columns.values()}) == 1:
                    return raw_table(table_of(columns, str(path)), reading, ("columns from keys",))
        if key not in keys:
            wanted = "one named X, x, data, images or arr_0" if key is None else repr(key)
            raise ValueError(
                f"load_dataset: {path} must hold the data under {wanted}, "
                f"got the keys {listed(keys)}; name one with file.npz:key"
            )
        values, where = archive.read(key), f"{path}, key {key}"
        said: tuple[str, ...] = (f"array {key}",) if len(keys) > 1 else ()
        asked = reading.labels
        elsewhere = isinstance(asked, str) and asked not in keys and values.dtype.names is None
        if elsewhere and not asked.isdecimal() and not exists(asked):
            raise ValueError(
                f"load_dataset: labels must be a key of {path} or a file of labels, got {asked!r}; "
                f"the keys are {listed(keys)}"
            )
        found = asked if isinstance(asked, str) and asked in keys else None
        if asked is None and values.dtype.names is None:
            found = next((candidate for candidate in label_keys(key) if candidate in keys), None)
        if found is None:
            return raw_array(values, reading, where, said)
        labels = archive.read(found, rows=len(values) if values.ndim and asked is not None else None)
    beside = found in SECOND.values()
    if asked is None and beside and labels.shape != values.shape[:1]:
        return raw_array(values, reading, where, said)
    if asked is None and labels.shape[:1] == values.shape[:1]:
        reason = why_no_classes(labels, f"{found} in {path.name}", named=not beside)
        if reason:
            return raw_array(values, reading, where, said, (reason,))
    return raw_array(values, replace(reading, labels=labels), where, (*said, f"labels {found}"))
