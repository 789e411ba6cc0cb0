"""The moving average of a model's weights, which is what generates."""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import get_ema_multi_avg_fn

from regimes.numerics.interface.checks import positive_number

__all__ = ["MovingAverage"]


class MovingAverage:
    """Exponential moving average of the weights of a model.

    After k updates the decay is ``min(decay, (1 + k)/(10 + k))``, so that the first weights are soon forgotten.
    Buffers, and weights that take no gradient, are copied.

    Examples
    --------
    >>> layer = nn.Linear(1, 1, bias=False)
    >>> average = MovingAverage(layer, 0.5)
    >>> _ = nn.init.constant_(layer.weight, 1.0), nn.init.constant_(average.model.weight, 0.0)
    >>> average.update(), average.model.weight.item()  # the decay is 1/10 at first
    (None, 0.899...)
    """

    def __init__(self, model: nn.Module, decay: float) -> None:
        if decay != 0:
            positive_number("MovingAverage", "decay", "share that survives a step", decay)
        if not decay < 1:
            raise ValueError(f"MovingAverage: decay (share that survives a step) must be below 1, got {decay:g}")
        self.decay = float(decay)
        self.updates = 0
        self.model = copy.deepcopy(model).requires_grad_(False)
        # Walking through the modules at every step would cost as much as the step of a small network.
        pairs = list(zip(self.model.parameters(), model.parameters(), strict=True))
        self._weights = [kept for kept, value in pairs if value.requires_grad]
        self._trained = [value.detach() for _, value in pairs if value.requires_grad]
        self._copied: list[tuple[Tensor, Tensor]] = [pair for pair in pairs if not pair[1].requires_grad]
        self._copied.extend(zip(self.model.buffers(), model.buffers(), strict=True))

    @torch.no_grad()
    def update(self) -> None:
        """Take the weights of the model in as they are after a step."""
        decay = min(self.decay, (1 + self.updates) / (10 + self.updates))
        self.updates += 1
        get_ema_multi_avg_fn(decay)(self._weights, self._trained, None)  # type: ignore[no-untyped-call]
        for kept, value in self._copied:
            kept.copy_(value)
