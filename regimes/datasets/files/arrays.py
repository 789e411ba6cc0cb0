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
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regimes.datasets.files.column_roles import classes_like, whole
from regimes.datasets.files.formats import FORMATS, read_format
from regimes.datasets.files.raw import raw_array, raw_table, table_of
from regimes.datasets.files.reading import Reading, words
from regimes.datasets.files.tables import TABLES, read_column, read_table
from regimes.datasets.files.text import PACKED, zipped_name
from regimes.datasets.points.builtin import RawData

__all__ = ["SUFFIXES", "find_file", "is_table", "read_labels", "read_points"]

SUFFIXES = (".npy", ".npz", *TABLES)
"""File types that hold points."""

_DATA_KEYS = ("X", "x", "data", "images", "features", "arr_0", "X_train", "x_train", "train_images")
_LABEL_KEYS = ("y", "labels", "label", "targets", "target", "classes", "class", "species")
_SECOND = "arr_1"
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
    return file_type(path.expanduser()) in TABLES


def read_points(source: str | os.PathLike[str], reading: Reading) -> RawData:
    """Read points, and the labels that lie in the same file.

    Labels may be named by a key of the ``.npz`` file, or by a column by name or by index from 0; anything else is
    passed on as it is, for :func:`read_labels`.
    """
    known = None if is_table(Path(source)) else read_format(source, reading)
    if known is not None:
        return known
    path, key = find_file(source)
    suffix = file_type(path)
    if suffix in TABLES:
        table, said = read_table(path, reading)
        raw = raw_table(table, reading, said)
    elif suffix == ".npz":
        raw = _read_archive(path, key, reading)
    else:
        raw = raw_array(_load_array(path), reading, str(path))
    ending = path.name.lower().rfind(suffix)
    name = path.name[:ending] if ending > 0 else path.stem
    return replace(raw, name=name, source=os.fspath(source))


def read_labels(labels: Any, n: int) -> Any:
    """Read labels from a file of their own, one a line for n points; an array is returned as it is."""
    if not isinstance(labels, str | os.PathLike):
        return labels
    path, _ = find_file(labels, (".npy", *TABLES))
    return _load_array(path) if file_type(path) == ".npy" else read_column(path, n)


def _read_archive(path: Path, key: str | None, reading: Reading) -> RawData:
    with _opened(path) as archive:
        if not isinstance(archive, np.lib.npyio.NpzFile):
            raise ValueError(
                f"load_dataset: a .npz file must be a zip archive of arrays, got {path}: a single array; "
                "rename it to .npy"
            )
        left_out = set(words(reading.drop)) & set(archive.files)
        keys = [each for each in archive.files if each not in left_out]
        if left_out:
            rest = [word for word in words(reading.drop) if word not in left_out]
            reading = replace(reading, drop=rest or None)
        if key is None:
            known = [candidate for candidate in _DATA_KEYS if candidate in keys]
            key = known[0] if known else keys[0] if len(keys) == 1 else None
            if key is None or set(words(reading.columns)) & set(keys):
                columns = {each: _member(archive, path, each) for each in keys}
                columns = {each: column for each, column in columns.items() if column.ndim == 1}
                if len(columns) > 1 and len({len(column) for column in columns.values()}) == 1:
                    return raw_table(table_of(columns, str(path)), reading, ("columns from keys",))
        if key not in keys:
            wanted = "one named X, x, data, images or arr_0" if key is None else repr(key)
            raise ValueError(
                f"load_dataset: {path} must hold the data under {wanted}, "
                f"got the keys {', '.join(keys) or '(none)'}; name one with file.npz:key"
            )
        values, where = _member(archive, path, key), f"{path}, key {key}"
        said: tuple[str, ...] = (f"array {key}",) if len(keys) > 1 else ()
        notes: tuple[str, ...] = ()
        asked = reading.labels
        elsewhere = isinstance(asked, str) and asked not in keys and values.dtype.names is None
        if elsewhere and not asked.isdecimal() and not Path(asked).expanduser().exists():
            raise ValueError(
                f"load_dataset: labels must be a key of {path} or a file of labels, got {asked!r}; "
                f"the keys are {', '.join(keys)}"
            )
        found = asked if isinstance(asked, str) and asked in keys else None
        if asked is None and values.dtype.names is None:
            found = next((candidate for candidate in _label_keys(key) if candidate in keys), None)
        if found is None:
            return raw_array(values, reading, where, said)
        labels = _member(archive, path, found)
    if asked is None and found == _SECOND and labels.shape != values.shape[:1]:
        return raw_array(values, reading, where, said)
    if asked is None and not (classes_like(labels) if found == _SECOND else labels.dtype.kind != "f" or whole(labels)):
        what = "many different numbers" if found == _SECOND else "numbers that are not integers"
        notes = (f"{found} in {path.name} holds {what}: not taken as classes",)
        return raw_array(values, reading, where, said, notes)
    return raw_array(values, replace(reading, labels=labels), where, (*said, f"labels {found}"))


def _label_keys(key: str) -> tuple[str, ...]:
    """Names under which the labels of an array are kept, those of the same part of the data only."""
    if key == "arr_0":  # as of numpy.savez(file, X, y)
        return (*_LABEL_KEYS, _SECOND)
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
            "never loaded, since a pickle can run any code; save numbers with a numeric dtype, labels with astype(str)"
            + (f", or leave it out with --drop {key}" if key else "")
        )
    return ValueError(f"load_dataset: the file must be a whole NumPy file, got {place}, which cannot be read: {reason}")
