"""Spectrum of the covariance of a data set, and the Gaussian bound on the information that x_t carries."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.interface.data_checks import checked_points, checked_size
from regimes.numerics.interface.errors import NotConverged
from regimes.theory.formula.record import recorded

__all__ = ["CovarianceSpectrum", "covariance_spectrum", "gaussian_information"]

Array = NDArray[np.float64]

_DENSE_LIMIT = 4096
_DEFAULT_TOP = 16
_SMALL = 512
_TOLERANCE = 1e-9
_BLOCK_BYTES = 2**25


@dataclass(frozen=True, eq=False)
class CovarianceSpectrum:
    """Eigenvalues of the covariance of a data set.

    Attributes
    ----------
    eigenvalues : ndarray, shape (k,)
        Descending, in the squared unit of the data; normalised by n - 1 (by n about the origin).
    Lambda : float
        The largest.
    Lambda_se : float
        Its standard error over the data, ``sqrt(Var((v.x)^2)/n)`` with v the eigenvector: the influence function of a
        simple eigenvalue. It means nothing where the second eigenvalue lies within it.
    total_variance : float
        Trace.
    remainder : float
        Trace of what is not in ``eigenvalues``; 0 if exact.
    remainder_count : int
        Number of further eigenvalues that can be nonzero.
    exact : bool
        Whether ``eigenvalues`` holds all that can be nonzero: min(n - 1, d), or min(n, d) about the origin.
    n, d : int
        Number of points and dimension.
    centered : bool
        Whether the mean was subtracted.
    """

    eigenvalues: Array
    Lambda: float
    Lambda_se: float
    total_variance: float
    remainder: float
    remainder_count: int
    exact: bool
    n: int
    d: int
    centered: bool
    formulas: tuple[str, ...] = ()


def covariance_spectrum(
    X: ArrayLike, *, top: int | None = None, center: bool = True, memory: int = 2 * 2**30
) -> CovarianceSpectrum:
    """Eigenvalues of ``C = 1/(n-1) sum_mu (a_mu - m)(a_mu - m)^T``, with m the mean.

    Up to min(n, d) = 4096 all of them, from the smaller of the two Gram matrices; beyond, the largest ones by an
    implicitly restarted Lanczos iteration that never forms C.

    Parameters
    ----------
    X : array_like, shape (n, d)
        Data points.
    top : int, optional
        How many eigenvalues to keep; by default all up to min(n, d) = 4096 and 16 beyond.
    center : bool
        Subtract the mean; otherwise C is the second moment about the origin, with divisor n.
    memory : int
        Bytes for working arrays, beyond X.

    Returns
    -------
    CovarianceSpectrum
        Eigenvalues, the largest with its standard error, and the trace of the rest.

    Raises
    ------
    ValueError
        If X is unusable or does not vary, or the memory does not hold the working arrays.
    NotConverged
        If the iteration stops short, which needs many eigenvalues that nearly coincide.

    Notes
    -----
    Source: Lambda of biroli2024, eq. 6. The error is that of the leading term in 1/n; the sample eigenvalue is also
    biased upwards by an order d/n of the bulk variance.

    Examples
    --------
    >>> spectrum = covariance_spectrum([[2.0, 0.0], [-2.0, 0.0], [0.0, 1.0], [0.0, -1.0]])
    >>> spectrum.eigenvalues.round(4).tolist(), round(spectrum.Lambda_se, 4)
    ([2.6667, 0.6667], 1.3333)
    """
    points = checked_points("covariance_spectrum", X)
    n, d = points.values.shape
    origin = points.mean if center else np.zeros(d)
    extent = points.extent(origin)
    if extent == 0.0:
        what = "vary, got equal points" if center else "not vanish, got zeros only"
        raise ValueError(f"covariance_spectrum: X must {what}; there is no direction to speak of")
    rank = min(n - 1 if center else n, d)
    dense = min(n, d) <= _DENSE_LIMIT
    if top is not None:
        top = checked_size("covariance_spectrum", "top", top, 1)
    wanted = min(top or (rank if dense else _DEFAULT_TOP), rank)
    memory = checked_size("covariance_spectrum", "memory", memory, 1)
    data = _Centred(points.values, origin, extent, memory - _fixed_bytes(n, d, wanted, dense))
    values, projections = (_dense if dense else _implicit)(data, wanted)
    unit = extent * extent * (n / (n - 1) if center else 1.0)
    exact = wanted == rank
    trace = data.trace()
    with recorded() as used:
        error = float(compile_formula("top_eigenvalue_error", target="numpy")(np.var(projections**2), n))
    return CovarianceSpectrum(
        eigenvalues=values * unit,
        Lambda=float(values[0] * unit),
        Lambda_se=error * unit,
        total_variance=trace * unit,
        remainder=0.0 if exact else max(trace - float(values.sum()), 0.0) * unit,
        remainder_count=rank - wanted,
        exact=exact,
        n=n,
        d=d,
        centered=bool(center),
        formulas=tuple(used),
    )


def gaussian_information(snr: ArrayLike, spectrum: CovarianceSpectrum) -> Array:
    """Information that x_t carries about a Gaussian with this covariance, ``I = 1/2 sum_i log(1 + snr lambda_i)``.

    An upper bound for any law with this covariance. Where the spectrum holds only its largest eigenvalues, the others
    are replaced by their mean: the logarithm is concave, so that by Jensen's inequality this can only increase I,
    which stays an upper bound.

    Parameters
    ----------
    snr : array_like
        Signal-to-noise ratios ``exp(-2t)/Delta_t``, not negative.
    spectrum : CovarianceSpectrum
        Eigenvalues.

    Returns
    -------
    ndarray, shape of snr
        In nats.

    Raises
    ------
    ValueError
        If a ratio is negative or not finite.

    Notes
    -----
    Derived in docs/theory (``gaussian_channel_information``).

    Examples
    --------
    >>> spectrum = covariance_spectrum([[2.0, 0.0], [-2.0, 0.0], [0.0, 1.0], [0.0, -1.0]])
    >>> gaussian_information([0.0, 1.0], spectrum).round(4).tolist()
    [0.0, 0.9051]
    """
    ratios = np.asarray(snr, dtype=np.float64)
    bad = ~(np.isfinite(ratios) & (ratios >= 0))
    if bad.any():
        raise ValueError(f"gaussian_information: snr must be finite and not negative, got {ratios[bad].flat[0]:g}")
    channel = compile_formula("gaussian_channel_information", target="numpy")
    result = np.asarray(channel(ratios[..., None], spectrum.eigenvalues).sum(axis=-1))
    if spectrum.remainder_count:
        mean = spectrum.remainder / spectrum.remainder_count
        result = np.asarray(result + spectrum.remainder_count * channel(ratios, mean))
    return result


class _Centred:
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
        if self._held is not None:
            yield from self._held
            return
        step = max(1, min(_BLOCK_BYTES, self._budget) // (16 * self.d))
        for start in range(0, self.n, step):
            yield self._block(start, start + step)

    def columns(self) -> Iterator[Array]:
        step = max(1, min(_BLOCK_BYTES, self._budget) // (16 * self.n))
        for start in range(0, self.d, step):
            some = slice(start, start + step)
            yield np.asarray((self._values[:, some] - self._origin[some]) / self._extent)

    def trace(self) -> float:
        return float(sum(float(np.einsum("ij,ij->", block, block)) for block in self.rows()) / self.n)

    def apply(self, v: Array) -> Array:
        """``C v`` in one pass over the data."""
        v = v.ravel()
        result = np.zeros(self.d)
        for block in self.rows():
            result += block.T @ (block @ v)
        return np.asarray(result / self.n)

    def project(self, v: Array) -> Array:
        return np.concatenate([block @ v for block in self.rows()])


def _fixed_bytes(n: int, d: int, wanted: int, dense: bool) -> int:
    if dense:
        return 32 * min(n, d) ** 2
    return 8 * d * (_krylov_size(d, wanted) + wanted + 8) + 16 * n


def _krylov_size(d: int, wanted: int) -> int:
    return min(d, max(2 * wanted + 1, 20))


def _dense(data: _Centred, wanted: int) -> tuple[Array, Array]:
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
        return _lanczos(gram, 1)[1][:, 0]
    return np.asarray(eigh(gram, check_finite=False)[1][:, -1])


def _implicit(data: _Centred, wanted: int) -> tuple[Array, Array]:
    from scipy.sparse.linalg import LinearOperator

    operator = LinearOperator((data.d, data.d), matvec=data.apply, dtype=np.float64)
    values, vectors = _lanczos(operator, wanted)
    return values, data.project(vectors[:, 0])


def _lanczos(operator: Any, wanted: int) -> tuple[Array, Array]:
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
