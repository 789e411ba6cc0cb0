"""Tensors of other libraries as arrays of NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["plain"]


def plain(value: Any) -> Any:
    """A tensor (on any device, of any real type, part of a graph or not) as an array; anything else as it is.

    A tensor is told by ``detach`` and ``cpu``. NumPy has no bfloat16 and no 8-bit floats: these become float32.
    """
    if not (callable(getattr(value, "detach", None)) and callable(getattr(value, "cpu", None))):
        return value
    kind = str(value.dtype)
    if getattr(value, "is_sparse", False) or "strided" not in str(getattr(value, "layout", "strided")):
        raise ValueError(f"load_dataset: a tensor must be dense, got {value.layout}; give its to_dense()")
    if str(getattr(value, "device", "")) == "meta":
        raise ValueError("load_dataset: a tensor must hold values, got one on the device meta")
    tensor = value.detach().cpu()
    return np.asarray((tensor.float() if "bfloat16" in kind or "float8" in kind else tensor).numpy())
