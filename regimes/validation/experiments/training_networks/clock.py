"""The time of a training whose learning rate falls: the sum of its rates, in units of the largest."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["WARMUP", "learning_time"]

WARMUP = 100  # steps over which ``train_denoiser`` lets the rate rise, by default


def learning_time(at: Sequence[int], steps: int) -> NDArray[np.float64]:
    """Steps at the largest rate that move as far as the steps done so far; a gradient flow runs in this time."""
    step = np.arange(steps)
    rate = np.minimum(1.0, (step + 1) / WARMUP) * (1 + np.cos(np.pi * step / steps)) / 2
    return np.asarray(np.cumsum(rate)[np.asarray(at) - 1])
