"""Where a backward run stands, on disk: what a run that was killed needs to go on with the same bytes."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from regimes.numerics.interface.checkpoints import Partial

__all__ = ["Place", "SavedState"]

Place = tuple[int, int, int]
"""First row of the batch under way, rows of it, steps that it has done."""


class SavedState:
    """Keeps the state of one backward run."""

    def __init__(self, partial: Partial | None, x: Tensor, settings: tuple[Any, ...]) -> None:
        self._partial = partial
        self._wrote = False
        if partial is not None:
            digest = hashlib.sha256(repr((settings, tuple(x.shape), x.dtype)).encode())
            digest.update(np.ascontiguousarray(x.detach().cpu().numpy()).tobytes())
            self._run = digest.hexdigest()

    def load(self, x: Tensor, kept: Tensor) -> Place:
        """Put the last state back."""
        found = None if self._partial is None else self._partial.load()
        if found is None:
            return 0, 0, 0
        if str(found.get("run")) != self._run:
            raise ValueError(
                "backward: the checkpoint holds another run (states, times, sampler, noise, rows and steps must be the "
                "same); give each run a name of its own, or delete it"
            )
        x.copy_(torch.from_numpy(found["x"]))
        kept.copy_(torch.from_numpy(found["kept"]))
        self._wrote = True
        first, rows, step = (int(number) for number in found["place"])
        return first, rows, step

    def save(self, x: Tensor, kept: Tensor, place: Place) -> None:
        """Keep the state, if the last one is old enough."""
        if self._partial is not None and self._partial.due():
            self._write(x, kept, place)

    def finish(self, x: Tensor, kept: Tensor) -> None:
        """Keep the result of a run that has been kept before, so that it is found whole if it is asked for again."""
        if self._wrote:
            self._write(x, kept, (len(x), 0, 0))

    def _write(self, x: Tensor, kept: Tensor, place: Place) -> None:
        if self._partial is None:
            return
        state: dict[str, NDArray[Any]] = {
            "run": np.array(self._run),
            "x": x.cpu().numpy(),
            "kept": kept.cpu().numpy(),
            "place": np.array(place),
        }
        self._partial.save(state, force=True)
        self._wrote = True
