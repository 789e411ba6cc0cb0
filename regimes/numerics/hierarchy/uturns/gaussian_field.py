"""U-turns of a Gaussian field on a ring: exact correlations of the changes, and samples."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.estimation.streams import Stream, generator
from regimes.numerics.hierarchy.uturns.sample import UTurns
from regimes.numerics.interface.checks import positive_number, whole_number

__all__ = ["GaussianFieldUTurn", "gaussian_field_correlations", "gaussian_field_uturns", "power_law_spectrum"]

_NODES = 48
_BLOCK_BYTES = 64 * 2**20
_SMALLEST_CHANGE = 1e-10  # 1 - correlation of field and clone at a site: below it rounding decides


@dataclass(frozen=True, eq=False)
class GaussianFieldUTurn:
    """Correlations of the changes of a Gaussian field of d sites at a U-turn of time t, exact up to rounding.

    ``kept`` is the probability that the sign of a site is unchanged; ``correlation`` (d // 2 + 1,) the covariance C(r)
    of the spins (+1 where the sign is unchanged, -1 where it is not) of two sites at distance r; ``susceptibility``
    ``chi = sum_ij C_ij/sum_i C_ii`` of these spins. ``change_susceptibility`` is that of the squared change ``(a_i -
    a'_i)^2``: ``d sum delta^2/(sum delta)^2`` with delta the variance of a mode's change. It never falls with t,
    whatever the spectrum.
    """

    t: float
    d: int
    kept: float
    correlation: NDArray[np.float64]
    susceptibility: float
    change_susceptibility: float


def power_law_spectrum(d: int, a: float) -> NDArray[np.float64]:
    """Eigenvalues ``k^-a`` of the covariance of a field on a ring, scaled to unit variance a site.

    Parameters
    ----------
    d : int
        Number of sites, at least 2.
    a : float
        Exponent; 0 is white noise.

    Returns
    -------
    ndarray, shape (d,)
        Eigenvalue of wave number ``min(k, d - k)`` in the order of the discrete Fourier transform; 0 for k = 0, so that
        the field has mean 0 on the ring.

    Examples
    --------
    >>> power_law_spectrum(4, 1.0).tolist()
    [0.0, 1.6, 0.8, 1.6]
    """
    sites = whole_number("power_law_spectrum", "d", "number of sites", d, at_least=2)
    exponent = float(a)
    if not np.isfinite(exponent):
        raise ValueError(f"power_law_spectrum: a (exponent) must be finite, got {exponent:g}")
    k = np.arange(1, sites)
    spectrum = np.zeros(sites)
    spectrum[1:] = np.minimum(k, sites - k) ** -exponent
    spectrum *= sites / spectrum.sum()
    return spectrum


def gaussian_field_correlations(spectrum: ArrayLike, t: float) -> GaussianFieldUTurn:
    """Correlations of the changed signs of a Gaussian field on a ring at a U-turn.

    Field a and clone a' are jointly normal: with correlation g(r) between a site and the clone at distance r, a spin is
    the sign of ``a_i a'_i``. The mean product of the four signs at two sites is integrated from two independent sites
    (c(r) and g(r) scaled by tau = 0) to the sites at hand (tau = 1); its slope is ``four_sign_slope`` of the
    ``clone_partial_correlation``.

    Parameters
    ----------
    spectrum : array_like, shape (d,)
        Eigenvalues of the covariance in the order of the discrete Fourier transform, not negative, the same at k and
        d - k; see :func:`power_law_spectrum`.
    t : float
        Positive Ornstein-Uhlenbeck time of the turn.

    Returns
    -------
    GaussianFieldUTurn
        Correlations and susceptibilities.

    Raises
    ------
    ValueError
        If t is so small that rounding would decide which signs change.

    Notes
    -----
    Derived (``clone_covariance``, ``change_covariance``, ``clone_partial_correlation``,
    ``four_sign_slope``). Gauss-Legendre quadrature with 48 nodes.

    Examples
    --------
    >>> result = gaussian_field_correlations(power_law_spectrum(64, 0.0), 1.0)
    >>> round(result.kept, 4), round(result.susceptibility, 2)
    (0.5438, 1.01)
    """
    name = "gaussian_field_correlations"
    eigenvalues = _checked_spectrum(name, spectrum)
    time = positive_number(name, "t", "Ornstein-Uhlenbeck time", t)
    d, snr = eigenvalues.size, _snr(time)
    cloned = np.asarray(compile_formula("clone_covariance", target="numpy")(snr, eigenvalues))
    changed = np.asarray(compile_formula("change_covariance", target="numpy")(snr, eigenvalues))
    variance = eigenvalues.mean()
    if changed.mean() < 2 * _SMALLEST_CHANGE * variance:
        raise ValueError(f"{name}: at t = {time:g} rounding would decide which signs change; take a later time")
    c = np.fft.irfft(eigenvalues[: d // 2 + 1], d)[: d // 2 + 1] / variance
    g = np.fft.irfft(cloned[: d // 2 + 1], d)[: d // 2 + 1] / variance
    kept = float(compile_formula("kept_sign_probability", target="numpy")(g[0]))
    correlation = np.empty(d // 2 + 1)
    correlation[0] = 4 * kept * (1 - kept)
    correlation[1:] = _grown(c[1:], g[1:], g[0]) + _grown(g[1:], c[1:], g[0])
    number = np.full(d // 2 + 1, 2.0)  # of sites at each distance
    number[0] = 1
    if d % 2 == 0:
        number[-1] = 1
    return GaussianFieldUTurn(
        t=time,
        d=d,
        kept=kept,
        correlation=correlation,
        susceptibility=float(number @ correlation / correlation[0]),
        change_susceptibility=float(d * (changed**2).sum() / changed.sum() ** 2),
    )


def gaussian_field_uturns(spectrum: ArrayLike, t: float, samples: int, *, rng: int | np.random.Generator = 0) -> UTurns:
    """U-turns of a Gaussian field on a ring; a site is unchanged where the clone has its sign.

    The posterior given x_t is normal, mode by mode.

    Parameters
    ----------
    spectrum, t
        As for :func:`regimes.hierarchy.gaussian_field_correlations`.
    samples : int
        Number of U-turns, at least 2.
    rng : int or numpy.random.Generator
        Seed or generator; the same seed at two times gives the same points and noise.

    Returns
    -------
    UTurns
        Which signs came back as they were.

    Notes
    -----
    Derived (``gaussian_channel_mmse``, the variance of a mode given x_t).

    """
    name = "gaussian_field_uturns"
    eigenvalues = _checked_spectrum(name, spectrum)
    time = positive_number(name, "t", "Ornstein-Uhlenbeck time", t)
    count = whole_number(name, "samples", "number of U-turns", samples, at_least=2)
    d = eigenvalues.size
    half = eigenvalues[: d // 2 + 1]
    amplitude = float(compile_formula("signal_amplitude", target="numpy")(time))
    noise = float(compile_formula("noise_variance", target="numpy")(time))
    spread = np.asarray(compile_formula("gaussian_channel_mmse", target="numpy")(_snr(time), half))
    source = generator(Stream.UTURNS_GAUSSIAN_FIELD, rng, name)
    rows = max(1, min(count, _BLOCK_BYTES // (64 * d)))
    unchanged = np.empty((count, d), dtype=np.bool_)
    for start in range(0, count, rows):
        part = slice(start, min(start + rows, count))
        white = np.fft.rfft(source.standard_normal((3, part.stop - start, d)))
        field = np.sqrt(half) * white[0]
        noised = amplitude * field + np.sqrt(noise) * white[1]
        clone = spread * amplitude / noise * noised + np.sqrt(spread) * white[2]
        unchanged[part] = np.fft.irfft(field, d) * np.fft.irfft(clone, d) > 0
    return UTurns(time, unchanged)


def _snr(time: float) -> float:
    return float(compile_formula("snr", target="numpy")(time))


def _grown(c: NDArray[np.float64], g: NDArray[np.float64], g0: float) -> NDArray[np.float64]:
    """Share of the correlation c, and of its mirror image, in the mean product of the four signs."""
    node, weight = np.polynomial.legendre.leggauss(_NODES)
    share = (node + 1) / 2
    # In the angle arcsin(tau c) the integrand stays bounded for neighbours that are nearly equal.
    end = np.arcsin(np.clip(c, -1, 1))[:, None]
    now = np.sin(share * end)
    small = np.abs(end) < 1e-8
    tau = np.where(small, share, now / np.where(small, 1.0, np.sin(end)))
    rest = compile_formula("clone_partial_correlation", target="numpy")(now, tau * g[:, None], g0)
    slope = np.asarray(compile_formula("four_sign_slope", target="numpy")(np.clip(rest, -1, 1)))
    # Two pairs of the four have each correlation; the interval of the nodes has length 2.
    return np.asarray(2 * (slope @ weight) / 2 * end[:, 0])


def _checked_spectrum(name: str, spectrum: ArrayLike) -> NDArray[np.float64]:
    eigenvalues = np.asarray(spectrum, dtype=np.float64)
    if eigenvalues.ndim != 1 or eigenvalues.size < 2:
        raise ValueError(f"{name}: spectrum must have shape (d,) with d at least 2, got shape {eigenvalues.shape}")
    if not np.all(np.isfinite(eigenvalues) & (eigenvalues >= 0)) or not eigenvalues.any():
        raise ValueError(f"{name}: the eigenvalues of the spectrum must be finite and not negative, and some positive")
    if not np.allclose(eigenvalues[1:], eigenvalues[:0:-1], rtol=1e-12, atol=0):
        raise ValueError(f"{name}: spectrum must have the same eigenvalue at k and d - k, since the field is real")
    return eigenvalues
