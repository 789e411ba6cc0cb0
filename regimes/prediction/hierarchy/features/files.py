"""Activations of points and of their U-turns in .npz files."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from regimes.datasets.files.numpy_files import read_npz
from regimes.datasets.points.blocks import Blocks
from regimes.numerics.interface.checks import check_memory, positive_times
from regimes.numerics.interface.paths import expanded
from regimes.prediction.hierarchy.features.cosines import LayerCosines, layer_cosines

__all__ = ["cosines_of_files"]

_START, _END, _TIME = "start.", "end.", "t"
_FUNCTION = "feature_transitions"

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class _File:
    """Arrays of one file by key."""

    path: Path
    arrays: dict[str, Blocks]
    memory: int

    def read(self, key: str, start: int | None = None) -> NDArray[np.floating]:
        """An array as float32 at least, or one time of it."""
        found = self.arrays[key]
        if found.dtype.kind not in "fiubO":  # an array that cannot be read has a reason to say, and the type of objects
            raise ValueError(f"{_FUNCTION}: activations must be real numbers, got {found.dtype} for {key}")
        size = found.declared_bytes // (1 if start is None else len(found))
        check_memory(_FUNCTION, f"{key} of {self.path}", size, self.memory, "average over places")
        values = found.whole() if start is None else found.rows(start, start + 1)[0]
        return values if values.dtype.kind == "f" and values.dtype.itemsize >= 4 else values.astype(np.float32)


def cosines_of_files(
    paths: Sequence[str | os.PathLike[str]], layers: Sequence[str] | None, memory: int
) -> tuple[Array, list[LayerCosines]]:
    """Times, and cosines of each layer: one layer of one file at a time is in memory beside its start."""
    files = [_File(place, read_npz(place), memory) for place in _files(paths)]
    starts = _starts(files)
    chosen = list(starts) if layers is None else list(layers)
    for name in chosen:
        if name not in starts:
            raise ValueError(f"{_FUNCTION}: layers must be among those of the files, {', '.join(starts)}, got {name}")
    turns = [(file, _times(file)) for file in files if _TIME in file.arrays]
    if not turns:
        raise ValueError(f"{_FUNCTION}: files must hold t and end.LAYER for the U-turns, got no key t in any file")
    t = np.concatenate([times for _, times in turns])
    order = np.argsort(t, kind="stable")
    if np.unique(t).size < t.size or t.size < 4:
        raise ValueError(
            f"{_FUNCTION}: there must be at least 4 times, each once, got {', '.join(f'{x:g}' for x in t[order])}"
        )
    found = []
    for name in chosen:
        start = starts[name].read(_START + name)
        found.append(_in_order(layer_cosines(_FUNCTION, name, start, _ends(turns, name, start.ndim)), order))
    return t[order], found


def _files(paths: Sequence[str | os.PathLike[str]]) -> list[Path]:
    """The files, with all .npz files of a folder in its place."""
    found: list[Path] = []
    for path in paths:
        place = expanded(_FUNCTION, path)
        inside = sorted(place.glob("*.npz")) if place.is_dir() else [place]
        if not inside or not inside[0].is_file():
            raise ValueError(f"{_FUNCTION}: a source must be an .npz file or a folder that holds some, got {path}")
        found += inside
    return found


def _starts(files: Sequence[_File]) -> dict[str, _File]:
    """Layers in the order in which they were written, each with the one file that has its start."""
    found: dict[str, _File] = {}
    for file in files:
        for key in file.arrays:
            if key.startswith(_START):
                name = key.removeprefix(_START)
                if name in found:
                    raise ValueError(
                        f"{_FUNCTION}: the start of a layer must stand in one file, got that of {name} in "
                        f"{found[name].path} and {file.path}; all U-turns are of the same points"
                    )
                found[name] = file
    if not found:
        raise ValueError(f"{_FUNCTION}: files must hold start.LAYER, the activations at the points, got none")
    return found


def _times(file: _File) -> Array:
    t = file.arrays[_TIME].whole()
    if t.ndim > 1 or t.dtype.kind not in "fiu":
        raise ValueError(f"{_FUNCTION}: t must be a number or a list of numbers, got {t.shape} in {file.path}")
    return positive_times(_FUNCTION, t)


def _ends(turns: Sequence[tuple[_File, Array]], name: str, ndim: int) -> Iterator[NDArray[np.floating]]:
    key = _END + name
    for file, times in turns:
        if key not in file.arrays:
            raise ValueError(f"{_FUNCTION}: every file with t must hold {key}, got none in {file.path}")
        shape = file.arrays[key].shape
        single = len(shape) == ndim
        if (1 if single else shape[0] if shape else 0) != len(times):
            raise ValueError(
                f"{_FUNCTION}: {key} must have shape (times, points, ...) with {len(times)} times, got {shape} in "
                f"{file.path}"
            )
        for place in range(len(times)):
            yield file.read(key, None if single else place)


def _in_order(layer: LayerCosines, order: NDArray[np.intp]) -> LayerCosines:
    return LayerCosines(layer.name, layer.channels, layer.dead, layer.cosine[order], layer.between[order])
