"""What the U-turns say, in sentences."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from regimes.validation.experiments.hierarchy_exact.chains import Chain
from regimes.validation.experiments.hierarchy_exact.comparison import WAYS
from regimes.validation.experiments.hierarchy_exact.depths import ClassByDepth, LevelEvolution, crossing
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
    worst: float,
) -> list[str]:
    """Agreement first, then what holds without a simulation."""
    found = [_agreement(tests, means, worst), _steps(points)]
    for number, one in enumerate(points):
        found += [
            _changed(one),
            _susceptibility(one),
            _band(depths[number], evolved[number]),
            _relaxation(chains[number]),
        ]
    return found


def _agreement(tests: Sequence[ChiSquare], means: Mapping[str, Sequence[float]], worst: float) -> str:
    values = "; ".join(f"{test.quantity} {test.value:.1f} over {test.dof}" for test in tests if test.dof > 1)
    signs = ", ".join(f"{WAYS[way]} {mean:+.3f}({se:.3f})" for way, (mean, se) in means.items())
    return (
        f"Chi-square: {values}. Mean z of the symbols kept: {signs}. The level and time furthest from exact lie "
        f"{worst:.1f} standard errors off."
    )


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
    at_threshold = min(points, key=lambda point: abs(point.multiple - 1))
    for point in (at_threshold, points[-1]):
        changed = 1 - point.kept["exact"].share[:, 0].mean()
        kept, se = kept_if_changed(point)
        shown = ", ".join(f"{kept[level]:.3f}({se[level]:.3f})" for level in range(1, model.L + 1))
        parts.append(f"at {point.multiple:g} of the threshold with probability {changed:.3f}: {shown}")
    return (
        f"{model.name}, the class changes, and then the levels 1 to {model.L} are kept (chance about "
        f"{1 / model.v:.3f}), {'; '.join(parts)}."
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
    crossings = [each.crossings() for each in depths]
    halves = _listed("none" if half is None else f"{half:.4f}({se or 0:.4f})" for _, (half, se), _ in crossings)
    factors = _listed(
        f"{high / low:.2f}" if low is not None and high is not None else "none" for (low, _), _, (high, _) in crossings
    )
    deep, deep_se = depths[0].deep
    inside = [
        str(each.depth)
        for each, ((low, _), _, (high, _)) in zip(depths, crossings, strict=True)
        if low is not None and high is not None and low < deep < high
    ]
    evolution = _listed(f"{each.half[0]:.4f}({each.half[1]:.4f})" for each in depths)
    same, same_se = crossing(depths[-2], depths[-1])
    alike = "nowhere between the times" if same is None else f"at {same:.4f}({same_se or 0:.4f})"
    worst = np.abs(evolved.exact - evolved.evolved).max()
    names, within = [str(each.depth) for each in depths], f"depth {_listed(inside)}" if inside else "no depth"
    return (
        f"{depths[0].model.name}, depths {_listed(names)}: half of the class is kept beyond chance at {halves}; "
        f"density evolution of such trees {evolution}; from 90% to 10% the time grows by a factor of {factors}. The "
        f"threshold of deep trees is {deep:.4f}({deep_se:.4f}), inside this band at {within}; trees of depths "
        f"{_listed(names[-2:])} keep the class alike {alike}. Density evolution, with rules afresh at each node, is "
        f"off the exact reconstruction by {worst:.3f} at most over levels and times, {np.abs(evolved.z).max():.1f} "
        "errors at worst."
    )


def _relaxation(chains: Sequence[Chain]) -> str:
    depths, multiples = sorted({each.depth for each in chains}), sorted({each.multiple for each in chains})
    parts = []
    for multiple in multiples:
        own = [each for each in chains if each.multiple == multiple]
        root, leaf = (_listed(_lifetime(each, level) for each in own) for level in (0, -1))
        parts.append(f"at {multiple:g} of the threshold class {root}, leaves {leaf}")
    return (
        f"{chains[0].model.name}, U-turns after which 1/e of the memory is left, depths {_listed(map(str, depths))}: "
        f"{'; '.join(parts)}."
    )


def _lifetime(each: Chain, level: int) -> str:
    found = each.lifetime(each.depth if level < 0 else level)
    if found is not None:
        return f"{found:.2g}" if found >= 1 else "under 1"
    memory, se = each.memory
    return f"over {each.turns[-1]} ({memory[-1, level]:.2f}({se[-1, level]:.2f}) is left)"


def _listed(texts: Iterable[str]) -> str:
    return ", ".join(texts)
