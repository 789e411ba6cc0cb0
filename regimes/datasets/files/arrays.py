"""Reading points and labels from files: which of them, under which key."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from regimes.datasets.files.formats import FORMATS, read_format
from regimes.datasets.files.numpy_files import npy_blocks, read_npy
from regimes.datasets.files.raw import raw_array, raw_table
from regimes.datasets.files.reading import MEMORY, Reading
from regimes.datasets.files.tables import TABLES, read_column, read_table
from regimes.datasets.files.text import PACKED, zipped_name
from regimes.datasets.files.unreadable import refuse_stand_in
from regimes.datasets.points.builtin import RawData
from regimes.numerics.interface.paths import exists, expanded, is_standard_input
from regimes.numerics.interface.standard_input import standard_input_file

__all__ = ["SUFFIXES", "find_file", "is_table", "read_labels", "read_points"]

SUFFIXES = (".npy", *TABLES, *FORMATS)
"""File types that hold points."""

_PACKED = (*PACKED, ".zst", ".lz4", ".tar", ".tgz", ".7z", ".rar", ".z")


def find_file(source: str | os.PathLike[str], suffixes: Sequence[str] = SUFFIXES) -> Path:
    """An existing file of one of these types; ``~`` is the home directory."""
    text = os.fspath(source)
    path = expanded("load_dataset", text)
    if not path.is_file():
        found = "a directory" if path.is_dir() else "a pipe or a device" if path.exists() else "no such file"
        before, _, key = text.rpartition(":")
        if before and exists(before):
            found = f"it has no keys such as {key!r}; give the file alone"
        raise ValueError(f"load_dataset: a path must lead to a file, got {text}: {found}")
    if file_type(path) not in suffixes or file_type(path) == ".zip":
        ending = path.suffix.lower()
        raise ValueError(
            f"load_dataset: the file type must be one of {', '.join(suffixes)}, got {text}"
            + (", in which is neither one table alone, nor images, nor Zarr" if ending == ".zip" else "")
            + f"; {'unpack' if ending in _PACKED else 'convert'} it, or load it yourself and give the array"
        )
    return path


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

    Labels may be named by a key of the file, or by a column by name or by index from 0; anything else is passed on as
    it is, for :func:`read_labels`.
    """
    refuse_stand_in(expanded("load_dataset", source))
    known = None if is_table(Path(source)) else read_format(source, reading)
    if known is not None:
        return known
    path = find_file(source)
    suffix = file_type(path)
    if suffix in TABLES:
        table, said, notes = read_table(path, reading)
        raw = raw_table(table, reading, said, notes)
    else:
        raw = raw_array(npy_blocks(path, reading.memory, opens=reading.opens), reading, str(path))
    ending = path.name.lower().rfind(suffix)
    name = path.name[:ending] if ending > 0 else path.stem
    return replace(raw, name=name, source=os.fspath(source))


def read_labels(labels: Any, n: int, memory: int = MEMORY) -> Any:
    """Read labels from a file of their own, one a line for n points; an array is returned as it is."""
    if not isinstance(labels, str | os.PathLike):
        return labels
    if is_standard_input(labels):
        with standard_input_file("load_dataset", memory, ".csv") as place:
            return read_labels(f"{place}{str(labels)[1:]}", n, memory)
    path = find_file(labels, (".npy", *TABLES))
    refuse_stand_in(path)
    return read_npy(path, memory, rows=n) if file_type(path) == ".npy" else read_column(path, n, memory)
