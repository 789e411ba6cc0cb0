"""Onsets, what each hypothesis misses them by, and whether losses and representations change with them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from regimes.validation.experiments.bump_percolation.form import PercolationForm, Setting, log_shares
from regimes.validation.experiments.bump_percolation.predictions import HYPOTHESES, Thresholds, predictions
from regimes.validation.experiments.bump_percolation.runs import ShareRun
from regimes.validation.experiments.runner.along_training import Estimate, mean_of, passage
from regimes.validation.measurement.estimate import crossing

__all__ = [
    "ERRORS",
    "MARGIN",
    "Misses",
    "Runs",
    "changes",
    "learning_times",
    "log_onsets",
    "misses",
    "outside",
    "slopes",
    "verdict",
]

Array = NDArray[np.float64]
Runs = Mapping[str, Sequence[Sequence[ShareRun]]]
"""By setting, seed and share."""

ERRORS, MARGIN = 3.0, math.log(1.25)
"""A prediction fails where it misses by more than so many errors and by more than this in the logarithm."""

_WIDE = math.log(2)  # what ERRORS errors may be at most, or nothing is judged
_LEAST = {"accuracy": 0.5, "representation": 0.2, "loss": math.log(2)}  # change from the smallest share to the largest


@dataclass(frozen=True)
class Misses:
    """What a hypothesis misses the changes of log onset by, against the base: measured less predicted."""

    change: dict[str, Estimate]  # predicted, by setting
    miss: dict[str, Estimate]  # by setting; None where there is no onset or no prediction
    se: float | None  # of each miss, from the scatter over seeds at all settings

    def fails(self, setting: str) -> bool | None:
        """Whether it fails there; None where that cannot be said."""
        value = self.miss[setting].value
        if value is None or self.se is None:
            return None
        return abs(value) > ERRORS * self.se and abs(value) > MARGIN

    @property
    def failed(self) -> list[str]:
        """Settings at which it fails."""
        return [name for name in self.miss if self.fails(name)]

    @property
    def rms(self) -> float | None:
        """Root of the mean square over the settings that have a value."""
        values = [each.value for each in self.miss.values() if each.value is not None]
        return float(np.sqrt(np.mean(np.square(values)))) if values else None


def log_onsets(setting: Setting, runs: Sequence[Sequence[ShareRun]]) -> list[float | None]:
    """Of each seed, the log of the share at which half of the held-out images are right, on straight lines in it."""
    logs = log_shares(setting)
    return [crossing(logs, np.array([run.outcomes[0, -1] for run in each]), 0.5) for each in runs]


def learning_times(form: PercolationForm, setting: Setting, runs: Sequence[Sequence[ShareRun]]) -> list[float | None]:
    """Of each seed, the log of the step at which half of the kept images are right, at the share that is timed."""
    place, snapshots = setting.shares.index(form.timed), setting.training(form.training).snapshots
    steps = [passage(snapshots, list(each[place].learned)) for each in runs]
    return [None if each is None else math.log(each) for each in steps]


def misses(form: PercolationForm, runs: Runs, thresholds: Thresholds) -> dict[str, Misses]:
    """What each hypothesis misses, seed by seed, at all settings but the base."""
    onsets = {s.name: log_onsets(s, runs[s.name]) for s in form.settings}
    times = {s.name: learning_times(form, s, runs[s.name]) for s in form.settings}
    by_seed = [
        predictions(form, thresholds, *({name: each[k] for name, each in found.items()} for found in (onsets, times)))
        for k in range(form.seeds)
    ]
    others, base = [s.name for s in form.settings[1:]], form.base.name
    found = {}
    for hypothesis in HYPOTHESES:
        told = [each[hypothesis] for each in by_seed]
        change = {name: [_less(each[name], each[base]) for each in told] for name in others}
        seen = {name: [_less(a, b) for a, b in zip(onsets[name], onsets[base], strict=True)] for name in others}
        left = {name: [_less(a, b) for a, b in zip(seen[name], change[name], strict=True)] for name in others}
        found[hypothesis] = Misses(
            {name: mean_of(each) for name, each in change.items()},
            {name: mean_of(each) for name, each in left.items()},
            _pooled(list(left.values())),
        )
    return found


def slopes(form: PercolationForm, runs: Runs, thresholds: Thresholds) -> dict[str, Estimate]:
    """Slope of log onset against log width: measured, and by each hypothesis."""
    widths = form.widths
    logs = np.log([each.sigma for each in widths])
    onsets = {s.name: log_onsets(s, runs[s.name]) for s in form.settings}
    times = {s.name: learning_times(form, s, runs[s.name]) for s in form.settings}
    found: dict[str, list[float | None]] = {"measured": []}
    for k in range(form.seeds):
        seen, took = ({name: each[k] for name, each in of.items()} for of in (onsets, times))
        rows = {"measured": seen, **predictions(form, thresholds, seen, took)}
        for name, row in rows.items():
            found.setdefault(name, []).append(_slope(logs, [row[each.name] for each in widths]))
    return {name: mean_of(each) for name, each in found.items()}


def outside(form: PercolationForm, runs: Runs) -> list[str]:
    """Settings of which an onset lies outside of the shares: nothing is judged by them."""
    return [s.name for s in form.settings if None in log_onsets(s, runs[s.name])]


def verdict(form: PercolationForm, runs: Runs, found: Mapping[str, Misses]) -> tuple[str, list[str]]:
    """Say in a few words what came out, and which hypotheses fail nowhere."""
    missing = outside(form, runs)
    errors = [each.se for each in found.values() if each.se is not None]
    if not errors or any(s.name in missing for s in form.widths):
        return "not judged", []
    standing = [
        name
        for name, each in found.items()
        if not each.failed and all(miss.value is not None for s, miss in each.miss.items() if s not in missing)
    ]
    if ERRORS * min(errors) > _WIDE:
        return "errors too wide", standing
    if not standing:
        return "not explained", []
    return ("explained" if len(standing) == 1 else "not told apart"), standing


def changes(form: PercolationForm, runs: Runs) -> dict[str, Estimate]:
    """Log of the share at which loss and representation are half-way, over that of accuracy; all widths and seeds.

    None where one of them does not change enough to say where.
    """
    found: dict[str, list[float | None]] = {"loss": [], "representation": []}
    for setting in form.widths:
        logs = log_shares(setting)
        for each in runs[setting.name]:
            accuracy = _half_way("accuracy", logs, np.array([run.outcomes[0, -1] for run in each]))
            loss = _half_way("loss", logs, -np.log([run.loss[0] / run.loss[1] for run in each]))
            read = _half_way("representation", logs, np.array([float(run.r2) for run in each]))
            found["loss"].append(_less(loss, accuracy))
            found["representation"].append(_less(read, accuracy))
    return {name: mean_of(each) for name, each in found.items()}


def _half_way(what: str, logs: Array, values: Array) -> float | None:
    first, last = values[0], values[-1]
    return crossing(logs, values, (first + last) / 2) if last - first >= _LEAST[what] else None


def _less(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else one - other


def _pooled(values: Sequence[Sequence[float | None]]) -> float | None:
    """Standard error of a mean over seeds, from the scatter within all settings that have all seeds."""
    whole = [np.array(each, dtype=np.float64) for each in values if None not in each and len(each) > 1]
    if not whole:
        return None
    return float(np.sqrt(np.mean([each.var(ddof=1) for each in whole]) / len(whole[0])))


def _slope(x: Array, y: Sequence[float | None]) -> float | None:
    if len(x) < 2 or None in y:
        return None
    return float(np.polyfit(x, np.array(y, dtype=np.float64), 1)[0])
