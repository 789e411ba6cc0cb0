"""What is made of the claims of the paper, by rules stated beforehand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

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
from regimes.validation.experiments.bump_composition.shares import Shares, angle, shares_of
from regimes.validation.experiments.runner.along_training import Estimate, mean_of

__all__ = ["CHANCE", "claims_of", "verdict_of", "wider_verdict"]

CHANCE = "no more than by chance"
_RISING = "undecided: still rising"
_HALF = angle(0.5)
_FEWEST = 3  # widths of a trend


def claims_of(form: CompositionForm, runs: Sequence[Runs]) -> dict[str, Any]:
    """Composition is strong, with few sums too; interpolation is weaker, and weak, by code; the wider, the weaker."""
    by_set = {each[0].form: each for each in runs}
    striped, plain = SetForm("cross", form.paper, stripes=True), SetForm("cross", form.paper)
    both = {place: shares_of(form, by_set, both_right, place) for place in PLACES}
    new = {place: shares_of(form, by_set, new_right, place) for place in PLACES}
    pairs = {place: comparison(form, by_set, (striped, plain), new_right, place) for place in PLACES}
    coded = [each for each in by_set if each.code is not None]
    return {
        "composition": _strong(form, by_set, both, striped),
        "few": {
            each.name: _strong(form, by_set, both, each) for each in by_set if each.few is not None and each.stripes
        },
        "stronger": {
            "difference": pairs,
            "verdict": verdict_of(
                [each.side({striped: 1, plain: -1}) for each in new.values()],
                if_true=any(plain in each.rising for each in new.values()),
                if_false=[striped in each.rising for each in new.values()],
            ),
        },
        "interpolation": _weak(form, by_set, new["arms"], plain) | {"guessed": guessed(form, form.paper)},
        "codes": {each.name: _weak(form, by_set, new["arms"], each) for each in coded},
        "wider": {
            name: {
                "widths": [each.width for each in gaps],
                "shares": {each.width: _mean(form, by_set[each], new_right, "arms") for each in gaps},
                "guessed": {each.width: guessed(form, each.width) for each in gaps},
                "verdict": wider_verdict(form, new["arms"], gaps),
            }
            for name, gaps in _gaps(by_set).items()
        },
    }


def verdict_of(sides: Sequence[int | None], *, if_true: bool = False, if_false: Sequence[bool] = ()) -> str:
    """Reproduced if all lie on the side of the claim, refuted if one lies on the other.

    ``if_true`` and ``if_false``, one for each side, say whether a share still rises that must be low for either.
    """
    if not sides or None in sides:
        return "undecided"
    if -1 in sides:
        fallen = [k for k, side in enumerate(sides) if side == -1]
        return _RISING if if_false and all(if_false[k] for k in fallen) else "refuted"
    return "undecided" if 0 in sides else _RISING if if_true else "reproduced"


def wider_verdict(form: CompositionForm, arms: Shares, gaps: Sequence[SetForm]) -> str:
    """Whether the angle of a share falls with the logarithm of the width, and faster than that of a guess."""
    whole = [each for each in gaps if each in arms.means]
    if len(whole) < _FEWEST:
        return "undecided"
    logs = np.log2([each.width for each in whole])
    weights = dict(zip(whole, (logs.mean() - logs).tolist(), strict=True))
    falls = arms.side(weights)
    faster = arms.side(weights, sum(weight * angle(guessed(form, each.width)) for each, weight in weights.items()))
    rising = {each in arms.rising for each in whole[1:]}
    found = verdict_of([falls], if_true=True in rising, if_false=[whole[0] in arms.rising])
    return CHANCE if found == "reproduced" and faster != 1 else found


def _gaps(by_set: Mapping[SetForm, Runs]) -> dict[str, list[SetForm]]:
    """Crosses without stripes by width: with all sums outside, and with equally many at each width."""
    crosses = sorted(
        (each for each in by_set if each == SetForm("cross", each.width, few=each.few)), key=lambda each: each.width
    )
    found = {"all sums": [each for each in crosses if each.few is None]}
    for few in sorted({each.few for each in crosses if each.few is not None}):
        found[f"{few} sums"] = [each for each in crosses if by_set[each][0].points == few]
    return found


def _strong(
    form: CompositionForm, by_set: Mapping[SetForm, Runs], both: Mapping[str, Shares], each: SetForm
) -> dict[str, Any]:
    """Shares right along both axes, in the arms and in the intersection, above one half."""
    return {
        "shares": {place: _mean(form, by_set.get(each, ()), both_right, place) for place in PLACES},
        "verdict": verdict_of(
            [both[place].side({each: 1}, _HALF) for place in PLACES],
            if_false=[each in both[place].rising for place in PLACES],
        ),
    }


def _weak(form: CompositionForm, by_set: Mapping[SetForm, Runs], arms: Shares, each: SetForm) -> dict[str, Any]:
    """Share of the held-out coordinate of the arms, below one half."""
    return {
        "share": _mean(form, by_set.get(each, ()), new_right, "arms"),
        "verdict": verdict_of([arms.side({each: -1}, -_HALF)], if_true=each in arms.rising),
    }


def _mean(form: CompositionForm, runs: Runs, reading: Reading, place: str) -> Estimate:
    return mean_of([reading(form, run, place, -1) if learned(form, run) else None for run in runs])
