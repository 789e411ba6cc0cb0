"""Data points made ready for their overlaps: normalised rows, and the overlaps of a tile of pairs at once."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from regimes.numerics.compiled.kernels import kernel
from regimes.numerics.interface.checks import check_memory
from regimes.numerics.interface.data_checks import checked_points

__all__ = ["TILE", "OverlapRows", "overlap_rows", "pair_overlap", "tiles"]

TILE = 1024
"""Points on a side of a tile: a whole number of words of 64 bits."""
_STRIPE = 256  # columns whose sums stay in the first-level cache
_FEW_DIMENSIONS = 16
_NAMED = 5


@dataclass(frozen=True, eq=False)
class OverlapRows:
    """Data points in rows: of length 1 for the cosine, else of sum 1, so that an overlap is one sum over coordinates.

    Where no value is negative sums lose no digits.
    """

    values: NDArray[np.float64]
    overlap: str
    non_negative: bool

    @property
    def products(self) -> bool:
        """Whether overlaps are sums of products; of minima otherwise."""
        return self.overlap != "coefficient"

    @property
    def in_blas(self) -> bool:
        """Whether tiles are products of matrices, which have threads of their own; not worth it in few dimensions."""
        return self.products and self.values.shape[1] > _FEW_DIMENSIONS

    def slack(self, tau: float) -> float:
        """Bound of what rounding does to an overlap near tau, in whatever order its sum is taken; generous."""
        terms = 4 * (self.values.shape[1] + 16)
        return float(terms * sys.float_info.epsilon * (tau if self.non_negative else 1.0))

    def tile(self, rows: slice, columns: slice) -> NDArray[np.float64]:
        """Overlaps of some points with others, to within ``slack``."""
        some, others = self.values[rows], self.values[columns]
        if self.in_blas:
            return np.asarray(some @ others.T)
        sums = np.zeros((len(some), len(others)))
        (_sum_products if self.products else _sum_minima)(some, np.ascontiguousarray(others.T), sums)
        return sums


def overlap_rows(function: str, X: ArrayLike, overlap: str, memory: int) -> OverlapRows:
    """Normalise data points, flattened and not changed: every overlap is the same for any scale of a point."""
    points = checked_points(function, _flattened(function, X)).values
    n, d = points.shape
    check_memory(function, f"{n} points of {d} coordinates in float64", 8 * n * d, memory, "take fewer points")
    low, high = points.min(axis=1).astype(np.float64), points.max(axis=1).astype(np.float64)
    if overlap != "cosine" and low.min() < 0:
        row = int(np.argmax(low < 0))
        raise ValueError(
            f"{function}: the overlap {overlap!r} is of densities and needs values of at least 0, got {low[row]:g} in "
            f"row {row}; take overlap='cosine', or undo the centring"
        )
    largest = np.maximum(high, -low)
    if largest.min() == 0:
        raise ValueError(
            f"{function}: every point must differ from 0, since a zero vector has no {_reason(overlap)}, got zeros in "
            f"{_named(np.flatnonzero(largest == 0))}; drop such points"
        )
    # A power of two first: it changes no digit, and the sums can neither overflow nor vanish.
    values = np.ldexp(points.astype(np.float64, copy=False), -np.frexp(largest)[1][:, None])
    norm = np.sqrt(np.einsum("ij,ij->i", values, values)) if overlap == "cosine" else values.sum(axis=1)
    values /= norm[:, None]
    return OverlapRows(values, overlap, bool(low.min() >= 0))


def tiles(n: int) -> Iterator[tuple[slice, slice]]:
    """All pairs of n points in square tiles on and above the diagonal, each pair once."""
    for first in range(0, n, TILE):
        for other in range(first, n, TILE):
            yield slice(first, min(first + TILE, n)), slice(other, min(other + TILE, n))


@kernel(nogil=True)
def pair_overlap(values: Any, i: int, j: int, products: bool) -> float:
    """Overlap of two points from the first coordinate to the last: the same whatever their order and the others."""
    total = 0.0
    if products:
        for k in range(values.shape[1]):
            total += values[i, k] * values[j, k]
    else:
        for k in range(values.shape[1]):
            total += min(values[i, k], values[j, k])
    return total


@kernel(nogil=True)
def _sum_minima(some: Any, others: Any, sums: Any) -> None:
    """Add sums of minima of the rows of ``some`` and the columns of ``others``.

    Four coordinates at a time, so that a sum is read and written once for four terms.
    """
    d = some.shape[1]
    for i in range(some.shape[0]):
        for start in range(0, others.shape[1], _STRIPE):
            stop = min(start + _STRIPE, others.shape[1])
            total = sums[i, start:stop]
            for k in range(0, d - d % 4, 4):
                a, b, c, e = some[i, k], some[i, k + 1], some[i, k + 2], some[i, k + 3]
                first, second = others[k, start:stop], others[k + 1, start:stop]
                third, fourth = others[k + 2, start:stop], others[k + 3, start:stop]
                for j in range(stop - start):
                    total[j] += (min(a, first[j]) + min(b, second[j])) + (min(c, third[j]) + min(e, fourth[j]))
            for k in range(d - d % 4, d):
                a, first = some[i, k], others[k, start:stop]
                for j in range(stop - start):
                    total[j] += min(a, first[j])


@kernel(nogil=True)
def _sum_products(some: Any, others: Any, sums: Any) -> None:
    """Add sums of products of the rows of ``some`` and the columns of ``others``."""
    for i in range(some.shape[0]):
        for start in range(0, others.shape[1], _STRIPE):
            stop = min(start + _STRIPE, others.shape[1])
            total = sums[i, start:stop]
            for k in range(some.shape[1]):
                a, column = some[i, k], others[k, start:stop]
                for j in range(stop - start):
                    total[j] += a * column[j]


def _flattened(function: str, X: ArrayLike) -> Any:
    try:
        values = np.asarray(X)
    except ValueError:
        raise ValueError(f"{function}: X must be an array of shape (n, ...), got points of unequal length") from None
    if values.dtype == object and values.ndim == 0:
        raise ValueError(
            f"{function}: X must be an array of shape (n, ...), got {type(X).__name__}; give an array of points, e.g. "
            "data.X or subset.images()"
        )
    return values.reshape(len(values), -1) if values.ndim > 2 and values.size else values


def _reason(overlap: str) -> str:
    return "direction (cosine)" if overlap == "cosine" else "density (sum 0)"


def _named(rows: NDArray[np.intp]) -> str:
    shown = ", ".join(str(row) for row in rows[:_NAMED])
    more = f" and {len(rows) - _NAMED} more" if len(rows) > _NAMED else ""
    return f"row{'s' if len(rows) > 1 else ''} {shown}{more}"
