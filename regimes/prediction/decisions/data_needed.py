"""How many data: with how many points even the exact score does not copy, at the sampler's smallest noise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from regimes.numerics.collapse.corrected_time import corrected_information
from regimes.numerics.collapse.information_bound import information_limit
from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.interface.number import Number
from regimes.numerics.process.schedules import Schedule
from regimes.prediction.dataset.found import Found
from regimes.prediction.dataset.points import collapse_row
from regimes.prediction.decisions.answer import Answer
from regimes.prediction.decisions.noise_words import noise_level
from regimes.prediction.losses.held_out import HeldOutLosses
from regimes.theory.formula.record import recorded

__all__ = ["data_answer"]

_COPIES, _NEW, _EDGE = "copies", "new", "edge"
_POWERS = 4
_ONE_SIDED = 1.6448536269514722
_SURE, _UNSURE = 0.7, 0.4  # clone probabilities of the index: it is 0.55 to 0.60 where the theory collapses
_LABEL = "log10 of the number of points above which the exact score does not copy"


@dataclass(frozen=True)
class _Information:
    """What x_t carries at one time, in nats: an estimate, or with ``at_most`` an upper limit and what it limits."""

    value: float
    interval: tuple[float | None, float]
    at_most: bool
    estimate: float | None
    formulas: tuple[str, ...]
    source: str
    covers: str = "data, one-sided 95%"


def data_answer(found: Found, schedule: Schedule, *, losses: HeldOutLosses | None = None) -> Answer:
    """log10 n* at the sampler's smallest noise, collapse times by number of points, and what the exact score does.

    ``losses`` of a model on other points bound the information too: what is integrated of them is at least as much.
    """
    called = schedule.t[np.isfinite(schedule.t) & (schedule.t > 0)]
    if called.size == 0:
        reason = f"{schedule.name} calls its model at pure noise alone, or at none"
        return Answer({"data.log10_n_star": Number(_LABEL, None, reason=reason)}, (f"How many data: {reason}.",))
    t = float(called.min())
    collapse = collapse_row(found.collapse, found.bound, schedule)
    numbers = {
        "data.smallest_noise": schedule.number(
            "smallest noise at which the sampler calls its model", t, schedule.formulas
        ),
        "collapse.time": collapse,
    }
    notes: tuple[str, ...] = ()
    known = _information(found, t)
    if losses is not None:
        known, notes = _smaller(known, losses, t, found, collapse)
    numbers["data.log10_n_star"] = known if isinstance(known, Number) else _log10(known)
    said = _verdict(found, t, None if isinstance(known, Number) else known, collapse)
    place = f"the sampler's smallest noise, {noise_level(t, schedule)}"
    sentences = (_exact_score(said, len(found.distinct.values), place, collapse), *_needed(known, place))
    return Answer(
        numbers
        | {"data.exact_score_copies": _as_number(said, (*numbers["data.log10_n_star"].formulas, *collapse.formulas))},
        (*sentences, "What a trained model does its samples tell (copies.share), not n*."),
        _curves(found),
        assumes=("how many data: the points are independent draws of one law; near copies count once",),
        warnings=_warnings(found, schedule) + notes,
    )


def _warnings(found: Found, schedule: Schedule) -> tuple[str, ...]:
    said = () if np.all(schedule.t > 0) else (f"{schedule.name} reaches t = 0: the time before it is taken",)
    different = int(found.copies.labels.max()) + 1
    if found.copies.groups or 2 * different > found.data.n:
        return said
    return (
        *said,
        f"the {found.data.n} points have {different} different values: samples of the law are equal to points too, and "
        "whether they are copies has no meaning",
    )


def _information(found: Found, t: float) -> _Information | Number:
    """I(a; x_t), estimated above the collapse time and bounded below it, or why there is none."""
    try:
        limit = information_limit(found.distinct, t, memory=found.memory)
    except ValueError as refused:
        return Number(_LABEL, None, reason=str(refused).removeprefix("information_limit: "))
    source = "the Gaussian of their total variance" if limit.isotropic else "the Gaussian of their covariance"
    bound = _Information(limit.upper, (None, limit.upper), True, limit.estimate, limit.formulas, source)
    curves = found.of_distinct
    time = None if found.collapse is None else found.collapse.time
    if found.collapse is None or not curves.t[0] <= t <= curves.t[-1] or (time is not None and t < time):
        return bound
    value, interval, formulas = corrected_information(curves, t)
    if value > min(np.log(curves.n), limit.upper):
        return bound
    return _Information(value, interval, False, None, formulas, "the points left out one at a time")


def _smaller(
    known: _Information | Number, losses: HeldOutLosses, t: float, found: Found, collapse: Number
) -> tuple[_Information | Number, tuple[str, ...]]:
    """The bound from the losses, unless the data give an estimate or a lower bound; why it is not taken."""
    with recorded() as used:
        snr = float(compile_formula("snr", target="numpy")(t))
        place = noise_level(t, found.schedule)
        if not losses.reach(snr):
            end = noise_level(losses.least_time, found.schedule)
            return known, (
                f"the losses end at {end} and do not bound n* at the sampler's smallest noise, {place}: measure them "
                "down to there",
            )
        value, error = losses.information(snr)
    upper = value + _ONE_SIDED * error
    if error > value:
        return known, ("the losses are too few or too rough to bound n*: measure them at more noise levels",)
    if upper < np.log(len(found.distinct.values)) and collapse.interval and t < (collapse.interval[0] or 0.0):
        return known, (
            f"the losses integrate to {value:.3g} nats at {place}, below the collapse of these points, where it is "
            "log n or more: they are on another scale, or a mean over dimensions; give their sum, in the units of the "
            "points as preprocessed",
        )
    if isinstance(known, _Information) and (not known.at_most or known.interval[1] <= upper):
        return known, ()
    covers = "losses, one-sided 95%"
    return _Information(upper, (None, upper), True, value, tuple(used), "the losses of the model", covers), ()


def _log10(known: _Information) -> Number:
    with recorded() as used:
        powers = compile_formula("log10_critical_samples", target="numpy")
        low, high = (None if end is None else float(powers(max(end, 0.0))) for end in known.interval)
        value = float(powers(known.value))
        estimate = None if known.estimate is None else float(powers(known.estimate))
    return Number(
        f"{_LABEL}, at most" if known.at_most else _LABEL,
        value,
        interval=(low, high),
        covers=known.covers if known.at_most else "data, probes and what the correction leaves",
        formulas=(*known.formulas, *used),
        estimate=estimate,
    )


def _verdict(found: Found, t: float, known: _Information | None, collapse: Number) -> str:
    """Whether n lies below n* or above it, as far as the errors tell."""
    log_n = float(np.log(len(found.distinct.values)))
    if known is not None and known.interval[1] < log_n:
        return _NEW
    if known is not None and known.interval[0] is not None and known.interval[0] > log_n:
        return _COPIES
    if collapse.value is not None and collapse.interval is not None and t < (collapse.interval[0] or 0.0):
        return _COPIES
    return _of_clones(found, t)


def _of_clones(found: Found, t: float) -> str:
    """Whether two clones born at that noise share their point, or group of equal or nearly equal ones."""
    curves = found.posterior if found.by_group is None else found.by_group
    clones = curves.clone_index if found.by_group is None else curves.clone_class
    shared = 0.0 if clones is None else float(np.interp(np.log(t), np.log(curves.t), clones))
    return _COPIES if shared > _SURE else _NEW if shared < _UNSURE else _EDGE


def _as_number(said: str, formulas: tuple[str, ...]) -> Number:
    label = "whether a model with the exact score of these points copies them at that noise (1 yes, 0 no)"
    if said == _EDGE:
        return Number(label, None, reason="n is within the error of n*, or clones agree in half of the cases")
    return Number(label, int(said == _COPIES), formulas=tuple(dict.fromkeys(formulas)))


def _exact_score(said: str, n: int, place: str, collapse: Number) -> str:
    model = f"A model with the exact score of these {n} points"
    time = "" if collapse.value is None else f" (n points collapse at t = {collapse.value:.3g})"
    if said == _COPIES:
        return f"{model} has decided for a training point at {place}{time}."
    if said == _NEW:
        return f"{model} has not decided for a training point at {place}, and still makes new samples there{time}."
    return f"Whether {model[0].lower()}{model[1:]} has decided for one of them at {place}, is open{time}."


def _needed(known: _Information | Number, place: str) -> tuple[str, ...]:
    if isinstance(known, Number):
        return (f"How many points would end that is not known: {known.reason}.",)
    if known.at_most:
        limit = _count(known.value)
        return (f"n* is at most {limit} there, an upper bound from {known.source}; it can be far less.",)
    low, high = (_count(end or 0.0) for end in known.interval)
    return (f"n* is {_count(known.value)} there (95%: {low} to {high}), estimated from {known.source}.",)


def _count(nats: float) -> str:
    """A number of points, as a power of ten where it is large."""
    powers = nats / np.log(10)
    return f"{np.exp(nats):.3g}" if powers < _POWERS else f"10^{powers:.3g}"


def _curves(found: Found) -> dict[str, Any]:
    """Collapse time by number of points: of parts of them, and the bound of the covariance."""
    of_parts = found.by_size
    none = float("nan")
    shown: dict[str, Any] = {
        "data.collapse_times": {
            "n": [each.n for each in of_parts],
            "t": [none if each.time is None else each.time for each in of_parts],
            "error": [none if each.error is None else each.error for each in of_parts],
        }
    }
    if not isinstance(found.bound, str):
        times = compile_formula("time_from_log_snr", target="numpy")(np.log(found.bound.snr))
        powers = compile_formula("log10_critical_samples", target="numpy")(found.bound.information)
        shown["data.collapse_bound"] = {"log10_n": powers, "t": times}
    return shown
