"""Arrays that lie in a file, read a block of rows at a time."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Blocks", "held_bytes", "held_type", "widened"]

_BLOCK = 32 * 2**20
_LARGE = 2**24  # values, 128 MiB in double precision


def held_type(dtype: np.dtype[Any], values: int) -> np.dtype[Any]:
    """In what so many values of a type are held: double precision, or single where they are many and it holds them."""
    small = dtype.itemsize <= (4 if dtype.kind == "f" else 2)
    return np.dtype(np.float32 if small and values >= _LARGE else np.float64)


def held_bytes(shape: tuple[int, ...], dtype: np.dtype[Any]) -> int:
    """What an array takes once it is held, or as text."""
    values = math.prod(shape)
    return values * max(held_type(dtype, values).itemsize, dtype.itemsize)


@dataclass(frozen=True, eq=False)
class Blocks:
    """What a file declares of an array, and how to read some of its rows: nothing is read before it is asked for.

    ``said`` is what a user should know of how it is read; ``chunk`` is how many rows are decoded where one is wanted, 0
    where rows cannot be read from anywhere, so that the array must be held.
    """

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    rows: Callable[[int, int], NDArray[Any]]
    said: str = ""
    chunk: int = 0

    @property
    def declared_bytes(self) -> int:
        """What the array takes once it is held, or as text, in exact integers: a damaged file may declare any shape."""
        return held_bytes(self.shape, self.dtype)

    def __len__(self) -> int:
        return self.shape[0]

    def blocks(self) -> Iterator[tuple[int, NDArray[Any]]]:
        """Rows in order, some 32 MiB at a time, each block with the place of its first row."""
        step = max(1, _BLOCK * len(self) // max(self.declared_bytes, 1))
        for start in range(0, len(self), step):
            yield start, self.rows(start, min(start + step, len(self)))

    def whole(self) -> NDArray[Any]:
        """All of it, in its own type: for labels."""
        return self.rows(0, len(self)) if self.shape else self.rows(0, 1)


def widened(values: NDArray[np.uint16]) -> NDArray[np.float32]:
    """Values of bfloat16, which NumPy does not have, from their sixteen bits: the upper half of a float32."""
    return (values.astype(np.uint32) << np.uint32(16)).view(np.float32)
