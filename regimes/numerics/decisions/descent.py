"""Newton's method on the logarithms of the levels of a grid, between two that stay."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

__all__ = ["Moves", "descended"]

Array = NDArray[np.float64]
Moves = Callable[[Array], Callable[[float], Array | None]]
"""Of levels: the change of the logarithms of those between the ends for a damping, None where it would not descend."""

_ITERATIONS = 100
_PRECISION = 1e-10
_NEAREST = 0.9  # of the way to the next level that a level may go at once
_LEAST_DAMPING = 1e-3
_MOST_DAMPING = 1e9


def descended(levels: Array, value: Callable[[Array], float], moves: Moves) -> Array:
    """Levels of which the value is least among those near, by damped steps of Newton's method."""
    if levels.size < 3:
        return levels
    least, damping, move = value(levels), 0.0, moves(levels)
    for _ in range(_ITERATIONS):
        change = move(damping)
        if change is None:
            damping = max(4 * damping, _LEAST_DAMPING)
            continue
        tried = _moved(levels, change)
        after = value(tried)
        if not after <= least:
            damping = max(4 * damping, _LEAST_DAMPING)
            if damping > _MOST_DAMPING:
                break
            continue
        gain, levels, least = least - after, tried, after
        if gain <= _PRECISION * least:
            break
        damping, move = damping / 8 if damping > 1e-6 else 0.0, moves(levels)
    return levels


def _moved(levels: Array, move: Array) -> Array:
    """Levels after a change of their logarithms, shortened where they would meet."""
    logs = np.log(np.maximum(levels, levels[1] * 1e-300))
    full = np.concatenate([[0.0], move, [0.0]])
    gaps, closing = np.diff(logs), -np.diff(full)
    with np.errstate(divide="ignore", invalid="ignore"):
        room = np.where(closing > 0, gaps / closing, np.inf)
    moved = levels.copy()
    moved[1:-1] = levels[1:-1] * np.exp(min(1.0, _NEAREST * float(room.min())) * move)
    return moved
