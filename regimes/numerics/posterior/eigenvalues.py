"""Largest eigenvalues of the covariance of centred data, from a Gram matrix or by Lanczos iterations over the data."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regimes.numerics.interface.data_checks import Points
from regimes.numerics.interface.errors import NotConverged

__all__ = ["FULL", "Centred", "dense_eigenvalues", "fixed_bytes", "iterated_eigenvectors", "lanczos_eigenvalues"]

Array = NDArray[np.float64]

FULL = 2048
"""Matrices up to this size are decomposed in full."""
_TOLERANCE = 1e-9
_BLOCK_BYTES = 2**26
_MANY = 2**24


class Centred:
    """The data about their mean or the origin in units of the extent, a block of rows or of columns at a time.

    Blocks are float64, of many values that are float32 themselves they are float32. Sums over blocks are in float64.
    Passes over all of them are reported as those of a ``part`` of the work.
    """

    def __init__(self, points: Points, memory: int, *, center: bool = True, part: str = "covariance") -> None:
        self.n, self.d = points.values.shape
        self._part = part
        self._points, self._values, self._about = points, points.values, "mean" if center else "origin"
        self._origin = points.mean if center else np.zeros(self.d)
        self.extent = points.extent(self._origin)
        self.dtype: np.dtype[Any] = np.dtype(
            np.float32 if self.single(self._values.dtype, self.n * self.d) else np.float64
        )
        smallest = 32 * max(self.n if self.over_points else self.d, 1)
        if memory < smallest:
            raise ValueError(
                f"covariance_spectrum: memory must hold the working arrays, which take {smallest - memory} bytes more "
                f"for n = {self.n}, d = {self.d}; allow more memory, or ask for fewer eigenvalues (top)"
            )
        self._block = min(_BLOCK_BYTES, memory)
        self._held: list[Array] | None = None
        if self.dtype.itemsize * self.n * self.d <= memory // 2:
            self._block = min(self._block, memory // 2)
            self._held = list(self._rows())

    @staticmethod
    def single(dtype: np.dtype[Any], values: int) -> bool:
        """Whether so many values of a type are centred in single precision."""
        return bool(dtype == np.float32 and values >= _MANY)

    @property
    def over_points(self) -> bool:
        """Whether the smaller matrix of products is that of the points."""
        return bool(self.n < self.d)

    def products(self) -> Array:
        """Products of the points with each other, or of the coordinates where these are fewer: not to be changed."""

        def compute() -> dict[str, Array]:
            if self.over_points and not self._points.held:
                return {"products": self._products_of_rows()}
            result = np.zeros((min(self.n, self.d),) * 2)
            for block in self.columns() if self.over_points else self.rows():
                result += block @ block.T if self.over_points else block.T @ block
            return {"products": result}

        return self._points.keep(f"products-{self._about}", compute)["products"]

    def _products_of_rows(self) -> Array:
        """Products of the points with each other from pairs of blocks of rows: a column of a file costs all of it."""
        result, start = np.empty((self.n, self.n)), 0
        for one in self.rows():
            stop, begin = start + len(one), 0
            for other in self._blocks():
                if begin > start:
                    break
                result[start:stop, begin : begin + len(other)] = one @ other.T
                begin += len(other)
            start = stop
        lower = np.tril(result)
        return np.asarray(lower + np.tril(lower, -1).T)

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
        done = 0
        for block in self._blocks():
            yield block
            done += len(block)
            self._points.report(self._part, done, self.n)

    def _blocks(self) -> Iterator[Array]:
        return self._rows() if self._held is None else iter(self._held)

    def _rows(self) -> Iterator[Array]:
        step = max(1, self._block // (32 * self.d))
        for start in range(0, self.n, step):
            yield self._scaled(self._values[start : start + step], self._origin)

    def columns(self) -> Iterator[Array]:
        """Blocks of columns."""
        step = max(1, self._block // (32 * self.n))
        for start in range(0, self.d, step):
            some = slice(start, start + step)
            yield self._scaled(self._values[:, some], self._origin[some])
            self._points.report(self._part, min(start + step, self.d), self.d)

    def _scaled(self, values: NDArray[Any], origin: Array) -> Array:
        block = values - origin
        block /= self.extent
        return block.astype(self.dtype, copy=False)

    def trace(self) -> float:
        """Trace of the covariance C, with divisor n."""
        return float(sum(np.einsum("ij,ij->i", block, block).sum(dtype=np.float64) for block in self.rows()) / self.n)

    def apply(self, v: Array) -> Array:
        """``C v`` in one pass over the data."""
        v = v.ravel().astype(self.dtype)
        result = np.zeros(self.d)
        for block in self.rows():
            result += block.T @ (block @ v)
        return np.asarray(result / self.n)

    def project(self, v: Array) -> Array:
        """Projection of each point on v."""
        along = v.astype(self.dtype)
        return np.concatenate([block @ along for block in self.rows()]).astype(np.float64)


def fixed_bytes(n: int, d: int, wanted: int, dense: bool) -> int:
    """Bytes of the working arrays beside the blocks of the data."""
    if dense:
        return 32 * min(n, d) ** 2
    return 8 * d * (_krylov_size(d, wanted) + wanted + 8) + 16 * n


def _krylov_size(d: int, wanted: int) -> int:
    return min(d, max(2 * wanted + 1, 20))


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
    order = np.argsort(np.abs(values))[::-1]
    return values[order], vectors[:, order]
