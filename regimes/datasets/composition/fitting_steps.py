"""Positions along one axis, and which steps fit."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

__all__ = ["axis_positions"]

_TIE = 1e-9
"""A multiple of the step this close to the side, relatively, is the side: steps such as 0.1 are no exact numbers."""

_MOST_LISTED = 12


def axis_positions(axis: str, pixels: int, side: str, step: float, margin: float) -> NDArray[np.float64]:
    """Lay positions along one axis."""
    length = pixels - 2 * margin
    count = round(length / step)
    if count < 1 or abs(count * step - length) > _TIE * length:
        raise ValueError(
            f"image_grid: the {side} less both margins must be a whole multiple of d{axis} (step of the positions "
            f"along {axis}, in pixels), got {length:g} and d{axis} = {step:g}, that is {length / step:g} steps; "
            f"{_advice(length, step, side, margin)}"
        )
    positions = margin + step * np.arange(count, dtype=np.float64)
    positions.flags.writeable = False
    return positions


def _advice(length: float, step: float, side: str, margin: float) -> str:
    below = math.floor(length / step)
    nearest = [f"{length:g}/{count}" for count in (below, below + 1) if count > 0]
    whole = _divisors(int(length)) if length == int(length) else []
    fitting = f"whole steps that fit are {_listed(whole)}, the nearest others " if whole else "steps that fit are "
    lengths = [2 * margin + count * step for count in (below, below + 1) if count > 0]
    sizes = [f"{size:g}" for size in lengths if abs(size - round(size)) <= _TIE * size]
    return fitting + " and ".join(nearest) + (f", and {side}s that fit are {' and '.join(sizes)}" if sizes else "")


def _divisors(number: int) -> list[str]:
    return [str(divisor) for divisor in range(1, min(number, 10**4) + 1) if number % divisor == 0]


def _listed(texts: list[str]) -> str:
    if len(texts) > _MOST_LISTED:
        return f"{', '.join(texts[:_MOST_LISTED])} and more"
    return " and ".join([", ".join(texts[:-1]), texts[-1]]) if len(texts) > 1 else texts[0]
