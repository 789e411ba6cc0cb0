"""Exact curves of a hierarchy, averaged over sets of rules."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regimes.datasets.hierarchy.rules import random_hierarchy
from regimes.datasets.hierarchy.sample import HierarchySample, sample_hierarchy
from regimes.numerics.compiled.lanes import LANES
from regimes.numerics.estimation.jackknife import jackknife_error
from regimes.numerics.hierarchy.belief_propagation import sample_posterior
from regimes.numerics.hierarchy.curves import HierarchyCurves, hierarchy_curves
from regimes.numerics.hierarchy.noise import Noise, leaf_messages
from regimes.numerics.hierarchy.rules import HierarchyRules
from regimes.numerics.hierarchy.spins import covariance_sums, spin_susceptibility

__all__ = ["exact_curves"]

Array = NDArray[np.float64]

_PART_BYTES = 2**27


def exact_curves(
    parameters: tuple[int, int, int, int, int],
    rules: HierarchyRules | None,
    noise: Noise,
    grid: Array,
    instances: int,
    samples: int,
    seed: tuple[int, int],
    memory: int,
    report: Callable[[str, int, int], None],
) -> dict[str, Any]:
    """Reconstruction, clone probability, conditional entropy and susceptibility by belief propagation.

    Parameters
    ----------
    parameters : tuple of int
        v, m, s, L and classes.
    rules : HierarchyRules or None
        One set of rules; random ones if None.
    noise : str
        Kind of noise.
    grid : ndarray, shape (E,)
        Its levels.
    instances, samples : int
        Sets of rules, and samples of each.
    seed : tuple of int
        Of the rules, the samples and the noise.
    memory : int
        Bytes of working memory.
    report : callable
        Progress.

    Returns
    -------
    dict
        ``exact``, ``clone_probability``, ``conditional_entropy`` of shape (L + 1, E), ``exact_thresholds`` by level,
        ``chi`` of shape (E,); each with its error under the name with ``_se``.
    """
    v, m, s, L, classes = parameters
    work = instances * (grid.size + 1)
    curves: list[HierarchyCurves] = []
    chi, chi_se = np.empty((2, instances, grid.size)), np.full(grid.size, np.nan)
    for instance in range(instances):
        generator = np.random.default_rng([*seed, instance])
        own = random_hierarchy(v, m, s, L, classes=classes, rng=generator) if rules is None else rules
        data = sample_hierarchy(own, samples, rng=generator)
        done = instance * (grid.size + 1)
        curves.append(hierarchy_curves(own, data.tree, noise, grid, rng=generator, memory=memory))
        report("belief propagation", done + 1, work)
        for e, level in enumerate(grid):
            unchanged = _unchanged(own, data, noise, float(level), generator)
            chi[:, instance, e] = covariance_sums(unchanged)
            if instances == 1:
                chi_se[e] = _error_over_samples(unchanged)
            report("belief propagation", done + 2 + e, work)
    found = _ratio(chi)
    every = _averaged(curves)
    thresholds = every.thresholds()
    if instances > 1:
        left_out = np.stack([_ratio(np.delete(chi, instance, axis=1)) for instance in range(instances)])
        chi_se = jackknife_error(left_out)
        others = [_averaged([*curves[:i], *curves[i + 1 :]]).thresholds() for i in range(instances)]
    return {
        "exact": every.reconstruction,
        "exact_se": every.reconstruction_se,
        "clone_probability": every.clone_probability,
        "clone_probability_se": every.clone_probability_se,
        "conditional_entropy": every.conditional_entropy,
        "conditional_entropy_se": every.conditional_entropy_se,
        "exact_thresholds": tuple(thresholds),
        "exact_thresholds_se": None if instances == 1 else tuple(_threshold_errors(others)),
        "chi": found,
        "chi_se": chi_se,
    }


def _averaged(curves: list[HierarchyCurves]) -> HierarchyCurves:
    """Mean over sets of rules, with standard errors over them; a single set keeps those over its samples."""
    if len(curves) == 1:
        return curves[0]
    values = {}
    for name in ("clone_probability", "conditional_entropy", "reconstruction"):
        stacked = np.stack([getattr(curve, name) for curve in curves])
        values[name] = stacked.mean(axis=0)
        values[f"{name}_se"] = stacked.std(axis=0, ddof=1) / np.sqrt(len(curves))
    floor = np.mean([curve.clone_probability_at_infinity for curve in curves], axis=0)
    samples = sum(curve.samples for curve in curves)
    first = curves[0]
    return HierarchyCurves(
        noise=first.noise, noise_level=first.noise_level, clone_probability_at_infinity=floor, samples=samples, **values
    )


def _unchanged(
    rules: HierarchyRules, data: HierarchySample, noise: Noise, level: float, generator: np.random.Generator
) -> NDArray[np.bool_]:
    """Leaves that come back in one U-turn of each sample; in parts, whose size depends on the tree alone."""
    part = LANES * max(1, _PART_BYTES // (8 * LANES * rules.nodes * max(rules.v, rules.classes)))
    unchanged = np.empty(data.leaves.shape, dtype=np.bool_)
    for start in range(0, data.n, part):
        leaves = data.leaves[start : start + part]
        messages = leaf_messages(leaves, noise, level, rules.v, rng=generator)
        unchanged[start : start + part] = sample_posterior(rules, messages, rng=generator)[-1][0] == leaves
    return unchanged


def _ratio(chi: Array) -> Array:
    """Sum of all covariances over the sum of all variances, over sets of rules; nan where nothing varies."""
    pairs, own = chi.sum(axis=1)
    return np.asarray(np.divide(pairs, own, out=np.full_like(pairs, np.nan), where=own > 0))


def _error_over_samples(unchanged: NDArray[np.bool_]) -> float:
    try:
        return spin_susceptibility(unchanged).se
    except ValueError:  # too few samples vary for an error
        return np.nan


def _threshold_errors(left_out: list[list[float | None]]) -> list[float | None]:
    """By level; None where a threshold is missing without one of the sets."""
    errors: list[float | None] = []
    for values in zip(*left_out, strict=True):
        known = [value for value in values if value is not None]
        errors.append(float(jackknife_error(known)) if len(known) == len(values) else None)
    return errors
