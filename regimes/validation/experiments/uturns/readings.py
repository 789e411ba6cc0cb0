"""Each predicted time against the measured one, and the rule by which it holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from regimes.numerics.compiled.compile import compile_formula
from regimes.prediction.decisions.uturns import ANEW, KEPT
from regimes.validation.experiments.runner.along_training import Estimate, interval, mean_of
from regimes.validation.experiments.uturns.predictions import ENDS, MODELS, Predicted
from regimes.validation.experiments.uturns.runs import TrainingFound
from regimes.validation.experiments.uturns.turns import SAMPLERS, Turns
from regimes.validation.measurement.falling import crossing_times

__all__ = ["MARGIN", "Reading", "left_of_class", "readings_of", "verdict"]

Array = NDArray[np.float64]

MARGIN = 1.2
"""Factor between a predicted and a measured time that a prediction leaves open."""

HOLDS, FAILS, OPEN, NONE = "holds", "does not hold", "not told", "nothing predicted"

_HALF = 0.5


@dataclass(frozen=True)
class Reading:
    """One predicted time, over the trainings."""

    name: str
    model: str
    least: bool  # whether it is said to be a lower limit
    predicted: Estimate
    measured: Estimate
    ratio: Estimate  # of the logarithm of the measured over the predicted time
    there: Estimate  # survival at the predicted time; of a time of loss from 0, drawn anew, to 1

    @property
    def verdict(self) -> str:
        """By the rule."""
        return NONE if self.predicted.value is None else verdict(self.ratio, least=self.least)


def verdict(ratio: Estimate, *, least: bool) -> str:
    """Where the 95% interval of the ratio lies, beside the factor that is left open."""
    found, open_ = interval(ratio), float(np.log(MARGIN))
    if found is None:
        return OPEN
    low, high = found
    if low > -open_ and (least or high < open_):
        return HOLDS
    return FAILS if high < -open_ or (low > open_ and not least) else OPEN


def left_of_class(survival: Array, floor: float) -> Array:
    """Survival on the scale from 0, drawn anew, to 1."""
    return np.asarray(compile_formula("normalised_clone_probability", target="numpy")(survival, floor))


def readings_of(found: Sequence[TrainingFound]) -> list[Reading]:
    """All predicted times of one set of images."""
    rows = []
    for model in MODELS:
        for sampler in SAMPLERS:
            rows += [_of_class(found, end, sampler, model) for end in ENDS]
            turns = [each.turns[model][sampler] for each in found]
            for place, band in enumerate(found[0].predicted.bands):
                half = [each.predicted.half(each.predicted.bands[place], sampler) for each in found]
                if all(time > MARGIN * each.t[0] for time, each in zip(half, turns, strict=True)):
                    measured = [_time(each.t, each.bands[:, place], _HALF) for each in turns]
                    name = f"half_{sampler}.{band.low}_{band.high}"
                    rows.append(_reading(name, model, True, half, measured, [None] * len(found)))
    return rows


def _of_class(found: Sequence[TrainingFound], end: str, sampler: str, model: str) -> Reading:
    predicted = [each.predicted.times[each.predicted.key(end, sampler, model)] for each in found]
    curves = [_curve(each.predicted, each.turns[model][sampler], end) for each in found]
    level = KEPT if end == "keep" else ANEW
    times = [each.turns[model][sampler].t for each in found]
    measured = [_time(t, curve, level) for t, curve in zip(times, curves, strict=True)]
    there = [
        None if at is None or not np.any(t == at) else float(curve[t == at][0])
        for t, curve, at in zip(times, curves, predicted, strict=True)
    ]
    return _reading(
        f"{end}_{sampler}", model, sampler == "stochastic" and model == "trained", predicted, measured, there
    )


def _curve(predicted: Predicted, turns: Turns, end: str) -> Array:
    return turns.survival if end == "keep" else left_of_class(turns.survival, predicted.floor)


def _time(t: Array, curve: Array, level: float) -> float:
    """The first or the last of the times where the curve does not pass the level between them."""
    return float(crossing_times(t, curve[None], level)[0])


def _reading(
    name: str,
    model: str,
    least: bool,
    predicted: Sequence[float | None],
    measured: Sequence[float],
    there: Sequence[float | None],
) -> Reading:
    ratio = [None if at is None else float(np.log(time / at)) for at, time in zip(predicted, measured, strict=True)]
    return Reading(name, model, least, *(mean_of(each) for each in (predicted, measured, ratio, there)))
