"""Whether losses and representations change with accuracy: where they are half-way, and how much of it at once."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from regimes.validation.experiments.bump_percolation.form import PercolationForm, log_shares
from regimes.validation.experiments.bump_percolation.onsets import ERRORS, Measured, Runs, error_of_mean, limit
from regimes.validation.experiments.bump_percolation.runs import ShareRun
from regimes.validation.experiments.runner.along_training import Estimate
from regimes.validation.measurement.estimate import crossing

__all__ = ["Change", "changes"]

Array = NDArray[np.float64]

_LEAST = {"accuracy": 0.5, "loss": math.log(2), "representation": 0.2}  # change from the smallest share to the largest
_NEAR = math.log(1.5)
_EXCESS = 0.1  # of the change: less may come of straight lines between few shares


@dataclass(frozen=True)
class Change:
    """How one quantity changes with the share, over the widths at which it and accuracy change in all seeds."""

    place: Estimate  # log of the share at which it is half-way over that of accuracy
    excess: Estimate  # part of the change within a factor of 1.5 of that share, less that of straight lines
    widths: tuple[str, ...]

    @property
    def said(self) -> str:
        """What that comes to."""
        place, excess = self.place, self.excess
        if place.value is None or excess.value is None:
            return "hardly changes"
        if place.se is None or excess.se is None:
            return "one seed"
        if excess.value <= max(ERRORS * excess.se, _EXCESS):
            return "gradual"
        return "another share" if abs(place.value) > limit(place.se) else "the same share"


def changes(form: PercolationForm, runs: Runs, onsets: Measured) -> dict[str, Change]:
    """Of loss and representation; an error is that of one width, as all widths have the same seeds."""
    found: dict[str, dict[str, Array]] = {"loss": {}, "representation": {}}
    for setting in form.widths:
        if setting.name in onsets.left_out:
            continue
        logs = log_shares(setting)
        for what, rows in found.items():
            pairs = [_pair(what, logs, each) for each in runs[setting.name]]
            if all(pair is not None for pair in pairs):
                rows[setting.name] = np.array(pairs, dtype=np.float64)
    return {what: Change(_over(rows, 0), _over(rows, 1), tuple(rows)) for what, rows in found.items()}


def _pair(what: str, logs: Array, runs: Sequence[ShareRun]) -> tuple[float, float] | None:
    accuracy = _half_way("accuracy", logs, np.array([run.outcomes[0, -1] for run in runs]))
    by = {
        "loss": -np.log([run.loss[0] / run.loss[1] for run in runs]),
        "representation": np.array([float(run.read[0]) for run in runs]),
    }
    place = _half_way(what, logs, by[what])
    if accuracy is None or place is None:
        return None
    ends = np.clip([place - _NEAR, place + _NEAR], logs[0], logs[-1])
    low, high = np.interp(ends, logs, by[what])
    part = (high - low) / (by[what][-1] - by[what][0])
    straight = max(float(np.ptp(scale(ends)) / np.ptp(scale(logs))) for scale in (np.positive, np.exp))
    return place - accuracy, float(part) - straight


def _half_way(what: str, logs: Array, values: Array) -> float | None:
    first, last = values[0], values[-1]
    return crossing(logs, values, (first + last) / 2) if last - first >= _LEAST[what] else None


def _over(rows: dict[str, Array], column: int) -> Estimate:
    if not rows:
        return Estimate(None, None, 0)
    of = [each[:, column] for each in rows.values()]
    return Estimate(float(np.mean(of)), error_of_mean(of), sum(map(len, of)))
