"""Rows of a simulation in blocks that fit into memory and are kept one by one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from regimes.validation.running.checkpoints import Checkpoints

__all__ = ["batch_memory", "in_blocks", "rows_in_memory"]

_ARRAYS = 6  # of two clones: births, ends, and what is made on the way from one to the other
_MOST_ROWS = 4096
_CACHED = 2**25


def rows_in_memory(x: Tensor, memory: int, *, arrays: int = _ARRAYS) -> int:
    """Rows of which some arrays fit into the memory.

    Parameters
    ----------
    x : Tensor, shape (n, ...)
        Gives the size of a row.
    memory : int
        Bytes.
    arrays : int
        How many arrays.

    Returns
    -------
    int
        At least 1 and at most 4096, so that a piece is soon finished.
    """
    return max(1, min(_MOST_ROWS, memory // (arrays * x[0].numel() * x.element_size())))


def batch_memory(x: Tensor, memory: int) -> int:
    """Bytes for the batch of a backward run: on the CPU no more than its caches serve well.

    Parameters
    ----------
    x : Tensor
        States.
    memory : int
        Bytes for all of it.

    Returns
    -------
    int
        Bytes.
    """
    return max(1, min(memory // _ARRAYS, _CACHED) if x.device.type == "cpu" else memory // _ARRAYS)


def in_blocks(
    simulate: Callable[[int, int, str], dict[str, NDArray[Any]]],
    x: Tensor,
    rows: int,
    *,
    block: int | None,
    memory: int,
    store: Checkpoints | None,
    name: str,
    progress: Callable[[int], None] | None,
) -> dict[str, NDArray[Any]]:
    """Simulate rows block by block, each a piece of a store.

    Parameters
    ----------
    simulate : callable
        ``simulate(first, rows, piece)`` gives arrays of some rows, along the last axis; ``piece`` is their name.
    x : Tensor
        States as they are simulated.
    rows : int
        Number of all rows.
    block : int or None
        Rows at a time; as many as the memory holds by default.
    memory : int
        Bytes for states.
    store : Checkpoints or None
        Keeps what is finished.
    name : str
        Of the pieces.
    progress : callable or None
        Called with the number of rows that have been finished since the last call.

    Returns
    -------
    dict of ndarray
        All rows, along the last axis.
    """
    keep = Checkpoints(None, {}) if store is None else store
    size = rows_in_memory(x, memory) if block is None else block
    blocks = []
    for first in range(0, rows, size):
        count, piece = min(size, rows - first), f"{name}-{first}"
        blocks.append(keep.piece(piece, lambda first=first, count=count, piece=piece: simulate(first, count, piece)))  # type: ignore[misc]
        if progress is not None:
            progress(count)
    return {key: np.concatenate([each[key] for each in blocks], axis=-1) for key in blocks[0]}
