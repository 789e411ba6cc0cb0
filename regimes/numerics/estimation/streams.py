"""Uses of a seed: each has random numbers of its own, so that two uses of one seed share none."""

from __future__ import annotations

from enum import IntEnum, unique

import numpy as np

from regimes.numerics.interface.checks import whole_number

__all__ = ["Stream", "generator", "seed_of"]


@unique
class Stream(IntEnum):
    """Constant of each use; changing one changes every number that was drawn with it. Sorted by subject."""

    CLASS_BOUND = 0x636C617373
    CLASS_PAIRS = 0x7061697273
    CLASS_WINDOW = 0x77696E646F77
    COLLAPSE_PARTS = 0x636F6C6C61707365
    COLLAPSE_POINTS = 0x62756E64
    COMPOSITION_DATA_ORDERS = 0x64617461706572
    COMPOSITION_GRID_ORDERS = 0x6C617474696365
    COMPOSITION_SUBSETS = 0x73756273657473
    COMPOSITION_THRESHOLD_ORDERS = 0x74687265736830
    ENERGIES = 0x656E65726779
    ENERGY_CONTROLS = 0x636F6E74726F6C
    HIERARCHY_DATA = 0x64617461
    HIERARCHY_DRAWS = 0x7472656573
    HIERARCHY_NOISE = 0x6C6561766573
    HIERARCHY_POPULATIONS = 0x706F70756C617465
    HIERARCHY_PREDICTION = 0x68696572
    HIERARCHY_RULES = 0x72756C6573
    HIERARCHY_THRESHOLD = 0x7468726573686F6C64
    HIERARCHY_UTURNS = 0x637572766573
    NEIGHBOURS = 0x6E656172
    POSTERIOR_NOISE = 0x726567696D6573
    RETURNS = 0x72657475726E73
    SPECIATION_HALVES = 0x68616C766573
    UTURNS_GAUSSIAN_FIELD = 0x6669656C64
    UTURNS_TOKEN_MIXTURE = 0x746F6B656E73
    # Simulations
    BACKWARD = 0x6261636B
    CLONES = 0x636C6F6E6573
    NOISED = 0x6E6F69736564
    U_TURN = 0x757475726E
    # Measurements of a user's model
    BOOTSTRAP = 0x64726177
    FEATURES = 0x6665617475726573
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
    FEATURE_LAYERS = 14
    IMAGE_MODELS = 0x696D61676573
    HIERARCHY_LEARNED = 0x6C6561726E6564
    REDRAWN_PAIRS = 0x726174696F
    BUMP_PHASES = 0x70686173657320
    BUMP_IMBALANCE = 0x756E657175616C
    BUMP_FACTORISATION = 0x666163746F7273
    BUMP_DATA = 0x6D616E79
    BUMP_COMPOSITION = 0x636F6D706F736974
    BUMP_PERCOLATION = 0x7065726320
    HIERARCHY_EXACT = 0x6578616374
    HIERARCHY_MASKED = 0x6D61736B6564
    CLASS_TREE = 0x74726565
    STEPS = 0x7374657073
    GUIDANCE_WINDOW = 0x6775696465
    COPIED_POINTS = 0x636F70696564
    DATA_NEEDED = 0x6E6565646564
    UTURNS = 0x757475726E73
    TRAINING_SPECTRUM = 0x6D6F646573
    TRAINING_LOSSES = 0x666C6F77
    TRAINING_NETWORKS = 0x6E6574776F726B73


def generator(stream: Stream, rng: int | np.random.Generator, what: str = "rng", *part: int) -> np.random.Generator:
    """Generator of one use of a seed, or of a numbered part; a generator is used as it is. Errors name ``what``."""
    if isinstance(rng, np.random.Generator):
        return rng
    return np.random.default_rng([int(stream), whole_number(what, "rng", "seed", rng, at_least=0), *part])


def seed_of(rng: int | np.random.Generator) -> int | None:
    """The seed, as settings state it; None of a generator, which does not tell."""
    return None if isinstance(rng, np.random.Generator) else int(rng)
