"""Points that stay in their file, because memory does not hold them: rows are read and scaled as they are asked for."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regimes.datasets.points.blocks import Blocks, held_type
from regimes.numerics.interface.progress import Progress, silent

__all__ = ["Extremes", "StoredPoints", "extremes"]

Array = NDArray[np.float64]

_VALUES = 2**18  # that are read at once
_NEAR = 8  # rows between two that are wanted, up to which all are read at once, more where they lie in one chunk


@dataclass(frozen=True, eq=False)
class StoredPoints:
    """Points in a file, which look like an array of shape (n, d) to those who ask for some of its rows.

    Row i is row ``rows[i]`` of the file times ``factor`` plus ``offset``, each a number for every feature. ``known`` is
    the least, the largest and the mean value of each feature, where that is known already.
    """

    blocks: Blocks
    rows: NDArray[np.intp]
    factor: Array
    offset: Array
    known: tuple[NDArray[Any], NDArray[Any], Array] | None = None

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
        raise ValueError(f"predict: memory does not hold {n} points in {d} dimensions; allow more, or take fewer")

    def take(self, some: NDArray[np.intp]) -> StoredPoints:
        """Some of the points."""
        return replace(self, rows=self.rows[some], known=None)

    def range_and_mean(self) -> tuple[Array, Array, Array]:
        """Least, largest and mean value of each feature, of values that are finite."""
        if self.known is None:
            found = extremes(self)
            return found.low, found.high, found.mean
        low, high, mean = self.known
        return low.astype(np.float64), high.astype(np.float64), mean

    def row_blocks(self) -> Iterator[tuple[int, NDArray[Any]]]:
        """All rows in order, a quarter of a million values at a time, each block with the place of its first row."""
        step = max(1, _VALUES // self.factor.size)
        for start in range(0, len(self), step):
            yield start, self[start : start + step]

    def __getitem__(self, key: Any) -> NDArray[Any]:
        some, columns = key if isinstance(key, tuple) else (key, slice(None))
        wanted, factor, offset = self.rows[some], self.factor[columns], self.offset[columns]
        if wanted.ndim != 1 or factor.ndim != 1:
            raise IndexError("points in a file are taken by rows, and columns of them, got another index")
        result = np.empty((wanted.size, factor.size), self.dtype)
        order = np.argsort(wanted, kind="stable")
        near = max(_NEAR, self.blocks.chunk)
        for place in _runs(wanted[order], near, max(1, _VALUES // self.factor.size)):
            asked = wanted[order[place]]
            rows = self.blocks.rows(int(asked[0]), int(asked[-1]) + 1).reshape(-1, self.factor.size)
            result[order[place]] = rows[:, columns][asked - asked[0]] * factor + offset
        return result


@dataclass(frozen=True, eq=False)
class Extremes:
    """Range and mean of each feature over the rows that lack nothing, and which these are.

    ``infinite`` and ``missing`` count such values, of whose first row and column are kept; ``whole`` says whether all
    others are whole numbers.
    """

    low: Array
    high: Array
    mean: Array
    complete: NDArray[np.bool_]
    infinite: int
    missing: int
    first_infinite: tuple[int, int]
    first_missing: tuple[int, int]
    whole: bool


def extremes(points: StoredPoints, report: Progress = silent) -> Extremes:
    """One pass over the points."""
    n, d = points.shape
    low, high, total = np.full(d, np.inf), np.full(d, -np.inf), np.zeros(d)
    complete, whole = np.ones(n, dtype=bool), True
    counts, firsts = [0, 0], [(-1, -1), (-1, -1)]
    for start, values in points.row_blocks():
        report("reading: range of the values", start, n)
        if not np.isfinite(values).all():
            for which, bad in enumerate((np.isinf(values), np.isnan(values))):
                if not counts[which] and bad.any():
                    row, column = divmod(int(np.argmax(bad)), d)
                    firsts[which] = start + row, column
                counts[which] += int(np.count_nonzero(bad))
            kept = np.isfinite(values).all(axis=1)
            complete[start : start + len(values)] = kept
            values = values[kept]
        if len(values):
            np.minimum(low, values.min(axis=0), out=low)
            np.maximum(high, values.max(axis=0), out=high)
            total += values.sum(axis=0, dtype=np.float64)
            whole = whole and bool(np.array_equal(values, np.floor(values)))
    mean = np.clip(total / max(int(complete.sum()), 1), low, high)
    return Extremes(low, high, mean, complete, counts[0], counts[1], firsts[0], firsts[1], whole)


def _runs(ascending: NDArray[np.intp], near: int, most: int) -> Iterator[slice]:
    """Places of rows that are read at once: so close together, and so few with those between."""
    first = 0
    for last in range(1, ascending.size + 1):
        ends = last == ascending.size or ascending[last] - ascending[last - 1] > near
        if ends or ascending[last] - ascending[first] >= most:
            yield slice(first, last)
            first = last
