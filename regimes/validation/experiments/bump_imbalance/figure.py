"""Panels of features of unequal steps and frequencies."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from regimes.validation.experiments.bump_imbalance.analysis import AXES
from regimes.validation.experiments.bump_imbalance.form import Images, ImbalanceForm, frequent
from regimes.validation.experiments.bump_imbalance.runs import ImbalanceRun
from regimes.validation.experiments.bump_imbalance.summary import ByKind
from regimes.validation.outcome.panels import Curve, Panel, curve

__all__ = ["panels"]

Array = NDArray[np.float64]


def panels(form: ImbalanceForm, runs: ByKind) -> list[Panel]:
    """Draw each unequal grid beside the equal ones, and the skewed training by half."""
    equal = {each.dx: runs[each.name] for each in form.equal}
    return [*(_unequal(form, kind, runs[kind.name], equal) for kind in form.unequal), _skewed(form, runs)]


def _unequal(
    form: ImbalanceForm, kind: Images, runs: Sequence[ImbalanceRun], equal: dict[float, Sequence[ImbalanceRun]]
) -> Panel:
    drawn: list[Curve] = []
    for axis, step in enumerate((kind.dx, kind.dy)):
        shares = _shares(form, runs, axis)
        drawn += _points(f"{AXES[axis]}, step {step:g}", form, shares, axis)
        drawn.append(_line(f"{AXES[axis]}, both steps {step:g}", form, _shares(form, equal[step], axis), axis))
    title = f"Right within {form.tolerance:g} px, steps {kind.dx:g} and {kind.dy:g}, kept positions"
    return Panel(title, "step of training", "share of images", tuple(drawn), log_x=True)


def _skewed(form: ImbalanceForm, runs: ByKind) -> Panel:
    drawn: list[Curve] = []
    for first, rare in ((0, False), (2, True)):
        for axis, name in enumerate(AXES):
            shares = _shares(form, runs[form.skewed.name], axis, rare=rare)
            drawn += _points(f"{name} where x is {'rare' if rare else 'frequent'}", form, shares, first + axis)
            drawn.append(_line("", form, shares, first + axis))
    title = f"Left half {form.skewed.often} times as often, kept positions"
    return Panel(title, "step of training", "share of images", tuple(drawn), log_x=True)


def _shares(form: ImbalanceForm, runs: Sequence[ImbalanceRun], axis: int, *, rare: bool | None = None) -> Array:
    """Shares of images that are right along an axis, (trainings, snapshots); of one half of x if ``rare`` is given."""
    found = []
    for run in runs:
        half = len(run.asked) // 2
        rows = slice(None) if rare is None else frequent(form, run.asked[half:]) != rare
        found.append(run.right(form.tolerance, held_out=False)[:, rows, axis].mean(axis=1))
    return np.array(found)


def _points(label: str, form: ImbalanceForm, shares: Array, group: int) -> list[Curve]:
    count = len(shares)
    se = shares.std(axis=0, ddof=1) / np.sqrt(count) if count > 1 else np.zeros(shares.shape[1])
    return [curve(label, "simulation", form.training.snapshots, shares.mean(axis=0), se, group=group)]


def _line(label: str, form: ImbalanceForm, shares: Array, group: int) -> Curve:
    return curve(label, "reference", form.training.snapshots, shares.mean(axis=0), group=group)
