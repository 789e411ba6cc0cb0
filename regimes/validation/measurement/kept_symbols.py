"""Symbols that U-turns bring back against their posterior probability at the same noised points."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from regimes.validation.outcome.agreement import Agreement

__all__ = ["kept_agreement"]

Array = NDArray[np.float64]


def kept_agreement(quantity: str, at: float, kept: Array, posterior: Array, nodes: int) -> Agreement:
    """Compare shares of the nodes of a level, a start each, with their means given the noised points."""
    count, left = len(kept), kept - posterior
    # A level that is certain to come back has no scatter: half of one node is the least that can be told.
    se = max(float(left.std(ddof=1)) / math.sqrt(count), 0.5 / (count * nodes))
    return Agreement(quantity, at, float(posterior.mean()), float(kept.mean()), se, count)
