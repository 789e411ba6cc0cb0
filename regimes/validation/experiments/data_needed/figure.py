"""Panels of copies by number of images, and by passes through each."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from regimes.validation.experiments.data_needed.analysis import shares
from regimes.validation.experiments.data_needed.runs import SourceFound
from regimes.validation.experiments.runner.curves import mean_curves, mean_line
from regimes.validation.outcome.panels import Panel

__all__ = ["panels"]


def panels(found: Sequence[SourceFound]) -> list[Panel]:
    """Draw shares of copies against the number of images, and against passes."""
    return [panel for each in found for panel in (_by_number(each), _by_passes(each))]


def _by_number(found: SourceFound) -> Panel:
    form, trainings = found.form, found.trainings
    of = [shares(found, n) for n in form.sizes]
    drawn = [
        part
        for place, step in enumerate(form.training.snapshots)
        for part in mean_curves(f"step {step}", form.sizes, [each[:, place] for each in of], place)
    ]
    last = len(form.training.snapshots)
    exact = [np.array([each.exact.share for each in trainings[n]]) for n in form.sizes]
    held_out = [np.array([each.held_out.share for each in trainings[n]]) for n in form.sizes]
    drawn += [
        mean_line("exact score", form.sizes, exact, last),
        mean_line("held-out images", form.sizes, held_out, last + 1),
    ]
    title = f"Copies by number of images, {form.training.source}"
    return Panel(title, "training images", "share of samples that are copies", tuple(drawn), log_x=True)


def _by_passes(found: SourceFound) -> Panel:
    form, batch = found.form, found.form.training.batch
    drawn = []
    for group, n in enumerate(form.sizes):
        passes = np.array(form.training.snapshots) * batch / n
        drawn += mean_curves(f"{n} images", passes, shares(found, n).T, group)
    title = f"Copies by passes, {form.training.source}"
    return Panel(title, "passes through each image", "share of samples that are copies", tuple(drawn), log_x=True)
