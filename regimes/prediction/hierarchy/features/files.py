"""Activations of points and of their U-turns in .npz files."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from regimes.datasets.files.numpy_files import Archive, opened_archive
from regimes.numerics.interface.checks import positive_times
from regimes.numerics.interface.paths import expanded
from regimes.prediction.hierarchy.features.cosines import LayerCosines, layer_cosines

__all__ = ["cosines_of_files"]

_START, _END, _TIME = "start.", "end.", "t"
_FUNCTION = "feature_transitions"

Array = NDArray[np.float64]


def cosines_of_files(
    paths: Sequence[str | os.PathLike[str]], layers: Sequence[str] | None, memory: int
) -> tuple[Array, list[LayerCosines]]:
    """Times, and cosines of each layer: one layer of one file at a time is in memory beside its start."""
    with ExitStack() as opened:
        archives = [opened.enter_context(opened_archive(place, memory)) for place in _files(paths)]
        starts = _starts(archives)
        chosen = list(starts) if layers is None else list(layers)
        for name in chosen:
            if name not in starts:
                raise ValueError(f"{_FUNCTION}: layers must be among those of the files, {_listed(starts)}, got {name}")
        turns = [(archive, _times(archive)) for archive in archives if _TIME in archive.members]
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
            start = _activations(starts[name], _START + name)
            found.append(_in_order(layer_cosines(_FUNCTION, name, start, _ends(turns, name, start.shape)), order))
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


def _starts(archives: Sequence[Archive]) -> dict[str, Archive]:
    """Layers in the order in which they were written, each with the one file that has its start."""
    found: dict[str, Archive] = {}
    for archive in archives:
        for key in archive.members:
            if key.startswith(_START):
                name = key.removeprefix(_START)
                if name in found:
                    raise ValueError(
                        f"{_FUNCTION}: the start of a layer must stand in one file, got that of {name} in "
                        f"{found[name].path} and {archive.path}; all U-turns are of the same points"
                    )
                found[name] = archive
    if not found:
        raise ValueError(f"{_FUNCTION}: files must hold start.LAYER, the activations at the points, got none")
    return found


def _times(archive: Archive) -> Array:
    t = archive.read(_TIME)
    if t.ndim > 1 or t.dtype.kind not in "fiu":
        raise ValueError(f"{_FUNCTION}: t must be a number or a list of numbers, got {t.shape} in {archive.path}")
    return positive_times(_FUNCTION, t)


def _ends(turns: Sequence[tuple[Archive, Array]], name: str, shape: tuple[int, ...]) -> Iterator[NDArray[np.floating]]:
    for archive, times in turns:
        if _END + name not in archive.members:
            raise ValueError(f"{_FUNCTION}: every file with t must hold end.{name}, got none in {archive.path}")
        ends = _activations(archive, _END + name)
        if ends.ndim == len(shape):
            ends = ends[None]
        if len(ends) != len(times):
            raise ValueError(
                f"{_FUNCTION}: end.{name} must have shape (times, points, ...) with {len(times)} times, got "
                f"{ends.shape} in {archive.path}"
            )
        yield from ends


def _activations(archive: Archive, key: str) -> NDArray[np.floating]:
    values = archive.read(key)
    if values.dtype.kind not in "fiub":
        raise ValueError(f"{_FUNCTION}: activations must be real numbers, got {values.dtype} for {key}")
    return values if values.dtype.kind == "f" and values.dtype.itemsize >= 4 else values.astype(np.float32)


def _in_order(layer: LayerCosines, order: NDArray[np.intp]) -> LayerCosines:
    return LayerCosines(layer.name, layer.channels, layer.dead, layer.cosine[order], layer.between[order])


def _listed(names: dict[str, Archive]) -> str:
    return ", ".join(names)
