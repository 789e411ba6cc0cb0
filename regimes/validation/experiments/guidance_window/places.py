"""Where guidance acts: intervals of log snr, and a score that is guided there alone."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from torch import Tensor

from regimes.numerics.compiled.compile import compile_formula
from regimes.validation.sampling.samplers import Score

__all__ = ["MOVED", "NONE", "Intervals", "PlacedGuidance", "acts", "bands_of", "places_of"]

Intervals = tuple[tuple[float, float], ...]
"""Of log snr."""

NONE = "none"
MOVED = 0.5
"""By which share of its length the window is moved."""


def places_of(low: float, high: float) -> dict[str, Intervals]:
    """Where guidance acts, of a window from its low noise end to its high one, both Ornstein-Uhlenbeck times."""
    last, first = map(float, compile_formula("log_snr", target="numpy")([low, high]))
    shift, end = MOVED * (last - first), np.inf
    return {
        NONE: (),
        "always": ((-end, end),),
        "inside": ((first, last),),
        "outside": ((-end, first), (last, end)),
        "above": ((-end, first),),
        "below": ((last, end),),
        "moved up": ((first - shift, last - shift),),
        "moved down": ((first + shift, last + shift),),
    }


def bands_of(start: float, end: float, count: int) -> tuple[tuple[float, float], ...]:
    """Equal intervals of log snr between two times."""
    first, last = map(float, compile_formula("log_snr", target="numpy")([start, end]))
    return tuple(pairwise(np.linspace(first, last, count + 1).tolist()))


def acts(where: Intervals, t: float) -> bool:
    """Whether guidance acts at a time."""
    log_snr = float(compile_formula("log_snr", target="numpy")(t))
    return any(first <= log_snr < last for first, last in where)


class PlacedGuidance:
    """A guided score in some intervals of log snr, the plain one elsewhere."""

    def __init__(self, plain: Score, guided: Score, where: Intervals) -> None:
        self._plain, self._guided, self._where = plain, guided, where

    def __call__(self, x: Tensor, t: float) -> Tensor:
        """Score at noised points."""
        return (self._guided if acts(self._where, t) else self._plain)(x, t)
