"""The widths of bumps between which neighbours on a grid connect."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.composition.bumps.pixel_overlaps import pixel_overlap
from regimes.numerics.composition.overlap_kinds import NARROWEST, WIDEST, checked_overlap, checked_tau
from regimes.numerics.estimation.roots import bracketed_root
from regimes.numerics.interface.checks import positive_number, whole_number

__all__ = ["connecting_sigmas", "whole_step"]

_WIDTHS = {"cosine": "cosine_width", "coefficient": "coefficient_width"}
_GROWTH = 1.1


def connecting_sigmas(
    step: float, *, tau: float = 0.005, overlap: str = "cosine", pixels: bool = False, dimensions: int = 2
) -> tuple[float, float]:
    """Smallest and largest width of bumps at which neighbours on a grid overlap by tau.

    The cosine overlap and the overlap coefficient grow with the width, without end. The density product falls once
    bumps are so wide that they are faint everywhere: in the plane it is largest at half a step.

    Parameters
    ----------
    step : float
        Distance of the neighbours in pixels, 1e-6 to 1e6; whole if the bumps are sampled at pixels.
    tau : float
        Overlap from which bumps connect, in (0, 1), for the overlap coefficient at least 1e-300; for the density
        product any positive one.
    overlap : {"cosine", "coefficient", "product"}
        Which overlap.
    pixels : bool
        Take the overlap of images sampled at pixels, both bumps centred on pixels, not that of bumps in the plane.
    dimensions : int
        Axes of the image; only the density product on pixels depends on them.

    Returns
    -------
    tuple of float
        The widths in pixels; the second is infinite for the cosine and the coefficient.

    Notes
    -----
    Derived: ``cosine_width``, ``coefficient_width``; ``largest_density_product`` shows that there are two widths, the
    branches of Lambert's W. Else the root of the overlap in sigma.

    Examples
    --------
    >>> round(connecting_sigmas(1)[0], 3), round(connecting_sigmas(1, pixels=True)[0], 3)
    (0.217, 0.289)
    >>> [round(sigma, 3) for sigma in connecting_sigmas(1, overlap="product")]
    [0.205, 3.958]
    """
    function = "connecting_sigmas"
    checked_overlap(function, overlap)
    threshold = checked_tau(function, tau, overlap)
    axes = whole_number(function, "dimensions", "axes of the image", dimensions, at_least=1)
    distance = positive_number(function, "step", "distance of neighbours, in pixels", step)
    if not NARROWEST <= distance <= WIDEST:
        raise ValueError(
            f"{function}: step (distance of neighbours, in pixels) must lie between 1e-6 and 1e6, got {distance:g}"
        )
    if pixels:
        return _on_pixels(whole_step(function, step), threshold, overlap, axes)
    if overlap != "product":
        return distance * float(compile_formula(_WIDTHS[overlap], target="numpy")(threshold)), math.inf
    product = compile_formula("density_product", target="numpy")
    largest = float(compile_formula("largest_density_product", target="numpy")(distance))
    if threshold > largest:
        raise ValueError(_too_much(distance, threshold, largest, distance / 2))

    def excess(ratio: float) -> float:
        return float(product(distance, ratio * distance)) / threshold - 1

    # u exp(-u) = level with u = step^2/(4 sigma^2): the smaller u exceeds level, the larger one is at most
    # 1 + sqrt(2 b) + b with b = -log(level) - 1 (Chatzigeorgiou 2013, bounds of Lambert's W).
    level = threshold / largest * math.exp(-1)
    beyond = max(0.0, -math.log(level) - 1)
    narrow = 0.5 / math.sqrt(1 + math.sqrt(2 * beyond) + beyond) * (1 - 1e-9)
    wide = 0.5 / math.sqrt(level) * (1 + 1e-9)
    ends = (
        bracketed_root(excess, low, high, what="width at which neighbours connect") if excess(0.5) > 0 else 0.5
        for low, high in ((narrow, 0.5), (0.5, wide))
    )
    smallest, greatest = ends
    return smallest * distance, greatest * distance


def whole_step(function: str, step: float) -> int:
    """Check a distance of bumps on pixels."""
    distance = positive_number(function, "step", "distance of neighbours, in pixels", step)
    if distance != round(distance):
        raise ValueError(
            f"{function}: pixels=True needs steps of whole pixels, got {distance:g}: with bumps between pixels the "
            "overlap depends on the place; take pixels=False, the overlap in the plane"
        )
    return round(distance)


def _on_pixels(step: int, tau: float, overlap: str, dimensions: int) -> tuple[float, float]:
    # The coefficient and the cosine of two bumps on one line along an axis do not depend on further axes.
    axes = dimensions if overlap == "product" else 1
    second = np.zeros(axes)
    second[0] = step

    def excess(sigma: float) -> float:
        if not NARROWEST <= sigma <= WIDEST:
            raise ValueError(
                f"connecting_sigmas: on pixels widths are searched between 1e-6 and 1e6 pixels, got tau = {tau:g} at a "
                f"step of {step}, which leads beyond; take a shorter step or another tau"
            )
        try:
            return float(pixel_overlap(np.zeros(axes), second, sigma, overlap=overlap)) / tau - 1
        except ValueError as error:
            raise ValueError(f"connecting_sigmas: {str(error).removeprefix('pixel_overlap: ')}") from None

    if overlap != "product":
        return _root(excess, connecting_sigmas(step, tau=tau, overlap=overlap)[0], above=True), math.inf
    from scipy.optimize import minimize_scalar

    peak = minimize_scalar(
        lambda sigma: -excess(sigma), bounds=(0.2 * step, 2.0 * step), options={"xatol": 1e-9 * step}
    )
    best = float(peak.x)
    if excess(best) < 0:
        raise ValueError(_too_much(step, tau, (excess(best) + 1) * tau, best))
    return _root(excess, best, above=True), _root(excess, best, above=False)


def _root(excess: Callable[[float], float], start: float, *, above: bool) -> float:
    """Root of a function that grows with sigma (above) or falls, on the side of the start where it lies."""
    towards = _GROWTH if (excess(start) < 0) == above else 1 / _GROWTH
    inner = start
    while (excess(inner * towards) < 0) == (excess(start) < 0):
        inner *= towards
    ends = sorted((inner, inner * towards))
    return bracketed_root(excess, *ends, what="width at which neighbours connect on pixels")


def _too_much(step: float, tau: float, largest: float, width: float) -> str:
    return (
        f"connecting_sigmas: the density product of bumps at a distance of {step:g} is {largest:.4g} at most, at sigma "
        f"= {width:.4g}, got tau = {tau:g}; take a smaller tau or a finer grid"
    )
