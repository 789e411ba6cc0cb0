"""Pixels among values: those of eight bits, which models see in [-1, 1]."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from regimes.datasets.points.builtin import PIXELS, RawData

__all__ = ["SIXTEEN_BIT", "mapped_pixels", "pixels_range"]

SIXTEEN_BIT = (0.0, 65535.0)


def pixels_range(raw: RawData, X: NDArray[np.float64]) -> RawData:
    """Eight-bit values have the range of their type, unless they are bits."""
    eight_bit = getattr(raw.values, "dtype", None) == np.uint8 and raw.known_range is None
    return replace(raw, **PIXELS) if eight_bit and X.max() > 1 else raw


def mapped_pixels(raw: RawData) -> str:
    """What is done to pixels unasked, in words; empty for other values."""
    bits = {PIXELS["known_range"]: 8, SIXTEEN_BIT: 16}.get(raw.known_range)
    return f"{bits}-bit values mapped to [-1, 1]" if bits else ""
