"""Which directions, and which spatial scales of images, are retained when points are noised and led back."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.estimation.roots import bracketed_root
from regimes.numerics.interface.data_checks import checked_points

__all__ = ["BandPower", "band_powers", "cycles", "half_retained", "retained_share"]

Array = NDArray[np.float64]

_CHANNELS = (1, 3, 4)
_BYTES = 48  # of a value while it is transformed
_MEMORY = 256 * 2**20
_MOST = 2048  # images that are transformed: their mean power is known to a few per cent


@dataclass(frozen=True, eq=False)
class BandPower:
    """Variances of the Fourier modes of images from ``low`` up to ``high`` cycles an image."""

    low: int
    high: int
    variances: Array


def band_powers(X: ArrayLike, shape: Sequence[int], *, memory: int = _MEMORY) -> list[BandPower]:
    """Mean power of centred images in octaves of spatial frequency.

    Parameters
    ----------
    X : array_like, shape (n, d)
        Images in rows.
    shape : sequence of int
        Of one image: (height, width), or with a third axis of at most 4 channels, first or last.
    memory : int
        Bytes for the images that are transformed at a time, at least one.

    Returns
    -------
    list of BandPower
        From coarse to fine; the mean of an image has a band of its own, from 0 to 1. Bands without variance are left
        out.

    Raises
    ------
    ValueError
        If the shape is not that of images of these points.

    Examples
    --------
    >>> X = np.cos(2 * np.pi * np.arange(8) * 3 / 8)[None] * np.array([[-1.0], [1.0]])  # three cycles on 8 pixels
    >>> [(band.low, band.high, float(band.variances.sum().round(6))) for band in band_powers(X, (1, 8))]
    [(2, 4, 4.0)]
    """
    points = checked_points("band_powers", X)
    n, d = points.values.shape
    some = np.arange(0, n, -(-n // _MOST))
    parts = np.array_split(some, min(some.size, -(-some.size * d * _BYTES // memory)))
    mean = np.zeros(d)
    power = np.zeros(_channels_first(mean, tuple(shape), d).shape[1:])
    for part in parts:
        mean += points.values[part].sum(axis=0, dtype=np.float64) / some.size
    for part in parts:
        images = _channels_first(points.values[part] - mean, tuple(shape), d)
        power += (np.abs(np.fft.fft2(images, norm="ortho")) ** 2).sum(axis=0) / some.size
    height, width = map(int, power.shape[-2:])
    flat, radius = power.reshape(len(power), -1), cycles(height, width).ravel()
    bands, low, high = [], 0, 1
    while low <= radius.max():
        inside = (radius >= low) & (radius < high)
        variances = flat[:, inside].ravel()
        if variances.sum() > 1e-12 * power.sum():
            bands.append(BandPower(low, high, variances))
        low, high = high, 2 * high
    return bands


def cycles(height: int, width: int) -> Array:
    """Spatial frequency of each Fourier mode, in cycles an image: shape (height, width).

    Examples
    --------
    >>> cycles(1, 4).tolist()
    [[0.0, 1.0, 2.0, 1.0]]
    """
    return np.asarray(np.hypot(np.fft.fftfreq(height, 1 / height)[:, None], np.fft.fftfreq(width, 1 / width)))


def retained_share(snr: ArrayLike, variances: ArrayLike, *, deterministic: bool = False) -> Array:
    """Correlation of what is retained with what was noised, of Gaussian components, weighted by their variances.

    Parameters
    ----------
    snr : array_like
        Signal-to-noise ratios, positive.
    variances : array_like, shape (k,)
        Of the components; zeros do not count.
    deterministic : bool
        Of the probability flow instead of a stochastic sampler.

    Returns
    -------
    ndarray, shape of snr
        From 0 to 1.

    Notes
    -----
    Derived (``resampled_correlation``, ``transported_correlation``). Of the variances of Fourier modes at least: the
    other modes can only tell more of one.

    Examples
    --------
    >>> retained_share([1.0], [1.0]).tolist(), retained_share([1.0], [1.0], deterministic=True).round(3).tolist()
    ([0.5], [0.707])
    """
    values = np.asarray(variances, dtype=np.float64)
    values = values[values > 0]
    name = "transported_correlation" if deterministic else "resampled_correlation"
    kept = compile_formula(name, target="numpy")(np.asarray(snr, dtype=np.float64)[..., None], values)
    return np.asarray(kept @ (values / values.sum()))


def half_retained(variances: ArrayLike, *, deterministic: bool = False) -> float:
    """Ornstein-Uhlenbeck time up to which a half is retained of components of these variances, one of them positive.

    Examples
    --------
    >>> round(half_retained([1.0]), 4)  # snr = 1: log(2)/2
    0.3466
    """
    values = np.asarray(variances, dtype=np.float64)
    low, high = -np.log(values.max()) - 3.0, -np.log(values[values > 0].min()) + 3.0
    excess = lambda log_snr: float(retained_share(np.exp(log_snr), values, deterministic=deterministic)) - 0.5  # noqa: E731
    root = bracketed_root(excess, float(low), float(high), what="half_retained")
    return float(compile_formula("time_from_log_snr", target="numpy")(root))


def _channels_first(rows: Array, shape: tuple[int, ...], d: int) -> Array:
    """Images of shape (n, channels, height, width)."""
    if math.prod(shape) != d or len(shape) not in (2, 3):
        raise ValueError(
            f"band_powers: shape must be (height, width), with channels first or last, of {d} values, got {shape}"
        )
    images = rows.reshape(-1, *shape)
    if len(shape) == 2:
        return images[:, None]
    return np.moveaxis(images, -1, 1) if shape[-1] in _CHANNELS and shape[0] not in _CHANNELS else images
