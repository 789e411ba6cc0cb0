"""Spectrum of the covariance of a data set, and the Gaussian bound on the information that x_t carries."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.interface.checks import whole_number
from regimes.numerics.interface.data_checks import checked_points
from regimes.numerics.posterior.eigenvalues import Centred, dense_eigenvalues, fixed_bytes, lanczos_eigenvalues
from regimes.theory.formula.record import recorded

__all__ = ["DENSE_LIMIT", "CovarianceSpectrum", "covariance_spectrum", "gaussian_information"]

Array = NDArray[np.float64]

DENSE_LIMIT = 4096
"""Points or dimensions, whichever are fewer, up to which all eigenvalues are found."""
_DEFAULT_TOP = 16
_LARGE = 1024  # matrices from which on a few eigenvalues are found by iteration


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
    formulas : tuple of str
        Formulas behind the error of Lambda.
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

    Up to min(n, d) = 4096 all of them, from the smaller of the two Gram matrices; beyond, or where up to 16 of more
    than 1024 are asked for, the largest ones by an implicitly restarted Lanczos iteration that never forms C.

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
    few = top is not None and top <= _DEFAULT_TOP and min(n, d) > _LARGE and points.held
    dense = min(n, d) <= DENSE_LIMIT and not few
    if top is None:
        top = rank if dense else _DEFAULT_TOP
    wanted = min(whole_number("covariance_spectrum", "top", "eigenvalues to keep", top, at_least=1), rank)
    memory = whole_number("covariance_spectrum", "memory", "bytes", memory, at_least=1)
    data = Centred(points, memory - fixed_bytes(n, d, wanted, dense), center=center)
    values, projections = (dense_eigenvalues if dense else lanczos_eigenvalues)(data, wanted)
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
    Derived (``gaussian_channel_information``).

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
