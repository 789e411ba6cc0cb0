"""Density evolution of the random hierarchy model: how beliefs are distributed at every level, averaged over rules.

Mean field follows the mean belief alone, which is good under the epsilon-process. Real noise leaves some leaves clear
and some dark; what reaches the root then depends on the distribution of the whole message vector, which is followed
here by a population of messages.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import get_num_threads, set_num_threads
from numpy.typing import ArrayLike, NDArray

from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.hierarchy.fresh_rules import dense_rules, lower_level, upper_level
from regimes.numerics.hierarchy.noise import Noise, checked_noise, leaf_messages
from regimes.numerics.hierarchy.parameters import checked_hierarchy
from regimes.numerics.hierarchy.population_memory import CHUNK, MEMORY, THINNING, check_population
from regimes.numerics.interface.checks import seeded, whole_number
from regimes.numerics.interface.plain import plain_fields

__all__ = ["DensityEvolution", "density_evolution", "leaf_population", "upper_population"]

Array = NDArray[np.float64]

_STREAM = 0x706F70756C617465  # sets the populations apart from other uses of a seed
_SMALL = 10**6  # tuples, some 2 ms
_BESIDE = 4  # populations held beside the upward messages of every level
_QUANTITIES = ("upward", "reconstruction", "clone_probability", "conditional_entropy")


@dataclass(frozen=True, eq=False)
class DensityEvolution:
    """Beliefs at every level of the hierarchy, averaged over rules, trees and noise.

    Attributes
    ----------
    v, m, s, L, classes : int
        Symbols, rules of a symbol, children, depth, symbols of the root.
    noise : str
        Kind of noise.
    noise_level : ndarray, shape (E,)
        Noise levels: epsilon, masked or replaced fraction, or Ornstein-Uhlenbeck time.
    upward, upward_se : ndarray, shape (L+1, E)
        Mean belief in the true symbol of the message that a node of each level sends upwards: what the leaves below it
        tell. Level 0 is the root, level L the leaves.
    reconstruction, reconstruction_se : ndarray, shape (L+1, E)
        Mean posterior probability of the true symbol, given all leaves.
    clone_probability, clone_probability_se : ndarray, shape (L+1, E)
        Probability that two clones agree, the mean of ``sum P^2``. Equal to the reconstruction where P is the posterior
        of what is observed, hence for all noises but the epsilon-process.
    conditional_entropy, conditional_entropy_se : ndarray, shape (L+1, E)
        Mean of ``-log P(true symbol)``, in nats.
    population : int
        Messages in a population.
    repeats : int
        Independent populations; standard errors are from their scatter.
    averaged_over : str
        ``"rules"``: every node has rules of its own. One fixed set of rules has values of its own.
    sources : tuple of str
        Formulas and papers behind the values.
    """

    v: int
    m: int
    s: int
    L: int
    classes: int
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
    averaged_over: str
    sources: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Plain dictionary, ready for JSON.

        Returns
        -------
        dict
            The attributes, arrays and tuples as lists.
        """
        return plain_fields(self)


def density_evolution(
    v: int,
    m: int,
    s: int,
    L: int,
    noise: Noise,
    levels: ArrayLike,
    *,
    classes: int | None = None,
    population: int = 10_000,
    repeats: int = 8,
    rng: int | np.random.Generator = 0,
    memory: int = MEMORY,
    progress: Callable[[int, int], None] | None = None,
) -> DensityEvolution:
    """Follow populations of messages up and down a hierarchy with rules drawn afresh at every node.

    Upward, a member of level l takes s members of level l + 1 for its children, draws ``v m`` distinct tuples, one of
    them the true one, and gets ``nu(a) ~ sum over rules of a of prod_i nu_i(child i)``. Downward, a child gets
    ``sum over rules with b in its place of D(parent) prod of its siblings' upward messages``, from the uniform message
    to the root on. The posterior of a node is the product of a downward message and an independent upward message.

    Parameters
    ----------
    v, m, s, L : int
        Symbols, rules of a symbol (at most ``v^(s-1)``), children, depth.
    noise : {"epsilon", "masking", "uniform", "gaussian"}
        Kind of noise on the leaves.
    levels : array_like
        Noise levels, a number or a 1-d sequence: epsilon, the masked fraction, the replaced fraction (the own symbol
        counted), or the Ornstein-Uhlenbeck time.
    classes : int, optional
        Symbols of the root; v by default.
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
        Called with (populations done, populations) after each; one counts for each repeat and noise level.

    Returns
    -------
    DensityEvolution
        Mean beliefs, clone probabilities and conditional entropies of all levels with standard errors.

    Raises
    ------
    ValueError
        If an argument is out of its range, or the populations would take more memory.

    Notes
    -----
    Method: population dynamics; the equations are those of belief propagation (sclocchi2024). Each node has rules of
    its own, where in one data set the nodes of a level share them: the upward values are exact at one level of rules,
    and neglect this sharing above. The same seed gives the same bytes for any number of threads. Memory:
    ``8 (L + 5) population v`` bytes at most, random numbers of the population, and ``v m`` tuples for each thread.

    Examples
    --------
    >>> result = density_evolution(16, 4, 2, 3, "masking", [0.2, 0.8], population=2000, repeats=2)
    >>> result.reconstruction[0].round(1).tolist()
    [0.8, 0.1]
    """
    name = "density_evolution"
    v, m, s, L, classes = checked_hierarchy(name, v, m, s, L, classes=classes)
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
    check_population(name, v, m, s, max(v, classes), noise, population, L + 1 + _BESIDE, memory)
    seeds = seeded(rng, _STREAM).integers(2**63, size=repeats)
    found = np.empty((repeats, len(_QUANTITIES), L + 1, values.size))
    for repeat, seed in enumerate(seeds):
        for e, level in enumerate(values):
            found[repeat, :, :, e] = _one_population(v, m, s, L, classes, noise, level, population, seed)
            if progress is not None:
                progress(repeat * values.size + e + 1, repeats * values.size)
    mean, se = found.mean(axis=0), found.std(axis=0, ddof=1) / np.sqrt(repeats)
    curves = {quantity: mean[i] for i, quantity in enumerate(_QUANTITIES)}
    errors = {f"{quantity}_se": se[i] for i, quantity in enumerate(_QUANTITIES)}
    return DensityEvolution(
        v=v,
        m=m,
        s=s,
        L=L,
        classes=classes,
        noise=noise,
        noise_level=values,
        population=population,
        repeats=repeats,
        averaged_over="rules",
        sources=("sclocchi2024", "hierarchy_leaf_belief", "one_hot_log_message"),
        **curves,
        **errors,
    )


