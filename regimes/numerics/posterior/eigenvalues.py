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
_BLOCK_BYTES = 2**25


class Centred:
    """The data about the origin in units of the extent, in float64, a block of rows or of columns at a time."""

    def __init__(self, values: NDArray[Any], origin: Array, extent: float, memory: int) -> None:
        self.n, self.d = values.shape
        self._values, self._origin, self._extent = values, origin, extent
        smallest = 16 * max(self.n if self.n < self.d else self.d, 1)
        if memory < smallest:
            raise ValueError(
                f"covariance_spectrum: memory must hold the working arrays, which take {smallest - memory} bytes more "
                f"for n = {self.n}, d = {self.d}; allow more memory, or ask for fewer eigenvalues (top)"
            )
        self._budget = memory
        self._held = [self._block(0, self.n)] if 16 * self.n * self.d <= memory else None

    def _block(self, start: int, stop: int) -> Array:
        return np.asarray((self._values[start:stop] - self._origin) / self._extent)

    def rows(self) -> Iterator[Array]:
        """Blocks of rows."""
        if self._held is not None:
            yield from self._held
            return
        step = max(1, min(_BLOCK_BYTES, self._budget) // (16 * self.d))
        for start in range(0, self.n, step):
            yield self._block(start, start + step)

    def columns(self) -> Iterator[Array]:
        """Blocks of columns."""
        step = max(1, min(_BLOCK_BYTES, self._budget) // (16 * self.n))
        for start in range(0, self.d, step):
            some = slice(start, start + step)
            yield np.asarray((self._values[:, some] - self._origin[some]) / self._extent)

    def trace(self) -> float:
        """Trace of the covariance C, with divisor n."""
        return float(sum(float(np.einsum("ij,ij->", block, block)) for block in self.rows()) / self.n)

    def apply(self, v: Array) -> Array:
        """``C v`` in one pass over the data."""
        v = v.ravel()
        result = np.zeros(self.d)
        for block in self.rows():
            result += block.T @ (block @ v)
        return np.asarray(result / self.n)

    def project(self, v: Array) -> Array:
        """Projection of each point on v."""
        return np.concatenate([block @ v for block in self.rows()])


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
        leading = vectors[:, -1]
    else:
        values, leading = eigvalsh(gram, check_finite=False), _leading(gram)
    values = np.maximum(values[::-1][:wanted], 0.0)
    # An eigenvector over the points is the projection of the points on the eigenvector, up to its length.
    return values, leading * np.sqrt(data.n * values[0]) if over_points else data.project(leading)


def _leading(gram: Array) -> Array:
    """Top eigenvector; all eigenvectors would double the time of the eigenvalues."""
    from scipy.linalg import eigh

    size = len(gram)
    if size > _SMALL:
        return iterated_eigenvectors(gram, 1)[1][:, 0]
    return np.asarray(eigh(gram, check_finite=False)[1][:, -1])


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
