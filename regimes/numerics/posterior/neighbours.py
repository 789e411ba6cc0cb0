"""Nearest neighbours of every point in bounded memory: products by blocks, what they find measured again in float64."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from regimes.numerics.estimation.streams import Stream, generator
from regimes.numerics.interface.data_checks import Points
from regimes.numerics.posterior.layout import choose_products

__all__ = ["nearest_neighbours"]

Array = NDArray[np.float64]

_PROJECTED = 256
_MOST_WORK = 2e11
_ROWS = 512
_STRIP = 32


def nearest_neighbours(points: Points, chosen: NDArray[np.int64], count: int, memory: int) -> dict[str, NDArray[Any]]:
    """For each chosen point the ``count`` ``nearest`` other chosen ones, nearest first, and their ``distance``.

    Where the products of all pairs would take over 2e11 multiplications, the candidates are found in a random
    projection on 256 directions, in which squared distances keep their values up to 9%; close pairs are far from
    being lost by that, and a neighbour that is not close may be the second or third in truth.
    """
    n, d = chosen.size, points.mean.size
    double = choose_products(n, d, n) == "double"
    a, norms = _held(points, chosen, np.dtype("f8" if double else "f4"))
    width = a.shape[1]
    a_row = a.itemsize * (2 * n + width) + 16 * d + 16 * count * _STRIP
    rows = int(min((memory - a.nbytes) // a_row, _ROWS, n))
    if rows < 1:
        raise ValueError(
            f"near_copies: memory must hold a copy of the points and one row of distances, {a.nbytes + a_row} bytes "
            f"for n = {n}, d = {d}, got {memory}; allow more memory"
        )
    nearest, distance = np.empty((n, count), np.int64), np.empty((n, count))
    for start in range(0, n, rows):
        place = np.arange(start, min(start + rows, n))
        apart = a[place] @ a.T
        apart *= -2
        apart += norms
        apart[np.arange(place.size), place] = np.inf
        found = _smallest(apart, count)
        true = _distances(points.values, chosen, place, found)
        order = np.argsort(true, axis=1, kind="stable")
        nearest[place] = np.take_along_axis(found, order, axis=1)
        distance[place] = np.take_along_axis(true, order, axis=1)
    return {"nearest": nearest, "distance": distance}


def _smallest(values: NDArray[Any], count: int) -> NDArray[np.int64]:
    """Columns of the smallest values of each row: they lie in the strips of columns with the smallest minima."""
    rows, n = values.shape
    strips = n // _STRIP
    if strips < 4 * count:
        return np.asarray(np.argpartition(values, count - 1, axis=1)[:, :count])
    body = values[:, : strips * _STRIP].reshape(rows, strips, _STRIP)
    best = np.argpartition(body.min(axis=2), count - 1, axis=1)[:, :count]
    columns = (best[:, :, None] * _STRIP + np.arange(_STRIP)).reshape(rows, -1)
    columns = np.concatenate([columns, np.broadcast_to(np.arange(strips * _STRIP, n), (rows, n % _STRIP))], axis=1)
    some = np.take_along_axis(values, columns, axis=1)
    return np.take_along_axis(columns, np.argpartition(some, count - 1, axis=1)[:, :count], axis=1)


def _held(points: Points, chosen: NDArray[np.int64], dtype: np.dtype[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Centred points in units of their extent, projected where that is worth it, with their squared norms."""
    n, d = chosen.size, points.mean.size
    project = None
    if float(n) * n * d > _MOST_WORK and d > 2 * _PROJECTED:
        project = generator(Stream.NEIGHBOURS, 0).standard_normal((d, _PROJECTED)) / np.sqrt(_PROJECTED)
    a = np.empty((n, d if project is None else _PROJECTED), dtype)
    extent = points.extent(points.mean) or 1.0
    step = max(1, 2**22 // (8 * d))
    for start in range(0, n, step):
        some = (points.values[chosen[start : start + step]] - points.mean) / extent
        a[start : start + len(some)] = some if project is None else some @ project
    return a, np.einsum("ij,ij->i", a, a)


def _distances(values: NDArray[Any], chosen: NDArray[np.int64], place: NDArray[np.int64], found: Any) -> Array:
    """Distances of points to the neighbours found, from the differences in float64: products would cancel."""
    true = np.empty(found.shape)
    own = values[chosen[place]].astype(np.float64)
    for k in range(found.shape[1]):
        step = values[chosen[found[:, k]]] - own
        true[:, k] = np.sqrt(np.einsum("ij,ij->i", step, step))
    return true
