"""The overlaps of two images that may connect them, and the checks that all of the room share."""

from __future__ import annotations

from typing import Any

from regimes.numerics.interface.checks import as_given, positive_number

__all__ = ["NARROWEST", "OVERLAPS", "WIDEST", "checked_overlap", "checked_sigma", "checked_tau"]

OVERLAPS = {"cosine": "cosine overlap", "coefficient": "overlap coefficient", "product": "density product"}
"""Cosine of the images, overlap coefficient (common part of two densities), integral of the product of densities."""

NARROWEST, WIDEST = 1e-6, 1e6
"""Widths in pixels beyond which a bump is no image of anything, and squares soon leave the range of floats."""

_LEAST_COEFFICIENT = 1e-300
"""Inverse error functions of less lose their digits, and end at 1e-308."""


def checked_overlap(function: str, overlap: str) -> str:
    """Name of an overlap, or an error."""
    if overlap not in OVERLAPS:
        raise ValueError(f"{function}: overlap must be one of {', '.join(OVERLAPS)}, got {overlap!r}")
    return overlap


def checked_sigma(function: str, sigma: Any) -> float:
    """Width of a bump, between 1e-6 and 1e6 pixels."""
    meaning = "width of a bump, in pixels"
    width = positive_number(function, "sigma", meaning, sigma)
    if not NARROWEST <= width <= WIDEST:
        raise ValueError(f"{function}: sigma ({meaning}) must lie between 1e-6 and 1e6, got {as_given(width)}")
    return width


def checked_tau(function: str, tau: Any, overlap: str) -> float:
    """Overlap from which bumps connect: in (0, 1), but the density product may exceed 1."""
    meaning = "overlap from which bumps connect"
    if overlap == "product":
        return positive_number(function, "tau", f"{meaning}, per squared pixel", tau)
    threshold = positive_number(function, "tau", meaning, tau)
    if not threshold < 1:
        raise ValueError(f"{function}: tau ({meaning}) must lie in (0, 1), got {as_given(threshold)}")
    if overlap == "coefficient" and threshold < _LEAST_COEFFICIENT:
        raise ValueError(
            f"{function}: tau ({meaning}) must be at least {_LEAST_COEFFICIENT:g} for the overlap coefficient, got "
            f"{as_given(threshold)}; take a larger tau"
        )
    return threshold
