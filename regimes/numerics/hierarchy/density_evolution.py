"""Density evolution of the random hierarchy model: how beliefs are distributed at every level, averaged over rules.

Mean field follows the mean belief alone, which is good under the epsilon-process. Real noise leaves some leaves clear
and some dark; what reaches the root then depends on the distribution of the whole message vector, which is followed
here by a population of messages.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import astuple, dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from regimes.numerics.estimation.streams import Stream, generator
from regimes.numerics.hierarchy.fresh_rules import dense_rules, lower_level
from regimes.numerics.hierarchy.noise import Noise, checked_noise
from regimes.numerics.hierarchy.population_memory import MEMORY, check_population
from regimes.numerics.hierarchy.populations import key_of, leaf_population, members_of, upper_population
from regimes.numerics.hierarchy.problem import Hierarchy, checked_hierarchy
from regimes.numerics.interface.checks import whole_number

__all__ = ["DensityEvolution", "density_evolution"]

Array = NDArray[np.float64]

_BESIDE = 4  # populations held beside the upward messages of every level
_QUANTITIES = ("upward", "reconstruction", "clone_probability", "conditional_entropy")


@dataclass(frozen=True, eq=False)
class DensityEvolution:
    """Beliefs at every level of the hierarchy, averaged over rules, trees and noise: one set of rules has its own.

    Rows are levels of the tree, 0 the root and L the leaves, columns the levels of noise; standard errors (``_se``) are
    from the scatter of the populations. ``upward`` is the mean belief in the true symbol of the message that a node
    sends upwards: what the leaves below it tell. Given all leaves, ``reconstruction`` is the mean posterior probability
    P of the true symbol, ``conditional_entropy`` the mean of ``-log P`` of it, in nats, and ``clone_probability`` the
    probability that two clones agree, the mean of ``sum P^2``: equal to the reconstruction where P is the posterior of
    what is observed, hence for all noises but the epsilon-process.
    """

    hierarchy: Hierarchy
    noise: str
    noise_level: Array
    upward: Array
    upward_se: Array
    reconstruction: Array
    reconstruction_se: Array
    clone_probability: Array
    clone_probability_se: Array
    conditional_entropy: Array
    conditional_entropy_se: Array
    population: int
    repeats: int


def density_evolution(
    hierarchy: Hierarchy,
    noise: Noise,
    levels: ArrayLike,
    *,
    population: int = 10_000,
    repeats: int = 8,
    rng: int | np.random.Generator = 0,
    memory: int = MEMORY,
    progress: Callable[[str, int, int], None] | None = None,
) -> DensityEvolution:
    """Follow populations of messages up and down a hierarchy with rules drawn afresh at every node.

    Upward, a member of level l takes s members of level l + 1 for its children, draws ``v m`` distinct tuples, one of
    them the true one, and gets ``nu(a) ~ sum over rules of a of prod_i nu_i(child i)``. Downward, a child gets
    ``sum over rules with b in its place of D(parent) prod of its siblings' upward messages``, from the uniform message
    to the root on. The posterior of a node is the product of a downward message and an independent upward message.

    Parameters
    ----------
    hierarchy : Hierarchy
        The model.
    noise : {"epsilon", "masking", "uniform", "gaussian"}
        Kind of noise on the leaves.
    levels : array_like
        Noise levels, a number or a 1-d sequence: epsilon, the masked fraction, the replaced fraction (the own symbol
        counted), or the Ornstein-Uhlenbeck time.
    population : int
        Messages in a population; the bias is of the order of its inverse.
    repeats : int
        Independent populations, at least 2.
    rng : int or numpy.random.Generator
        Seed or generator. All noise levels use the same random numbers, so curves are smooth.
    memory : int
        Bytes that the populations of all levels, with their random numbers, and the rules of a node for each thread may
        take.
    progress : callable, optional
        Called with the name of the part, the populations done and all populations after each; one counts for each
        repeat and noise level.

    Returns
    -------
    DensityEvolution
        Mean beliefs, clone probabilities and conditional entropies of all levels with standard errors.

    Notes
    -----
    Method: population dynamics; the equations are those of belief propagation (sclocchi2024). Each node has rules of
    its own, where in one data set the nodes of a level share them: the upward values are exact at one level of rules,
    and neglect this sharing above. The same seed gives the same bytes for any number of threads. Memory:
    ``8 (L + 5) population v`` bytes at most, random numbers of the population, and ``v m`` tuples for each thread.

    Examples
    --------
    >>> from regimes import Hierarchy
    >>> result = density_evolution(Hierarchy(16, 4, L=3), "masking", [0.2, 0.8], population=2000, repeats=2)
    >>> result.reconstruction[0].round(1).tolist()
    [0.8, 0.1]
    """
    name = "density_evolution"
    checked_hierarchy(name, hierarchy)
    rule = f"{name}: levels must be a number or a 1-d sequence of numbers"
    try:
        given = np.atleast_1d(np.asarray(levels, dtype=np.float64))
    except (TypeError, ValueError):
        raise ValueError(f"{rule}, got {levels!r}") from None
    if given.ndim != 1 or given.size == 0:
        raise ValueError(f"{rule}, got shape {given.shape}")
    values = np.array([checked_noise(name, noise, level) for level in given])
    population = whole_number(name, "population", "messages in a population", population, at_least=2)
    repeats = whole_number(name, "repeats", "independent populations", repeats, at_least=2)
    check_population(name, hierarchy, noise, population, hierarchy.L + 1 + _BESIDE, memory)
    seeds = generator(Stream.HIERARCHY_POPULATIONS, rng, name).integers(2**63, size=repeats)
    found = np.empty((repeats, len(_QUANTITIES), hierarchy.L + 1, values.size))
    for repeat, seed in enumerate(seeds.tolist()):
        for e, level in enumerate(values):
            found[repeat, :, :, e] = _one_population(hierarchy, noise, level, population, seed)
            if progress is not None:
                progress("density evolution", repeat * values.size + e + 1, repeats * values.size)
    mean, se = found.mean(axis=0), found.std(axis=0, ddof=1) / np.sqrt(repeats)
    curves = dict(zip(_QUANTITIES, mean, strict=True))
    errors = {f"{quantity}_se": error for quantity, error in zip(_QUANTITIES, se, strict=True)}
    return DensityEvolution(hierarchy, noise, values, population=population, repeats=repeats, **curves, **errors)


def _one_population(hierarchy: Hierarchy, noise: Noise, level: float, population: int, seed: int) -> Array:
    """The four quantities at all levels, shape (4, L+1)."""
    v, m, s, L, classes = astuple(hierarchy)
    source = generator(Stream.HIERARCHY_POPULATIONS, seed, "density_evolution")
    upward = [leaf_population(v, noise, level, population, source)]
    for height in range(1, L + 1):
        upward.append(upper_population(upward[-1], m, s, source, parents=classes if height == L else v))
    upward.reverse()
    found = np.empty((len(_QUANTITIES), L + 1))
    downward = np.full((1, classes), 1 / classes)
    for depth, message in enumerate(upward):
        if depth > 0:
            above, drawn = downward, downward.shape[1] * m
            parent = source.permutation(population) if depth > 1 else np.zeros(population, np.int64)
            siblings = members_of(population, s - 1, source)
            downward = np.empty((population, v))
            lower_level(above, parent, message, siblings, m, dense_rules(v, s, drawn), key_of(source), downward)
        posterior = downward * message[source.permutation(population)]
        posterior /= posterior.sum(axis=1, keepdims=True)
        true = posterior[:, 0]
        found[:, depth] = (
            message[:, 0].mean(),
            true.mean(),
            np.einsum("ij,ij->i", posterior, posterior).mean(),
            abs(np.log(true).mean()),
        )
    return found
