"""Panels of copied points."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from regimes.validation.experiments.copied_points.analysis import SeedFound, auc_at, chosen, copied_counts
from regimes.validation.experiments.copied_points.form import CopiedPointsForm
from regimes.validation.experiments.copied_points.predictors import PREDICTORS
from regimes.validation.experiments.copied_points.summary import BySource
from regimes.validation.experiments.runner.curves import mean_curves, mean_points
from regimes.validation.outcome.panels import Curve, Panel, curve

__all__ = ["panels"]

_PARTS = 8


def panels(form: CopiedPointsForm, found: BySource) -> list[Panel]:
    """Draw shares of copies, the AUC along the training, and copies by rank of each prediction."""
    return [
        panel
        for name, seeds in found.items()
        for panel in (_shares(name, seeds), _aucs(form, name, seeds), _by_rank(name, seeds))
    ]


def _shares(name: str, seeds: Sequence[SeedFound]) -> Panel:
    steps = seeds[0].copies.form.snapshots
    points = [[(copied_counts(seed.copies, each) > 0).mean() for each in seed.copies.along] for seed in seeds]
    drawn = [
        *mean_curves("samples that are copies", steps, np.array([seed.copies.shares for seed in seeds]).T, 0),
        *mean_curves("images that are copied", steps, np.array(points).T, 1),
    ]
    return Panel(f"Copies, {name}", "step of training", "share", tuple(drawn), log_x=True)


def _aucs(form: CopiedPointsForm, name: str, seeds: Sequence[SeedFound]) -> Panel:
    """Of the snapshots at which every training has one."""
    steps, drawn = seeds[0].copies.form.snapshots, list[Curve]()
    for group, prediction in enumerate(PREDICTORS):
        values = [[auc_at(form, seed, place, prediction) for seed in seeds] for place in range(len(steps))]
        known = [(step, each) for step, each in zip(steps, values, strict=True) if None not in each]
        if known:
            at, of = zip(*known, strict=True)
            drawn.append(mean_points(prediction.replace("_", " "), at, [np.array(each, float) for each in of], group))
    drawn.append(curve("chance", "reference", [steps[0], steps[-1]], [0.5, 0.5], group=len(PREDICTORS)))
    return Panel(f"Copied or not, {name}", "step of training", "AUC", tuple(drawn), log_x=True)


def _by_rank(name: str, seeds: Sequence[SeedFound]) -> Panel:
    """Copies of an image over those of all, in parts of equal number by rank."""
    drawn = []
    for group, prediction in enumerate(PREDICTORS):
        rows = []
        for seed in seeds:
            counts = copied_counts(seed.copies, seed.copies.along[chosen(seed.copies)])
            parts = np.array_split(counts[np.argsort(seed.predicted.of(prediction), kind="stable")], _PARTS)
            rows.append([part.mean() / max(counts.mean(), 1e-12) for part in parts])
        at = (np.arange(_PARTS) + 0.5) / _PARTS
        drawn.append(mean_points(prediction.replace("_", " "), at, np.array(rows).T, group))
    drawn.append(curve("equal chances", "theory", [0.0, 1.0], [1.0, 1.0], group=len(PREDICTORS)))
    return Panel(f"Copies by rank, {name}", "rank, from dense to isolated", "copies over the mean", tuple(drawn))
