"""Points that stay in their file, because memory does not hold them: rows are read and scaled as they are asked for."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regimes.datasets.points.blocks import Blocks, held_type

__all__ = ["Extremes", "StoredPoints", "extremes", "squares_about"]

Array = NDArray[np.float64]

_BLOCK = 32 * 2**20
_NEAR = 8  # rows between two that are wanted, up to which all are read at once


@dataclass(frozen=True, eq=False)
class StoredPoints:
    """Points in a file, which look like an array of shape (n, d) to those who ask for some of its rows.

    Row i is row ``rows[i]`` of the file times ``factor`` plus ``offset``, each a number for every feature.
    """

    blocks: Blocks
    rows: NDArray[np.intp]
    factor: Array
    offset: Array

    ndim = 2
    nbytes = 0

    @property
    def shape(self) -> tuple[int, int]:
        """Number of points and of features."""
        return self.rows.size, self.factor.size

    @property
    def dtype(self) -> np.dtype[Any]:
        """In what the rows are given."""
        return held_type(self.blocks.dtype, math.prod(self.shape))

    @property
    def size(self) -> int:
        """Number of values."""
        return math.prod(self.shape)

    def __len__(self) -> int:
        return self.rows.size

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        n, d = self.shape
        raise ValueError(f"load_dataset: memory does not hold {n} points in {d} dimensions; allow more, or take fewer")

    def take(self, some: NDArray[np.intp]) -> StoredPoints:
        """Some of the points."""
        return replace(self, rows=self.rows[some])

    def row_blocks(self) -> Iterator[tuple[int, NDArray[Any]]]:
        """All rows in order, some 32 MiB at a time, each block with the place of its first row."""
        step = max(1, _BLOCK // (8 * self.factor.size))
        for start in range(0, len(self), step):
            yield start, self[start : start + step]

    def __getitem__(self, key: Any) -> NDArray[Any]:
        some, columns = key if isinstance(key, tuple) else (key, slice(None))
        wanted = np.atleast_1d(self.rows[some])
        result = np.empty((wanted.size, self.factor[columns].size), self.dtype)
        order = np.argsort(wanted, kind="stable")
        for place in _runs(wanted[order]):
            asked = wanted[order[place]]
            found = _rows(self.blocks, int(asked[0]), int(asked[-1]) + 1)[asked - asked[0]][:, columns]
            result[order[place]] = found * self.factor[columns] + self.offset[columns]
        return result


@dataclass(frozen=True, eq=False)
class Extremes:
    """Range and mean of each feature over the rows that lack nothing, and which these are.

    ``infinite`` and ``missing`` count such values, with the row and the column of the first; ``whole`` says whether all
    others are whole numbers.
    """

    low: Array
    high: Array
    mean: Array
    complete: NDArray[np.bool_]
    infinite: int
    missing: int
    first: tuple[int, int]
    whole: bool


def extremes(points: StoredPoints) -> Extremes:
    """One pass over the points."""
    n, d = points.shape
    low, high, total = np.full(d, np.inf), np.full(d, -np.inf), np.zeros(d)
    complete, whole = np.ones(n, dtype=bool), True
    infinite, missing, first = 0, 0, (-1, -1)
    for start, values in points.row_blocks():
        bad = ~np.isfinite(values)
        if bad.any():
            absent = np.isnan(values)
            infinite, missing = infinite + int((bad & ~absent).sum()), missing + int(absent.sum())
            if first[0] < 0:
                row, column = divmod(int(np.argmax(bad)), d)
                first = start + row, column
            kept = ~bad.any(axis=1)
            complete[start : start + len(values)] = kept
            values = values[kept]
        if len(values):
            np.minimum(low, values.min(axis=0), out=low)
            np.maximum(high, values.max(axis=0), out=high)
            total += values.sum(axis=0, dtype=np.float64)
            whole = whole and bool(np.array_equal(values, np.floor(values)))
    return Extremes(low, high, total / max(int(complete.sum()), 1), complete, infinite, missing, first, whole)


def squares_about(points: StoredPoints, origin: Array) -> Array:
    """Sum over the points of the squared distance of each feature from an origin."""
    result = np.zeros(points.shape[1])
    for _, values in points.row_blocks():
        block = values - origin
        result += np.einsum("ij,ij->j", block, block)
    return result


def _rows(blocks: Blocks, start: int, stop: int) -> NDArray[Any]:
    return blocks.rows(start, stop).reshape(stop - start, -1)


def _runs(ascending: NDArray[np.intp]) -> Iterator[slice]:
    """Places of rows that lie so close together that they are read at once."""
    if not ascending.size:
        return
    cuts = np.flatnonzero(np.diff(ascending) > _NEAR) + 1
    for low, high in zip([0, *cuts.tolist()], [*cuts.tolist(), ascending.size], strict=True):
        yield slice(low, high)
