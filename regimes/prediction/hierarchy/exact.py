"""Exact curves of a hierarchy, averaged over sets of rules."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from regimes.datasets.hierarchy.rules import random_hierarchy
from regimes.datasets.hierarchy.sample import HierarchySample, sample_hierarchy
from regimes.numerics.compiled.lanes import LANES
from regimes.numerics.estimation.jackknife import jackknife_error
from regimes.numerics.estimation.streams import Stream, generator
from regimes.numerics.hierarchy.belief_propagation import sample_posterior
from regimes.numerics.hierarchy.curves import HierarchyCurves, hierarchy_curves
from regimes.numerics.hierarchy.noise import Noise, leaf_messages
from regimes.numerics.hierarchy.problem import Hierarchy
from regimes.numerics.hierarchy.rules import HierarchyRules
from regimes.numerics.hierarchy.spins import covariance_sums, spin_susceptibility
from regimes.numerics.interface.number import Number
from regimes.prediction.hierarchy.budget import HierarchyBudget
from regimes.theory.formula.record import recorded

__all__ = ["exact_curves"]

Array = NDArray[np.float64]

_PART_BYTES = 2**27
_COVERS = "sets of rules, without the interpolation between the noise levels"


def exact_curves(
    model: Hierarchy | HierarchyRules,
    noise: Noise,
    grid: Array,
    budget: HierarchyBudget,
    rng: int,
    report: Callable[[str, int, int], None],
) -> tuple[dict[str, Array], dict[str, Number]]:
    """Curves by belief propagation, of one set of rules or averaged over random ones, and the threshold of each level.

    The curves are reconstruction (``exact``), clone probability and conditional entropy by level of the tree, and the
    susceptibility, each with its standard error.
    """
    instances, size = budget.instances, grid.size
    work = instances * (size + 1)
    curves: list[HierarchyCurves] = []
    chi, chi_se = np.empty((2, instances, size)), np.full(size, np.nan)
    with recorded() as used:
        for instance in range(instances):
            source = generator(Stream.HIERARCHY_PREDICTION, rng, "predict_hierarchy", instance)
            own = random_hierarchy(model, rng=source) if isinstance(model, Hierarchy) else model
            data = sample_hierarchy(own, budget.samples, rng=source)
            done = instance * (size + 1)
            curves.append(hierarchy_curves(own, data.tree, noise, grid, rng=source, memory=budget.memory))
            report("belief propagation", done + 1, work)
            for e, level in enumerate(grid):
                unchanged = _unchanged(own, data, noise, float(level), source)
                chi[:, instance, e] = covariance_sums(unchanged)
                if instances == 1:
                    chi_se[e] = _error_over_samples(unchanged)
                report("belief propagation", done + 2 + e, work)
        every = _averaged(curves)
        thresholds = every.thresholds()
    errors: list[float | None] = [None] * len(thresholds)
    if instances > 1:
        left_out = np.stack([_ratio(np.delete(chi, instance, axis=1)) for instance in range(instances)])
        chi_se = jackknife_error(left_out)
        others = [_averaged([*curves[:i], *curves[i + 1 :]]).thresholds() for i in range(instances)]
        errors = _threshold_errors(others)
    found = {
        "exact": every.reconstruction,
        "exact_se": every.reconstruction_se,
        "clone_probability": every.clone_probability,
        "clone_probability_se": every.clone_probability_se,
        "conditional_entropy": every.conditional_entropy,
        "conditional_entropy_se": every.conditional_entropy_se,
        "susceptibility_exact": _ratio(chi),
        "susceptibility_exact_se": chi_se,
    }
    numbers = {
        f"threshold.exact.level_{level}": _half_lost(level, value, error, tuple(used), instances)
        for level, (value, error) in enumerate(zip(thresholds, errors, strict=True))
    }
    return found, numbers


def _half_lost(
    level: int, value: float | None, error: float | None, formulas: tuple[str, ...], instances: int
) -> Number:
    label = f"level {level}: half of the normalised clone probability lost"
    if value is None:
        return Number(label, None, reason="it is not lost between the noise levels of the curves")
    if error is None:
        reason = (
            "one set of rules has no scatter" if instances == 1 else "without one of the sets there is no threshold"
        )
        return Number(label, value, formulas=formulas, reason=f"no error: {reason}")
    return Number(label, value, error, covers=_COVERS, formulas=formulas)


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
    rules: HierarchyRules, data: HierarchySample, noise: Noise, level: float, source: np.random.Generator
) -> NDArray[np.bool_]:
    """Leaves that come back in one U-turn of each sample; in parts, whose size depends on the tree alone."""
    part = LANES * max(1, _PART_BYTES // (8 * LANES * rules.hierarchy.nodes * max(rules.v, rules.classes)))
    unchanged = np.empty(data.leaves.shape, dtype=np.bool_)
    for start in range(0, data.n, part):
        leaves = data.leaves[start : start + part]
        messages = leaf_messages(leaves, noise, level, rules.v, rng=source)
        unchanged[start : start + part] = sample_posterior(rules, messages, rng=source)[-1][0] == leaves
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
