"""Reading points and labels from files: which of them, under which key."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regimes.datasets.files.formats import FORMATS, read_format
from regimes.datasets.files.numpy_files import opened_archive, read_npy
from regimes.datasets.files.reading import MEMORY, Reading
from regimes.datasets.files.tables import read_column, read_table
from regimes.datasets.points.builtin import RawData
from regimes.datasets.points.labels import listed
from regimes.numerics.interface.paths import exists, expanded
from regimes.numerics.interface.standard_input import is_standard_input, standard_input_file

__all__ = ["SUFFIXES", "find_file", "read_labels", "read_points"]

SUFFIXES = (".npy", ".npz", ".csv")
"""File types that hold points."""

_DATA_KEYS = ("X", "x", "data", "images", "features", "arr_0", "X_train", "x_train", "train_images")
_LABEL_KEYS = ("y", "labels", "label", "targets", "target")
_PARTS = ("train", "test", "val")


def find_file(source: str | os.PathLike[str], suffixes: Iterable[str] = SUFFIXES) -> tuple[Path, str | None]:
    """An existing file of one of these types, and the key that ``file.npz:key`` names; ``~`` is the home directory."""
    text, key = os.fspath(source), None
    if ".npz:" in text and not exists(text):
        text, key = text.rsplit(":", 1)
    path = expanded("load_dataset", text)
    if not path.is_file():
        found = "a directory" if path.is_dir() else "a pipe or a device" if path.exists() else "no such file"
        raise ValueError(f"load_dataset: a path must lead to a file, got {text}: {found}")
    if path.suffix.lower() not in suffixes:
        raise ValueError(
            f"load_dataset: the file type must be one of {', '.join((*suffixes, *FORMATS))}, got {text}; "
            "convert it, or load it yourself and give the array"
        )
    return path, key


def read_points(source: str | os.PathLike[str], reading: Reading) -> RawData:
    """Read points, and the labels that lie in the same file; refuse more than the memory, before anything is read.

    ``labels`` may be a key of the ``.npz`` file, or a column of the ``.csv`` file by name or by index from 0; anything
    else is passed on as it is, for :func:`read_labels`.
    """
    known = read_format(source, reading)
    if known is not None:
        return known
    path, key = find_file(source)
    labels = reading.labels
    name, suffix = path.stem, path.suffix.lower()
    if suffix == ".csv":
        values, found, notes = read_table(path, labels if isinstance(labels, str | int) else None)
    elif suffix == ".npz":
        values, found, notes = _read_archive(path, key, labels, reading.memory)
    else:
        values, found, notes = read_npy(path, reading.memory), None, ()
    return RawData(
        values=values,
        labels=labels if found is None else found,
        name=name,
        source=os.fspath(source),
        notes=notes,
    )


def read_labels(labels: Any, n: int, memory: int = MEMORY) -> Any:
    """Read labels from a file of their own, one a line for n points; an array is returned as it is."""
    if isinstance(labels, int):
        raise ValueError(f"load_dataset: labels can be a number only as the column of a .csv file, got {labels}")
    if not isinstance(labels, str | os.PathLike):
        return labels
    if is_standard_input(labels):
        with standard_input_file("load_dataset", memory, ".csv") as place:
            return read_labels(place, n, memory)
    path, _ = find_file(labels, (".npy", ".csv", ".txt"))
    return read_npy(path, memory, rows=n) if path.suffix.lower() == ".npy" else read_column(path, n)


def _read_archive(path: Path, key: str | None, labels: Any, memory: int) -> tuple[NDArray[Any], Any, tuple[str, ...]]:
    with opened_archive(path, memory) as archive:
        keys = list(archive.members)
        if key is None:
            known = [candidate for candidate in _DATA_KEYS if candidate in keys]
            key = known[0] if known else keys[0] if len(keys) == 1 else None
        if key not in keys:
            wanted = "one named X, x, data, images or arr_0" if key is None else repr(key)
            raise ValueError(
                f"load_dataset: {path} must hold the data under {wanted}, "
                f"got the keys {listed(keys)}; name one with file.npz:key"
            )
        values = archive.read(key)
        if isinstance(labels, str) and labels in keys:
            return values, archive.read(labels, rows=len(values) if values.ndim else None), ()
        if isinstance(labels, str) and not exists(labels):
            raise ValueError(
                f"load_dataset: labels must be a key of {path} or a file of labels, got {labels!r}; "
                f"the keys are {listed(keys)}"
            )
        label_key = next((candidate for candidate in _label_keys(key) if candidate in keys), None)
        if labels is not None or label_key is None:
            return values, None, ()
        found = archive.read(label_key, rows=len(values) if values.ndim else None)
    if found.dtype.kind == "f" and not np.array_equal(found, np.floor(found)):
        note = f"{label_key} in {path.name} holds numbers that are not integers: not taken as classes"
        return values, None, (note,)
    return values, found, ()


def _label_keys(key: str) -> tuple[str, ...]:
    """Names under which the labels of an array are kept, those of the same part of the data only."""
    part = next((part for part in _PARTS if part in key.lower().split("_")), None)
    if part is None:
        return _LABEL_KEYS
    return tuple(f"{part}_{name}" for name in _LABEL_KEYS) + tuple(f"{name}_{part}" for name in _LABEL_KEYS)
