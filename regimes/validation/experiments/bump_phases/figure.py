"""Panels of the phases of learning: outcomes and representation along a training, images and layers of each phase."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from regimes.validation.experiments.bump_phases.analysis import phases_of, shares_of
from regimes.validation.experiments.bump_phases.form import PhasesForm
from regimes.validation.experiments.bump_phases.runs import PhaseRun
from regimes.validation.experiments.runner.curves import mean_curves, mesh, ruled
from regimes.validation.outcome.panels import Curve, Panel

__all__ = ["panels"]

Array = NDArray[np.float64]

_LINE = 0.4  # shade of the lines between images


def panels(form: PhasesForm, runs: Sequence[Sequence[PhaseRun]]) -> list[Panel]:
    """Draw all trainings of the first grid together, and images and deepest layer of its first one by phase."""
    return [_outcomes(form, runs[0]), _read(form, runs[0]), *_by_phase(form, runs[0][0]), _grids(form, runs)]


def _outcomes(form: PhasesForm, runs: Sequence[PhaseRun]) -> Panel:
    shares = [shares_of(run, form.tolerance, held_out=True) for run in runs]
    drawn = [
        each
        for group, name in enumerate(("none", "several", "misplaced", "right"))
        for each in mean_curves(
            name, form.training.snapshots, zip(*([k[name] for k in run] for run in shares), strict=True), group
        )
    ]
    title = f"Images at held-out positions, {len(runs)} trainings"
    return Panel(title, "step of training", "share of images", tuple(drawn), log_x=True)


def _read(form: PhasesForm, runs: Sequence[PhaseRun]) -> Panel:
    drawn: list[Curve] = []
    for k, given in enumerate(("pure noise, told", "generated image, told", "generated image, told another")):
        values = [run.r2[:, -1, k].mean(axis=1).clip(-1) for run in runs]
        drawn += mean_curves(f"$R^2$, {given}", form.training.snapshots, zip(*values, strict=True), k)
    right = [[each["right"] for each in shares_of(run, form.tolerance, held_out=True)] for run in runs]
    drawn += mean_curves("share right", form.training.snapshots, zip(*right, strict=True), 3)
    return Panel(f"Position read from {form.layers[-1]}", "step of training", "", tuple(drawn), log_x=True)


def _grids(form: PhasesForm, runs: Sequence[Sequence[PhaseRun]]) -> Panel:
    drawn: list[Curve] = []
    for group, each in enumerate(runs):
        right = [[k["right"] for k in shares_of(run, form.common, held_out=False)] for run in each]
        drawn += mean_curves(f"{each[0].step:g} px", form.training.snapshots, zip(*right, strict=True), group)
    title = f"Right within {form.common:g} px, kept positions, by step of the grid"
    return Panel(title, "step of training", "share of images", tuple(drawn), log_x=True)


def _by_phase(form: PhasesForm, run: PhaseRun) -> list[Panel]:
    """The last snapshot of each phase: generated images, and the deepest layer along its first two principal axes."""
    phases, drawn = phases_of(form, run), []
    for letter in "ABC":
        if letter not in phases:
            continue
        last = phases.rindex(letter)
        at = f"phase {letter}, step {form.training.snapshots[last]}"
        drawn.append(Panel(f"Generated images, {at}", "", "", (), image=ruled(run.shown[last], form.side, _LINE)))
        axes = "first principal axis", "second"
        lines = tuple(mesh(run.asked, run.plane[last], form.grids[0].step))
        drawn.append(Panel(f"{form.layers[-1]}, {at} (lines: equal x, equal y)", *axes, lines))
    return drawn
