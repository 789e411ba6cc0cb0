"""Pixels among values: those of eight bits, which models see in [-1, 1]."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regimes.datasets.points.builtin import PIXELS, RawData
from regimes.datasets.points.dataset import PointArray

__all__ = ["DARKEST", "SIXTEEN_BIT", "are_pixels", "mapped_pixels", "may_be_pixels", "of_pixels", "pixels_range"]

Array = NDArray[np.floating]

SIXTEEN_BIT = (0.0, 65535.0)


_SMALLEST = 16
"""Values of the smallest image in a row: an array of fewer columns is a table of small numbers."""


_ROWS = 4096
"""Rows that are looked at together."""


DARKEST = 31
"""Images that hold no larger value are of fewer bits than eight, or none: tokens, classes of pixels."""


def are_pixels(dtype: Any, shape: tuple[int, ...]) -> bool:
    """Whether values of points, of this type and shape, may be those of pixels: of eight bits, and of an image."""
    return dtype == np.uint8 and (len(shape) > 2 or math.prod(shape[1:]) >= _SMALLEST)


def may_be_pixels(X: PointArray, names: Sequence[str]) -> bool:
    """Whether values may be those of pixels: whole or up to 1, in columns without names of their own, of one range."""
    blocks = (X[start : start + _ROWS] for start in range(0, len(X), _ROWS))
    whole = lambda: all(np.array_equal(block, np.floor(block)) for block in blocks)  # noqa: E731
    return of_pixels(X.min(axis=0), X.max(axis=0), names, whole)


def of_pixels(low: Array, high: Array, names: Sequence[str], whole: Callable[[], bool]) -> bool:
    """The same of extremes of each feature; ``whole`` tells, if that is asked, whether all values are whole."""
    many = high.size >= _SMALLEST
    counted = all((name[-1:] if many else name).isdecimal() for name in names)
    if low.min() < 0 or high.max() > PIXELS["known_range"][1] or not counted:
        return False
    if not many and (high.size == 1 or high.min() <= high.max() / 2):
        return False
    return bool(high.max() <= 1) or whole()


def pixels_range(raw: RawData, highest: float) -> RawData:
    """Pixels of eight bits have the range of their type, unless they are bits or other small numbers."""
    pixels = are_pixels(getattr(raw.values, "dtype", None), getattr(raw.values, "shape", ()))
    return replace(raw, **PIXELS) if pixels and raw.known_range is None and highest > DARKEST else raw


def mapped_pixels(raw: RawData) -> str:
    """What is done to pixels unasked, in words; empty for other values."""
    bits = {PIXELS["known_range"]: 8, SIXTEEN_BIT: 16}.get(raw.known_range)
    return f"{bits}-bit values mapped to [-1, 1]" if bits else ""
