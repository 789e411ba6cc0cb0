"""Pixels among arrays: values of eight bits, and the one image that looks like many points."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regimes.datasets.points.builtin import RawData

__all__ = ["check_many", "with_range"]

_EIGHT_BIT = (0.0, 255.0)
_DIGIT = 127
_SMALLEST = 8
_COLOURS = (3, 4)


def check_many(values: Any) -> None:
    """Refuse one image, height x width x colours of eight bits, of which each row would count as a point."""
    shape, dtype = tuple(getattr(values, "shape", ())), getattr(values, "dtype", None)
    if dtype != np.uint8 or len(shape) != 3:
        return
    last, first = shape[2] in _COLOURS and min(shape[:2]), shape[0] in _COLOURS and min(shape[1:])
    if max(last, first) >= _SMALLEST:
        raise ValueError(
            f"load_dataset: one image is no data set, got 8-bit values of shape {shape}; give images of shape "
            "(n, height, width, channels), or reshape rows that are points to (n, -1)"
        )


def with_range(raw: RawData, X: NDArray[np.float64], scale: str | float | None) -> RawData:
    """Eight-bit values above 127 are pixels, which models see in [-1, 1]; what is done unasked is said at once."""
    if raw.known_range is None and getattr(raw.values, "dtype", None) == np.uint8 and X.max() > _DIGIT:
        raw = replace(raw, scale="range", known_range=_EIGHT_BIT)
    if scale is not None or raw.scale != "range" or raw.known_range is None or raw.known_range[1] < _EIGHT_BIT[1]:
        return raw
    bits = 8 if raw.known_range == _EIGHT_BIT else 16
    words = f"{bits}-bit values mapped to [-1, 1]"
    return replace(raw, taken=f"{raw.taken}, {words}" if raw.taken else words)
