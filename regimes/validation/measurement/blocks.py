"""Rows of a simulation in blocks that fit into memory and are kept one by one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from regimes.numerics.interface.checkpoints import Checkpoints

__all__ = ["Blocks", "rows_in_memory"]

_ARRAYS = 6  # of two clones: births, ends, and what is made on the way from one to the other
_MOST_ROWS = 4096
_CACHED = 2**25

Simulate = Callable[[int, int, str], dict[str, NDArray[Any]]]
"""``simulate(first, rows, piece)`` gives arrays of some rows along the last axis; ``piece`` is their name."""


@dataclass(frozen=True, eq=False)
class Blocks:
    """How many rows are simulated at a time, and where what is finished is kept."""

    store: Checkpoints = Checkpoints(None, {})  # noqa: RUF009
    memory: int = 2**28  # bytes for states
    size: int | None = None  # rows at a time; as many as the memory holds by default
    advance: Callable[[int], None] | None = None  # told the rows finished since its last call

    def run(self, simulate: Simulate, x: Tensor, rows: int, name: str) -> dict[str, NDArray[Any]]:
        """Simulate all rows, of the size of those of x; each block is a piece of the store."""
        size = rows_in_memory(x, self.memory) if self.size is None else self.size
        blocks = []
        for first in range(0, rows, size):
            count, piece = min(size, rows - first), f"{name}-{first}"
            blocks.append(
                self.store.piece(piece, lambda first=first, count=count, piece=piece: simulate(first, count, piece))  # type: ignore[misc]
            )
            if self.advance is not None:
                self.advance(count)
        return {key: np.concatenate([each[key] for each in blocks], axis=-1) for key in blocks[0]}

    def batch_memory(self, x: Tensor) -> int:
        """Bytes for the batch of a backward run: on the CPU no more than its caches serve well."""
        share = self.memory // _ARRAYS
        return max(1, min(share, _CACHED) if x.device.type == "cpu" else share)


def rows_in_memory(x: Tensor, memory: int, *, arrays: int = _ARRAYS) -> int:
    """Rows of which some arrays fit into the memory, at most 4096, so that a piece is soon finished."""
    return max(1, min(_MOST_ROWS, memory // (arrays * x[0].numel() * x.element_size())))
