"""Panels of the onset: accuracy, thresholds, what each hypothesis misses, losses and layers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from regimes.validation.experiments.bump_percolation.analysis import Misses
from regimes.validation.experiments.bump_percolation.form import OVERLAPS, PercolationForm, Setting, log_shares
from regimes.validation.experiments.bump_percolation.onsets import Measured, Runs
from regimes.validation.experiments.bump_percolation.predictions import Thresholds, overlap_name
from regimes.validation.experiments.runner.curves import mean_curves
from regimes.validation.outcome.panels import Curve, Panel, curve

__all__ = ["panels"]

Array = NDArray[np.float64]


def panels(
    form: PercolationForm, runs: Runs, thresholds: Thresholds, found: Measured, judged: Mapping[str, Misses]
) -> list[Panel]:
    """Draw accuracy of all widths and of all other settings, onsets beside thresholds, and losses and layers."""
    others = [each for each in form.settings if each not in form.widths]
    first = overlap_name(*OVERLAPS[0])
    by_width = [(f"{first}, {s.sigma:g} px", thresholds.images[first][s.name]) for s in form.widths]
    groups = [("width of the bump", form.widths, by_width)]
    if others:
        by_overlap = [(name, row[form.base.name]) for name, row in thresholds.images.items()]
        groups.append(("what else was varied", (form.base, *others), by_overlap))
    drawn = [
        Panel(
            f"Held-out images right, by {what}",
            "kept share",
            "share of images",
            tuple(c for k, s in enumerate(settings) for c in _accuracy(s, runs, k)),
            marks=tuple(marks),
            log_x=True,
        )
        for what, settings, marks in groups
    ]
    return [*drawn, _onsets(form, found, thresholds), _missed(form, judged), *_beside(form, runs)]


def _accuracy(setting: Setting, runs: Runs, group: int) -> list[Curve]:
    right = [[run.outcomes[0, -1] for run in each] for each in runs[setting.name]]
    return mean_curves(setting.name, np.exp(log_shares(setting)), zip(*right, strict=True), group)


def _onsets(form: PercolationForm, found: Measured, thresholds: Thresholds) -> Panel:
    """Kept share at the onset against the width, with the threshold of each overlap."""
    widths = [each.sigma for each in form.widths]
    drawn = []
    for group, (name, row) in enumerate(thresholds.images.items(), 1):
        drawn.append(curve(name, "theory", widths, [row[s.name] for s in form.widths], group=group))
    seen = [(s.sigma, at) for s in form.widths if (at := found.inside(s.name)) is not None]
    if seen:
        sigma, logs = np.array(seen).T
        drawn.append(curve("half right", "simulation", sigma, np.exp(logs), np.exp(logs) * (found.se or 0.0), group=0))
    return Panel(
        "Onset and thresholds of overlapping images", "width, in pixels", "kept share", tuple(drawn), log_x=True
    )


def _missed(form: PercolationForm, judged: Mapping[str, Misses]) -> Panel:
    """Measured change of log onset less the predicted one, setting by setting."""
    names = [each.name for each in form.settings[1:]]
    drawn = []
    for group, (name, each) in enumerate(judged.items()):
        rows = [(k + 1, value) for k, s in enumerate(names) if (value := each.miss.get(s)) is not None]
        if rows:
            at, values = np.array(rows, dtype=np.float64).T
            drawn.append(curve(name, "reference", at, values, group=group))
    return Panel("What each hypothesis misses", "setting, the base left out", "log onset", tuple(drawn))


def _beside(form: PercolationForm, runs: Runs) -> Sequence[Panel]:
    drawn: tuple[list[Curve], list[Curve]] = [], []
    for group, setting in enumerate(form.widths):
        x, found = np.exp(log_shares(setting)), runs[setting.name]
        losses = [[np.log(run.loss[0] / run.loss[1]) for run in each] for each in found]
        read = [[float(run.read[0]) for run in each] for each in found]
        for curves, values in zip(drawn, (losses, read), strict=True):
            curves += mean_curves(setting.name, x, zip(*values, strict=True), group)
    label = "log of that over the loss at kept ones"
    return (
        Panel("Loss at held-out positions", "kept share", label, tuple(drawn[0]), log_x=True),
        Panel(
            "Position read from the deepest layer",
            "kept share",
            "$R^2$ at held-out positions",
            tuple(drawn[1]),
            log_x=True,
        ),
    )