def leaf_population(v: int, noise: Noise, level: float, population: int, generator: np.random.Generator) -> Array:
    """Messages of leaves whose true symbol is 0.

    The fractions of masked and of wrong leaves are those asked for, to the nearest leaf; of Gaussian leaves four times
    as many are drawn, and of every four of similar belief one is kept. Both leave the distribution as it is and take
    out most of the scatter between populations.

    Parameters
    ----------
    v : int
        Number of symbols.
    noise : {"epsilon", "masking", "uniform", "gaussian"}
        Kind of noise.
    level : float
        Its level.
    population : int
        Number of messages.
    generator : numpy.random.Generator
        Source of the random numbers, of which the number used does not depend on the level.

    Returns
    -------
    ndarray, shape (population, v)
        In random order.

    Examples
    --------
    >>> leaves = leaf_population(4, "masking", 0.3, 10, np.random.default_rng(0))
    >>> int((leaves[:, 0] < 1).sum())
    3
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
    """Upward messages of one level from those of the level below.

    Every child is used s times, once in each place.

    Parameters
    ----------
    children : ndarray, shape (population, v)
        Upward messages, the true symbol at 0.
    m, s : int
        Rules of a symbol, and children.
    generator : numpy.random.Generator
        Source of the random numbers.
    parents : int, optional
        Symbols of the new level; v by default.

    Returns
    -------
    ndarray, shape (population, parents)
        Upward messages, the true symbol at 0.

    Examples
    --------
    >>> certain = np.eye(4)[np.zeros(5, dtype=int)]
    >>> upper_population(certain, 2, 2, np.random.default_rng(0))[:, 0].tolist()
    [1.0, 1.0, 1.0, 1.0, 1.0]
    """
    population, v = children.shape
    parents = v if parents is None else parents
    out = np.empty((population, parents))
    members = _members(population, s, generator)
    with _threads_for(population * parents * m):
        upper_level(children, members, parents, m, dense_rules(v, s, parents * m), _key(generator), out)
    return out


def _one_population(
    v: int, m: int, s: int, L: int, classes: int, noise: Noise, level: float, population: int, seed: Any
) -> Array:
    """The four quantities at all levels, shape (4, L+1)."""
    generator = np.random.default_rng([_STREAM, int(seed)])
    upward = [leaf_population(v, noise, level, population, generator)]
    for height in range(1, L + 1):
        upward.append(upper_population(upward[-1], m, s, generator, parents=classes if height == L else v))
    upward.reverse()
    found = np.empty((len(_QUANTITIES), L + 1))
    downward = np.full((1, classes), 1 / classes)
    for depth, message in enumerate(upward):
        if depth > 0:
            above, drawn = downward, downward.shape[1] * m
            parent = generator.permutation(population) if depth > 1 else np.zeros(population, np.int64)
            siblings = _members(population, s - 1, generator)
            downward = np.empty((population, v))
            with _threads_for(population * drawn):
                lower_level(above, parent, message, siblings, m, dense_rules(v, s, drawn), _key(generator), downward)
        posterior = downward * message[generator.permutation(population)]
        posterior /= posterior.sum(axis=1, keepdims=True)
        true = posterior[:, 0]
        found[:, depth] = (
            message[:, 0].mean(),
            true.mean(),
            np.einsum("ij,ij->i", posterior, posterior).mean(),
            abs(np.log(true).mean()),
        )
    return found


def _thinned_gaussian(v: int, t: float, population: int, generator: np.random.Generator) -> Array:
    drawn = leaf_messages(np.zeros((THINNING * population, 1), np.int64), "gaussian", t, v, rng=generator)[:, 0]
    similar = np.argsort(drawn[:, 0], kind="stable").reshape(population, THINNING)
    kept = similar[np.arange(population), generator.integers(0, THINNING, population)]
    return np.ascontiguousarray(drawn[generator.permutation(kept)])


@contextmanager
def _threads_for(tuples: int) -> Iterator[None]:
    """One thread where the work is so small that threads would wait for each other, on a busy machine above all."""
    threads = get_num_threads()
    set_num_threads(1 if tuples < _SMALL else threads)
    try:
        yield
    finally:
        set_num_threads(threads)


def _members(population: int, places: int, generator: np.random.Generator) -> NDArray[np.int64]:
    return np.stack([generator.permutation(population) for _ in range(places)])


def _key(generator: np.random.Generator) -> np.uint64:
    return np.uint64(generator.integers(2**64, dtype=np.uint64))
