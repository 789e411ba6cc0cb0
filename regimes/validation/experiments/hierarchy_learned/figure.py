"""Panels of denoisers of hierarchies."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

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
        curve(f"{known} lowest heights known", "theory", log_snr, weights * ladder[known], group=known)
        for ladder in [np.mean([run.ladder for run in exact], axis=0)]
        for known in range(form.L)
    ]
    turns, rules, along, order, memory = [], [], [], [], []
    for group, (what, level) in enumerate((("class", 0), ("leaves", form.L))):
        posterior = np.mean([run.posterior[:, :, level].mean(axis=1) for run in exact], axis=0)
        turns.append(curve(f"{what}, posterior", "theory", log_snr, posterior, group=group))
        back = [run.kept[:, :, level].mean(axis=1) for run in many]
        turns.append(_mean(f"{what}, {many[0].n} points", log_snr, back, group))
        fewer = np.mean([run.kept[:, :, level].mean(axis=1) for run in few], axis=0)
        turns.append(curve(f"{what}, {few[0].n} points", "reference", log_snr, fewer, group=group))
    for height in range(form.L):
        values = [[obeyed(form, run.rules[BEST])[height] for run in runs] for runs in by_size]
        rules.append(_mean(f"height {height + 1}", np.array(form.sizes, dtype=float), np.array(values).T, height))
        learning = [obeyed(form, run.rules[:BEST])[:, height] for run in many]
        order.append(_mean(f"height {height + 1}, {many[0].n} points", many[0].step[:BEST], learning, height))
    for group, runs in enumerate(by_size):
        n, step = runs[0].n, runs[0].step[:BEST]
        distance.append(_mean(f"{n} points", log_snr, [weights * run.excess[BEST] for run in runs], group))
        along.append(_mean(f"{n} points", step, [(run.above @ nats(form))[:BEST] for run in runs], group))
        own = np.mean([(run.own_above @ nats(form))[:BEST] for run in runs], axis=0)
        along.append(curve(f"{n} points, on these", "reference", step, own, group=group))
        memory.append(_mean(f"{n} points", step, [run.clones.share[:BEST] for run in runs], group))
        if runs is few or runs is many:
            copies = np.mean([run.copies[:BEST] for run in runs], axis=0)
            order.append(curve(f"copies, {n} points", "reference", step, copies, group=group))
    marks = tuple((f"$v m^{height + 1}$", float(form.v * form.m ** (height + 1))) for height in range(1, form.L + 1))
    return [
        Panel("Distance from the exact denoiser", "log-SNR", "nats by log-SNR", tuple(distance)),
        Panel("U-turns: symbols that come back", "log-SNR", "share", tuple(turns)),
        Panel("Rules obeyed, chance 0, law 1", "training points", "share", tuple(rules), marks, log_x=True),
        Panel("Loss above that of the exact denoiser", "step", "nats", tuple(along), log_x=True),
        Panel("Rules obeyed and copies", "step", "share", tuple(order), log_x=True),
        Panel("phi_index: law 0, training points alone 1", "step", "memory", tuple(memory), log_x=True),
    ]


def _mean(label: str, x: Array, values: ArrayLike, group: int) -> Curve:
    """Mean over the seeds that have a value, where any has, with the error by their scatter."""
    found = np.asarray(values, dtype=np.float64)
    there = np.isfinite(found).any(axis=0)
    found = found[:, there]
    count = np.isfinite(found).sum(axis=0)
    se = np.nanstd(found, axis=0) / np.sqrt(np.maximum(count - 1, 1))
    return curve(label, "simulation", x[there], np.nanmean(found, axis=0), se, group=group)
