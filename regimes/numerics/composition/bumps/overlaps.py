"""Overlap of the images of two bumps in the plane, and the distance up to which they connect."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.composition.overlap_kinds import checked_overlap, checked_sigma, checked_tau
from regimes.numerics.interface.checks import real_array

__all__ = ["bump_overlap", "connection_radius"]

_IN_PLANE = {"cosine": "cosine_overlap", "coefficient": "overlap_coefficient", "product": "density_product"}
_RADII = {"cosine": "cosine_radius", "coefficient": "coefficient_radius", "product": "product_radius"}


def bump_overlap(r: ArrayLike, sigma: float, *, overlap: str = "cosine") -> NDArray[np.float64]:
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

    Notes
    -----
    Derived: ``cosine_overlap``, ``overlap_coefficient``, ``density_product``. Pixels are taken to be much smaller than
    sigma; :func:`pixel_overlap` sums over pixels instead.

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

    Notes
    -----
    Derived: ``cosine_radius``, ``coefficient_radius``, ``product_radius``.

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
