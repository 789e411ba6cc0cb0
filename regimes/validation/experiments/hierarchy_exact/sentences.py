"""What the U-turns say, in sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from regimes.validation.experiments.hierarchy_exact.chains import Chain
from regimes.validation.experiments.hierarchy_exact.comparison import WAYS
from regimes.validation.experiments.hierarchy_exact.depths import SHARES, ClassByDepth, LevelEvolution
from regimes.validation.experiments.hierarchy_exact.runs import UTurnPoint
from regimes.validation.experiments.hierarchy_exact.susceptibility import leaf_correlations, mean_field_susceptibility
from regimes.validation.experiments.hierarchy_exact.tables import kept_if_changed, step_change
from regimes.validation.outcome.agreement import ChiSquare

__all__ = ["sentences"]

Points = Sequence[Sequence[UTurnPoint]]


def sentences(
    points: Points,
    depths: Sequence[Sequence[ClassByDepth]],
    evolved: Sequence[LevelEvolution],
    chains: Sequence[Sequence[Chain]],
    tests: Sequence[ChiSquare],
    means: Mapping[str, Sequence[float]],
) -> list[str]:
    """Agreement first, then what holds without a simulation."""
    found = [_agreement(tests, means), _steps(points)]
    for number, one in enumerate(points):
        found += [
            _changed(one),
            _susceptibility(one),
            _band(depths[number], evolved[number]),
            _relaxation(chains[number]),
        ]
    return found


def _agreement(tests: Sequence[ChiSquare], means: Mapping[str, Sequence[float]]) -> str:
    values = "; ".join(f"{test.quantity} {test.value:.1f} over {test.dof}" for test in tests if test.dof > 1)
    signs = ", ".join(f"{WAYS[way]} {mean:+.3f}({se:.3f})" for way, (mean, se) in means.items())
    return f"Chi-square: {values}. Mean z of the symbols kept: {signs}."


def _steps(points: Points) -> str:
    (root, root_se), (leaf, leaf_se) = step_change(points, 0), step_change(points, -1)
    whole = {
        way: np.mean([point.valid[way][:, 0].mean() for one in points for point in one]) for way in ("fine", "coarse")
    }
    return (
        f"Halving the step changed what is kept by {root:+.4f}({root_se:.4f}) for the class and "
        f"{leaf:+.4f}({leaf_se:.4f}) for the leaves on average; as much is taken off by the extrapolation. Of the "
        f"generated trees {whole['fine']:.2%} obey all rules with short steps, {whole['coarse']:.2%} with long ones."
    )


def _changed(points: Sequence[UTurnPoint]) -> str:
    model, parts = points[0].model, []
    levels = sorted({1, model.L // 2, model.L})
    for point in points:
        changed = 1 - point.kept["exact"].share[:, 0].mean()
        kept, se = kept_if_changed(point)
        shown = ", ".join(f"{kept[level]:.3f}({se[level]:.3f})" for level in levels)
        parts.append(f"at {point.multiple:g} of the threshold {changed:.3f}: {shown}")
    return (
        f"{model.name}, probability that the class changes, and then that levels {', '.join(map(str, levels))} are "
        f"kept (chance about {1 / model.v:.3f}): {'; '.join(parts)}."
    )


def _susceptibility(points: Sequence[UTurnPoint]) -> str:
    ways = {way: [leaf_correlations(point, way) for point in points] for way in ("exact", "once", "iterated")}
    peak = max(range(len(points)), key=lambda k: ways["exact"][k].chi)
    field = [mean_field_susceptibility(point) for point in points]
    top = int(np.argmax(field))
    shown = ", ".join(f"{name} {each[peak].chi:.2f}({each[peak].chi_se:.2f})" for name, each in ways.items())
    deviations = [
        abs(each.chi_difference) / each.chi_difference_se for way in ("once", "iterated") for each in ways[way]
    ]
    return (
        f"{points[0].model.name}, susceptibility of the changed leaves: largest at {points[peak].multiple:g} of the "
        f"threshold, {shown}; worst difference from exact over all times {max(deviations):.1f} errors. Mean field with "
        f"leaves that know as much: {field[peak]:.2f} there, largest {field[top]:.2f} at {points[top].multiple:g}."
    )


def _band(depths: Sequence[ClassByDepth], evolved: LevelEvolution) -> str:
    parts = []
    for each in depths:
        (low, _), (half, se), (high, _) = each.crossings()
        band = " to ".join("beyond the times" if end is None else f"{end:.3f}" for end in (low, high))
        middle = "none" if half is None else f"{half:.4f}" + (f"({se:.4f})" if se is not None else "")
        inside = low is not None and high is not None and low < each.deep[0] < high
        parts.append(
            f"depth {each.depth} half at {middle}, band {band}, density evolution "
            f"{each.half[0]:.4f}({each.half[1]:.4f}), deep threshold {'inside' if inside else 'outside'}"
        )
    deep, worst = depths[0].deep, np.abs(evolved.exact - evolved.evolved).max()
    return (
        f"{depths[0].model.name}, class kept beyond chance ({SHARES[0]:g} to {SHARES[-1]:g} is the band), threshold of "
        f"deep trees {deep[0]:.4f}({deep[1]:.4f}): {'; '.join(parts)}. Density evolution, with rules afresh at each "
        f"node, is off the exact reconstruction by {worst:.3f} at most over levels and times, "
        f"{np.abs(evolved.z).max():.1f} errors at worst."
    )


def _relaxation(chains: Sequence[Chain]) -> str:
    parts = []
    for each in chains:
        root, leaf = each.lifetime(0), each.lifetime(each.depth)
        memory, se = each.memory
        last = "" if root is not None else f" (memory {memory[-1, 0]:.2f}({se[-1, 0]:.2f}) after {each.turns[-1]})"
        shown = " and ".join("none" if turns is None else f"{turns:.2g}" for turns in (root, leaf))
        parts.append(f"depth {each.depth} at {each.multiple:g}: {shown}{last}")
    return f"{chains[0].model.name}, U-turns after which 1/e is left of class and leaves: {'; '.join(parts)}."
