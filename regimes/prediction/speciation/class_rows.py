"""Times of pairs and merges of classes, as rows of numbers and as entries of tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from regimes.numerics.interface.number import Number
from regimes.numerics.process.schedules import Schedule
from regimes.numerics.speciation.class_pairs.class_tree import Merge
from regimes.numerics.speciation.class_pairs.fitted_pairs import FORMS, FittedPairs
from regimes.numerics.speciation.class_pairs.held_out_pairs import GroupBound

__all__ = ["PairTimes", "group_text", "merge_entry", "merge_rows", "pair_rows"]

_MOST, _FEW = 8, 3
_COVERS = "points (one-sided, 97.5%)"
_NEVER = "Gaussian classes with these means and covariances never part"
_LABELS = {
    "bound": "bound, held-out points",
    "overlap": "Gaussian classes, overlap",
    "log_odds": "Gaussian classes, log-odds",
    "means": "Gaussian classes of one covariance",
}


@dataclass(frozen=True)
class PairTimes:
    """Two classes: the time of the bound, its one-sided lower limit or why there is none; closed forms with errors."""

    names: tuple[str, str]
    time: float | None
    low: float | None
    reason: str | None
    error: float | None
    forms: dict[str, tuple[float | None, float | None]]

    @classmethod
    def of(cls, pair: tuple[int, int], bound: GroupBound, fitted: FittedPairs, names: Sequence[str]) -> PairTimes:
        """Of two classes by their numbers."""
        parted = bound.parted
        forms = {name: (_finite(fitted.times[name][pair]), _finite(fitted.errors[name][pair])) for name in FORMS}
        return cls((names[pair[0]], names[pair[1]]), parted.value, parted.low, parted.reason, bound.error, forms)

    def entry(self) -> dict[str, Any]:
        """As JSON has it."""
        bound = {"time": self.time, "error": self.error, "interval": _interval(self.low), "reason": self.reason}
        forms = {name: {"time": time, "error": error} for name, (time, error) in self.forms.items()}
        return {"classes": list(self.names), "bound": bound, **forms}


def group_text(group: Sequence[int], names: Sequence[str]) -> str:
    """A class by its name, several in braces, the first few of many."""
    shown = [names[k] for k in sorted(group)]
    if len(shown) == 1:
        return shown[0]
    if len(shown) <= _MOST:
        return f"{{{', '.join(shown)}}}"
    return f"{{{', '.join(shown[:_FEW])}, ...}} ({len(shown)} classes)"


def merge_entry(merge: Merge, names: Sequence[str]) -> dict[str, Any]:
    """As JSON has it: two lists of classes, and the time below which they are apart."""
    parted = merge.bound.parted
    return {
        "classes": [[names[k] for k in group] for group in merge.groups],
        "time": parted.value,
        "error": merge.bound.error,
        "interval": _interval(parted.low),
        "height": merge.height,
        "reason": parted.reason,
    }


def merge_rows(
    merges: Sequence[Merge], names: Sequence[str], made: Sequence[str], steps: Schedule
) -> dict[str, Number]:
    """A row for each merge, from the two classes that part last up to the root."""
    rows = {}
    for place, merge in enumerate(merges, 1):
        parted = merge.bound.parted
        label = f"classes part: {' | '.join(group_text(group, names) for group in merge.groups)}"
        rows[f"classes.merge.{place}"] = _bound_row(
            label, parted.value, parted.low, merge.bound.error, parted.reason, made, steps
        )
    return rows


def pair_rows(pairs: Sequence[PairTimes], made: Mapping[str, Sequence[str]], steps: Schedule) -> dict[str, Number]:
    """Rows of the pair that parts last, and of the one that parts first."""
    order = sorted(pairs, key=lambda pair: (pair.time or 0.0, pair.forms["overlap"][0] or 0.0))
    chosen = {"last": order[0]} | ({"first": order[-1]} if len(order) > 1 else {})
    rows = {}
    for which, pair in chosen.items():
        of = f"{pair.names[0]} | {pair.names[1]}"
        key, label = f"classes.{which}.bound", f"{_LABELS['bound']}: {of}"
        rows[key] = _bound_row(label, pair.time, pair.low, pair.error, pair.reason, made["bound"], steps)
        for name, (time, error) in pair.forms.items():
            covers = None if error is None else "points, not that the classes may be no Gaussians"
            rows[f"classes.{which}.{name}"] = steps.number(
                f"{_LABELS[name]}: {of}",
                time,
                made[name],
                error=error,
                covers=covers,
                reason=_NEVER if time is None else None,
            )
    return rows


def _bound_row(
    label: str,
    time: float | None,
    low: float | None,
    error: float | None,
    reason: str | None,
    made: Sequence[str],
    steps: Schedule,
) -> Number:
    if time is None or low is None:
        return steps.number(label, None, made, reason=reason)
    return steps.number(label, time, made, error=error, interval=(low, None), covers=_COVERS)


def _interval(low: float | None) -> list[float | None] | None:
    return None if low is None else [low, None]


def _finite(value: Any) -> float | None:
    return float(value) if np.isfinite(value) else None
