"""Arrays of HDF5 files, those of MATLAB since version 7.3 among them, read in blocks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regimes.datasets.files.extras import library
from regimes.datasets.files.unreadable import refusing_damage
from regimes.datasets.points.blocks import Blocks

__all__ = ["read_hdf5"]

_MATLAB, _OF_MATLAB = "MATLAB_class", "#"  # an attribute of its arrays, and how what it keeps beside them is named


def read_hdf5(path: Path) -> dict[str, Blocks]:
    """The arrays of a file by their path in it; links to other files are not followed."""
    h5py = library("h5py", "HDF5 files")
    if path.suffix.lower() == ".mat" and not h5py.is_hdf5(path):
        raise ValueError(
            f"load_dataset: a .mat file must be one of version 7.3, got another, {path}; save it in MATLAB with "
            "'-v7.3', or read it with scipy.io.loadmat and give the array"
        )
    found: dict[str, Blocks] = {}

    def note(name: str, item: Any) -> None:
        if isinstance(item, h5py.Dataset) and item.shape is not None and not name.startswith(_OF_MATLAB):
            found[name] = _blocks(h5py, path, name, item)

    with refusing_damage("an HDF5 file", path), h5py.File(path, "r") as file:
        file.visititems(note)
    return found


def _blocks(h5py: Any, path: Path, name: str, item: Any) -> Blocks:
    by_columns = _MATLAB in item.attrs and len(item.shape) == 2  # as MATLAB shows it; images have n last there
    text = h5py.check_string_dtype(item.dtype) is not None
    path = path.absolute()  # from wherever it is read

    def rows(start: int, stop: int) -> NDArray[Any]:
        with refusing_damage("an HDF5 file", path, name), h5py.File(path, "r") as file:
            values = file[name].asstr() if text else file[name]
            read = values[:, start:stop].T if by_columns else values[start:stop] if item_shape else values[()]
            return np.asarray(read, dtype=str) if text else np.asarray(read)

    item_shape = tuple(int(length) for length in (item.shape[::-1] if by_columns else item.shape))
    dtype = np.dtype("U") if text else np.dtype(item.dtype)
    chunk = 0 if by_columns else max(1, item.chunks[0] if item.chunks else 1)
    return Blocks(item_shape, dtype, rows, "rows as in MATLAB" if by_columns else "", chunk)
