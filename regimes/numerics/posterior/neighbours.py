"""Nearest neighbours of every point in bounded memory: products by blocks, what they find measured again in float64."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numba import get_num_threads
from numpy.typing import NDArray

from regimes.numerics.compiled.threads import in_threads, one_blas_thread
from regimes.numerics.estimation.streams import Stream, generator
from regimes.numerics.interface.data_checks import Points
from regimes.numerics.posterior.layout import choose_products

__all__ = ["copy_width", "nearest_neighbours"]

Array = NDArray[np.float64]

_PROJECTED, _FEWEST = 256, 32
_MOST_WORK = 2e11
_ROWS = 64  # whose distances stay in a cache
_CLOSE = 0.5  # of the median of a block, below which distances in a file are measured again
_CANCELS = {4: 1e-2, 8: 1e-6}  # of the extent, where products of so many bytes a number have lost their digits
_MEASURED = 512  # pairs at once
_STRIP = 32
_PART = "near copies"


@dataclass(frozen=True, eq=False)
class _Compared:
    """Points that are compared, which of all they are, how many neighbours, and rows at a time on so many threads."""

    a: NDArray[Any]
    chosen: NDArray[np.int64]
    count: int
    rows: int
    threads: int


def nearest_neighbours(points: Points, chosen: NDArray[np.int64], count: int, memory: int) -> dict[str, NDArray[Any]]:
    """For each chosen point the ``count`` ``nearest`` other chosen ones, nearest first, and their ``distance``.

    Where the products of all pairs would take over 2e11 multiplications, or the points do not fit again, the candidates
    are found in a random projection on at most 256 directions, in which squared distances keep their values up to 9%;
    close pairs are far from being lost by that, and a neighbour that is not close may be the second or third in truth.
    """
    n, d = chosen.size, points.mean.size
    dtype, width = _kind(n, d, (memory - 16 * n * count) // 2)
    a_row = dtype.itemsize * (2 * n + width) + 32 * d + 16 * count * _STRIP
    held = n * (dtype.itemsize * width + 16 * count) + (width < d) * 8 * d * width
    room = int(memory - held)
    rows = min(room // a_row, _ROWS, n)
    if rows < 1:
        raise ValueError(
            f"near_copies: memory must hold {width} numbers of each point and one row of distances, {held + a_row} "
            f"bytes for n = {n}, d = {d}, got {memory}; allow more memory"
        )
    points.report(_PART, 0, n)
    threads = min(get_num_threads(), room // (a_row * rows)) if points.held else 1
    compared = points.workers.put(_Compared(_held(points, chosen, dtype, width), chosen, count, rows, threads))
    found = list(points.map(_nearest, n, rows, compared, report=partial(points.report, _PART)))
    if len(found) == 1:
        return dict(found[0])
    return {name: np.concatenate([each[name] for each in found]) for name in found[0]}


def _nearest(some: slice, points: Points, compared: _Compared) -> dict[str, NDArray[Any]]:
    """Neighbours of some of the chosen points, among all that are compared."""
    a, chosen, count = compared.a, compared.chosen, compared.count
    extent, size = points.extent(points.mean) or 1.0, some.stop - some.start
    nearest, distance = np.empty((size, count), np.int64), np.empty((size, count))

    def block(start: int) -> int:
        place = np.arange(start, min(start + compared.rows, some.stop))
        query = -2 * a[place]
        query[:, -1] = 1
        apart = query @ a.T  # squared distances, less the norm of the own point
        apart[np.arange(place.size), place] = np.inf
        found = _smallest(apart, count)
        about = np.take_along_axis(apart, found, axis=1) + a[place, -1:]
        true = _distances(points, chosen, place, found, np.sqrt(np.maximum(about, 0)) * extent)
        order = np.argsort(true, axis=1, kind="stable")
        of_place = slice(start - some.start, start - some.start + place.size)
        nearest[of_place] = np.take_along_axis(found, order, axis=1)
        distance[of_place] = np.take_along_axis(true, order, axis=1)
        return int(of_place.stop)

    threads = min(compared.threads, get_num_threads())  # this may be another process
    with one_blas_thread():
        for done in in_threads(block, range(some.start, some.stop, compared.rows), threads):
            points.report("", done, size)
    return {"nearest": nearest, "distance": distance}


def _smallest(values: NDArray[Any], count: int) -> NDArray[np.int64]:
    """Columns of the smallest values of each row: they lie in the sets of columns with the smallest minima."""
    rows, n = values.shape
    strips = n // _STRIP
    if strips < 4 * count:
        return np.asarray(np.argpartition(values, count - 1, axis=1)[:, :count])
    body = values[:, : strips * _STRIP].reshape(rows, _STRIP, strips)
    best = np.argpartition(body.min(axis=1), count - 1, axis=1)[:, :count]
    columns = (best[:, :, None] + strips * np.arange(_STRIP)).reshape(rows, -1)
    columns = np.concatenate([columns, np.broadcast_to(np.arange(strips * _STRIP, n), (rows, n % _STRIP))], axis=1)
    some = np.take_along_axis(values, columns, axis=1)
    return np.take_along_axis(columns, np.argpartition(some, count - 1, axis=1)[:, :count], axis=1)


def copy_width(n: int, d: int) -> int:
    """Number of coordinates in which candidates are looked for, where memory allows as many."""
    return _PROJECTED if float(n) * n * d > _MOST_WORK and d > 2 * _PROJECTED else d


def _kind(n: int, d: int, room: int) -> tuple[np.dtype[Any], int]:
    """Type and number of the coordinates of a copy: of all in double precision, if that is quick and fits."""
    width = copy_width(n, d)
    dtype = np.dtype("f8" if choose_products(n, d, n) == "double" and 8 * n * width <= room else "f4")
    if dtype.itemsize * n * width > room:
        width = min(width, _PROJECTED, max(room // (4 * n + 8 * d), _FEWEST))
    return dtype, width


def _held(points: Points, chosen: NDArray[np.int64], dtype: np.dtype[Any], width: int) -> NDArray[Any]:
    """Centred points in units of their extent, projected to so many coordinates, and after these the squared norm."""
    n, d = chosen.size, points.mean.size
    project = None
    if width < d:
        project = generator(Stream.NEIGHBOURS, 0).standard_normal((d, width)) / np.sqrt(width)
    a = np.empty((n, width + 1), dtype)
    extent = points.extent(points.mean) or 1.0
    step = max(1, 2**17 // d)
    for start in range(0, n, step):
        some = (points.values[chosen[start : start + step]] - points.mean) / extent
        block = a[start : start + len(some)]
        block[:, :-1] = some if project is None else some @ project
        block[:, -1] = np.einsum("ij,ij->i", block[:, :-1], block[:, :-1])
    return a


def _distances(points: Points, chosen: NDArray[np.int64], place: NDArray[np.int64], found: Any, about: Any) -> Array:
    """Distances of points to the neighbours found, from the differences in float64: products would cancel.

    Of points that are not held, only pairs that may be copies are measured again; others stay what they are about.
    """
    values = points.values
    if points.held:
        exact = np.empty(found.shape)
        own = values[chosen[place]].astype(np.float64)
        for k in range(found.shape[1]):
            step = values[chosen[found[:, k]]] - own
            exact[:, k] = np.sqrt(np.einsum("ij,ij->i", step, step))
        return exact
    true: Array = about.astype(np.float64)
    close = max(_CLOSE * float(np.median(about.min(axis=1))), _CANCELS[about.itemsize] * points.extent(points.mean))
    rows, columns = np.nonzero(about < close)
    for start in range(0, rows.size, _MEASURED):
        some, those = rows[start : start + _MEASURED], columns[start : start + _MEASURED]
        step = values[chosen[found[some, those]]].astype(np.float64) - values[chosen[place[some]]]
        true[some, those] = np.sqrt(np.einsum("ij,ij->i", step, step))
    return true
