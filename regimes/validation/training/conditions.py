"""What a network is told of the image that it is to make: codes of conditions, and a denoiser under conditions."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from regimes.numerics.interface.checks import positive_number, whole_number

__all__ = ["CODES", "Conditioned", "ConditionCode", "ConditionEmbedding"]

CODES = ("scalar", "sinusoidal", "one-hot", "population")
"""How each coordinate of a condition is written before the network mixes it."""


@dataclass(frozen=True)
class ConditionCode:
    """How the coordinates of a condition are given to a network, each on its own.

    With ``u`` the coordinate on a scale from 0 (``low``) to 1 (``high``): ``scalar`` is ``2u - 1``; ``sinusoidal`` are
    the sines and cosines of ``pi k u`` for k from 1 to size/2; ``one-hot`` is 1 at the nearest of ``size`` values from
    low to high and 0 at the others; ``population`` are Gaussian tuning curves at these values, of the width of a step.
    A coordinate that is nan is not told: its code is 0, which no value has but the middle in ``scalar``.

    Attributes
    ----------
    code : {"scalar", "sinusoidal", "one-hot", "population"}
        Which code.
    low, high : tuple of float
        Range of each coordinate; low below high.
    size : int
        Numbers that a coordinate becomes: 2 at least, even for ``sinusoidal``; 1 for ``scalar``.

    Examples
    --------
    >>> ConditionCode("population", low=(0,), high=(3,), size=4).encoded(torch.tensor([[1.0]])).round(decimals=2)
    tensor([[0.6100, 1.0000, 0.6100, 0.1400]])
    """

    code: str
    low: tuple[float, ...]
    high: tuple[float, ...]
    size: int = 1

    def __post_init__(self) -> None:
        if self.code not in CODES:
            raise ValueError(f"ConditionCode: code must be one of {', '.join(CODES)}, got {self.code!r}")
        low, high = (tuple(float(each) for each in values) for values in (self.low, self.high))
        if len(low) != len(high) or not low or not all(a < b < math.inf for a, b in zip(low, high, strict=True)):
            raise ValueError(
                f"ConditionCode: low and high must be the finite range of each coordinate, low below high, got {low} "
                f"and {high}"
            )
        if self.code == "scalar" and self.size != 1:
            raise ValueError(f"ConditionCode: size must be 1 for the code scalar, got {self.size}; leave it out")
        least = 1 if self.code == "scalar" else 2
        size = whole_number("ConditionCode", "size", "numbers that a coordinate becomes", self.size, at_least=least)
        if self.code == "sinusoidal" and size % 2:
            raise ValueError(f"ConditionCode: size must be even, a sine and a cosine for each wave, got {size}")
        for name, value in (("low", low), ("high", high), ("size", size)):
            object.__setattr__(self, name, value)

    @property
    def settings(self) -> dict[str, Any]:
        """Plain values from which it is made again."""
        return {"code": self.code, "low": list(self.low), "high": list(self.high), "size": self.size}

    def encoded(self, condition: Tensor) -> Tensor:
        """Code of each condition, (n, coordinates) to (n, coordinates * size)."""
        if condition.ndim != 2 or condition.shape[1] != len(self.low):
            raise ValueError(
                f"ConditionCode: conditions must have shape (n, {len(self.low)}), got {tuple(condition.shape)}"
            )
        low, high = condition.new_tensor(self.low), condition.new_tensor(self.high)
        known = condition.isfinite()[:, :, None]
        place = ((torch.where(known[:, :, 0], condition, low) - low) / (high - low))[:, :, None]
        if self.code == "scalar":
            code = 2 * place - 1
        elif self.code == "sinusoidal":
            phase = place * (math.pi * torch.arange(1, self.size // 2 + 1, device=place.device))
            code = torch.cat([phase.sin(), phase.cos()], dim=2)
        else:
            steps = place * (self.size - 1) - torch.arange(self.size, device=place.device)
            code = (-steps.square() / 2).exp() if self.code == "population" else _nearest(steps).to(place.dtype)
        return torch.where(known, code, 0.0).flatten(1)


class ConditionEmbedding(nn.Module):
    """Features of a condition: its code, mixed by two layers; of no condition, a row of its own that is learned."""

    def __init__(self, width: int, code: ConditionCode) -> None:
        super().__init__()
        self.code = code
        self.mix = nn.Sequential(nn.Linear(len(code.low) * code.size, width), nn.SiLU(), nn.Linear(width, width))
        self.absent = nn.Parameter(torch.zeros(width))

    def forward(self, condition: Tensor | None, rows: int) -> Tensor:
        """Features of each row; where all coordinates are nan, or without conditions, those of no condition."""
        if condition is None:
            return self.absent.expand(rows, -1)
        features: Tensor = self.mix(self.code.encoded(condition).to(self.absent.dtype))
        return torch.where(condition.isfinite().any(dim=1, keepdim=True), features, self.absent)


class Conditioned(nn.Module):
    """A conditional denoiser at the condition of each row, as ``model(x, log_snr)``.

    With guidance w the output is that without condition plus w times what the condition changes (Ho, Salimans 2022):
    1 is the denoiser itself.
    """

    def __init__(self, model: nn.Module, condition: Tensor, guidance: float = 1.0) -> None:
        super().__init__()
        self.model = model
        self.register_buffer("condition", condition)
        self.guidance = positive_number("TrainedDenoiser.score", "guidance", "weight of the condition", guidance)

    def forward(self, x: Tensor, log_snr: Tensor) -> Tensor:
        """Output for each row at the condition of that row."""
        condition = self.get_buffer("condition")
        if len(x) != len(condition):
            raise ValueError(f"x must have a row for each of {len(condition)} conditions, got {len(x)}")
        told: Tensor = self.model(x, log_snr, condition)
        if self.guidance == 1:
            return told
        untold: Tensor = self.model(x, log_snr, torch.full_like(condition, math.nan))
        return torch.lerp(untold, told, self.guidance)


def _nearest(steps: Tensor) -> Tensor:
    return torch.zeros_like(steps).scatter_(2, steps.abs().argmin(dim=2, keepdim=True), 1.0)
