"""What is compared of all trainings, and the rules by which features are said to be learned apart or together."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from regimes.validation.experiments.bump_imbalance.analysis import (
    Together,
    both,
    coupling,
    fine_less_coarse,
    gap,
    learned_at,
    rare_late,
)
from regimes.validation.experiments.bump_imbalance.form import Images, ImbalanceForm
from regimes.validation.experiments.bump_imbalance.runs import ImbalanceRun
from regimes.validation.experiments.runner.along_training import Estimate, interval, mean_of

__all__ = ["ByKind", "Values", "claim", "compared", "finer", "late", "reading", "readings_of"]

ByKind = Mapping[str, Sequence[ImbalanceRun]]
"""Trainings of each kind of images, by its name."""

Values = list[float | None]
"""One of each training."""

APART, COUPLED, PARTLY, OPEN = "apart", "coupled", "coupled in part", "not told"


def reading(from_apart: Estimate, to_together: Estimate) -> str:
    """Coupled if it differs from what features learned apart would give, in part if it falls short of together too."""
    away, short = interval(from_apart), interval(to_together)
    if away is None or short is None:
        return OPEN
    if away[0] > 0:
        return PARTLY if short[0] > 0 else COUPLED
    return APART if short[0] > 0 else OPEN


def readings_of(found: Mapping[str, Values]) -> dict[str, str]:
    """The three readings; images of different difficulty cannot fake a correlation within positions."""
    pairs = {
        "gap": ("gap.from_apart", "gap"),
        "correlation": ("correlation", "correlation.to_together"),
        "rare": ("rare.y", "rare.to_together"),
    }
    said = {name: reading(*(mean_of(found[key]) for key in keys)) for name, keys in pairs.items()}
    within = interval(mean_of(found["correlation.within"]))
    if said["correlation"] in (COUPLED, PARTLY) and not (within and within[0] > 0):
        said["correlation"] = OPEN
    return said


def claim(readings: Sequence[str]) -> str:
    """Of the coupling that liang2024a reports."""
    if all(each in (COUPLED, PARTLY) for each in readings):
        return "reproduced"
    return "refuted" if all(each == APART for each in readings) else "not settled"


def finer(less: Estimate) -> str:
    """Whether the finer sampled feature is the more accurate."""
    found = interval(less)
    if found is None or found[0] <= 0 <= found[1]:
        return "not told"
    return "refuted, it is the more accurate" if found[0] > 0 else "reproduced, it is the less accurate"


def compared(form: ImbalanceForm, runs: ByKind) -> dict[str, Values]:
    """What is read, one value a training, unequal grids averaged; ``from_apart`` and ``to_together`` as of readings."""
    own = {each.dx: [both(form, run) for run in runs[each.name]] for each in form.equal}
    gaps = _mean([[gap(form, run) for run in runs[each.name]] for each in form.unequal])
    expected = _mean([_less(own[each.dx], own[each.dy]) for each in form.unequal])
    found = [[coupling(form, run) for run in runs[each.name]] for each in form.unequal]

    def part(of: Callable[[Together], float]) -> Values:
        return _mean([[None if each is None else of(each) for each in kind] for kind in found])

    control = next(each for each in form.equal if each.dx == form.skewed.dx)
    x, y = (
        _less(*([rare_late(form, run, axis) for run in runs[each.name]] for each in (form.skewed, control)))
        for axis in (0, 1)
    )
    less = {
        side: _mean([[fine_less_coarse(form, run, held_out=held) for run in runs[each.name]] for each in form.unequal])
        for side, held in (("kept", False), ("held_out", True))
    }
    return {
        "gap": gaps,
        "gap.apart": expected,
        "gap.from_apart": _less(expected, gaps),
        "correlation": part(lambda each: each.total),
        "correlation.within": part(lambda each: each.within),
        "correlation.to_together": part(lambda each: each.most - each.total),
        "rare.x": x,
        "rare.y": y,
        "rare.to_together": _less(x, y),
        **{f"finer.{side}": values for side, values in less.items()},
    }


def late(form: ImbalanceForm, runs: ByKind, kind: Images, axis: int) -> tuple[Estimate, Estimate]:
    """Log of the step at which an axis is learned, less two predictions.

    Apart: that of the grid both of whose steps are its own. By number: that of an equal grid with as many images, on
    straight lines between the equal grids in the logarithm of the number.
    """
    own = {each.dx: [both(form, run) for run in runs[each.name]] for each in form.equal}
    at = [learned_at(form, run, axis) for run in runs[kind.name]]
    logs: Values = [None if each is None else float(np.log(each)) for each in at]
    points = np.array([runs[each.name][0].points for each in form.equal])
    order = np.argsort(points)
    by_number: Values = []
    for seed in range(len(logs)):
        there = [own[each.dx][seed] for each in form.equal]
        known = [each for each in there if each is not None]
        by_number.append(
            float(np.interp(np.log(runs[kind.name][0].points), np.log(points[order]), np.array(known)[order]))
            if len(known) == len(there)
            else None
        )
    return mean_of(_less(logs, own[(kind.dx, kind.dy)[axis]])), mean_of(_less(logs, by_number))


def _less(one: Values, other: Values) -> Values:
    return [None if a is None or b is None else a - b for a, b in zip(one, other, strict=True)]


def _mean(kinds: Sequence[Values]) -> Values:
    """Over kinds of images, training by training."""
    return [
        None if any(each is None for each in row) else float(np.mean([each for each in row if each is not None]))
        for row in zip(*kinds, strict=True)
    ]
