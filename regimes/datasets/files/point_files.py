"""Arrays of one shape in files of their own, each of them one point, as latents are kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from regimes.datasets.files.numpy_files import npy_blocks, read_npz
from regimes.datasets.files.parts import are_parts
from regimes.datasets.files.pytorch import read_pytorch
from regimes.datasets.files.safetensors import read_safetensors
from regimes.datasets.points.blocks import Blocks
from regimes.numerics.interface.checks import check_memory

__all__ = ["point_files", "stacked"]

_NAMED: dict[str, Callable[[Path], dict[str, Blocks]]] = {
    ".npz": read_npz,
    ".pt": read_pytorch,
    ".pth": read_pytorch,
    ".safetensors": read_safetensors,
}
_ADVICE = "give one of these files itself, or stack them into one array and save it"
_LATENT = 3  # axes: channels, height and width


def point_files(names: Sequence[str]) -> list[str]:
    """Names of files of arrays, if there are several of one type and none of another."""
    found = [each for each in names if Path(each).suffix.lower() in (".npy", *_NAMED)]
    return found if len(found) > 1 and len({Path(each).suffix.lower() for each in found}) == 1 else []


def stacked(files: Sequence[Path], where: str, memory: int) -> tuple[Blocks, str, tuple[str, ...]]:
    """The arrays of all files as points, in words what they are, and what to know about that."""
    if are_parts([each.stem for each in files]):
        raise ValueError(
            f"load_dataset: one part of a data set must be given, got {files[0].name} and {files[-1].name} in {where}; "
            "give one of these files itself"
        )
    first = _array(files[0], memory)
    size = first.declared_bytes * len(files)
    shown = " x ".join(map(str, first.shape))
    check_memory("load_dataset", f"{len(files)} arrays of {shown} values in {where}", size, memory, "give fewer points")
    for file in files[1:]:
        other = _array(file, memory)
        if (other.shape, other.dtype) != (first.shape, first.dtype):
            raise ValueError(
                f"load_dataset: files of one point each must have one shape and type, got {first.shape} {first.dtype} "
                f"and {other.shape} {other.dtype} in {where}, {files[0].name} and {file.name}; {_ADVICE}"
            )

    def rows(start: int, stop: int) -> NDArray[np.generic]:
        return np.stack([_array(file, memory).whole() for file in files[start:stop]])

    note = f"each file is one point of {shown} values: if it holds several, concatenate them into one array and save it"
    notes = () if len(first.shape) in (0, 1, _LATENT) or first.shape[0] == 1 else (note,)
    return Blocks((len(files), *first.shape), first.dtype, rows), f"{len(files)} files, a point of {shown} each", notes


def _array(file: Path, memory: int) -> Blocks:
    """The one array of a file."""
    suffix = file.suffix.lower()
    if suffix == ".npy":
        found = npy_blocks(file, memory)
        if isinstance(found, Blocks):
            return found
        return Blocks(found.shape, found.dtype, lambda start, stop: found[start:stop] if found.ndim else found)
    arrays = _NAMED[suffix](file)
    if len(arrays) != 1:
        raise ValueError(
            f"load_dataset: files of one point each must hold one array, got {', '.join(arrays)[:60] or 'none'} in "
            f"{file}; {_ADVICE}"
        )
    return next(iter(arrays.values()))
