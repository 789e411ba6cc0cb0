"""Panels of features of unequal steps and frequencies."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from regimes.validation.experiments.bump_imbalance.analysis import AXES, shares
from regimes.validation.experiments.bump_imbalance.form import Images, ImbalanceForm
from regimes.validation.experiments.bump_imbalance.readings import ByKind
from regimes.validation.experiments.bump_imbalance.runs import ImbalanceRun
from regimes.validation.experiments.runner.curves import mean_line, mean_points
from regimes.validation.outcome.panels import Curve, Panel

__all__ = ["panels"]

Array = NDArray[np.float64]


def panels(form: ImbalanceForm, runs: ByKind) -> list[Panel]:
    """Draw each unequal grid beside the equal ones, and the skewed training by half beside that without."""
    equal = {each.dx: runs[each.name] for each in form.equal}
    drawn = [_unequal(form, kind, runs[kind.name], equal) for kind in form.unequal]
    return [*drawn, *(_skewed(form, runs[form.skewed.name], equal[form.skewed.dx], axis) for axis in (0, 1))]


def _unequal(
    form: ImbalanceForm, kind: Images, runs: Sequence[ImbalanceRun], equal: dict[float, Sequence[ImbalanceRun]]
) -> Panel:
    drawn: list[Curve] = []
    for axis, step in enumerate((kind.dx, kind.dy)):
        drawn.append(
            mean_points(f"{AXES[axis]}, step {step:g}", form.training.snapshots, _shares(form, runs)[..., axis].T, axis)
        )
        both = _shares(form, equal[step]).mean(axis=2)
        drawn.append(mean_line(f"both steps {step:g}", form.training.snapshots, both.T, axis))
    return _panel(f"Steps {kind.dx:g} and {kind.dy:g}", form, drawn)


def _skewed(form: ImbalanceForm, runs: Sequence[ImbalanceRun], equal: Sequence[ImbalanceRun], axis: int) -> Panel:
    drawn: list[Curve] = []
    for group, (half, name) in enumerate(((True, "left"), (False, "right"))):
        drawn.append(
            mean_points(f"{name} half", form.training.snapshots, _shares(form, runs, half=half)[..., axis].T, group)
        )
        drawn.append(
            mean_line(
                f"{name} half, equal", form.training.snapshots, _shares(form, equal, half=half)[..., axis].T, group
            )
        )
    return _panel(f"{AXES[axis]}, left half {form.skewed.often} times as often", form, drawn)


def _panel(title: str, form: ImbalanceForm, drawn: Sequence[Curve]) -> Panel:
    label = f"right within {form.tolerance:g} px, of one bump"
    return Panel(title, "step of training", label, tuple(drawn), log_x=True)


def _shares(form: ImbalanceForm, runs: Sequence[ImbalanceRun], *, half: bool | None = None) -> Array:
    """Shares of right x and right y at kept positions, (trainings, snapshots, 2)."""
    return np.array([shares(form, run, half=half) for run in runs])
