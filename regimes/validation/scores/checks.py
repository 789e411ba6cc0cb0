"""Checks of what a score is asked for: states and a time."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

__all__ = ["checked_states", "checked_time"]


def checked_states(function: str, x: Any, shape: tuple[int, ...] | None) -> Tensor:
    """Check noised points."""
    if not isinstance(x, Tensor):
        raise ValueError(f"{function}: x must be a tensor, got {type(x).__name__}; use torch.as_tensor")
    if x.dtype not in (torch.float32, torch.float64):
        raise ValueError(f"{function}: x must be of float32 or float64, got {x.dtype}; convert it with x.to(...)")
    if x.ndim < 2 or (shape is not None and tuple(x.shape[1:]) != shape):
        rule = "(n, ...)" if shape is None else f"(n, {', '.join(map(str, shape))})"
        raise ValueError(
            f"{function}: x must have shape {rule}, one noised point a row, got {tuple(x.shape)}; reshape it, "
            "also where there is one point"
        )
    return x


def checked_time(function: str, t: Any, *, zero: bool = False) -> float:
    """Check the time at which a score is wanted."""
    try:
        time = float(t)
    except (TypeError, ValueError, RuntimeError):
        raise ValueError(
            f"{function}: t (Ornstein-Uhlenbeck time) must be one number, the same for all rows, got {type(t).__name__}"
        ) from None
    if not math.isfinite(time) or time < 0 or (time == 0 and not zero):
        rule = "finite and not negative" if zero else "positive and finite"
        advice = "" if zero or time != 0 else "; the data themselves have no density: end the backward process above 0"
        raise ValueError(f"{function}: t (Ornstein-Uhlenbeck time) must be {rule}, got {time:g}{advice}")
    return time
