"""Pixels among values: those of eight bits, which models see in [-1, 1]."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regimes.datasets.points.builtin import PIXELS, RawData

__all__ = ["DARKEST", "SIXTEEN_BIT", "are_pixels", "mapped_pixels", "pixels_range"]

SIXTEEN_BIT = (0.0, 65535.0)


_SMALLEST = 16
"""Values of the smallest image in a row: an array of fewer columns is a table of small numbers."""


DARKEST = 31
"""Images that hold no larger value are of fewer bits than eight, or none: tokens, classes of pixels."""


def are_pixels(dtype: Any, shape: tuple[int, ...]) -> bool:
    """Whether values of points, of this type and shape, may be those of pixels: of eight bits, and of an image."""
    return dtype == np.uint8 and (len(shape) > 2 or math.prod(shape[1:]) >= _SMALLEST)


def pixels_range(raw: RawData, X: NDArray[np.float64]) -> RawData:
    """Pixels of eight bits have the range of their type, unless they are bits or other small numbers."""
    pixels = are_pixels(getattr(raw.values, "dtype", None), getattr(raw.values, "shape", ()))
    return replace(raw, **PIXELS) if pixels and raw.known_range is None and X.max() > DARKEST else raw


def mapped_pixels(raw: RawData) -> str:
    """What is done to pixels unasked, in words; empty for other values."""
    bits = {PIXELS["known_range"]: 8, SIXTEEN_BIT: 16}.get(raw.known_range)
    return f"{bits}-bit values mapped to [-1, 1]" if bits else ""
