"""Largest eigenvalues of the covariance of centred data, from a Gram matrix or by Lanczos iterations over the data."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regimes.numerics.interface.errors import NotConverged

__all__ = ["Centred", "dense_eigenvalues", "fixed_bytes", "iterated_eigenvectors", "lanczos_eigenvalues"]

Array = NDArray[np.float64]

_SMALL = 512
_TOLERANCE = 1e-9
_BLOCK_BYTES = 2**26
_MANY = 2**24


class Centred:
    """The data about the origin in units of the extent, a block of rows or of columns at a time.

    Blocks are float64, of many values that are float32 themselves they are float32. Sums over blocks are in float64.
    """

    def __init__(self, values: NDArray[Any], origin: Array, extent: float, memory: int) -> None:
        self.n, self.d = values.shape
        self._values, self._origin, self._extent = values, origin, extent
        single = values.dtype == np.float32 and values.size >= _MANY
        self.dtype: np.dtype[Any] = np.dtype(np.float32 if single else np.float64)
        smallest = 16 * max(self.n if self.n < self.d else self.d, 1)
        if memory < smallest:
            raise ValueError(
                f"covariance_spectrum: memory must hold the working arrays, which take {smallest - memory} bytes more "
                f"for n = {self.n}, d = {self.d}; allow more memory, or ask for fewer eigenvalues (top)"
            )
        self._budget = memory
        self._held: list[Array] | None = None
        if 2 * self.dtype.itemsize * self.n * self.d + single * _BLOCK_BYTES <= memory:
            self._held = list(self._rows(_BLOCK_BYTES if single else memory))

    def rows(self) -> Iterator[Array]:
        """Blocks of rows."""
        yield from self._rows(min(_BLOCK_BYTES, self._budget)) if self._held is None else self._held

    def _rows(self, size: int) -> Iterator[Array]:
        step = max(1, size // (16 * self.d))
        for start in range(0, self.n, step):
            yield self._scaled(self._values[start : start + step], self._origin)

    def columns(self) -> Iterator[Array]:
        """Blocks of columns."""
        step = max(1, min(_BLOCK_BYTES, self._budget) // (16 * self.n))
        for start in range(0, self.d, step):
            some = slice(start, start + step)
            yield self._scaled(self._values[:, some], self._origin[some])

    def _scaled(self, values: NDArray[Any], origin: Array) -> Array:
        block = values - origin
        block /= self._extent
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

    over_points = data.n < data.d
    size = min(data.n, data.d)
    gram = np.zeros((size, size))
    for block in data.columns() if over_points else data.rows():
        gram += block @ block.T if over_points else block.T @ block
    gram /= data.n
    if 2 * wanted < size:
        some = [size - wanted, size - 1]
        values, vectors = eigh(gram, overwrite_a=True, check_finite=False, subset_by_index=some)
        top, leading = values[-1], vectors[:, -1]
    else:
        top, leading = _leading(gram)
        values = eigvalsh(gram.astype(data.dtype, copy=False), check_finite=False)
    values = np.maximum(values[::-1][:wanted].astype(np.float64), 0.0)
    values[0] = top
    # An eigenvector over the points is the projection of the points on the eigenvector, up to its length.
    return values, leading * np.sqrt(data.n * values[0]) if over_points else data.project(leading)


def _leading(gram: Array) -> tuple[float, Array]:
    """Top eigenvalue and its vector; all eigenvectors would double the time of the eigenvalues."""
    from scipy.linalg import eigh

    size = len(gram)
    values, vectors = iterated_eigenvectors(gram, 1) if size > _SMALL else eigh(gram, check_finite=False)
    which = 0 if size > _SMALL else -1
    return float(values[which]), np.asarray(vectors[:, which])


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
