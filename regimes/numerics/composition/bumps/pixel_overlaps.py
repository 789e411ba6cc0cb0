"""Overlap of the images of two bumps as they are sampled at pixels."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.composition.overlap_kinds import checked_overlap, checked_sigma
from regimes.numerics.interface.checks import check_memory, real_array

__all__ = ["pixel_overlap"]

Array = NDArray[np.float64]

_ALONG_AXIS = {"cosine": "pixel_cosine_overlap", "product": "pixel_density_product"}
_MEMORY = 2**30
_NEGLIGIBLE = 40.0
"""Pixels that are darker than the brightest common one by exp(-40) are left out of a sum."""


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

    Notes
    -----
    Derived: ``pixel_cosine_overlap``, ``pixel_density_product``, ``log_pixel_share``. The cosine of
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
    log_share = compile_formula("log_pixel_share", target="numpy")
    places = np.rint((one + other) / 2)[:, None] + np.arange(-reach, reach + 1.0)
    logs = [_outer_sum(log_share(places, centre[:, None], sigma)) for centre in (one, other)]
    return float(np.exp(np.minimum(*logs)).sum())


def _outer_sum(rows: Array) -> Array:
    total: Array = rows[0]
    for row in rows[1:]:
        total = total[..., None] + row
    return total
