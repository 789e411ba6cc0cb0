"""Watches the loss of a training, and stops one that diverges."""

from __future__ import annotations

import math

from regimes.numerics.interface.errors import NotConverged

__all__ = ["DivergenceWatch"]

_MEMORY = 0.98
_FAR = 4.0
_LONG = 300


class DivergenceWatch:
    """Raises once the loss is nan or infinite, or has long been far above that of an output of zero.

    Far is four times as much in moving averages over some 50 steps, and long are 300 steps after the warm-up.
    """

    def __init__(self, learning_rate: float, warmup: int) -> None:
        self._learning_rate, self._warmup = learning_rate, warmup
        self._loss: float | None = None
        self._trivial, self._far = 0.0, 0

    def see(self, step: int, loss: float, trivial: float) -> None:
        """Take the loss of a step."""
        if not math.isfinite(loss):
            raise self._diverged("the loss", step, loss, "nan or infinite")
        if self._loss is None:
            self._loss, self._trivial = loss, trivial
        self._loss += (1 - _MEMORY) * (loss - self._loss)
        self._trivial += (1 - _MEMORY) * (trivial - self._trivial)
        far = step >= self._warmup and self._loss > _FAR * self._trivial
        self._far = self._far + 1 if far else 0
        if self._far >= _LONG:
            raise self._diverged(
                "the loss", step, self._loss, f"above {_FAR:g} times that of an output of zero ({self._trivial:.3g})"
            )

    def see_held_out(self, step: int, loss: float) -> None:
        """Take a held-out loss."""
        if not math.isfinite(loss):
            raise self._diverged(
                "the held-out loss (averaged weights, model in evaluation mode)", step, loss, "nan or infinite"
            )

    def state(self) -> list[float | None]:
        """What it remembers, as plain numbers."""
        return [self._loss, self._trivial, float(self._far)]

    def restore(self, state: list[float | None]) -> None:
        """Go on from what was remembered."""
        self._loss, self._trivial, self._far = state[0], float(state[1] or 0.0), int(state[2] or 0)

    def _diverged(self, which: str, step: int, loss: float, what: str) -> NotConverged:
        return NotConverged(
            f"train_denoiser: {which} became {what}",
            step,
            loss,
            f"lower learning_rate ({self._learning_rate:g}), lengthen warmup, or check the scale of the data",
        )
