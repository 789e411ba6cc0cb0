"""A residual multilayer perceptron: the denoiser of points without a geometry."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from regimes.numerics.interface.checks import whole_number
from regimes.validation.training.initial_weights import initial_weights
from regimes.validation.training.time_embedding import TimeEmbedding

__all__ = ["ResidualMLP"]

_TIME_FEATURES = 128


class ResidualMLP(nn.Module):
    """Residual blocks of two layers, each shifted and scaled by the noise level.

    The output is zero before training: with :func:`regimes.validation.training.linear_start`, which
    :func:`regimes.validation.training.train_denoiser` applies, the network starts as the best linear denoiser.

    Parameters
    ----------
    d : int
        Numbers in a point.
    width : int
        Units of a layer.
    blocks : int
        Residual blocks; ``2 blocks + 2`` layers in all.
    rng : int
        Seed of the weights.

    Attributes
    ----------
    settings : dict
        What it was built with, for :func:`regimes.validation.training.load_denoiser`.

    Raises
    ------
    ValueError
        If a size is not a positive whole number.

    Examples
    --------
    >>> network = ResidualMLP(64, width=32, blocks=2)
    >>> tuple(network(torch.zeros(5, 64), torch.zeros(5)).shape)
    (5, 64)
    """

    def __init__(self, d: int, *, width: int = 256, blocks: int = 3, rng: int = 0) -> None:
        super().__init__()
        self.d = whole_number("ResidualMLP", "d", "numbers in a point", d, at_least=1)
        whole_number("ResidualMLP", "width", "units of a layer", width, at_least=1)
        whole_number("ResidualMLP", "blocks", "residual blocks", blocks, at_least=0)
        self.settings: dict[str, Any] = {"network": "ResidualMLP", "d": self.d, "width": width, "blocks": blocks}
        with torch.random.fork_rng(devices=[]):  # layers draw weights of their own when they are made
            self.time = TimeEmbedding(_TIME_FEATURES)
            self.first = nn.Linear(self.d, width)
            residual = [_Block(width) for _ in range(blocks)]
            self.blocks = nn.ModuleList(residual)
            self.norm = nn.LayerNorm(width)
            self.last = nn.Linear(width, self.d)
        initial_weights(self, rng)
        for layer in (self.last, *(block.second for block in residual)):
            for value in layer.parameters():
                nn.init.zeros_(value)

    def forward(self, x: Tensor, log_snr: Tensor) -> Tensor:
        """Prediction for each row of d numbers, in any shape, at its log-SNR (n,)."""
        rows = x.flatten(1)
        if rows.shape[1] != self.d:
            raise ValueError(
                f"ResidualMLP: x must have d = {self.d} numbers a row, got shape {tuple(x.shape)}; build the network "
                "for this d"
            )
        time = self.time(log_snr)
        hidden = self.first(rows)
        for block in self.blocks:
            hidden = block(hidden, time)
        output: Tensor = self.last(functional.silu(self.norm(hidden)))
        return output.view_as(x)


class _Block(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.time = nn.Linear(_TIME_FEATURES, 2 * width)
        self.first = nn.Linear(width, width)
        self.second = nn.Linear(width, width)

    def forward(self, hidden: Tensor, time: Tensor) -> Tensor:
        scale, shift = self.time(time).chunk(2, dim=1)
        change = self.second(functional.silu(self.first(torch.addcmul(shift, self.norm(hidden), 1 + scale))))
        changed: Tensor = hidden + change
        return changed
