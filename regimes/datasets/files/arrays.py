"""Reading points and labels from .npy and .npz files, without ever unpickling."""

from __future__ import annotations

import os
import struct
import tokenize
import warnings
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regimes.datasets.files.formats import FORMATS, read_format
from regimes.datasets.files.reading import Reading
from regimes.datasets.files.tables import read_column, read_table
from regimes.datasets.points.builtin import RawData

__all__ = ["SUFFIXES", "find_file", "read_labels", "read_points"]

SUFFIXES = (".npy", ".npz", ".csv")
"""File types that hold points."""

_DATA_KEYS = ("X", "x", "data", "images", "features", "arr_0", "X_train", "x_train", "train_images")
_LABEL_KEYS = ("y", "labels", "label", "targets", "target")
_PARTS = ("train", "test", "val")

# What numpy.load was seen to raise for files that are truncated or altered.
_DAMAGE = (
    ValueError,
    OSError,
    EOFError,
    MemoryError,
    KeyError,
    TypeError,
    SyntaxError,
    OverflowError,
    NotImplementedError,
    RuntimeError,
    struct.error,
    tokenize.TokenError,
    zipfile.BadZipFile,
    zlib.error,
)


def find_file(source: str | os.PathLike[str], suffixes: Iterable[str] = SUFFIXES) -> tuple[Path, str | None]:
    """An existing file of one of these types, and the key that ``file.npz:key`` names; ``~`` is the home directory."""
    text, key = os.fspath(source), None
    if ".npz:" in text and not Path(text).exists():
        text, key = text.rsplit(":", 1)
    path = Path(text).expanduser()
    if not path.is_file():
        found = "a directory" if path.is_dir() else "no such file"
        raise ValueError(f"load_dataset: a path must lead to a file, got {text}: {found}")
    if path.suffix.lower() not in suffixes:
        raise ValueError(
            f"load_dataset: the file type must be one of {', '.join((*suffixes, *FORMATS))}, got {text}; "
            "convert it, or load it yourself and give the array"
        )
    return path, key


def read_points(source: str | os.PathLike[str], reading: Reading) -> RawData:
    """Read points, and the labels that lie in the same file.

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
        values, found, notes = _read_archive(path, key, labels)
    else:
        values, found, notes = _load_array(path), None, ()
    return RawData(
        values=values,
        labels=labels if found is None else found,
        name=name,
        source=os.fspath(source),
        notes=notes,
    )


def read_labels(labels: Any, n: int) -> Any:
    """Read labels from a file of their own, one a line for n points; an array is returned as it is."""
    if isinstance(labels, int):
        raise ValueError(f"load_dataset: labels can be a number only as the column of a .csv file, got {labels}")
    if not isinstance(labels, str | os.PathLike):
        return labels
    path, _ = find_file(labels, (".npy", ".csv", ".txt"))
    return _load_array(path) if path.suffix.lower() == ".npy" else read_column(path, n)


def _read_archive(path: Path, key: str | None, labels: Any) -> tuple[NDArray[Any], Any, tuple[str, ...]]:
    with _opened(path) as archive:
        if not isinstance(archive, np.lib.npyio.NpzFile):
            raise ValueError(
                f"load_dataset: a .npz file must be a zip archive of arrays, got {path}: a single array; "
                "rename it to .npy"
            )
        keys = list(archive.files)
        if key is None:
            known = [candidate for candidate in _DATA_KEYS if candidate in keys]
            key = known[0] if known else keys[0] if len(keys) == 1 else None
        if key not in keys:
            wanted = "one named X, x, data, images or arr_0" if key is None else repr(key)
            raise ValueError(
                f"load_dataset: {path} must hold the data under {wanted}, "
                f"got the keys {', '.join(keys) or '(none)'}; name one with file.npz:key"
            )
        values = _member(archive, path, key)
        if isinstance(labels, str) and labels in keys:
            return values, _member(archive, path, labels), ()
        if isinstance(labels, str) and not Path(labels).expanduser().exists():
            raise ValueError(
                f"load_dataset: labels must be a key of {path} or a file of labels, got {labels!r}; "
                f"the keys are {', '.join(keys)}"
            )
        label_key = next((candidate for candidate in _label_keys(key) if candidate in keys), None)
        if labels is not None or label_key is None:
            return values, None, ()
        found = _member(archive, path, label_key)
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


def _member(archive: Any, path: Path, key: str) -> NDArray[Any]:
    with _refusing_damage(path, key):
        return np.asarray(archive[key])


def _load_array(path: Path) -> NDArray[Any]:
    with _opened(path) as loaded:
        if not isinstance(loaded, np.ndarray):
            raise ValueError(
                f"load_dataset: a .npy file must hold one array, got {path}: an archive; rename it to .npz"
            )
        return loaded


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    """What NumPy finds in a file; opened here, since numpy.load leaves a damaged archive open."""
    with _refusing_damage(path):
        stream = path.open("rb")
    with stream:
        with _refusing_damage(path):
            loaded = np.load(stream, allow_pickle=False)
        yield loaded


@contextmanager
def _refusing_damage(path: Path, key: str | None = None) -> Iterator[None]:
    """Turn what NumPy says about a bad file into one error; its warnings concern the age of the header alone."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except _DAMAGE as error:
        raise _unreadable(path, error, key) from None


def _unreadable(path: Path, error: BaseException, key: str | None = None) -> ValueError:
    place = f"{path}, key {key}" if key else str(path)
    reason = str(error) or type(error).__name__
    if "pickle" in reason.lower():
        return ValueError(
            f"load_dataset: arrays must be of numbers, got {place}: Python objects (a pickle), which are "
            "never loaded, since a pickle can run any code; save the array with a numeric dtype"
        )
    return ValueError(f"load_dataset: the file must be a whole NumPy file, got {place}, which cannot be read: {reason}")
