"""Thresholds of the random hierarchy model for real noise: where density evolution stops to know the root."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.estimation.streams import Stream, generator
from regimes.numerics.hierarchy.noise import Noise, checked_noise
from regimes.numerics.hierarchy.population_memory import MEMORY, check_population
from regimes.numerics.hierarchy.populations import leaf_population, upper_population
from regimes.numerics.hierarchy.problem import Hierarchy, checked_hierarchy
from regimes.numerics.interface.checks import positive_number, whole_number
from regimes.numerics.interface.errors import NotConverged

__all__ = ["Bisection", "HierarchyThreshold", "hierarchy_threshold"]

_SCOUTS = 2000  # messages of the population that finds the neighbourhood
_NEAR_FIXED_POINT = 0.05
_ROUNDING = 1e-12
_FIRST_STEP = 0.01
_LARGEST_LOG_SNR = 20.0
_FINEST = 1e-12  # of a tolerance: finer brackets have no float64 between their ends
_ARRAYS = 2  # populations held at a time


@dataclass(frozen=True)
class HierarchyThreshold:
    """Noise level at which the root of a deep hierarchy is lost, averaged over rules: one fixed set has its own.

    ``value`` is epsilon, the masked fraction, the replaced fraction (the own symbol counted), or sqrt(snr) for Gaussian
    noise: the root is known below it, for Gaussian noise above it. ``time`` is the Ornstein-Uhlenbeck time of that snr,
    None for the other noises. Standard errors are from the scatter of the independent populations. ``levels`` is how
    many levels of the hierarchy the longest run needed to decide.
    """

    hierarchy: Hierarchy
    noise: str
    value: float
    se: float
    time: float | None
    time_se: float | None
    population: int
    repeats: int
    levels: int
    sources: tuple[str, ...] = ("sclocchi2024",)
    """Of the messages whose populations are followed."""


@dataclass(frozen=True)
class Bisection:
    """How the threshold is sought.

    Parameters
    ----------
    depth : int, optional
        Judge the root at this depth: the threshold is where its mean belief is half way between 1/v and 1. The limit of
        large depth by default.
    tolerance : float
        Relative width of the last bracket of a bisection. The brackets of the repeats do not share their ends, so that
        the standard error holds this width too. At least 1e-12.
    max_levels : int
        Levels after which an undecided run is given up.
    """

    depth: int | None = None
    tolerance: float = 5e-4
    max_levels: int = 500

    def __post_init__(self) -> None:
        whole_number("Bisection", "max_levels", "levels after which a run is given up", self.max_levels, at_least=1)
        positive_number(
            "Bisection", "tolerance", "relative width of the last bracket", self.tolerance, at_least=_FINEST
        )
        if self.depth is not None:
            whole_number("Bisection", "depth", "levels of rules", self.depth, at_least=1)


def hierarchy_threshold(
    hierarchy: Hierarchy,
    noise: Noise,
    *,
    population: int = 10_000,
    repeats: int = 8,
    search: Bisection | None = None,
    rng: int | np.random.Generator = 0,
    memory: int = MEMORY,
    progress: Callable[[str, int, int], None] | None = None,
) -> HierarchyThreshold:
    """Find the noise level at which the upward messages of a deep hierarchy flip from knowing to not knowing.

    From leaves of a given noise, messages go up (:func:`regimes.numerics.hierarchy.populations.upper_population`)
    until the mean belief in the true symbol is near 1 or near 1/v and moves towards it. Each of the independent
    populations is bisected in the noise level, with the same random numbers at every level of noise.

    Parameters
    ----------
    hierarchy : Hierarchy
        The model, of which v, m and s matter.
    noise : {"epsilon", "masking", "uniform", "gaussian"}
        Kind of noise on the leaves.
    population : int
        Messages in a population.
    repeats : int
        Independent populations, at least 2.
    search : Bisection, optional
        Depth at which the root is judged, tolerance and largest number of levels.
    rng : int or numpy.random.Generator
        Seed or generator.
    memory : int
        Bytes that two populations, with their random numbers, and the rules of a node for each thread may take.
    progress : callable, optional
        Called with the name of the part, the populations done and all populations after each.

    Returns
    -------
    HierarchyThreshold
        The mean over the populations, its standard error from their scatter, and the Ornstein-Uhlenbeck time for
        Gaussian noise.

    Raises
    ------
    ValueError
        If an argument is out of its range, the population would take more memory, or there is no threshold in the limit
        of large depth: a little noise on the leaves grows on the way up (``hierarchy_slope_at_one`` is 1 or more), or a
        little information does (``hierarchy_slope_at_uniform``).
    NotConverged
        If a run is undecided after ``max_levels`` levels.

    Notes
    -----
    Method: population dynamics with the messages of belief propagation (sclocchi2024). The two slopes, derived for mean
    field, hold for all four noises: near 1/v the mean belief of a parent is linear in those of its
    children; near 1 a child in doubt leaves each wrong symbol with probability ``m (v-1)/(v^s-1)`` as a wrong parent,
    and s children can be in doubt. The same seed gives the same bytes for any number of threads.

    Examples
    --------
    >>> from regimes import Hierarchy
    >>> round(hierarchy_threshold(Hierarchy(16, 4), "masking", population=1000, repeats=4).value, 2)
    0.51
    """
    name = "hierarchy_threshold"
    checked_hierarchy(name, hierarchy)
    checked_noise(name, noise, 0.5)
    population = whole_number(name, "population", "messages in a population", population, at_least=2)
    repeats = whole_number(name, "repeats", "independent populations", repeats, at_least=2)
    search = Bisection() if search is None else search
    check_population(name, replace(hierarchy, classes=hierarchy.v), noise, population, _ARRAYS, memory)
    run = _Recursion(hierarchy, noise, search)
    source = generator(Stream.HIERARCHY_THRESHOLD, rng, name)
    scout, *seeds = source.integers(2**63, size=1 + repeats).tolist()
    low, high = run.bracket(scout, min(population, _SCOUTS), 0.5 if noise != "gaussian" else 0.0, 0.25, 2 * _FIRST_STEP)
    centre = (low + high) / 2
    step = _FIRST_STEP * run.scale(centre)
    width = search.tolerance * run.scale(centre)
    values = []
    for done, seed in enumerate(seeds, 1):
        start = centre + step * source.uniform(-1, 1)
        values.append(sum(run.bracket(seed, population, start, step, width)) / 2)
        if progress is not None:
            progress("threshold", done, repeats)
    found = np.exp(values) if noise == "gaussian" else np.array(values)
    value, se = float(found.mean()), float(found.std(ddof=1) / math.sqrt(repeats))
    time, time_se = _times(value, se) if noise == "gaussian" else (None, None)
    return HierarchyThreshold(hierarchy, noise, value, se, time, time_se, population, repeats, run.levels)


class _Recursion:
    """The upward recursion from leaves of one kind of noise, with the noise level (log sqrt(snr), if Gaussian) as x."""

    def __init__(self, hierarchy: Hierarchy, noise: Noise, search: Bisection) -> None:
        self.v, self.m, self.s = v, m, s = hierarchy.v, hierarchy.m, hierarchy.s
        self.noise, self.depth, self.max_levels = noise, search.depth, search.max_levels
        self.levels = 0
        if search.depth is not None:
            self.known = self.lost = (1 + 1 / v) / 2
            return
        at_one = float(compile_formula("hierarchy_slope_at_one", target="numpy")(v, m, s))
        at_uniform = float(compile_formula("hierarchy_slope_at_uniform", target="numpy")(v, m, s))
        _check_slopes(v, m, s, at_one, at_uniform)
        # The unstable fixed point moves into a stable one as the slope there goes to 1.
        self.known = 1 - _NEAR_FIXED_POINT * (1 - at_one) * (1 - 1 / v)
        self.lost = 1 / v + _NEAR_FIXED_POINT * (1 - at_uniform) * (1 - 1 / v)

    def scale(self, x: float) -> float:
        """Change of x that changes the noise level by itself."""
        return 1.0 if self.noise == "gaussian" else x

    def bracket(self, seed: int, population: int, start: float, step: float, width: float) -> tuple[float, float]:
        """Step from start to where the outcome flips, in doubling steps, then bisect to the width."""
        ends = (-_LARGEST_LOG_SNR / 2, _LARGEST_LOG_SNR / 2) if self.noise == "gaussian" else (0.0, 1.0)
        towards_noise = -1 if self.noise == "gaussian" else 1
        inner, outer = min(max(start, ends[0]), ends[1]), math.nan
        knows = self.knows(seed, population, inner)
        direction = towards_noise if knows else -towards_noise
        while True:
            outer = min(max(inner + direction * step, ends[0]), ends[1])
            if self.knows(seed, population, outer) != knows:
                break
            if outer in ends:
                what = "known" if knows else "lost"
                raise ValueError(
                    "hierarchy_threshold: there must be noise at which the root is known and noise at which it is "
                    f"lost, but it is {what} from {self._level(start)[1]:.3g} to {self._level(outer)[1]:.3g} "
                    f"({self.noise} noise, {self.depth or self.max_levels} levels); take more levels"
                )
            inner, step = outer, 2 * step
        while abs(outer - inner) > width:
            middle = (inner + outer) / 2
            if middle in (inner, outer):  # no number of float64 lies between
                break
            if self.knows(seed, population, middle) == knows:
                inner = middle
            else:
                outer = middle
        return inner, outer

    def knows(self, seed: int, population: int, x: float) -> bool:
        """Whether the root is known at the noise x, by the population of the seed."""
        source = generator(Stream.HIERARCHY_THRESHOLD, seed, "hierarchy_threshold")
        level, shown = self._level(x)
        messages = leaf_population(self.v, self.noise, level, population, source)
        belief = float(messages[:, 0].mean())
        for height in range(1, (self.depth or self.max_levels) + 1):
            messages = upper_population(messages, self.m, self.s, source)
            below, belief = belief, float(messages[:, 0].mean())
            if height == self.depth or (self.depth is None and self._decided(below, belief)):
                self.levels = max(self.levels, height)
                return belief >= self.known
        raise NotConverged(
            f"hierarchy_threshold: density evolution at {self.noise} noise {shown:.6g}",
            self.max_levels,
            min(self.known - belief, belief - self.lost),
            "raise max_levels, the tolerance or the population",
        )

    def _decided(self, below: float, belief: float) -> bool:
        """Near a fixed point, and not on the way out of it: noise that errs starts near 1 and need not stay there."""
        return (belief >= self.known and belief >= below - _ROUNDING) or (
            belief <= self.lost and belief <= below + _ROUNDING
        )

    def _level(self, x: float) -> tuple[float, float]:
        """Level of the noise, and as it is quoted."""
        if self.noise != "gaussian":
            return x, x
        return float(compile_formula("time_from_snr", target="numpy")(math.exp(2 * x))), math.exp(x)


def _check_slopes(v: int, m: int, s: int, at_one: float, at_uniform: float) -> None:
    given = f"(v, m, s) = ({v}, {m}, {s})"
    if at_one >= 1:
        raise ValueError(
            "hierarchy_threshold: a little noise on the leaves must be corrected on the way up for a threshold to "
            f"exist, which needs hierarchy_slope_at_one below 1; got {at_one:.4g} at {given}: a deep root is not "
            "recovered at any noise; take fewer rules, or more symbols or children"
        )
    if at_uniform >= 1:
        raise ValueError(
            "hierarchy_threshold: a little information in the leaves must be lost on the way up for a threshold to "
            f"exist, which needs hierarchy_slope_at_uniform below 1; got {at_uniform:.4g} at {given}: something of a "
            "deep root is known at any noise short of full; take more rules"
        )


def _times(value: float, se: float) -> tuple[float, float]:
    times = compile_formula("time_from_snr", target="numpy")(np.array([value - se, value, value + se]) ** 2)
    return float(times[1]), float(times[0] - times[2]) / 2
