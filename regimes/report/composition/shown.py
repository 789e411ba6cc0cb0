"""Which part of a curve over the kept fraction a figure or a table shows."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["default_lambdas", "rows_near_round", "shown_lambdas"]

_EVEN = np.arange(101) / 100
_SHOWN = 2.0  # times the threshold: what lies beyond is the same everywhere
_ROWS = 12


def default_lambdas(lambdas: NDArray[np.float64]) -> bool:
    """Whether nobody chose the kept fractions: they then hold all multiples of .01."""
    return bool(np.isin(_EVEN, lambdas).all())


def shown_lambdas(lambdas: NDArray[np.float64], threshold: float | None) -> NDArray[np.bool_]:
    """Which kept fractions are shown: all where they were chosen, else those up to twice the threshold."""
    if not default_lambdas(lambdas):
        return np.ones_like(lambdas, dtype=bool)
    return lambdas <= _SHOWN * (threshold or 1.0)


def rows_near_round(x: NDArray[np.float64], places: Sequence[float | None]) -> list[int]:
    """Those of increasing fractions that are nearest to round ones, about ten, and on both sides of some places."""
    step = _round_step((x[-1] - x[0]) / _ROWS)
    levels = step * np.arange(math.ceil(x[0] / step), math.floor(x[-1] / step * (1 + 1e-9)) + 1)
    chosen = {int(np.argmin(np.abs(x - level))) for level in levels}
    for place in places:
        if place is not None and x[0] <= place <= x[-1]:
            after = int(np.searchsorted(x, place))
            chosen |= {row for row in (after - 1, after) if 0 <= row < x.size}
    return sorted(chosen)


def _round_step(least: float) -> float:
    """Smallest of 1, 2 and 5 times a power of ten that is not less."""
    if not least > 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(least))
    return next(digit * power for digit in (1, 2, 5, 10) if digit * power >= least * (1 - 1e-9))
