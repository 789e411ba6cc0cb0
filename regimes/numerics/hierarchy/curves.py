"""U-turns of a hierarchy: what survives of each level, from the exact posterior at every noise level."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.compiled.kernels import kernel
from regimes.numerics.compiled.lanes import LANES
from regimes.numerics.estimation.roots import curve_crossings
from regimes.numerics.estimation.streams import Stream, generator
from regimes.numerics.hierarchy.belief_propagation import belief_propagation
from regimes.numerics.hierarchy.noise import Noise, checked_noise_levels, leaf_messages
from regimes.numerics.hierarchy.rules import HierarchyRules, checked_rules
from regimes.numerics.interface.checks import whole_number
from regimes.numerics.process.schedules import Schedule

__all__ = ["HierarchyCurves", "hierarchy_curves"]

Array = NDArray[np.float64]

_QUANTITIES = ("clone_probability", "conditional_entropy", "reconstruction")
_SMALLEST = 1e-300
_COPIES = 4  # messages, marginals of twice as many nodes, and what is summed of them


@dataclass(frozen=True, eq=False)
class HierarchyCurves:
    """What survives of the symbols of each level of a hierarchy, averaged over samples and nodes.

    Rows are levels of the tree, 0 the root, columns the levels of noise. ``clone_probability`` is the probability that
    two clones born at the noise level agree in the symbol, the mean of ``sum_a P(a)^2``, and
    ``clone_probability_at_infinity`` (L + 1,) its value when nothing is known; ``conditional_entropy`` the mean of
    ``-log P(true symbol)``, in nats; ``reconstruction`` the probability that a U-turn brings the symbol back, the mean
    of ``P(true symbol)``, equal to the clone probability where the noise is real (the epsilon-process tells the truth
    about what it hides). One noise serves all levels of noise; standard errors (``_se``) are over the samples of one
    set of rules.
    """

    noise: str
    noise_level: Array
    clone_probability: Array
    clone_probability_se: Array
    conditional_entropy: Array
    conditional_entropy_se: Array
    reconstruction: Array
    reconstruction_se: Array
    clone_probability_at_infinity: Array
    samples: int

    def thresholds(self, share: float = 0.5) -> list[float | None]:
        """Largest noise level at which each level of the tree loses a share of ``(phi - phi_inf)/(1 - phi_inf)``.

        None where there is no crossing on the grid.
        """
        if not 0 < share < 1:
            raise ValueError(f"HierarchyCurves.thresholds: share must lie between 0 and 1, got {share}")
        order_parameter = compile_formula("normalised_clone_probability", target="numpy")
        found: list[float | None] = []
        for phi, floor in zip(self.clone_probability, self.clone_probability_at_infinity, strict=True):
            if not floor < 1 or self.noise_level.size < 2:
                found.append(None)
                continue
            curve = order_parameter(phi, floor)
            crossings = curve_crossings(self.noise_level, curve, share, logarithmic=self.noise == "gaussian")
            found.append(float(crossings[-1]) if crossings.size else None)
        return found

    def steps(self, schedule: int | Schedule, levels: Sequence[float | None] | None = None) -> list[float | None]:
        """Noise levels, such as the :meth:`thresholds`, as steps of a schedule; None where it has none.

        For masking the schedule is the number K of steps that mask evenly, whose step k masks the fraction k/K, and a
        step may be a fraction; for Gaussian noise it is one of :func:`regimes.noise_schedule`.
        """
        wanted = self.noise_level.tolist() if levels is None else list(levels)
        if self.noise == "masking" and not isinstance(schedule, Schedule):
            count = whole_number("HierarchyCurves.steps", "schedule", "number of masking steps", schedule, at_least=1)
            return [None if level is None else level * count for level in wanted]
        if self.noise == "gaussian" and isinstance(schedule, Schedule):
            places = [None if level is None else schedule.at(level) for level in wanted]
            return [None if place is None else float(place.index) for place in places]
        kind = {"masking": "a number of steps", "gaussian": "a noise_schedule"}.get(self.noise)
        rule = f"{self.noise} noise takes {kind}" if kind else f"{self.noise} noise has no schedule"
        raise ValueError(f"HierarchyCurves.steps: {rule}, got {schedule!r}")


def hierarchy_curves(
    rules: HierarchyRules,
    tree: Sequence[ArrayLike],
    noise: Noise,
    noise_levels: ArrayLike,
    *,
    rng: int | np.random.Generator = 0,
    memory: int = 2**30,
    progress: Callable[[str, int, int], None] | None = None,
) -> HierarchyCurves:
    """Clone probability, conditional entropy and reconstruction of every level of a tree, at every noise level.

    Parameters
    ----------
    rules : HierarchyRules
        The rules that made the data.
    tree : sequence of integer array_like, shape (n, s^l)
        Symbols of the levels l = 0 to L of n samples, as of :func:`regimes.hierarchy.sample_hierarchy`.
    noise : {"epsilon", "masking", "uniform", "gaussian"}
        Kind of noise.
    noise_levels : array_like, shape (E,)
        Increasing levels: Ornstein-Uhlenbeck times for Gaussian noise; for masking the masked fraction, k/K at step k
        of a schedule that masks evenly in K steps.
    rng : int or numpy.random.Generator
        Seed or generator.
    memory : int
        Bytes of working memory; more samples are taken in turns. The result does not depend on it.
    progress : callable, optional
        Called with the name of the part, the work done and all work.

    Returns
    -------
    HierarchyCurves
        Curves with standard errors over samples.

    Notes
    -----
    sclocchi2024 (forward-backward experiments); the clone probability from the posterior is derived.

    Examples
    --------
    >>> from regimes.hierarchy import HierarchyRules, hierarchy_curves
    >>> rules = HierarchyRules([[[[0, 1]], [[1, 0]]]], v=2)
    >>> curves = hierarchy_curves(rules, ([[0], [1]], [[0, 1], [1, 0]]), "epsilon", [0.0, 1.0])
    >>> curves.reconstruction.tolist()
    [[1.0, 0.5], [1.0, 0.5]]
    """
    rules = checked_rules("hierarchy_curves", rules)
    symbols = _checked_tree(rules, tree)
    grid = checked_noise_levels("hierarchy_curves", noise, noise_levels)
    seed = _seed(rng)
    n, depth = symbols[0].shape[0], rules.L
    block = _block(rules, n, memory)
    values = np.empty((3, depth + 1, grid.size, n))
    work, done = grid.size * -(-n // block), 0
    for start in range(0, n, block):
        rows = slice(start, min(start + block, n))
        own = [level[rows] for level in symbols]
        for e, level in enumerate(grid):
            beliefs = belief_propagation(rules, _messages(rules, own[-1], noise, float(level), seed, start))
            for row in range(depth + 1):
                values[:, row, e, rows] = _observables(beliefs.marginals[row], own[row])
            done += 1
            if progress is not None:
                progress("belief propagation", done, work)
    mean = values.mean(axis=3)
    error = values.std(axis=3, ddof=1) / np.sqrt(n) if n > 1 else np.full_like(mean, np.inf)
    flat = belief_propagation(rules, np.ones((1, rules.leaves, rules.v)))
    floor = np.array([(flat.marginals[level] ** 2).sum(axis=2).mean() for level in range(depth + 1)])
    curves = dict(zip(_QUANTITIES, mean, strict=True))
    errors = {f"{quantity}_se": each for quantity, each in zip(_QUANTITIES, error, strict=True)}
    return HierarchyCurves(noise, grid, clone_probability_at_infinity=floor, samples=n, **curves, **errors)


def _seed(rng: int | np.random.Generator) -> int:
    if isinstance(rng, np.random.Generator):
        return int(rng.integers(2**63))
    return whole_number("hierarchy_curves", "rng", "seed", rng, at_least=0)


def _observables(marginal: Array, own: NDArray[np.intp]) -> Array:
    """Clone probability, conditional entropy and reconstruction of each sample, averaged over nodes."""
    true = np.take_along_axis(marginal, own[:, :, None], axis=2)[:, :, 0]
    return np.stack(
        [
            np.einsum("nia,nia->n", marginal, marginal) / own.shape[1],
            -np.log(np.maximum(true, _SMALLEST)).mean(axis=1),
            true.mean(axis=1),
        ]
    )


def _messages(
    rules: HierarchyRules, leaves: NDArray[np.intp], noise: Noise, level: float, seed: int, start: int
) -> Array:
    """Messages of some samples, whose noise depends on their place among all samples alone."""
    n, d = leaves.shape
    messages = np.empty((d, rules.v, n)).transpose(2, 0, 1)
    for first in range(0, n, LANES):
        rows = slice(first, min(first + LANES, n))
        source = generator(Stream.HIERARCHY_UTURNS, seed, "hierarchy_curves", start + first)
        messages[rows] = leaf_messages(leaves[rows], noise, level, rules.v, rng=source)
    return messages


def _block(rules: HierarchyRules, n: int, memory: int) -> int:
    """Samples at a time: whole groups of lanes."""
    sample = 8 * _COPIES * rules.hierarchy.nodes * max(rules.v, rules.classes)
    groups = int(memory // (sample * LANES))
    if groups < 1:
        raise ValueError(
            f"hierarchy_curves: memory must hold {LANES} samples of this tree, {sample * LANES} bytes, got {memory}; "
            "raise memory, or take fewer levels"
        )
    return min(groups, -(-n // LANES)) * LANES


def _checked_tree(rules: HierarchyRules, tree: Sequence[ArrayLike]) -> list[NDArray[np.intp]]:
    wanted = f"hierarchy_curves: tree must hold arrays of shape (n, {rules.s}^l) for the levels l = 0 to {rules.L}"
    if hasattr(tree, "tree"):
        raise ValueError(f"{wanted}, got {type(tree).__name__}; pass sample.tree")
    if not isinstance(tree, Iterable):
        raise ValueError(f"{wanted}, got {tree!r}")
    levels = []
    for level, given in enumerate(tree):
        try:
            levels.append(np.asarray(given))
        except ValueError:
            raise ValueError(f"{wanted}, got rows of different lengths at level {level}") from None
    if len(levels) != rules.L + 1:
        raise ValueError(f"{wanted}, got {len(levels)} levels instead of {rules.L + 1}")
    n = len(levels[0]) if levels[0].ndim else 0
    for level, array in enumerate(levels):
        if array.shape != (n, rules.s**level):
            raise ValueError(f"{wanted}, got {array.shape} at level {level}")
    if n == 0:
        raise ValueError("hierarchy_curves: tree must hold at least one sample")
    for level, array in enumerate(levels):
        if array.dtype.kind not in "iu" or array.min() < 0 or array.max() >= rules.symbols(level):
            raise ValueError(
                f"hierarchy_curves: symbols of level {level} must be whole numbers from 0 to {rules.symbols(level) - 1}"
            )
    symbols = [level.astype(np.intp) for level in levels]
    for level, table in enumerate(rules.tables):
        sample, node = _first_stray(symbols[level], symbols[level + 1], table)
        if sample >= 0:
            parent, children = int(symbols[level][sample, node]), symbols[level + 1][sample]
            found = tuple(children[rules.s * node : rules.s * (node + 1)].tolist())
            raise ValueError(
                f"hierarchy_curves: tree must be made by the rules, but at sample {sample}, level {level}, node {node} "
                f"the children {found} are no rule of the symbol {parent}; latent_symbols finds the tree above leaves"
            )
    return symbols


@kernel()
def _first_stray(parents: Any, children: Any, table: Any) -> Any:
    """Sample and node of the first parent whose children are none of its rules, or -1 and -1."""
    for sample in range(parents.shape[0]):
        for node in range(parents.shape[1]):
            made = False
            for rule in table[parents[sample, node]]:
                made = True
                for i in range(rule.size):
                    if rule[i] != children[sample, rule.size * node + i]:
                        made = False
                        break
                if made:
                    break
            if not made:
                return sample, node
    return -1, -1
