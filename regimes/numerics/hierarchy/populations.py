"""Populations of messages: those of noised leaves, and a level up with rules drawn afresh at every node."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.hierarchy.fresh_rules import dense_rules, upper_level
from regimes.numerics.hierarchy.noise import Noise, leaf_messages
from regimes.numerics.hierarchy.population_memory import CHUNK, THINNING

__all__ = ["key_of", "leaf_population", "members_of", "upper_population"]

Array = NDArray[np.float64]


def leaf_population(v: int, noise: Noise, level: float, population: int, generator: np.random.Generator) -> Array:
    """Messages of leaves whose true symbol is 0, in random order, shape (population, v).

    The fractions of masked and of wrong leaves are those asked for, to the nearest leaf; of Gaussian leaves four times
    as many are drawn, and of every four of similar belief one is kept. Both leave the distribution as it is and take
    out most of the scatter between populations. The number of random numbers does not depend on the level.
    """
    if noise == "gaussian":
        parts = [
            _thinned_gaussian(v, level, min(CHUNK, population - start), generator)
            for start in range(0, population, CHUNK)
        ]
        return np.concatenate(parts)
    rank = (generator.permutation(population) + generator.random()) / population
    wrong = generator.integers(1, v, population)
    messages = np.empty((population, v))
    if noise == "masking":
        clear, dark = (leaf_messages([[0]], "masking", masked, v)[0, 0] for masked in (0.0, 1.0))
        messages[:] = np.where((rank < level)[:, None], dark, clear)
        return messages
    own = float(compile_formula("hierarchy_leaf_belief", target="numpy")(level, v))
    messages[:] = float(compile_formula("hierarchy_leaf_doubt", target="numpy")(level, v))
    # The own belief of the message is also the probability that the observed symbol is the true one.
    observed = np.where(rank < own, 0, wrong) if noise == "uniform" else 0
    messages[np.arange(population), observed] = own
    return messages


def upper_population(
    children: Array, m: int, s: int, generator: np.random.Generator, *, parents: int | None = None
) -> Array:
    """Upward messages to ``parents`` symbols, v by default, from those of the level below.

    Every child is used s times, once in each place.
    """
    population, v = children.shape
    parents = v if parents is None else parents
    out = np.empty((population, parents))
    members = members_of(population, s, generator)
    upper_level(children, members, parents, m, dense_rules(v, s, parents * m), key_of(generator), out)
    return out


def _thinned_gaussian(v: int, t: float, population: int, generator: np.random.Generator) -> Array:
    drawn = leaf_messages(np.zeros((THINNING * population, 1), np.int64), "gaussian", t, v, rng=generator)[:, 0]
    similar = np.argsort(drawn[:, 0], kind="stable").reshape(population, THINNING)
    kept = similar[np.arange(population), generator.integers(0, THINNING, population)]
    return np.ascontiguousarray(drawn[generator.permutation(kept)])


def members_of(population: int, places: int, generator: np.random.Generator) -> NDArray[np.int64]:
    """Which member of a population stands in each place beside each node; every member once in each place."""
    return np.stack([generator.permutation(population) for _ in range(places)])


def key_of(generator: np.random.Generator) -> np.uint64:
    """Key of the random numbers of a kernel."""
    return np.uint64(generator.integers(2**64, dtype=np.uint64))
