"""Arrays of dask, whose rows are computed a chunk at a time where they are asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regimes.datasets.points.blocks import Blocks

__all__ = ["chunked_blocks", "is_chunked"]


def is_chunked(source: Any) -> bool:
    """Whether something is an array of dask, which is not imported for it."""
    return (
        hasattr(source, "__dask_graph__") and getattr(source, "chunks", None) is not None and hasattr(source, "dtype")
    )


def chunked_blocks(source: Any) -> Blocks:
    """An array of dask as blocks of rows."""
    if any(length != length for length in source.shape):
        raise ValueError(
            f"load_dataset: a dask array must know its shape, got {source.shape}; call its compute_chunk_sizes()"
        )
    shape = tuple(int(length) for length in source.shape)
    ends = np.cumsum(source.chunks[0] if shape else [1])
    return Blocks(shape, np.dtype(source.dtype), _Rows(source, ends), chunk=max(source.chunks[0]) if shape else 0)


@dataclass(eq=False)
class _Rows:
    """Rows of the array; the last chunk of rows is held, since those beside it come next."""

    source: Any
    ends: NDArray[Any]
    last: tuple[int, NDArray[Any]] | None = None

    def __call__(self, start: int, stop: int) -> NDArray[Any]:
        if not self.source.shape:
            return _computed(self.source)
        first, last = np.searchsorted(self.ends, [start, max(stop - 1, start)], side="right").tolist()
        pieces = []
        for number in range(first, last + 1):
            begin = int(self.ends[number - 1]) if number else 0
            piece = self._rows_of_chunk(number, begin)[max(start - begin, 0) : stop - begin]
            pieces.append(piece.copy() if last > first else piece)  # or it would hold the whole chunk
        return pieces[0] if len(pieces) == 1 else np.concatenate(pieces)

    def _rows_of_chunk(self, number: int, begin: int) -> NDArray[Any]:
        held = self.last
        if held is None or held[0] != number:
            self.last = None  # two need not fit
            self.last = held = number, _computed(self.source[begin : int(self.ends[number])])
        return held[1]

    def __getstate__(self) -> dict[str, Any]:
        return {"source": self.source, "ends": self.ends, "last": None}


def _computed(array: Any) -> NDArray[Any]:
    """Here and now: this may be a piece of work of a cluster, which must not wait for another."""
    return np.asarray(array.compute(scheduler="synchronous"))
