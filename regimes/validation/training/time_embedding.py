"""How a network is told the noise level."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

__all__ = ["TimeEmbedding"]

# Wave numbers in units of 1/log-snr: the slowest wave is monotonic over log-snr -10 to 10, the fastest resolves steps
# of order 1, over which the posterior mean of any data changes little.
_SLOWEST, _FASTEST = 0.05, 3.0


class TimeEmbedding(nn.Module):
    """Features of the log signal-to-noise ratio: sines and cosines, mixed by two layers.

    Vaswani et al. 2017 (sinusoidal features), on the log-SNR clock of Kingma, Salimans, Poole, Ho 2021.
    """

    def __init__(self, width: int, *, waves: int = 32) -> None:
        super().__init__()
        numbers = torch.logspace(math.log10(_SLOWEST), math.log10(_FASTEST), waves)
        self.register_buffer("wave_numbers", numbers, persistent=False)
        self.mix = nn.Sequential(nn.Linear(2 * waves, width), nn.SiLU(), nn.Linear(width, width), nn.SiLU())

    def forward(self, log_snr: Tensor) -> Tensor:
        """Features of each row."""
        phase = log_snr[:, None] * self.get_buffer("wave_numbers")
        waves = torch.cat([phase.sin(), phase.cos()], dim=1)
        features: Tensor = self.mix(
            waves.to(next(self.mix.parameters()).dtype)
        )  # the clock of half precision is float32
        return features
