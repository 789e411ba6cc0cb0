"""Panels of the clones of two Gaussian classes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from regimes.validation.experiments.mixture_clones.runs import ClonePoint, MixtureCurve
from regimes.validation.outcome.panels import Curve, Panel, curve

__all__ = ["panels"]

Points = dict[MixtureCurve, list[ClonePoint]]

_BRANCHES = {"forward": "from noised data", "backward": "from a backward run"}
_GREY = 5
_MARGIN = 0.1


def panels(points: Points, in_full: Points, offsets: Sequence[float], small: Sequence[float]) -> list[Panel]:
    """Draw phi over t/t_S, deviations, what halving the step does, and both definitions of the class."""
    large = {each: found for each, found in points.items() if each.mu == 1}
    ends = (offsets[0] - _MARGIN, offsets[-1] + _MARGIN)
    clone = r"clone probability $\phi(t)$"
    speciation, deviations = _speciation(large, in_full, ends), _deviations(large, in_full, ends)
    return [
        Panel(r"$\mu = \sigma = 1$", r"$t/t_S$", clone, tuple(speciation), (("$t_S$", 1.0),)),
        Panel("Deviation of each point", r"$t - t_S$", "z-score", tuple(deviations)),
        Panel("Discretisation error", r"$t - t_S$", r"change of $\phi$ by halving the step", _changes(large, offsets)),
        Panel(r"$\sqrt{d}\,\mu = \sigma$", "$t$", clone, tuple(_definitions(points, small[-1] + _MARGIN))),
    ]


def _speciation(large: Points, in_full: Points, ends: tuple[float, float]) -> list[Curve]:
    after, groups = np.linspace(*ends, 120), {d: i for i, d in enumerate(sorted({each.d for each in large}))}
    drawn = []
    for each, found in large.items():
        group = groups[each.d]
        if each.branch == "forward":
            label, t = f"$d = {each.d}$", each.t_S + after
            drawn.append(curve(label, "theory", t / each.t_S, each.theory(t), group=group))
        drawn.append(_measured("", found, [point.t / each.t_S for point in found], group))
    for number, (each, found) in enumerate(in_full.items()):
        label = f"all {each.d} dimensions" if number == 0 else ""
        drawn.append(_measured(label, found, [point.t / each.t_S for point in found], len(groups)))
    return drawn


def _deviations(large: Points, in_full: Points, ends: tuple[float, float]) -> list[Curve]:
    drawn = []
    for group, (branch, label) in enumerate(_BRANCHES.items()):
        flat = [point for each, found in large.items() if each.branch == branch for point in found]
        drawn.append(curve(label, "simulation", [p.offset for p in flat], [p.z for p in flat], group=group))
    whole = [point for found in in_full.values() for point in found]
    label, last = f"all {next(iter(in_full)).d} dimensions", len({each.d for each in large})
    drawn.append(curve(label, "simulation", [p.offset for p in whole], [p.z for p in whole], group=last))
    return drawn + [curve("", "reference", ends, [level, level], group=_GREY) for level in (-1.96, 0.0, 1.96)]


def _changes(large: Points, offsets: Sequence[float]) -> tuple[Curve, ...]:
    """Averaged over d: the process depends on the offset alone, so that every d measures the same error."""
    drawn = []
    for group, (branch, label) in enumerate(_BRANCHES.items()):
        found = [found for each, found in large.items() if each.branch == branch]
        change = np.array([[point.change for point in one] for one in found]).mean(axis=0)
        se = np.sqrt(np.square([[point.change_se for point in one] for one in found]).sum(axis=0)) / len(found)
        drawn.append(curve(label, "simulation", offsets, change, se, group=group))
    bound = np.array([point.se for point in next(iter(large.values()))])
    for sign, label in ((1, "standard error of a point"), (-1, "")):
        drawn.append(curve(label, "reference", offsets, sign * bound, group=_GREY))
    return tuple(drawn)


def _definitions(points: Points, end: float) -> list[Curve]:
    drawn, t = [], np.linspace(0.02, end, 120)
    for group, (by, label) in enumerate((("sign", r"class by the sign of $m \cdot x_0$"), ("label", "class by label"))):
        found = {each: points[each] for each in points if each.mu != 1 and each.by == by}
        drawn.append(curve(label, "theory", t, next(iter(found)).theory(t), group=group))
        drawn += [_measured("", one, [point.t for point in one], group) for one in found.values()]
    return drawn


def _measured(label: str, found: Sequence[ClonePoint], x: Sequence[float], group: int) -> Curve:
    return curve(label, "simulation", x, [point.phi for point in found], [point.se for point in found], group=group)
