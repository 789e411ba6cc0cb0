"""Tensors and images of other libraries as arrays of NumPy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["plain", "same_shape"]


def plain(value: Any) -> Any:
    """A tensor (on any device, of any real type, part of a graph or not) as an array; anything else as it is.

    A tensor is told by ``detach`` and ``cpu``. NumPy has no bfloat16 and no 8-bit floats: these become float32. An
    image of Pillow with a palette gets its colours.
    """
    if hasattr(value, "getbands") and value.mode in ("P", "PA", "CMYK"):
        return np.asarray(value.convert("RGB"))
    if not (callable(getattr(value, "detach", None)) and callable(getattr(value, "cpu", None))):
        return value
    kind = str(value.dtype)
    if getattr(value, "is_sparse", False) or "strided" not in str(getattr(value, "layout", "strided")):
        raise ValueError(f"load_dataset: a tensor must be dense, got {value.layout}; give its to_dense()")
    if str(getattr(value, "device", "")) == "meta":
        raise ValueError("load_dataset: a tensor must hold values, got one on the device meta")
    tensor = value.detach().cpu()
    return np.asarray((tensor.float() if "bfloat16" in kind or "float8" in kind else tensor).numpy())


def same_shape(arrays: Sequence[NDArray[Any]]) -> NDArray[Any]:
    """Arrays of one shape as one array."""
    shapes = sorted({each.shape for each in arrays})
    if len(shapes) > 1:
        raise ValueError(
            f"load_dataset: all points must have one shape, got {shapes[0]} and {shapes[-1]}; resize, pad or cut them"
        )
    return np.stack(arrays)
