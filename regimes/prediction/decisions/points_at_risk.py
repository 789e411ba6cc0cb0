"""Which points are at risk: from how much noise a model with the exact score returns to each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.decisions.return_times import ReturnProbabilities, last_return_times, return_probabilities
from regimes.numerics.interface.number import Number
from regimes.prediction.dataset.found import Found
from regimes.prediction.dataset.intervals import NORMAL, normal_interval
from regimes.prediction.dataset.time_grid import even_times
from regimes.prediction.decisions.answer import Answer

__all__ = ["points_answer"]

Array = NDArray[np.float64]
Rows = NDArray[np.int64]

SHOWN, _IN_CLASS, _CANDIDATES, _MOST_CLASSES = 20, 3, 2, 100
_PAIRS = 1.3e7  # of points and noises, for all that are looked at: half a second
_FEWEST, _NOISES, _MOST_NOISES, _CLOSER = 64, 4, 16, 64  # points, noises of all, and of those looked at more closely
_TIMES, _LEVELS = 7, (0.97, 0.03)
_FURTHER, _ROUNDS, _STEP = 4, 20, 1.8  # times beyond these, a round after another, and their ratio of snr
_NOTHING = 0.05  # snr times the squared extent at which x_t says nothing
_MEASURED = (
    "Of denoisers trained on 128 digits (experiment copied-points) the plain distance to the nearest other point told "
    "better than this time which were copied (AUC .85 and .77), since around an isolated point more counts as a copy; "
    "with one radius for all points neither told it: both are listed."
)


@dataclass(frozen=True, eq=False)
class _Risks:
    """Points with the times at which they are returned to, their errors, and the formulas."""

    rows: Rows
    time: Array
    error: Array
    formulas: tuple[str, ...]


def points_answer(found: Found) -> Answer:
    """Times t_mu at which the return probability of each point passes one half, and the points with the largest."""
    first = np.unique(found.copies.labels, return_index=True)[1]
    drawn, isolated = _looked_at(found, first)
    all_rows = np.union1d(drawn, isolated)
    noises = int(np.clip(_PAIRS // (all_rows.size * found.data.n), _NOISES, _MOST_NOISES))
    every = _return_times(found, all_rows, noises, _span(found))
    listed = _listed(found, every)
    ranked = _return_times(found, listed, _CLOSER, _span_of(every, listed))
    order = np.argsort(-ranked.time, kind="stable")
    ranked = _Risks(ranked.rows[order], ranked.time[order], ranked.error[order], ranked.formulas)
    among = np.isin(every.rows, drawn)
    of_drawn = _Risks(every.rows[among], every.time[among], every.error[among], every.formulas)
    numbers = _numbers(found, of_drawn, ranked)
    return Answer(
        numbers,
        _sentences(found, numbers, ranked, (drawn.size, isolated.size) if drawn.size < first.size else None),
        _tables(found, ranked),
        assumes=("points at risk: the model has the exact score of these points, near copies count with their point",),
    )


def _looked_at(found: Found, first: Rows) -> tuple[Rows, Rows]:
    """Drawn points and isolated ones, one of each group: all, or as many as there is time for, half of each."""
    most = max(_FEWEST, int(_PAIRS / (_NOISES * found.data.n)))
    if first.size <= most:
        return first, first
    drawn = np.sort(np.random.default_rng(0).permutation(first)[: most // 2])
    apart = found.copies.apart[first]
    return drawn, np.sort(first[np.argsort(-np.where(np.isfinite(apart), apart, -1.0), kind="stable")[: most // 2]])


def _span(found: Found) -> Array:
    """Times between which the mean of the return probabilities falls."""
    curves = found.posterior if found.by_group is None else found.by_group
    mean = curves.clone_index if found.by_group is None else curves.clone_class
    if mean is None:
        return curves.t
    low, high = np.flatnonzero(mean >= _LEVELS[0]), np.flatnonzero(mean <= max(_LEVELS[1], 1.5 / found.data.n))
    ends = curves.t[low[-1] if low.size else 0], curves.t[high[0] if high.size else -1]
    return even_times(float(ends[0]), float(ends[1]), _TIMES) if ends[0] < ends[1] else curves.t[[0, -1]]


def _span_of(every: _Risks, rows: Rows) -> Array:
    """Times about those that these points are known to have."""
    known = every.time[np.isin(every.rows, rows)]
    known = known[np.isfinite(known) & (known > 0)]
    if not known.size:
        return even_times(0.1, 1.0, _TIMES)
    return even_times(float(known.min()) / 1.5, float(known.max()) * 1.5, _TIMES)


def _return_times(found: Found, rows: Rows, noises: int, times: Array) -> _Risks:
    """Times of points, looked for beyond those given where a probability stays above or below one half between them."""
    copies, points = found.copies, found.points
    grouped = bool(copies.groups or copies.ties)
    options: dict[str, Any] = {"labels": copies.as_classes, "singles": copies.singles} if grouped else {}

    options |= {"noises": noises, "rng": found.budget.rng, "memory": found.memory}

    def at(some: Rows, t: Array) -> ReturnProbabilities:
        return return_probabilities(points, t, chosen=some, **options)

    whole = at(rows, times)
    time, error = last_return_times(whole)
    as_snr, as_time = (compile_formula(each, target="numpy") for each in ("log_snr", "time_from_log_snr"))
    nothing = np.log(_NOTHING) - 2 * np.log(points.extent(points.mean))
    for side, edge, sign in ((np.inf, times[-1], -1.0), (0.0, times[0], 1.0)):
        end = float(as_snr(edge))
        for _ in range(_ROUNDS):
            open_still = np.flatnonzero(time == side)
            if not open_still.size or (sign < 0 and end < nothing):
                break
            log_snr = end + sign * np.log(_STEP) * np.arange(_FURTHER + 1)
            further = as_time(np.sort(log_snr)[::-1])
            time[open_still], error[open_still] = last_return_times(at(rows[open_still], further))
            if sign > 0:  # below one half at the last of these times, as other noise has shown
                time[open_still] = np.where(np.isinf(time[open_still]), further[-1], time[open_still])
            else:
                time[open_still] = np.where(time[open_still] == 0, further[0], time[open_still])
            end = float(log_snr[-1])
    return _Risks(rows, time, error, whole.formulas)


def _listed(found: Found, every: _Risks) -> Rows:
    """Points that may be among those most at risk, of all and of each class, to be looked at more closely."""
    order = every.rows[np.argsort(-every.time, kind="stable")]
    listed = [order[: _CANDIDATES * SHOWN]]
    labels = found.data.labels
    if labels is not None and len(found.data.classes) <= _MOST_CLASSES:
        listed += [order[labels[order] == k][: _CANDIDATES * _IN_CLASS] for k in range(len(found.data.classes))]
    return np.unique(np.concatenate(listed))


def _numbers(found: Found, drawn: _Risks, ranked: _Risks) -> dict[str, Number]:
    schedule, top = found.schedule, float(ranked.time[0])
    label, middle = "the point most at risk is returned to in half of the cases", "the median point is"
    numbers = {
        "points.most_at_risk_time": _time(found, label, top, float(ranked.error[0]), ranked.formulas),
        "points.median_time": _time(found, middle, float(np.median(drawn.time)), None, drawn.formulas),
    }
    ordered, middle_rank = np.sort(drawn.time), (drawn.time.size - 1) / 2
    half = NORMAL * np.sqrt(drawn.time.size) / 2
    low, high = int(np.floor(middle_rank - half)), int(np.ceil(middle_rank + half))
    median = numbers["points.median_time"].value
    if median is not None and low >= 0 and high < ordered.size and np.isfinite(ordered[high]):
        interval, covers = (float(ordered[low]), float(ordered[high])), "data and probes"
        numbers["points.median_time"] = schedule.number(
            middle, median, drawn.formulas, interval=interval, covers=covers
        )
    label = "rank correlation of these times with the distance to the nearest other point"
    apart = found.copies.apart[drawn.rows]
    known = np.isfinite(apart) & np.isfinite(drawn.time)
    varied = known.sum() > 2 and np.ptp(apart[known]) > 0 and np.ptp(drawn.time[known]) > 0
    if varied:
        correlation = float(np.corrcoef(_ranks(apart[known]), _ranks(drawn.time[known]))[0, 1])
        numbers["points.rank_correlation"] = Number(label, correlation, formulas=drawn.formulas)
    else:
        numbers["points.rank_correlation"] = Number(label, None, reason="there are too few points at other distances")
    return numbers


def _time(found: Found, label: str, time: float, error: float | None, formulas: tuple[str, ...]) -> Number:
    if not np.isfinite(time):
        reason = "its probability stays above one half at any noise: with its near copies it is half of the data, or so"
        return found.schedule.number(label, None, (), reason=reason)
    if time <= 0:
        return found.schedule.number(label, None, (), reason="its probability stays below one half at any noise")
    if error is None:
        return found.schedule.number(label, time, formulas)
    interval = normal_interval(time, error)
    return found.schedule.number(label, time, formulas, error=error, interval=interval, covers="probes")


def _ranks(values: Array) -> Array:
    return np.argsort(np.argsort(values, kind="stable"), kind="stable").astype(np.float64)


def _tables(found: Found, ranked: _Risks) -> dict[str, Any]:
    """The points most at risk, of all and of each class, as columns."""
    shown = {"points": _columns(found, ranked, np.arange(min(SHOWN, ranked.rows.size)))}
    labels, names = found.data.labels, found.data.classes
    if labels is not None and 1 < len(names) <= _MOST_CLASSES:
        of_class = [np.flatnonzero(labels[ranked.rows] == k)[:_IN_CLASS] for k in range(len(names))]
        shown["points.by_class"] = _columns(found, ranked, np.concatenate(of_class))
    return shown


def _columns(found: Found, ranked: _Risks, some: NDArray[np.intp]) -> dict[str, list[Any]]:
    copies, labels, rows = found.copies, found.data.labels, ranked.rows[some]
    apart = copies.apart[np.unique(copies.labels, return_index=True)[1]]
    further = [int(np.count_nonzero(apart > each)) if np.isfinite(each) else None for each in copies.apart[rows]]
    size = np.bincount(copies.labels)[copies.labels[rows]]
    return {
        "point": found.data.in_source(rows).tolist(),
        "time": [_finite(each) for each in ranked.time[some]],
        "error": ranked.error[some].tolist(),
        "distance": [_finite(each) for each in copies.apart[rows]],
        "rank_by_distance": [None if each is None else each + 1 for each in further],
        "class": [None if labels is None else found.data.classes[labels[row]] for row in rows],
        "copies": size.tolist(),
        "group": [int(label) if many > 1 else None for label, many in zip(copies.labels[rows], size, strict=True)],
    }


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _sentences(
    found: Found, numbers: dict[str, Number], ranked: _Risks, some: tuple[int, int] | None
) -> tuple[str, ...]:
    top, median = numbers["points.most_at_risk_time"], numbers["points.median_time"]
    if top.value is None:
        return (f"No point is most at risk: of the first, {top.reason}.",)
    row, labels = int(ranked.rows[0]), found.data.labels
    place = found.data.in_source(ranked.rows[:1])[0]
    about = [] if labels is None else [f"class {found.data.classes[labels[row]]}"]
    many = int(np.count_nonzero(found.copies.labels == found.copies.labels[row]))
    about += [f"one of {many} equal or nearly so"] if many > 1 else []
    apart = found.copies.apart[row]
    about += [f"nearest other point at {apart:.3g}"] if np.isfinite(apart) else []
    typical = "" if median.value is None else f"; the median point from t = {median.value:.3g} down"
    looked = f" (looked at were {some[0]} drawn points and the {some[1]} farthest from others)" if some else ""
    ranks = numbers["points.rank_correlation"].value
    agreement = "" if ranks is None else f" Ranks by time and by distance correlate by {ranks:.2f} here."
    return (
        f"With the exact score of these points the point most at risk is number {place} of the source, counted from 0 "
        f"({', '.join(about)}): a sample "
        f"noised from it returns to it in more than half of the cases from t = {top.value:.3g} down{typical}{looked}.",
        _MEASURED + agreement,
    )
