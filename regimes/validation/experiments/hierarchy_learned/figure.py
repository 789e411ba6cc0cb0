"""Panels of denoisers of hierarchies."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from regimes.validation.experiments.hierarchy_learned.analysis import obeyed
from regimes.validation.experiments.hierarchy_learned.form import HierarchyForm
from regimes.validation.experiments.hierarchy_learned.losses import nats
from regimes.validation.experiments.hierarchy_learned.runs import BEST, ExactRun, LearnedRun
from regimes.validation.outcome.panels import Curve, Panel, curve

__all__ = ["panels"]

Array = NDArray[np.float64]


def panels(form: HierarchyForm, exact: Sequence[ExactRun], learned: Sequence[Sequence[LearnedRun]]) -> list[Panel]:
    """Draw the distance from the exact denoiser, what U-turns keep, obeyed rules, and training along its time."""
    by_size = [[runs[k] for runs in learned] for k in range(len(form.sizes))]
    log_snr, few, many = np.array(form.log_snr), by_size[0], by_size[-1]
    weights = np.exp(log_snr) / 2
    distance = [
        curve(f"lowest {known}", "theory", log_snr, weights * np.mean([run.ladder[known] for run in exact], axis=0))
        for known in range(form.L)
    ]
    turns = []
    for group, (what, level) in enumerate((("class", 0), ("leaves", form.L))):
        posterior = np.mean([run.posterior[:, :, level].mean(axis=1) for run in exact], axis=0)
        turns.append(curve(f"{what}, posterior", "theory", log_snr, posterior, group=group))
        turns.append(
            _mean(f"{form.sizes[-1]} points", log_snr, [run.kept[:, :, level].mean(axis=1) for run in many], group)
        )
        fewer = np.mean([run.kept[:, :, level].mean(axis=1) for run in few], axis=0)
        turns.append(curve(f"{form.sizes[0]} points", "reference", log_snr, fewer, group=group))
    rules = []
    for height in range(form.L):
        values = [[obeyed(form, run.rules[BEST])[height] for run in runs] for runs in by_size]
        rules.append(_known(f"height {height + 1}", np.array(form.sizes, dtype=float), np.array(values).T, height))
    marks = tuple((f"$v m^{height + 1}$", float(form.v * form.m ** (height + 1))) for height in range(1, form.L + 1))
    along = []
    for group, runs in enumerate(by_size):
        distance.append(_mean(f"{runs[0].n} points", log_snr, [weights * run.excess[BEST] for run in runs], group))
        step = runs[0].step[:BEST]
        above = [(run.above @ nats(form))[:BEST] for run in runs]
        along.append(_mean(f"{runs[0].n} points, nats above", step, above, group))
        along.append(
            curve("copies", "reference", step, np.mean([run.copies[:BEST] for run in runs], axis=0), group=group)
        )
    return [
        Panel("Distance from the exact denoiser", "log-SNR", "nats by log-SNR", tuple(distance)),
        Panel("U-turns: symbols that come back", "log-SNR", "share", tuple(turns)),
        Panel("Rules obeyed, chance 0, law 1", "training points", "share", tuple(rules), marks, log_x=True),
        Panel("Along the training", "step", "nats; share of copies", tuple(along), log_x=True),
    ]


def _mean(label: str, x: Array, values: Sequence[Array], group: int) -> Curve:
    found = np.stack(values)
    se = found.std(axis=0, ddof=1) / np.sqrt(len(found)) if len(found) > 1 else None
    return curve(label, "simulation", x, found.mean(axis=0), se, group=group)


def _known(label: str, x: Array, values: Array, group: int) -> Curve:
    """Mean over the seeds that have a value, where any has."""
    there = np.isfinite(values).any(axis=0)
    count = np.isfinite(values[:, there]).sum(axis=0)
    se = np.nanstd(values[:, there], axis=0) / np.sqrt(np.maximum(count - 1, 1))
    return curve(label, "simulation", x[there], np.nanmean(values[:, there], axis=0), se, group=group)
