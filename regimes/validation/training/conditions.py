"""What a network is told of the point that it is to make: codes of conditions, and scores under conditions."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from regimes.numerics.interface.checks import positive_number, whole_number
from regimes.validation.scores.network import NetworkScore

__all__ = ["CODES", "ConditionCode", "ConditionEmbedding", "ConditionedScore", "checked_conditions"]

CODES = ("scalar", "sinusoidal", "one-hot", "population")
"""How each coordinate of a condition is written before the network mixes it."""

Range = tuple[float, ...]


@dataclass(frozen=True)
class ConditionCode:
    """How the coordinates of a condition are given to a network, each on its own.

    With ``u`` the coordinate on a scale from 0 (``low``) to 1 (``high``): ``scalar`` is ``2u - 1``; ``sinusoidal`` are
    the sines and cosines of ``pi k u`` for k from 1 to size/2; ``one-hot`` is 1 at the nearest of ``size`` values from
    low to high, both included, and 0 at the others; ``population`` are Gaussian tuning curves at these values, of the
    width of a step. A coordinate that is nan is not told: its code is 0, which no value has but the middle in
    ``scalar``.

    Attributes
    ----------
    code : {"scalar", "sinusoidal", "one-hot", "population"}
        Which code.
    low, high : tuple of float
        Range of each coordinate; low below high.
    size : int
        Numbers that a coordinate becomes: 2 at least, even for ``sinusoidal``; 1 for ``scalar``.

    Raises
    ------
    ValueError
        If the code is unknown, or a range or the size does not suit it.

    Examples
    --------
    >>> ConditionCode("population", low=(0,), high=(3,), size=4).encoded(torch.tensor([[1.0]])).round(decimals=2)
    tensor([[0.6100, 1.0000, 0.6100, 0.1400]])
    """

    code: str
    low: Range
    high: Range
    size: int = 1

    def __post_init__(self) -> None:
        if self.code not in CODES:
            raise ValueError(f"ConditionCode: code must be one of {', '.join(CODES)}, got {self.code!r}")
        low, high = _checked_range(self.low), _checked_range(self.high)
        if len(low) != len(high) or not low or not all(a < b for a, b in zip(low, high, strict=True)):
            raise ValueError(
                f"ConditionCode: low and high must be the range of each coordinate, low below high, got {low} and "
                f"{high}"
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
        condition = condition if condition.is_floating_point() else condition.float()
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


class ConditionedScore(NetworkScore):
    """Score of a conditional denoiser: row i of the states has condition i.

    With guidance w the output of the network is that without condition plus w times what the condition changes (Ho,
    Salimans 2022); 1 is the denoiser itself.
    """

    def __init__(self, model: nn.Module, condition: Tensor, guidance: float, *, prediction: str) -> None:
        weight = positive_number("TrainedDenoiser.score", "guidance", "weight of the condition", guidance)
        device = next(model.parameters()).device
        super().__init__(_Conditioned(model, condition.to(device), weight), prediction=prediction, clock="log_snr")
        self._rows = len(condition)

    def __call__(self, x: Tensor, t: float) -> Tensor:
        """Score at noised points of these conditions, in their order."""
        self._check_rows(x)
        return super().__call__(x, t)

    def posterior_mean(self, x: Tensor, t: float) -> Tensor:
        """Mean of the data point given x_t and the condition, as the model has it."""
        self._check_rows(x)
        return super().posterior_mean(x, t)

    def _check_rows(self, x: Tensor) -> None:
        if len(x) != self._rows:
            raise ValueError(
                f"TrainedDenoiser.score: x must have a row for each of {self._rows} conditions, got {len(x)}; give "
                f"backward batch={self._rows}, or fewer conditions at a time"
            )


def checked_conditions(function: str, conditions: Any, rows: int | None) -> Tensor:
    """Conditions as float32, shape (n, c), nan where a coordinate is not told."""
    try:
        told = conditions if isinstance(conditions, Tensor) else torch.as_tensor(conditions)
        told = told.detach()
    except (TypeError, ValueError, RuntimeError):
        raise ValueError(
            f"{function}: conditions must be numbers of shape (n, c), got {type(conditions).__name__}"
        ) from None
    wrong = told.ndim != 2 or told.is_complex() or (rows is not None and len(told) != rows)
    if wrong or bool(torch.isinf(told).any()):
        count = "n" if rows is None else rows
        raise ValueError(
            f"{function}: conditions must be numbers of shape ({count}, c), a row for each point, nan where a "
            f"coordinate is not told, got {told.dtype} of shape {tuple(told.shape)}"
            f"{'' if wrong else ' with inf'}"
        )
    return told.float()


class _Conditioned(nn.Module):
    """A conditional denoiser at the condition of each row, as ``model(x, log_snr)``."""

    def __init__(self, model: nn.Module, condition: Tensor, guidance: float) -> None:
        super().__init__()
        self.model, self.guidance = model, guidance
        self.register_buffer("condition", condition)

    def forward(self, x: Tensor, log_snr: Tensor) -> Tensor:
        condition = self.get_buffer("condition")
        told: Tensor = self.model(x, log_snr, condition)
        if self.guidance == 1:
            return told
        untold: Tensor = self.model(x, log_snr, torch.full_like(condition, math.nan))
        return torch.lerp(untold, told, self.guidance)


def _checked_range(values: Any) -> Range:
    try:
        numbers = tuple(float(each) for each in values)
    except (TypeError, ValueError):
        raise ValueError(
            f"ConditionCode: low and high must hold a number for each coordinate, got {values!r:.80}"
        ) from None
    if not all(map(math.isfinite, numbers)):
        raise ValueError(f"ConditionCode: low and high must be finite, got {numbers}")
    return numbers


def _nearest(steps: Tensor) -> Tensor:
    return torch.zeros_like(steps).scatter_(2, steps.abs().argmin(dim=2, keepdim=True), 1.0)
