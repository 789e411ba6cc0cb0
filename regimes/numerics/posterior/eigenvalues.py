"""Largest eigenvalues of the covariance of centred data, from a Gram matrix or by Lanczos iterations over the data."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial, reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regimes.numerics.interface.data_checks import Points
from regimes.numerics.interface.errors import NotConverged

__all__ = [
    "FULL",
    "Blocks",
    "Centred",
    "dense_eigenvalues",
    "fixed_bytes",
    "iterated_eigenvectors",
    "lanczos_eigenvalues",
]

Array = NDArray[np.float64]
Blocks = Iterable[tuple[int, Array]]
"""Blocks of rows, each with the place of its first."""

FULL = 2048
"""Matrices up to this size are decomposed in full."""
_TOLERANCE = 1e-8  # of vectors: that of eigenvalues is its square
_BLOCK_BYTES = 2**26
_MANY = 2**24
_CACHED = 2**18  # values of a block that is still in the cache when it is used again


@dataclass(frozen=True, eq=False)
class _Scaling:
    """Rows about an origin in units of an extent, in which type, and how many rows or columns at a time."""

    origin: Array
    extent: float
    dtype: np.dtype[Any]
    step: int

    def __call__(self, values: NDArray[Any], columns: slice) -> Array:
        block = values - self.origin[columns]
        block /= self.extent
        return block.astype(self.dtype, copy=False)

    def blocks(self, points: Points, rows: slice) -> Iterator[tuple[int, Array]]:
        """Blocks of some rows."""
        for start in range(rows.start, rows.stop, self.step):
            yield start, self(points.values[start : min(start + self.step, rows.stop)], slice(None))

    def reported(self, points: Points, rows: slice) -> Iterator[tuple[int, Array]]:
        """The same, each reported once it is done with."""
        for start, block in self.blocks(points, rows):
            yield start, block
            points.report("", start + len(block) - rows.start, rows.stop - rows.start)


class Centred:
    """The data about their mean or the origin in units of the extent, a block of rows or of columns at a time.

    Blocks are float64, of many values that are float32 themselves they are float32. Sums over blocks are in float64.
    Passes over all of them are reported as those of a ``part`` of the work.
    """

    def __init__(self, points: Points, memory: int, *, center: bool = True, part: str = "covariance") -> None:
        self.n, self.d = points.values.shape
        self._points, self._about = points, "mean" if center else "origin"
        self._told = partial(points.report, part)
        self._part = part
        origin = points.mean if center else np.zeros(self.d)
        self.extent = points.extent(origin)
        values = self.n * self.d
        self.dtype: np.dtype[Any] = np.dtype(np.float32 if self.single(points.values.dtype, values) else np.float64)
        smallest = 32 * max(self.n if self.over_points else self.d, 1)
        if memory < smallest:
            raise ValueError(
                f"covariance_spectrum: memory must hold the working arrays, which take {smallest - memory} bytes more "
                f"for n = {self.n}, d = {self.d}; allow more memory, or ask for fewer eigenvalues (top)"
            )
        block, fits = min(_BLOCK_BYTES, memory), self.dtype.itemsize * values <= memory // 2
        block = min(block, memory // 2) if fits else block
        self._scaling, self._columns = (
            _Scaling(origin.astype(self.dtype), self.extent, self.dtype, max(1, block // (32 * length)))
            for length in (self.d, self.n)
        )
        self._held: list[tuple[int, Array]] | None = None
        if fits and points.workers.shards == 1:
            self._held = list(self._scaling.blocks(points, slice(0, self.n)))

    @staticmethod
    def single(dtype: np.dtype[Any], values: int) -> bool:
        """Whether so many values of a type are centred in single precision."""
        return bool(dtype == np.float32 and values >= _MANY)

    @property
    def over_points(self) -> bool:
        """Whether the smaller matrix of products is that of the points."""
        return bool(self.n < self.d)

    def over_rows(self, function: Callable[..., Any], *arguments: Any) -> Iterator[Any]:
        """What a function gives of the blocks of rows and of arguments: of all, or of shards in order."""
        if self._held is not None:
            yield function(self._reported(), *arguments)
        else:
            yield from self._map(_of_rows, self.n, self._scaling, function, *arguments)

    def _map(self, function: Callable[..., Any], total: int, scaling: _Scaling, *arguments: Any) -> Iterator[Any]:
        return self._points.map(function, total, scaling.step, scaling, *arguments, report=self._told)

    def sum_rows(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """The sum of these."""
        return reduce(operator.iadd, self.over_rows(function, *arguments))

    def put(self, value: Any) -> Any:
        """What stands for a value in these arguments, so that it is sent once."""
        return self._points.workers.put(value)

    def products(self) -> Array:
        """Products of the points with each other, or of the coordinates where these are fewer: not to be changed."""

        def compute() -> dict[str, Array]:
            if not self.over_points:
                return {"products": self.sum_rows(_products, self.d)}
            if self._points.held:
                return {"products": reduce(operator.iadd, self._map(_products_of_columns, self.d, self._columns))}
            lower = np.concatenate(list(self._map(_products_of_rows, self.n, self._scaling)))
            return {"products": np.asarray(lower + np.tril(lower, -1).T)}

        return self._points.keep(f"products-{self._about}", compute)["products"]

    def eigenvectors(self) -> tuple[Array, Array]:
        """Eigenvalues of the products, ascending, and all their vectors: not to be changed."""
        products = self.products()  # kept on both ways, so that what is left of the memory is the same

        def compute() -> dict[str, Array]:
            self.begins("eigenvectors")
            values, vectors = np.linalg.eigh(products)
            return {"values": values, "vectors": vectors}

        found = self._points.keep(f"eigenvectors-{self._about}", compute)
        return found["values"], found["vectors"]

    def begins(self, what: str) -> None:
        """Report that something begins of which nobody knows how far it is."""
        self._points.report(f"{self._part}: {what}", 0, 1)

    def rows(self) -> Iterator[Array]:
        """Blocks of rows."""
        return (block for _, block in self._reported())

    def _reported(self) -> Iterator[tuple[int, Array]]:
        """Blocks of all rows, each reported once it is done with."""
        for start, block in self._scaling.blocks(self._points, slice(0, self.n)) if self._held is None else self._held:
            yield start, block
            self._told(start + len(block), self.n)

    def trace(self) -> float:
        """Trace of the covariance C, with divisor n."""
        return float(self.sum_rows(_squares) / self.n)

    def apply(self, v: Array) -> Array:
        """``C v`` in one pass over the data."""
        return np.asarray(self.sum_rows(_applied, v.ravel().astype(self.dtype)) / self.n)

    def project(self, v: Array) -> Array:
        """Projection of each point on v."""
        return np.concatenate(list(self.over_rows(_projected, v.astype(self.dtype)))).astype(np.float64)


def _of_rows(rows: slice, points: Points, scaling: _Scaling, function: Callable[..., Any], *arguments: Any) -> Any:
    return function(scaling.reported(points, rows), *arguments)


def _products(blocks: Blocks, d: int) -> Array:
    """Of the coordinates with each other."""
    return reduce(operator.iadd, (block.T @ block for _, block in blocks), np.zeros((d, d)))


def _products_of_columns(columns: slice, points: Points, scaling: _Scaling) -> Array:
    """What some coordinates add to the products of the points with each other."""
    result = np.zeros((len(points.values),) * 2)
    for start in range(columns.start, columns.stop, scaling.step):
        some = slice(start, min(start + scaling.step, columns.stop))
        block = scaling(points.values[:, some], some)
        result += block @ block.T
        points.report("", some.stop - columns.start, columns.stop - columns.start)
    return result


def _products_of_rows(rows: slice, points: Points, scaling: _Scaling) -> Array:
    """Products of some points with those up to them, from pairs of blocks: a column of a file costs all of it."""
    result = np.zeros((rows.stop - rows.start, len(points.values)))
    for start, one in scaling.reported(points, rows):
        for begin, other in scaling.blocks(points, slice(0, start + len(one))):
            result[start - rows.start :][: len(one), begin : begin + len(other)] = one @ other.T
    return np.tril(result, rows.start)


def _squares(blocks: Blocks) -> float:
    return sum(float(np.einsum("ij,ij->i", block, block).sum(dtype=np.float64)) for _, block in blocks)


def _applied(blocks: Blocks, v: Array) -> Array:
    result = np.zeros(v.size)
    step = max(1, _CACHED // v.size)
    for _, block in blocks:
        for start in range(0, len(block), step):
            some = block[start : start + step]
            result += some.T @ (some @ v)
    return result


def _projected(blocks: Blocks, along: Array) -> Array:
    return np.concatenate([block @ along for _, block in blocks])


def fixed_bytes(n: int, d: int, wanted: int, dense: bool) -> int:
    """Bytes of the working arrays beside the blocks of the data."""
    if dense:
        return 32 * min(n, d) ** 2
    return 8 * d * (_krylov_size(d, wanted) + wanted + 8) + 16 * n


def _krylov_size(d: int, wanted: int) -> int:
    return min(d, max(2 * wanted + 1, 12))


def dense_eigenvalues(data: Centred, wanted: int) -> tuple[Array, Array]:
    """Largest eigenvalues, descending, and projections of the points on the top, from the smaller Gram matrix."""
    from scipy.linalg import eigh, eigvalsh

    size = min(data.n, data.d)
    data.products()
    data.begins("eigenvalues")
    if 2 * wanted < size:
        values, vectors = eigh(data.products(), check_finite=False, subset_by_index=[size - wanted, size - 1])
    elif size <= FULL:
        values, vectors = data.eigenvectors()
    else:
        top, leading = iterated_eigenvectors(data.products(), 1)
        values = eigvalsh(data.products().astype(data.dtype), check_finite=False, overwrite_a=True)
        values, vectors = np.append(values[:-1], top), leading
    values = np.maximum(values[::-1][:wanted], 0.0) / data.n
    # An eigenvector over the points is the projection of the points on the eigenvector, up to its length.
    along = vectors[:, -1]
    return values, along * np.sqrt(data.n * values[0]) if data.over_points else data.project(along)


def lanczos_eigenvalues(data: Centred, wanted: int) -> tuple[Array, Array]:
    """The same by an implicitly restarted Lanczos iteration, which never forms C."""
    from scipy.sparse.linalg import LinearOperator

    operator = LinearOperator((data.d, data.d), matvec=data.apply, dtype=np.float64)
    values, vectors = iterated_eigenvectors(operator, wanted)
    return values, data.project(vectors[:, 0])


def iterated_eigenvectors(operator: Any, wanted: int) -> tuple[Array, Array]:
    """Largest eigenvalues, descending, and their vectors, from a fixed start."""
    from scipy.sparse.linalg import ArpackNoConvergence, eigsh

    size = operator.shape[0]
    start = np.random.default_rng(0).standard_normal(size)
    try:
        values, vectors = eigsh(operator, k=wanted, v0=start, tol=_TOLERANCE, ncv=_krylov_size(size, wanted))
    except ArpackNoConvergence as error:
        advice = f"{len(error.eigenvalues)} of {wanted} eigenvalues converged; ask for fewer (top)"
        raise NotConverged("covariance_spectrum", 10 * size, _TOLERANCE, advice) from None
    order = np.argsort(values)[::-1]
    return np.maximum(values[order], 0.0), vectors[:, order]
