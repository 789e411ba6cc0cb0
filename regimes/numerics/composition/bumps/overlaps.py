"""Overlap of the images of two bumps, and from which distance and which width on they connect."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.interface.checks import check_memory, positive_number, real_array

__all__ = [
    "NARROWEST",
    "OVERLAPS",
    "WIDEST",
    "bump_overlap",
    "checked_overlap",
    "checked_sigma",
    "checked_tau",
    "connection_radius",
    "pixel_overlap",
]

Array = NDArray[np.float64]

OVERLAPS = ("cosine", "coefficient", "product")
"""Cosine of the images, overlap coefficient (common part of two densities), integral of the product of densities."""

NARROWEST, WIDEST = 1e-6, 1e6
"""Widths in pixels beyond which a bump is no image of anything, and squares soon leave the range of floats."""

_IN_PLANE = {"cosine": "cosine_overlap", "coefficient": "overlap_coefficient", "product": "density_product"}
_RADII = {"cosine": "cosine_radius", "coefficient": "coefficient_radius", "product": "product_radius"}
_ALONG_AXIS = {"cosine": "pixel_cosine_overlap", "product": "pixel_density_product"}

_MEMORY = 2**30
_LEAST_COEFFICIENT = 1e-300
"""Inverse error functions of less lose their digits, and end at 1e-308."""
_NEGLIGIBLE = 40.0
"""Pixels that are darker than the brightest common one by exp(-40) are left out of a sum."""


def bump_overlap(r: ArrayLike, sigma: float, *, overlap: str = "cosine") -> Array:
    """Overlap of two bumps in the plane at a distance.

    With images ``exp(-|x - c|^2/(2 sigma^2))``: the cosine of the two images is ``exp(-r^2/(4 sigma^2))``; the
    overlap coefficient, the integral of the smaller of two densities, ``erfc(r/(2 sqrt(2) sigma))``; the density
    product, the integral of the product of two densities, ``exp(-r^2/(4 sigma^2))/(4 pi sigma^2)``.

    Parameters
    ----------
    r : array_like
        Distances of the centres in pixels, at least 0.
    sigma : float
        Width of a bump in pixels, 1e-6 to 1e6.
    overlap : {"cosine", "coefficient", "product"}
        Which overlap.

    Returns
    -------
    ndarray
        The overlap at each distance: in [0, 1], the density product in [0, 1/(4 pi sigma^2)] per squared pixel.

    Raises
    ------
    ValueError
        If a distance is negative or no finite number, sigma lies outside its range, or the overlap is none of the
        three.

    Notes
    -----
    Derived in docs/theory: ``cosine_overlap``, ``overlap_coefficient``, ``density_product``. Pixels are taken to be
    much smaller than sigma; :func:`pixel_overlap` sums over pixels instead.

    Examples
    --------
    >>> bump_overlap([0, 1, 2], 0.5).round(4).tolist()
    [1.0, 0.3679, 0.0183]
    """
    name = _IN_PLANE[checked_overlap("bump_overlap", overlap)]
    width = checked_sigma("bump_overlap", sigma)
    distances = real_array("bump_overlap", "r (distances, in pixels)", r)
    if not np.all(np.isfinite(distances) & (distances >= 0)):
        bad = distances[~(np.isfinite(distances) & (distances >= 0))].flat[0]
        raise ValueError(
            f"bump_overlap: r (distances of two bumps, in pixels) must be finite and at least 0, got {bad:g}"
        )
    return np.asarray(compile_formula(name, target="numpy")(distances, width))


def pixel_overlap(
    first: ArrayLike, second: ArrayLike, sigma: float, *, overlap: str = "cosine", memory: int = _MEMORY
) -> Array:
    """Overlap of the images of two bumps as they are sampled at whole pixels.

    The overlaps of :func:`bump_overlap` with sums over pixels in place of integrals: the cosine of the two vectors of
    pixels; the sum of the smaller of the two shares of each pixel in the brightness of its image; the sum of the
    products of these shares.

    Parameters
    ----------
    first, second : array_like, shape (..., dimensions)
        Centres of the bumps in pixels, not necessarily whole; shapes broadcast.
    sigma : float
        Width of the bumps in pixels, 1e-6 to 1e6.
    overlap : {"cosine", "coefficient", "product"}
        Which overlap.
    memory : int
        Bytes that the pixels of one image of the overlap coefficient may take.

    Returns
    -------
    ndarray, shape (...)
        Overlap of each pair, on a grid of pixels that extends far beyond both bumps.

    Raises
    ------
    ValueError
        If a centre is no finite number, the shapes do not fit, sigma lies outside its range, the overlap is none of the
        three, or the pixels would take more memory.

    Notes
    -----
    Derived in docs/theory: ``pixel_cosine_overlap``, ``pixel_density_product``, ``log_pixel_share``. The cosine of
    bumps on pixels an odd number of pixels apart is below that in the plane by about ``4 exp(-pi^2 sigma^2)``
    (``pixel_correction``): 29% at sigma = 0.5, 0.02% at sigma = 1. The overlap coefficient has no closed form; pixels
    are summed that can add to it more than 4e-18 of the brightest, so that its relative error is that of rounding.

    Examples
    --------
    >>> pixel_overlap([0, 0], [[0, 1], [1, 1], [0, 2]], 0.5).round(4).tolist()
    [0.2612, 0.0682, 0.0183]
    """
    checked_overlap("pixel_overlap", overlap)
    width = checked_sigma("pixel_overlap", sigma)
    one, other = (_checked_places(name, places) for name, places in (("first", first), ("second", second)))
    try:
        one, other = np.broadcast_arrays(one, other)
    except ValueError:
        raise ValueError(
            f"pixel_overlap: the shapes of first and second must broadcast, got {one.shape} and {other.shape}"
        ) from None
    if overlap in _ALONG_AXIS:
        factors = compile_formula(_ALONG_AXIS[overlap], target="numpy")(one, other, width)
        return np.asarray(np.prod(factors, axis=-1))
    pairs = zip(one.reshape(-1, one.shape[-1]), other.reshape(-1, other.shape[-1]), strict=True)
    common = [_common_part(a, b, width, memory) for a, b in pairs]
    return np.array(common, dtype=np.float64).reshape(one.shape[:-1])


def connection_radius(sigma: float, *, tau: float = 0.005, overlap: str = "cosine") -> float:
    """Distance up to which two bumps in the plane overlap by tau at least.

    ``2 sigma sqrt(log(1/tau))`` for the cosine, ``2 sqrt(2) sigma erfcinv(tau)`` for the overlap coefficient,
    ``2 sigma sqrt(-log(4 pi sigma^2 tau))`` for the density product.

    Parameters
    ----------
    sigma : float
        Width of a bump in pixels, 1e-6 to 1e6.
    tau : float
        Overlap from which bumps connect, in (0, 1), for the overlap coefficient at least 1e-300; for the density
        product any that is below 1/(4 pi sigma^2).
    overlap : {"cosine", "coefficient", "product"}
        Which overlap.

    Returns
    -------
    float
        The distance in pixels.

    Raises
    ------
    ValueError
        If sigma lies outside its range, tau lies outside its range, or the overlap is none of the three.

    Notes
    -----
    Derived in docs/theory: ``cosine_radius``, ``coefficient_radius``, ``product_radius``.

    Examples
    --------
    >>> [round(connection_radius(0.5, overlap=name), 4) for name in ("cosine", "coefficient", "product")]
    [2.3018, 2.807, 2.038]
    """
    checked_overlap("connection_radius", overlap)
    width = checked_sigma("connection_radius", sigma)
    threshold = checked_tau("connection_radius", tau, overlap)
    if overlap == "product" and not threshold < (largest := float(bump_overlap(0.0, width, overlap=overlap))):
        raise ValueError(
            f"connection_radius: two bumps of width sigma = {width:g} have a density product of 1/(4 pi sigma^2) = "
            f"{largest:.4g} at most, got tau = {threshold:g}; take a smaller tau or narrower bumps"
        )
    return float(compile_formula(_RADII[overlap], target="numpy")(threshold, width))


def checked_overlap(function: str, overlap: str) -> str:
    """Check the name of an overlap.

    Parameters
    ----------
    function : str
        For the error.
    overlap : str
        One of :data:`OVERLAPS`.

    Returns
    -------
    str
        The name.

    Raises
    ------
    ValueError
        If it is none of them.
    """
    if overlap not in OVERLAPS:
        raise ValueError(f"{function}: overlap must be one of {', '.join(OVERLAPS)}, got {overlap!r}")
    return overlap


def checked_sigma(function: str, sigma: Any) -> float:
    """Check the width of bumps.

    Parameters
    ----------
    function : str
        For the error.
    sigma : float
        What was given, in pixels.

    Returns
    -------
    float
        The width.

    Raises
    ------
    ValueError
        If it is not a number between 1e-6 and 1e6.

    Examples
    --------
    >>> checked_sigma("bump_overlap", 2)
    2.0
    """
    meaning = "width of a bump, in pixels"
    width = positive_number(function, "sigma", meaning, sigma)
    if not NARROWEST <= width <= WIDEST:
        raise ValueError(f"{function}: sigma ({meaning}) must lie between 1e-6 and 1e6, got {width:g}")
    return width


def checked_tau(function: str, tau: Any, overlap: str) -> float:
    """Check the overlap from which bumps connect.

    Parameters
    ----------
    function : str
        For the error.
    tau : float
        What was given.
    overlap : str
        Which overlap: the density product may exceed 1.

    Returns
    -------
    float
        The value.

    Raises
    ------
    ValueError
        If it is not in (0, 1), for the overlap coefficient if it is below 1e-300, for the density product if it is not
        positive.
    """
    meaning = "overlap from which bumps connect"
    if overlap == "product":
        return positive_number(function, "tau", f"{meaning}, per squared pixel", tau)
    threshold = positive_number(function, "tau", meaning, tau)
    if not threshold < 1:
        raise ValueError(f"{function}: tau ({meaning}) must lie in (0, 1), got {threshold:g}")
    if overlap == "coefficient" and threshold < _LEAST_COEFFICIENT:
        raise ValueError(
            f"{function}: tau ({meaning}) must be at least {_LEAST_COEFFICIENT:g} for the overlap coefficient, got "
            f"{threshold:g}; take a larger tau"
        )
    return threshold


def _checked_places(name: str, places: ArrayLike) -> Array:
    array = real_array("pixel_overlap", f"{name} (centres of bumps, in pixels)", places)
    if array.ndim == 0 or array.shape[-1] == 0 or not np.all(np.isfinite(array)):
        raise ValueError(
            f"pixel_overlap: {name} (centres of bumps, in pixels) must be finite numbers of shape (..., dimensions), "
            f"got {'shape ' + str(array.shape) if array.ndim == 0 or array.shape[-1] == 0 else 'nan or infinity'}"
        )
    return array


def _common_part(one: Array, other: Array, sigma: float, memory: int) -> float:
    """Sum over pixels of the smaller share.

    With m the middle and r the distance of the centres, a pixel at x has at least the squared distance
    |x - m|^2 + r^2/4 from the farther one. The pixel nearest to m, up to sqrt(d)/2 away from it in d dimensions, has
    at most d/4 + r^2/4 + r sqrt(d)/2: what is further from m by _NEGLIGIBLE in the exponent does not count.
    """
    dimensions, distance = len(one), float(np.linalg.norm(one - other))
    square = dimensions / 4 + distance * math.sqrt(dimensions) / 2 + 2 * sigma**2 * _NEGLIGIBLE
    reach = math.ceil(math.sqrt(square) + 0.5)
    pixels = (2 * reach + 1) ** dimensions
    check_memory("pixel_overlap", f"the {pixels:.3g} pixels of an image", 32 * pixels, memory, "take narrower bumps")
    log_share: Callable[..., Any] = compile_formula("log_pixel_share", target="numpy")
    places = np.rint((one + other) / 2)[:, None] + np.arange(-reach, reach + 1.0)
    logs = [_outer_sum(log_share(places, centre[:, None], sigma)) for centre in (one, other)]
    return float(np.exp(np.minimum(*logs)).sum())


def _outer_sum(rows: Array) -> Array:
    total: Array = rows[0]
    for row in rows[1:]:
        total = total[..., None] + row
    return total
