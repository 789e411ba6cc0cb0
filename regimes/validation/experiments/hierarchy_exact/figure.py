"""Panels of the U-turns of hierarchies."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from regimes.validation.experiments.hierarchy_exact.chains import Chain
from regimes.validation.experiments.hierarchy_exact.depths import ClassByDepth
from regimes.validation.experiments.hierarchy_exact.runs import UTurnPoint
from regimes.validation.experiments.hierarchy_exact.susceptibility import leaf_correlations, mean_field_susceptibility
from regimes.validation.experiments.hierarchy_exact.tables import kept_if_changed
from regimes.validation.outcome.panels import Curve, Panel, curve

__all__ = ["panels"]

_DRAWN = 1  # the model whose levels are drawn
_BELOW = 1  # the time at which chains of all depths are drawn
_TIMES = r"$t$ / threshold"


def panels(
    points: Sequence[Sequence[UTurnPoint]], depths: Sequence[Sequence[ClassByDepth]], chains: Sequence[Sequence[Chain]]
) -> list[Panel]:
    """Draw what is kept by level, the same where the class changes, susceptibility, class by depth, and chains."""
    number = min(_DRAWN, len(points) - 1)
    one, name = points[number], points[number][0].model.name
    unit = (("", 1.0),)
    return [
        Panel(f"Symbols kept, {name}", _TIMES, "probability", _kept(one), unit),
        Panel(f"Kept where the class changes, {name}", _TIMES, "probability", _changed(one), unit),
        Panel("Susceptibility of changed leaves", _TIMES, r"$\chi$", _susceptibility(points), unit),
        Panel(f"Class by depth, {name}", _TIMES, "kept beyond chance", _depths(depths[number]), unit, log_x=True),
        Panel(f"Chains of U-turns, {name}", "U-turns", "memory of class", _chains(chains[number]), log_x=True),
        Panel(
            "Chains by depth, times in units of the threshold",
            "U-turns",
            "memory of class",
            _by_depth(chains[number]),
            log_x=True,
        ),
    ]


def _kept(points: Sequence[UTurnPoint]) -> tuple[Curve, ...]:
    x = [point.multiple for point in points]
    drawn = []
    for group, level in enumerate(_levels(points[0])):
        exact = [point.kept["exact"].share[:, level].mean() for point in points]
        drawn.append(curve(f"level {level}", "theory", x, exact, group=group))
        shares = [point.kept["iterated"].share[:, level] for point in points]
        errors = [each.std(ddof=1) / np.sqrt(len(each)) for each in shares]
        drawn.append(curve("", "simulation", x, [each.mean() for each in shares], errors, group=group))
    return tuple(drawn)


def _changed(points: Sequence[UTurnPoint]) -> tuple[Curve, ...]:
    x = [point.multiple for point in points]
    exact, found = ([kept_if_changed(point, way) for point in points] for way in ("exact", "iterated"))
    drawn = []
    for group, level in enumerate(_levels(points[0])[1:], 1):
        drawn.append(curve(f"level {level}", "theory", x, [each[level] for each, _ in exact], group=group))
        values, errors = [each[level] for each, _ in found], [se[level] for _, se in found]
        drawn.append(curve("", "simulation", x, values, errors, group=group))
    chance = 1 / points[0].model.v
    return (*drawn, curve("chance", "reference", [x[0], x[-1]], [chance, chance], group=5))


def _susceptibility(points: Sequence[Sequence[UTurnPoint]]) -> tuple[Curve, ...]:
    drawn = []
    for group, one in enumerate(points):
        x = [point.multiple for point in one]
        exact, found = ([leaf_correlations(point, way) for point in one] for way in ("exact", "iterated"))
        drawn.append(curve(one[0].model.name, "theory", x, [each.chi for each in exact], group=group))
        drawn.append(curve("", "simulation", x, [e.chi for e in found], [e.chi_se for e in found], group=group))
        field = [mean_field_susceptibility(point) for point in one]
        drawn.append(curve("mean field" if group == 0 else "", "reference", x, field, group=group))
    return tuple(drawn)


def _depths(depths: Sequence[ClassByDepth]) -> tuple[Curve, ...]:
    return tuple(
        curve(f"$L = {each.depth}$", "theory", each.t / each.model.threshold, each.share, group=group)
        for group, each in enumerate(depths)
    )


def _chains(chains: Sequence[Chain]) -> tuple[Curve, ...]:
    """At the depth of the model, all times."""
    drawn = []
    for group, each in enumerate(one for one in chains if one.depth == one.model.L):
        memory, se = each.memory
        label = f"{each.multiple:g}"
        drawn.append(curve(label, "simulation", each.turns, memory[:, 0], se[:, 0], group=group))
    return tuple(drawn)


def _by_depth(chains: Sequence[Chain]) -> tuple[Curve, ...]:
    """Below the threshold and at it, all depths."""
    times = sorted({each.multiple for each in chains})
    drawn: list[Curve] = []
    depths = sorted({each.depth for each in chains})
    for multiple in (times[_BELOW], min(times, key=lambda each: abs(each - 1))):
        for depth in depths:
            each = next(one for one in chains if (one.depth, one.multiple) == (depth, multiple))
            memory, se = each.memory
            label = f"$L = {depth}$, {multiple:g}"
            drawn.append(curve(label, "simulation", each.turns, memory[:, 0], se[:, 0], group=len(drawn)))
    return tuple(drawn)


def _levels(point: UTurnPoint) -> list[int]:
    """The root, the leaves and some between."""
    return sorted({0, 1, point.model.L // 2 + 1, point.model.L})
