"""Images of bumps, of sums of stripes and of single stripes at any positions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.interface.checks import check_memory, positive_number, real_array, whole_number

__all__ = ["KINDS", "MEMORY", "bump_images", "checked_image", "checked_shape"]

KINDS = ("bump", "sos")
"""What an image shows: one bump, or the sum of a vertical and a horizontal stripe."""

MEMORY = 4 * 2**30
"""Bytes that arrays may take unless more is allowed."""

_NARROWEST = 1e-6  # pixels; far below, squares of sigma underflow


def bump_images(
    positions: ArrayLike,
    N: int | Sequence[int],
    sigma: float,
    *,
    kind: str = "bump",
    amplitude: float = 1.0,
    periodic: bool = False,
    memory: int = MEMORY,
) -> NDArray[np.float64]:
    """Draw images of a bump, of a sum of stripes or of one stripe.

    With the profile b(u) = exp(-u^2/(2 sigma^2)), pixel (px, py) of a bump at (x, y) is b(px - x) b(py - y), and of a
    sum of stripes b(px - x) + b(py - y), times the amplitude. Where one coordinate is nan its stripe is missing: with
    either kind b(px - x) is one vertical stripe at x, and b(py - y) one horizontal stripe at y.

    Parameters
    ----------
    positions : array_like, shape (n, 2)
        Centres (x, y) in pixels; pixel centres are the whole numbers, (0, 0) the one in the upper left corner. They
        may lie between pixels and outside the image.
    N : int or (int, int)
        Pixels along each side, or (height, width).
    sigma : float
        Width in pixels, at least 1e-6. A bump much narrower than a pixel that lies between pixels leaves the image
        dark.
    kind : {"bump", "sos"}
        One bump, or a sum of stripes.
    amplitude : float
        Brightness of the middle of a bump, and of each stripe: twice this where two stripes cross.
    periodic : bool
        Whether opposite edges meet. Distances are then those to the nearest image of the centre. A sum over all its
        images would be brighter, along each axis by about exp(-N^2/(8 sigma^2)) of the amplitude half way around and
        by less elsewhere: 4e-6 at sigma = N/10.
    memory : int
        Bytes that the images may take.

    Returns
    -------
    ndarray, shape (n, height, width)
        The images, [image, py, px].

    Notes
    -----
    liang2024a, liang2024b (data). Single stripes are there made by moving the other one out of the picture, which
    open edges reproduce.

    Examples
    --------
    >>> bump_images([[1, 0]], (2, 3), 1).round(3).tolist()
    [[[0.607, 1.0, 0.607], [0.368, 0.607, 0.368]]]
    >>> bump_images([[1, 0], [float("nan"), 0]], (2, 3), 1, kind="sos").round(3).tolist()
    [[[1.607, 2.0, 1.607], [1.213, 1.607, 1.213]], [[1.0, 1.0, 1.0], [0.607, 0.607, 0.607]]]
    """
    height, width = checked_shape("bump_images", N)
    sigma, amplitude = checked_image("bump_images", sigma, amplitude, kind)
    centres = _checked_positions(positions)
    n = len(centres)
    check_memory(
        "bump_images",
        f"{n} images of {height} x {width} pixels",
        8 * n * (height * width + 4 * (height + width)),
        memory,
        "make fewer images at a time",
    )
    along_x = amplitude * _profiles(centres[:, 0], width, sigma, periodic)
    along_y = _profiles(centres[:, 1], height, sigma, periodic)
    absent_x, absent_y = np.isnan(centres).T
    result = np.empty((n, height, width))
    if kind == "bump":
        along_x[absent_x], along_y[absent_y] = amplitude, 1.0
        np.multiply(along_y[:, :, None], along_x[:, None, :], out=result)
    else:
        along_y *= amplitude
        along_x[absent_x], along_y[absent_y] = 0.0, 0.0
        np.add(along_y[:, :, None], along_x[:, None, :], out=result)
    return result


def checked_shape(function: str, N: Any) -> tuple[int, int]:
    """Check the size of an image."""
    if np.ndim(N) == 0:
        side = whole_number(function, "N", "pixels along each side", N, at_least=1)
        return side, side
    if len(N) != 2:
        raise ValueError(f"{function}: N must be one number of pixels or (height, width), got {len(N)} numbers")
    height, width = N
    return (
        whole_number(function, "height", "pixels", height, at_least=1),
        whole_number(function, "width", "pixels", width, at_least=1),
    )


def checked_image(function: str, sigma: Any, amplitude: Any, kind: Any) -> tuple[float, float]:
    """Check what describes one image."""
    if kind not in KINDS:
        raise ValueError(f"{function}: kind (what an image shows) must be one of {', '.join(KINDS)}, got {kind!r}")
    return (
        positive_number(function, "sigma", "width of a bump, in pixels", sigma, at_least=_NARROWEST),
        positive_number(function, "amplitude", "brightness", amplitude),
    )


def _checked_positions(positions: ArrayLike) -> NDArray[np.float64]:
    centres = real_array("bump_images", "positions", positions)
    if centres.ndim != 2 or centres.shape[1] != 2:
        raise ValueError(f"bump_images: positions must be (x, y) of shape (n, 2), got shape {centres.shape}")
    if np.isinf(centres).any() or np.isnan(centres).all(axis=1).any():
        raise ValueError(
            "bump_images: positions must be finite, with one coordinate nan for a single stripe, got "
            f"{centres[np.isinf(centres).any(axis=1) | np.isnan(centres).all(axis=1)][0].tolist()}"
        )
    return centres


def _profiles(centres: NDArray[np.float64], side: int, sigma: float, periodic: bool) -> NDArray[np.float64]:
    """Brightness of the pixels of one axis, shape (n, side); nan where a coordinate is."""
    distance = np.arange(side) - centres[:, None]
    if periodic:
        distance -= side * np.rint(distance / side)
    return np.asarray(compile_formula("bump_profile", target="numpy")(distance, sigma))
