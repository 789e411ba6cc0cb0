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
    HIERARCHY_DATA = 0x64617461
    HIERARCHY_DRAWS = 0x7472656573
    HIERARCHY_NOISE = 0x6C6561766573
    HIERARCHY_POPULATIONS = 0x706F70756C617465
    HIERARCHY_PREDICTION = 0x68696572
    HIERARCHY_RULES = 0x72756C6573
    HIERARCHY_THRESHOLD = 0x7468726573686F6C64
    HIERARCHY_UTURNS = 0x637572766573
    UTURNS_GAUSSIAN_FIELD = 0x6669656C64
    UTURNS_TOKEN_MIXTURE = 0x746F6B656E73


def generator(stream: Stream, rng: int | np.random.Generator, what: str = "rng", *part: int) -> np.random.Generator:
    """Generator of one use of a seed, or of a numbered part; a generator is used as it is. Errors name ``what``."""
    if isinstance(rng, np.random.Generator):
        return rng
    return np.random.default_rng([int(stream), whole_number(what, "rng", "seed", rng, at_least=0), *part])
