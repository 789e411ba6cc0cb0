"""Symbols in range, in a type that holds them, and in the memory that there is."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["MEMORY", "check_range", "symbol_type"]

MEMORY = 4 * 2**30
"""Bytes that arrays may take unless more is allowed."""


def check_range(function: str, what: str, symbols: NDArray[Any], count: int) -> None:
    """Refuse symbols beyond their number less one."""
    if symbols.size and not (symbols.min() >= 0 and symbols.max() < count):
        raise ValueError(
            f"{function}: {what} must lie between 0 and {count - 1}, got {symbols.min()} to {symbols.max()}"
        )


def symbol_type(count: int) -> np.dtype[Any]:
    """Integer type in which symbols are kept: four bytes where that is enough, eight otherwise."""
    return np.dtype(np.int32 if count <= 2**31 else np.int64)
