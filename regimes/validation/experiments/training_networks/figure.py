"""Panels of copies and losses along trainings, and of their times by number of images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from regimes.validation.experiments.runner.curves import mean_curves, mean_line
from regimes.validation.experiments.training_networks.analysis import Log, held_out, shares, times_of
from regimes.validation.experiments.training_networks.clock import learning_time
from regimes.validation.experiments.training_networks.form import TrainingNetworksForm
from regimes.validation.experiments.training_networks.runs import SourceFound
from regimes.validation.outcome.panels import Curve, Panel, curve

__all__ = ["panels"]

_TIME = "steps of the largest rate"


def panels(form: TrainingNetworksForm, found: Sequence[SourceFound]) -> list[Panel]:
    """Draw copies and losses against the learning time, and times against the number of images."""
    return [panel for each in found for panel in (_copies(each), _losses(each), _times(form, each))]


def _copies(found: SourceFound) -> Panel:
    source, time = found.form.training.source, _time(found)
    drawn = [
        part
        for group, n in enumerate(found.form.sizes)
        for part in mean_curves(f"{n} images", time, shares(found, n).T, group)
    ]
    return Panel(
        f"Copies along the training, {source}", _TIME, "share of samples that are copies", tuple(drawn), log_x=True
    )


def _losses(found: SourceFound) -> Panel:
    source, time, drawn = found.form.training.source, _time(found), []
    for group, n in enumerate(found.form.sizes):
        drawn += mean_curves(f"{n} images, held out", time, np.log10(held_out(found, n)).T, group)
        train = np.log10([each.losses.train for each in found.trainings[n]])
        drawn.append(mean_line("", time, train.T, group))
    title = f"Losses along the training, {source}"
    return Panel(title, _TIME, "log10 of the loss; no points: trained on", tuple(drawn), log_x=True)


def _times(form: TrainingNetworksForm, found: SourceFound) -> Panel:
    times = times_of(form, found)
    drawn: list[Curve] = []
    named: tuple[tuple[str, Mapping[int, Log], float], ...] = (
        (f"copies {form.memorised:g}", times.memorised, 1.0),
        (f"copies {form.first:g}", times.first, 1.0),
        ("least held-out loss", times.least, np.nan),
        (f"held-out loss, {form.learned:g} of its way", times.generalised, 0.0),
    )
    for group, (label, of, slope) in enumerate(named):
        there = {n: np.array(each, dtype=float) / np.log(10) for n, each in of.items() if None not in each}
        if not there:
            continue
        sizes = np.array(list(there), dtype=float)
        mean = np.array([each.mean() for each in there.values()])
        se = [each.std(ddof=1) / np.sqrt(len(each)) if len(each) > 1 else 0.0 for each in there.values()]
        drawn.append(curve(label, "simulation", sizes, mean, se, group=group))
        if np.isfinite(slope):
            line = mean.mean() + slope * (np.log10(sizes) - np.log10(sizes).mean())
            drawn.append(curve("", "reference", sizes, line, group=group))
    title = f"Times by number of images, {found.form.training.source}; lines: slopes 1 and 0"
    return Panel(title, "training images", f"log10 of {_TIME}", tuple(drawn), log_x=True)


def _time(found: SourceFound) -> np.ndarray:
    return learning_time(found.form.training.snapshots, found.form.training.steps)
