"""Uses of a seed: each has random numbers of its own, so that two uses of one seed share none."""

from __future__ import annotations

from enum import IntEnum

import numpy as np

from regimes.numerics.interface.checks import whole_number

__all__ = ["Stream", "generator"]


class Stream(IntEnum):
    """Constant of each use; changing one changes every number that was drawn with it. Sorted by subject."""

    COMPOSITION_DATA_ORDERS = 0x64617461706572
    COMPOSITION_GRID_ORDERS = 0x6C617474696365
    COMPOSITION_SUBSETS = 0x73756273657473
    COMPOSITION_THRESHOLD_ORDERS = 0x74687265736830


def generator(stream: Stream, rng: int | np.random.Generator, what: str = "rng") -> np.random.Generator:
    """Generator of one use of a seed; a generator is used as it is. An error names ``what`` was called."""
    if isinstance(rng, np.random.Generator):
        return rng
    return np.random.default_rng([int(stream), whole_number(what, "rng", "seed", rng, at_least=0)])
