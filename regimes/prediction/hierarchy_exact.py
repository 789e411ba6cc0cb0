"""Exact curves of a hierarchy, averaged over sets of rules."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regimes.datasets.hierarchy import HierarchySample, random_hierarchy, sample_hierarchy
from regimes.numerics.hierarchy.belief_propagation import sample_posterior
from regimes.numerics.hierarchy.curves import HierarchyCurves, hierarchy_curves
from regimes.numerics.hierarchy.noise import Noise, leaf_messages
from regimes.numerics.hierarchy.rules import HierarchyRules
from regimes.numerics.hierarchy.spins import spin_susceptibility

__all__ = ["exact_curves"]

Array = NDArray[np.float64]


def exact_curves(
    parameters: tuple[int, int, int, int, int],
    rules: HierarchyRules | None,
    noise: Noise,
    grid: Array,
    instances: int,
    samples: int,
    seed: tuple[int, int],
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
    report : callable
        Progress.

    Returns
    -------
    dict
        ``exact``, ``exact_se``, ``clone_probability``, ``conditional_entropy`` of shape (L + 1, E),
        ``exact_thresholds`` by level, ``chi`` and ``chi_se`` of shape (E,).
    """
    v, m, s, L, classes = parameters
    work = instances * (grid.size + 1)
    curves: list[HierarchyCurves] = []
    susceptibilities = []
    for instance in range(instances):
        generator = np.random.default_rng([*seed, instance])
        own = random_hierarchy(v, m, s, L, classes=classes, rng=generator) if rules is None else rules
        data = sample_hierarchy(own, samples, rng=generator)
        done = instance * (grid.size + 1)
        curves.append(hierarchy_curves(own, data.tree, noise, grid, rng=generator))
        report("belief propagation", done + 1, work)
        chi = np.empty((3, grid.size))
        for e, level in enumerate(grid):
            chi[:, e] = _susceptibility(own, data, noise, float(level), generator)
            report("belief propagation", done + 2 + e, work)
        susceptibilities.append(chi)
    alone = instances == 1
    reconstruction = np.stack([curve.reconstruction for curve in curves])
    chis = np.stack(susceptibilities)
    chi_mean, chi_error = _weighted(chis[:, 0], chis[:, 2])
    mean = HierarchyCurves(
        noise=noise,
        noise_level=grid,
        **{
            name: np.mean([getattr(curve, name) for curve in curves], axis=0)
            for name in (
                "clone_probability", "clone_probability_se", "conditional_entropy", "conditional_entropy_se",
                "reconstruction", "reconstruction_se", "clone_probability_at_infinity",
            )
        },
        samples=instances * samples,
    )  # fmt: skip
    return {
        "exact": mean.reconstruction,
        "exact_se": mean.reconstruction_se if alone else _error(reconstruction),
        "clone_probability": mean.clone_probability,
        "conditional_entropy": mean.conditional_entropy,
        "exact_thresholds": tuple(mean.thresholds()),
        "chi": chi_mean,
        "chi_se": chis[0, 1] if alone else chi_error,
    }


def _susceptibility(
    rules: HierarchyRules, data: HierarchySample, noise: Noise, level: float, generator: np.random.Generator
) -> tuple[float, float, float]:
    """Susceptibility of one U-turn of each sample, its error, and the mean variance of a spin, its weight."""
    messages = leaf_messages(data.leaves, noise, level, rules.v, rng=generator)
    back = sample_posterior(rules, messages, rng=generator)[-1][0]
    try:
        found = spin_susceptibility(back == data.leaves)
    except ValueError:  # nothing varies, at low noise
        return 0.0, np.nan, 0.0
    return found.susceptibility, found.se, found.variance


def _weighted(values: Array, weights: Array) -> tuple[Array, Array]:
    """Sum of all covariances over the sum of all variances, and its jackknife error over sets of rules."""
    n = len(values)
    kept = np.concatenate([np.ones((1, n)), 1 - np.eye(n)])  # all sets, then all but one
    total, weight = kept @ (values * weights), kept @ weights
    found = np.divide(total, weight, out=np.full_like(total, np.nan), where=weight > 0)
    left_out = found[1:]
    return found[0], np.sqrt((n - 1) / n * ((left_out - left_out.mean(axis=0)) ** 2).sum(axis=0))


def _error(values: Array) -> Array:
    return np.asarray(values.std(axis=0, ddof=1) / np.sqrt(len(values)))
