"""Arrays that lie in a file, read a block of rows at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Blocks", "widened"]

_BLOCK = 32 * 2**20


@dataclass(frozen=True, eq=False)
class Blocks:
    """What a file declares of an array, and how to read some of its rows: nothing is read before it is asked for.

    ``said`` is what a user should know of how it is read.
    """

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    rows: Callable[[int, int], NDArray[Any]]
    said: str = ""

    @property
    def declared_bytes(self) -> int:
        """What the array takes as float64, or as text, in exact integers: a damaged file may declare any shape."""
        size = max(8, self.dtype.itemsize)
        for length in self.shape:
            size *= length
        return size

    def __len__(self) -> int:
        return self.shape[0]

    def blocks(self) -> Iterator[tuple[int, NDArray[Any]]]:
        """Rows in order, some 32 MiB of float64 at a time, each block with the place of its first row."""
        step = max(1, _BLOCK * len(self) // max(self.declared_bytes, 1))
        for start in range(0, len(self), step):
            yield start, self.rows(start, min(start + step, len(self)))

    def whole(self) -> NDArray[Any]:
        """All of it, in its own type: for labels."""
        return self.rows(0, len(self)) if self.shape else self.rows(0, 1)


def widened(values: NDArray[np.uint16]) -> NDArray[np.float32]:
    """Values of bfloat16, which NumPy does not have, from their sixteen bits: the upper half of a float32."""
    return (values.astype(np.uint32) << np.uint32(16)).view(np.float32)
