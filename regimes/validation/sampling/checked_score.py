"""What a score hands back, checked at every step."""

from __future__ import annotations

import math
from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor

from regimes.validation.sampling.samplers import Score

__all__ = ["CheckedScore", "all_finite"]


def all_finite(x: Tensor) -> bool:
    """Whether no entry is nan or infinite."""
    # A sum is finite only if every term is, and costs a fortieth of isfinite().all(); finite terms may overflow in it.
    return math.isfinite(float(x.sum())) or bool(torch.isfinite(x).all())


class CheckedScore:
    """A score that refuses to hand on what is no score."""

    def __init__(self, function: str, score: Score, times: NDArray[Any]) -> None:
        self._function, self._score, self._times = function, score, times
        self._step, self._first = 0, 0

    def at(self, step: int, first: int) -> None:
        """Say where the run stands."""
        self._step, self._first = step, first

    def __call__(self, x: Tensor, t: float, /) -> Tensor:
        """Score of every state."""
        gradient: Any = self._score(x, t)
        if not isinstance(gradient, Tensor):
            raise ValueError(
                f"{self._function}: the score must be a tensor, got {type(gradient).__name__}{self._where(t)}; a model "
                "that returns something around it needs a function that takes it out"
            )
        if gradient.shape != x.shape:
            raise ValueError(
                f"{self._function}: the score must have the shape of the states, {tuple(x.shape)}, got "
                f"{tuple(gradient.shape)}{self._where(t)}; a model for other data, or an average over rows?"
            )
        if gradient.dtype != x.dtype or gradient.device != x.device:
            raise ValueError(
                f"{self._function}: the score must be {x.dtype} on {x.device} like the states, got {gradient.dtype} on "
                f"{gradient.device}{self._where(t)}; convert the model, or the states"
            )
        if not all_finite(gradient):
            self._refuse(gradient, x, t)
        return gradient

    def _refuse(self, gradient: Tensor, x: Tensor, t: float) -> None:
        bad = ~torch.isfinite(gradient).reshape(len(x), -1).all(dim=1)
        count = int(bad.sum())
        row = int(bad.to(torch.int8).argmax())
        state = "finite" if bool(torch.isfinite(x[row]).all()) else "itself not finite"
        raise ValueError(
            f"{self._function}: the score must be finite, got nan or inf in {count} of {len(x)} rows{self._where(t)}; "
            f"first in row {self._first + row}, whose state is {state}. A score may be singular at t = 0 (end at a "
            "positive time), overflow in float32 (use float64), or come from a model that has diverged"
        )

    def _where(self, t: float) -> str:
        return f" at t = {t:g} (step {self._step} of {self._times.size - 1})"
