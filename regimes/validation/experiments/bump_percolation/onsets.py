"""Onsets with the kept share or bounds on them, their error, and where even kept positions are not learned."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from regimes.validation.experiments.bump_percolation.form import PercolationForm, Setting, log_shares
from regimes.validation.experiments.bump_percolation.runs import ShareRun
from regimes.validation.experiments.runner.along_training import Estimate, mean_of, passage
from regimes.validation.experiments.runner.pooled import pooled
from regimes.validation.measurement.estimate import crossing, rise_of

__all__ = [
    "ERRORS",
    "Measured",
    "Onset",
    "Runs",
    "limit",
    "error_of_mean",
    "log_onsets",
    "mean_onset",
    "measured",
    "rises",
]

Array = NDArray[np.float64]
Runs = Mapping[str, Sequence[Sequence[ShareRun]]]
"""By setting, seed and share."""

ERRORS, _MARGIN = 3.0, math.log(1.25)
"""Two numbers differ if they do by more than so many errors and, logarithms of shares, by more than this."""

_LEARNED = 0.85
"""Share right at kept positions, at the shares beside the onset, from which on a setting counts as learned."""


@dataclass(frozen=True)
class Onset:
    """Log of a kept share; with a side, 1 or -1, a bound: the onset lies above it, or below."""

    log: float
    side: int = 0


@dataclass(frozen=True)
class Measured:
    """Onsets and times of learning, by setting."""

    seeds: Mapping[str, Sequence[Onset]]
    onsets: Mapping[str, Onset]  # mean over seeds; not of settings that are left out
    se: float | None  # of each mean, from the scatter over seeds within all settings that have all onsets
    se_budget: float | None  # the same of log onset less log time
    times: Mapping[str, float | None]  # mean log of the step at which half of the kept images are right
    right_kept: Mapping[str, float]  # the least at the shares beside the onset, mean over seeds
    left_out: Mapping[str, str]  # why

    def inside(self, name: str) -> float | None:
        """Log onset of a setting; None if it is a bound or left out."""
        onset = self.onsets.get(name)
        return None if onset is None or onset.side else onset.log


def limit(se: float) -> float:
    """What more than is a difference of logarithms of shares."""
    return max(ERRORS * se, _MARGIN)


def log_onsets(setting: Setting, runs: Sequence[Sequence[ShareRun]], *, relative: bool = False) -> list[Onset]:
    """Of each seed, the log of the share from which on half of the held-out images are right, on straight lines in it.

    ``relative``: of the share of images that is right at held-out positions over that at kept ones.
    """
    logs, found = log_shares(setting), []
    for each in runs:
        held_out, kept = np.array([run.outcomes[:, -1] for run in each]).T
        right = held_out / np.maximum(kept, 1e-9) if relative else held_out
        place = crossing(logs, right, 0.5)
        if place is None:
            found.append(Onset(logs[0], -1) if right[0] >= 0.5 else Onset(logs[-1], 1))
        else:
            found.append(Onset(place))
    return found


def measured(form: PercolationForm, runs: Runs) -> Measured:
    """Find all onsets; settings are left out that have not learned what is kept, or bounds on both sides."""
    seeds = {s.name: log_onsets(s, runs[s.name]) for s in form.settings}
    times = {s.name: _learning_times(form, s, runs[s.name]) for s in form.settings}
    onsets, right_kept, left_out = {}, {}, {}
    for s in form.settings:
        mean = mean_onset(seeds[s.name])
        kept = np.mean([[run.outcomes[1, -1] for run in each] for each in runs[s.name]], axis=0)
        if mean is not None:
            place = int(np.searchsorted(log_shares(s), mean.log))
            kept = kept[max(place - 1, 0) : place + 1]
        right_kept[s.name] = float(kept.min())
        if mean is None:
            left_out[s.name] = "onsets on both sides of its shares"
        elif right_kept[s.name] < _LEARNED:
            left_out[s.name] = f"{right_kept[s.name]:.2f} right at kept positions"
        else:
            onsets[s.name] = mean
    whole = [s.name for s in form.settings if not any(each.side for each in seeds[s.name])]
    logs = {name: [each.log for each in seeds[name]] for name in whole}
    learned = {name: np.array(each) for name, each in times.items() if None not in each}
    se_budget = error_of_mean([np.array(logs[name]) - learned[name] for name in whole if name in learned])
    means = {name: mean_of(each).value for name, each in times.items()}
    return Measured(seeds, onsets, error_of_mean(list(logs.values())), se_budget, means, right_kept, left_out)


def rises(setting: Setting, runs: Sequence[Sequence[ShareRun]]) -> Estimate:
    """Log of the share at which three quarters of the held-out images are right over that of one quarter."""
    logs = log_shares(setting)
    return mean_of([rise_of(logs, np.array([run.outcomes[0, -1] for run in each])).width for each in runs])


def error_of_mean(values: Sequence[Sequence[float] | Array]) -> float | None:
    """Standard error of a mean over seeds, from the scatter within all rows."""
    scatter = pooled(values)
    return scatter.sd / math.sqrt(len(values[0])) if scatter.degrees else None


def mean_onset(onsets: Sequence[Onset]) -> Onset | None:
    """Mean over seeds; if some are bounds on one side it is one, and if they are on both there is none."""
    sides = {each.side for each in onsets} - {0}
    if len(sides) > 1:
        return None
    return Onset(float(np.mean([each.log for each in onsets])), *sides)


def _learning_times(form: PercolationForm, setting: Setting, runs: Sequence[Sequence[ShareRun]]) -> list[float | None]:
    """Of each seed, the log of the step at which half of the kept images are right, at the share that is timed."""
    place, snapshots = setting.shares.index(form.timed), setting.training(form.training).snapshots
    steps = [passage(snapshots, list(each[place].learned)) for each in runs]
    return [None if each is None else math.log(each) for each in steps]
