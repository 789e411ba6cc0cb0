"""What each hypothesis misses the onsets by, and which of them stands."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from regimes.validation.experiments.bump_percolation.form import PercolationForm
from regimes.validation.experiments.bump_percolation.onsets import ERRORS, Measured, limit
from regimes.validation.experiments.bump_percolation.predictions import Thresholds, predictions, widest

__all__ = ["Misses", "misses", "values", "verdict"]

_WIDE = math.log(2)  # what ERRORS errors may be at most, or nothing is told


@dataclass(frozen=True)
class Misses:
    """What a hypothesis misses the changes of log onset by, against the base: measured less predicted."""

    change: Mapping[str, float | None]  # predicted, by setting
    miss: Mapping[str, float | None]  # by setting it is judged by; None where it predicts nothing
    side: Mapping[str, int]  # 1 or -1 where the onset lies above or below the share that is taken for it
    se: float | None  # of each miss

    def fails(self, setting: str) -> bool:
        """Whether it fails there; a bound fails what lies on its wrong side."""
        value, side = self.miss[setting], self.side[setting]
        if value is None or self.se is None:
            return False
        return (side * value if side else abs(value)) > limit(self.se)

    @property
    def failed(self) -> list[str]:
        """Settings at which it fails."""
        return [name for name in self.miss if self.fails(name)]

    @property
    def stands(self) -> bool:
        """Whether it predicts the onset everywhere, with errors that are not too wide, and fails nowhere."""
        narrow = self.se is not None and ERRORS * self.se <= _WIDE
        return narrow and not self.failed and None not in self.miss.values()

    @property
    def rms(self) -> float | None:
        """Root of the mean square over the settings that have an onset and a prediction."""
        found = [value for name, value in self.miss.items() if value is not None and not self.side[name]]
        return float(np.sqrt(np.mean(np.square(found)))) if found else None


def misses(form: PercolationForm, found: Measured, thresholds: Thresholds) -> dict[str, Misses]:
    """What each hypothesis misses at all settings but the base, those left out, and what it is fitted to."""
    base, se = found.inside(form.base.name), found.se
    if base is None:
        return {}
    side = {name: each.side for name, each in found.onsets.items()}
    judged = {}
    for hypothesis, row in predictions(form, thresholds, found).items():
        fitted = (form.base.name, widest(form, found) if hypothesis == "widened" else "")
        first = row[form.base.name]
        change = {n: None if each is None or first is None else _change(base, first, each) for n, each in row.items()}
        miss = {
            name: None if (by := change[name]) is None else each.log - base - by
            for name, each in found.onsets.items()
            if name not in fitted
        }
        error = found.se_budget if hypothesis == "budget" else se
        judged[hypothesis] = Misses(change, miss, side, None if error is None else error * math.sqrt(2))
    return judged


def _change(base: float, first: float, told: float) -> float:
    """Predicted change; what only all positions connect changes to all of them."""
    return -base if told == 0 else told - first


def values(form: PercolationForm, found: Measured, thresholds: Thresholds) -> dict[str, float]:
    """Log of the base's onset over what a threshold predicts for it, where they differ."""
    base = found.inside(form.base.name)
    if base is None or found.se is None:
        return {}
    own = {**thresholds.images, "coordinates": thresholds.lines}
    off = {name: base - math.log(row[form.base.name]) for name, row in own.items()}
    return {name: each for name, each in off.items() if abs(each) > limit(found.se)}


def verdict(form: PercolationForm, found: Measured, judged: Mapping[str, Misses]) -> tuple[str, list[str]]:
    """Say in a few words what came out, and which hypotheses stand."""
    if not judged or found.se is None:
        return "not judged", []
    if ERRORS * found.se * math.sqrt(2) > _WIDE:
        return "errors too wide", []
    standing = [name for name, each in judged.items() if each.stands]
    if not standing:
        return "not explained", []
    if found.left_out:
        return "not tested everywhere", standing
    return ("explained" if len(standing) == 1 else "not told apart"), standing
