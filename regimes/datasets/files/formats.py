"""Which reader reads what: one a file type, and folders and patterns by what lies in them."""

from __future__ import annotations

import glob
import os
import re
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path, PurePosixPath

from regimes.datasets.files.archives import check_archive_end
from regimes.datasets.files.arrow import read_arrow, read_parquet
from regimes.datasets.files.frames import Frame, frame_points
from regimes.datasets.files.hdf5 import read_hdf5
from regimes.datasets.files.image_collections import IMAGES, read_images
from regimes.datasets.files.named_arrays import choose_arrays
from regimes.datasets.files.numpy_files import read_npz
from regimes.datasets.files.pytorch import read_pytorch
from regimes.datasets.files.reading import Reading
from regimes.datasets.files.safetensors import read_safetensors
from regimes.datasets.files.table_folders import is_table_folder, read_table_folder, table_files
from regimes.datasets.files.zarr_store import is_zarr, read_zarr
from regimes.datasets.points.blocks import Blocks
from regimes.datasets.points.builtin import RawData
from regimes.numerics.interface.paths import exists, expanded

__all__ = ["FORMATS", "read_format"]

_ARRAYS: dict[str, Callable[[Path], dict[str, Blocks]]] = {
    ".npz": read_npz,
    ".h5": read_hdf5,
    ".hdf5": read_hdf5,
    ".mat": read_hdf5,
    ".zarr": read_zarr,
    ".pt": read_pytorch,
    ".pth": read_pytorch,
    ".safetensors": read_safetensors,
}
_TABLES: dict[str, Callable[[Path], Frame]] = {
    ".parquet": read_parquet,
    ".arrow": read_arrow,
    ".feather": read_arrow,
}
FORMATS = (*_ARRAYS, *_TABLES, ".zip")
"""File types that are read here."""

_KEY = re.compile(rf"(.*(?:{'|'.join(map(re.escape, (*_ARRAYS, '.zip')))})):(.+)", re.DOTALL)


def read_format(source: str | os.PathLike[str], reading: Reading) -> RawData | None:
    """Points of a source whose type stands above, of a folder or a pattern; None where it is another's.

    ``file.h5:path/in/file`` names an array. Sizes are held against the memory before anything is read.
    """
    text, key = os.fspath(source), None
    if not exists(text) and (found := _KEY.fullmatch(text)):
        text, key = found.groups()
    path = expanded("load_dataset", text)
    raw = _raw(path, key, reading)
    if raw is None:
        return None
    name = path.name if path.is_dir() else path.stem
    return replace(raw, name="files" if any(mark in name for mark in "*?[") else name.removesuffix(".zarr"))


def _raw(path: Path, key: str | None, reading: Reading) -> RawData | None:
    where, suffix = str(path), path.suffix.lower()
    if path.is_dir():
        if is_zarr(path):
            return choose_arrays(where, read_zarr(path), key, reading)
        if is_table_folder(path):
            _refuse_both(path)
            return frame_points(read_table_folder(path), reading, where)
        return read_images(path, reading)
    if path.is_file():
        if suffix == ".zip":
            return _zipped(path, key, reading)
        if suffix in _ARRAYS:
            return choose_arrays(where, _ARRAYS[suffix](path), key, reading)
        if suffix in _TABLES:
            return frame_points(_TABLES[suffix](path), reading, where)
        if suffix in IMAGES:
            raise ValueError(
                f"load_dataset: one image is no data set, got {path}; give its folder, a pattern such as "
                f"'{path.parent / '*'}{suffix}', or a zip archive"
            )
        return None
    if any(mark in where for mark in "*?["):
        found = sorted(Path(each) for each in glob.glob(where, recursive=True))
        if found and all(each.suffix.lower() in _TABLES for each in found):
            return frame_points(table_files(found, where), reading, where)
        return read_images(path, reading)
    return None


def _refuse_both(path: Path) -> None:
    """A folder of images with a table beside them has two answers."""
    image = next((each for each in path.rglob("*") if each.suffix.lower() in IMAGES), None)
    if image is not None:
        table = next((each for each in path.rglob("*") if each.suffix.lower() in _TABLES), path)
        raise ValueError(
            f"load_dataset: a folder must hold tables or images, got both in {path}, {table.name} and {image.name}; "
            f"give a pattern of those that are the points, such as '{path}/**/*{image.suffix}'"
        )


def _zipped(path: Path, key: str | None, reading: Reading) -> RawData | None:
    """A zip archive is a Zarr store if that is what lies at its top, and images if it has any."""
    try:
        with path.open("rb") as stream, zipfile.ZipFile(stream) as archive:
            check_archive_end(stream)
            names = {PurePosixPath(name) for name in archive.namelist()}
    except (OSError, zipfile.BadZipFile, NotImplementedError, ValueError):
        if path.with_suffix("").suffix:  # a packed table, of which its reader speaks
            return None
        raise ValueError(
            f"load_dataset: a .zip file must be a zip archive, whole, got {path}; pack or download it anew"
        ) from None
    if names & {PurePosixPath(name) for name in ("zarr.json", ".zgroup", ".zarray")}:
        return choose_arrays(str(path), read_zarr(path), key, reading)
    return read_images(path, reading, key) if any(name.suffix.lower() in IMAGES for name in names) else None
