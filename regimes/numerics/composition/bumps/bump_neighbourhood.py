"""Which points of a grid connect to a point if a bump stands on each."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from regimes.numerics.composition.bumps.connecting_width import connecting_sigmas, whole_step
from regimes.numerics.composition.bumps.overlaps import bump_overlap, connection_radius
from regimes.numerics.composition.bumps.pixel_overlaps import pixel_overlap
from regimes.numerics.composition.lattice.neighbourhood import Neighbourhood, checked_steps, disc_neighbourhood
from regimes.numerics.composition.overlap_kinds import OVERLAPS, checked_overlap, checked_sigma, checked_tau
from regimes.numerics.interface.checks import check_memory

__all__ = ["bump_neighbourhood"]

_MEMORY = 2**30
_TIE = 1e-12
"""Overlap this close to the threshold, relatively, is equal to it and connects."""
_BYTES = 2**9
"""A displacement with all its signs, as a tuple and in arrays, rounded up."""


def bump_neighbourhood(
    sigma: float,
    *,
    tau: float = 0.005,
    overlap: str = "cosine",
    steps: float | Sequence[float] = (1.0, 1.0),
    pixels: bool = False,
    memory: int = _MEMORY,
) -> Neighbourhood:
    """All grid points whose bumps overlap with that of a grid point by tau at least.

    Parameters
    ----------
    sigma : float
        Width of a bump in pixels, 1e-6 to 1e6.
    tau : float
        Overlap from which bumps connect, itself included, in (0, 1); for the density product any positive one.
    overlap : {"cosine", "coefficient", "product"}
        Which overlap, see :func:`bump_overlap`.
    steps : float or sequence of float
        Distance between grid points along each axis, in pixels, (dy, dx).
    pixels : bool
        Take the overlap of images sampled at pixels (:func:`pixel_overlap`), all bumps centred on pixels, not that of
        bumps in the plane. It differs by direction and parity, so that the neighbourhood need not be a disc.
    memory : int
        Bytes that the search for the points may take.

    Returns
    -------
    Neighbourhood
        The displacements, at least one pair; ``radius`` is None for sampled images.

    Raises
    ------
    ValueError
        If an argument lies outside its range, the steps of sampled bumps are not whole, no two bumps connect, or the
        search would take more memory.

    Examples
    --------
    >>> bump_neighbourhood(0.5)
    Neighbourhood(z=20, dimensions=2, radius=2.30181, steps=(1.0, 1.0))
    >>> bump_neighbourhood(0.5, pixels=True)
    Neighbourhood(z=12, dimensions=2, steps=(1.0, 1.0))
    """
    function = "bump_neighbourhood"
    checked_overlap(function, overlap)
    width = checked_sigma(function, sigma)
    threshold = checked_tau(function, tau, overlap)
    distances = checked_steps(function, steps)
    if pixels:
        strides = tuple(whole_step(function, step) for step in distances)
        found = Neighbourhood(_connected(width, threshold, overlap, strides, memory), distances)
    else:
        if overlap == "product" and len(distances) != 2:
            raise ValueError(
                f"{function}: the density product in the plane needs 2 steps, got {len(distances)}; take another "
                "overlap or pixels=True"
            )
        touching = overlap != "product" or threshold < float(bump_overlap(0.0, width, overlap=overlap))
        radius = connection_radius(width, tau=threshold, overlap=overlap) if touching else math.nan
        found = disc_neighbourhood(radius, steps=distances, memory=memory) if radius > 0 else _nobody(distances)
    if found.z == 0:
        raise ValueError(_unconnected(width, threshold, overlap, distances, pixels))
    return found


def _connected(sigma: float, tau: float, overlap: str, steps: tuple[int, ...], memory: int) -> NDArray[np.int64]:
    """Overlap is the same for opposite signs along each axis and falls along it: its edge is bisected row by row."""
    centre, strides = np.zeros(len(steps)), np.array(steps, dtype=np.float64)

    def connects(place: tuple[int, ...]) -> bool:
        value = float(pixel_overlap(centre, np.array(place) * strides, sigma, overlap=overlap, memory=memory))
        return value >= tau * (1 - _TIE)

    def points(first: tuple[int, ...]) -> int:
        """Number of points that connect among those with these first coordinates, the others 0 but the next one."""
        rest = (0,) * (len(steps) - len(first) - 1)
        if not connects((*first, 0, *rest)):
            return 0
        low, high = 0, 1
        while connects((*first, high, *rest)):
            low, high = high, 2 * high
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if connects((*first, middle, *rest)) else (low, middle)
        return high

    places: list[tuple[int, ...]] = [()]
    for _ in steps:
        counts = [points(first) for first in places]
        check_memory(
            "bump_neighbourhood",
            f"{sum(counts):.3g} neighbours and more",
            _BYTES * sum(counts),
            memory,
            "take narrower bumps or a larger tau",
        )
        places = [(*first, k) for first, count in zip(places, counts, strict=True) for k in range(count)]
    one_sign = np.array([place for place in places if any(place)], dtype=np.int64).reshape(-1, len(steps))
    signs = itertools.product((1, -1), repeat=len(steps))
    return np.unique(np.concatenate([one_sign * np.array(sign) for sign in signs]), axis=0)


def _nobody(steps: tuple[float, ...]) -> Neighbourhood:
    return Neighbourhood(np.empty((0, len(steps)), dtype=np.int64), steps)


def _unconnected(sigma: float, tau: float, overlap: str, steps: tuple[float, ...], pixels: bool) -> str:
    where = f"sigma = {sigma:g}, steps ({', '.join(f'{step:g}' for step in steps)})"
    lead = f"bump_neighbourhood: no two bumps connect at {where}: "
    try:
        low, high = connecting_sigmas(min(steps), tau=tau, overlap=overlap, pixels=pixels, dimensions=len(steps))
    except ValueError as error:
        return lead + str(error).removeprefix("connecting_sigmas: ")
    what = f"the {OVERLAPS[overlap]} of neighbours{' on pixels' if pixels else ''} reaches tau = {tau:g}"
    if math.isinf(high):
        return f"{lead}{what} only from sigma = {low:.6g} on; take wider bumps, a finer grid or a smaller tau"
    return f"{lead}{what} only between sigma = {low:.6g} and {high:.6g}; change sigma, the grid or tau"
