"""Streams: constants that set the uses of a seed apart, so that no two of them share random numbers."""

from __future__ import annotations

from enum import IntEnum, unique

import numpy as np

from regimes.numerics.interface.checks import whole_number

__all__ = ["Stream", "generator"]


@unique
class Stream(IntEnum):
    """One use of a seed each; a value that changes changes every number that was drawn with it."""

    # Simulations
    BACKWARD = 0x6261636B
    CLONES = 0x636C6F6E6573
    NOISED = 0x6E6F69736564
    U_TURN = 0x757475726E
    # Measurements of a user's model
    BOOTSTRAP = 0x64726177
    MEASUREMENT = 0x6D656173
    MOST_PROBABLE = 0x6D617870
    # Trainings
    CLASSIFIER = 0x636C6173736966
    INITIAL_WEIGHTS = 0x77656967687473
    LOSSES = 0x6C6F73736573
    TRAINING = 0x747261696E696E67
    # Experiments
    MIXTURE_CLONES = 1
    MIXTURE_ENTROPY = 2
    EMPIRICAL_CLONES = 3
    LEARNED_MIXTURE = 4
    POTENTIAL = 7
    DIGITS_SPECIATION = 8
    DIGITS_COLLAPSE = 9
    REDRAWN_PAIRS = 0x726174696F


def generator(stream: Stream, rng: int | np.random.Generator, what: str) -> np.random.Generator:
    """Random numbers of one use of a seed; a generator is used as it is. ``what`` asks, for the error."""
    if isinstance(rng, np.random.Generator):
        return rng
    return np.random.default_rng([int(stream), whole_number(what, "rng", "seed", rng, at_least=0)])
