"""What is made of the claims of the paper, by rules stated beforehand."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from regimes.validation.experiments.bump_composition.analysis import (
    PLACES,
    Reading,
    Runs,
    both_right,
    comparison,
    guessed,
    learned,
    new_right,
)
from regimes.validation.experiments.bump_composition.form import CompositionForm, SetForm
from regimes.validation.experiments.runner.along_training import Estimate, mean_of

__all__ = ["claims_of", "verdict_of"]

_HALF, _ERRORS = 0.5, 2


def claims_of(form: CompositionForm, runs: Sequence[Runs]) -> dict[str, Any]:
    """Composition is strong, with few sums too; interpolation is weak, by code; it is the weaker the wider the gap."""
    by_set = {each[0].form: each for each in runs}
    striped, plain = SetForm("cross", form.paper, stripes=True), SetForm("cross", form.paper)
    few = {each.name: _both(form, by_set[each]) for each in by_set if each.few is not None}
    composed, unseen = _both(form, by_set.get(striped, ())), _mean(form, by_set.get(plain, ()), new_right, "arms")
    gaps = sorted((each for each in by_set if each == SetForm("cross", each.width)), key=lambda each: each.width)
    loss = comparison(form, by_set, (gaps[0], gaps[-1]), new_right, "arms") if len(gaps) > 1 else mean_of([])
    return {
        "composition": {"shares": composed, "verdict": verdict_of(composed.values(), _HALF, above=True)},
        "few": {
            name: {"shares": each, "verdict": verdict_of(each.values(), _HALF, above=True)}
            for name, each in few.items()
        },
        "interpolation": {
            "share": unseen,
            "guessed": guessed(form, form.paper),
            "verdict": verdict_of([unseen], _HALF, above=False),
        },
        "codes": {
            each.name: {"share": share, "verdict": verdict_of([share], _HALF, above=False)}
            for each in by_set
            if each.code is not None
            for share in [_mean(form, by_set[each], new_right, "arms")]
        },
        "wider": {
            "widths": [each.width for each in gaps],
            "difference": loss,
            "verdict": verdict_of([loss], 0.0, above=True),
        },
    }


def verdict_of(values: Iterable[Estimate], level: float, *, above: bool) -> str:
    """Reproduced if all lie on the side of the claim by two errors, refuted if one lies on the other by as many."""
    sides = []
    for each in values:
        if each.value is None or each.se is None:
            return "undecided"
        away = (each.value - level) * (1 if above else -1)
        sides.append(0 if abs(away) <= _ERRORS * each.se else 1 if away > 0 else -1)
    if -1 in sides:
        return "refuted"
    return "reproduced" if all(sides) else "undecided"


def _both(form: CompositionForm, runs: Runs) -> dict[str, Estimate]:
    """Shares right along both axes, in the arms and in the intersection."""
    return {place: _mean(form, runs, both_right, place) for place in PLACES}


def _mean(form: CompositionForm, runs: Runs, reading: Reading, place: str) -> Estimate:
    return mean_of([reading(form, run, place) if learned(form, run) else None for run in runs])
