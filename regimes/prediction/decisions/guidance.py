"""Where the class is decided: the noise interval in which guidance acts on it."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.decisions.class_posteriors import ClassPosteriors
from regimes.numerics.decisions.class_window import (
    ClassInformation,
    ClassWindow,
    class_information,
    class_parts,
    class_window,
    pair_information,
)
from regimes.numerics.interface.number import Interval, Number
from regimes.numerics.process.schedules import Schedule
from regimes.prediction.dataset.found import Found
from regimes.prediction.decisions.answer import Answer
from regimes.prediction.decisions.noise_words import noise_level

__all__ = ["guidance_answer"]

_ENDS = ("low", "high")
_LABELS = {
    "low": "95% of the class information is there up to this noise",
    "high": "5% of the class information is left at this noise",
}
_MOST_PAIRS = 45
_APART = 1.2


def guidance_answer(found: Found) -> Answer:
    """Times between which x_t holds 5 to 95% of the information about the class, for two models."""
    general, exact = found.held_out_classes, found.exact_classes
    numbers: dict[str, Number] = {}
    curves: dict[str, Any] = {}
    windows: list[ClassWindow | None] = []
    for suffix, given in (("", general), ("_memorised", exact)):
        if isinstance(given, str):
            numbers |= _no_window(suffix, given, found.schedule)
            windows.append(None)
            continue
        information = class_information(given)
        window = class_window(
            information.t,
            information.information,
            information.entropy,
            error=information.error,
            replicates=information.replicates,
        )
        windows.append(window)
        numbers |= _rows(suffix, window, information.formulas, found.schedule, exact=given.exact)
        curves |= _curves(suffix, information)
        if not given.exact:
            curves |= {"guidance.classes": _of_classes(found.data.classes, given)}
            curves |= {"guidance.pairs": _of_pairs(found.data.classes, given)}
    if isinstance(general, str) and isinstance(exact, str):
        return Answer(numbers, (f"There is no interval in which a class is decided: {general}.",))
    return Answer(
        numbers=numbers,
        sentences=_sentences(windows, found),
        curves=curves,
        assumes=(
            "guidance.low, guidance.high: a model that generalises; held-out class posteriors prove at least this "
            "information, so that where all of the class is told both ends lie there or at larger noise",
            "guidance.low_memorised, guidance.high_memorised: a model with the exact score of these points",
            "guidance of trained denoisers (experiment guidance-window): in the interval alone it ends nearer to the "
            "data and keeps the class as everywhere (digits), or 85 to 90% of what guidance gains (MNIST, little "
            "trained); that all of the interval is needed is not borne out, and of a class between two others guidance "
            "acts below it too",
        ),
        warnings=_warnings(windows, found),
    )


def _no_window(suffix: str, reason: str, schedule: Schedule) -> dict[str, Number]:
    rows = {f"guidance.{end}{suffix}": schedule.number(_LABELS[end], None, (), reason=reason) for end in _ENDS}
    return rows | {f"guidance.information{suffix}": Number("class information", None, unit="nats", reason=reason)}


def _rows(
    suffix: str, window: ClassWindow, formulas: tuple[str, ...], schedule: Schedule, *, exact: bool
) -> dict[str, Number]:
    of = "" if window.complete else " that is proven" if not exact else " at the smallest noise computed"
    covers = "probes" if exact else "data, lower limit of 97.5%" if window.complete else "data, of what they prove"
    rows = {}
    for place, end in enumerate(_ENDS):
        time = (window.low, window.high)[place]
        interval: Interval | None = window.interval(place)
        reason = window.reasons[place]
        if time is not None and interval is None:
            reason = "the end is not reached once some group of points is left out: no interval"
        if interval is not None and window.complete and not exact:
            interval = interval[0], None  # the truth lies there or above, however far
        rows[f"guidance.{end}{suffix}"] = schedule.number(
            _LABELS[end] + of,
            time,
            formulas,
            interval=interval,
            covers=None if interval is None else covers,
            reason=reason,
        )
    label = "entropy of the class, of which the window is" if window.complete else f"class information{of}"
    rows[f"guidance.information{suffix}"] = Number(label, window.total, formulas=formulas, unit="nats")
    return rows


def _curves(suffix: str, found: ClassInformation) -> dict[str, NDArray[np.float64]]:
    """Information, its error, and its fall per nat of log sigma."""
    log_sigma = -compile_formula("log_snr", target="numpy")(found.t) / 2
    return {
        f"guidance.t{suffix}": found.t,
        f"guidance.information{suffix}": found.information,
        f"guidance.information_se{suffix}": found.error,
        f"guidance.density{suffix}": -np.gradient(found.information, log_sigma),
    }


def _of_classes(names: tuple[str, ...], given: ClassPosteriors) -> list[dict[str, Any]]:
    """Window of each class against all."""
    rows = []
    for name, curve, share in zip(names, class_parts(given), given.share, strict=True):
        if np.isnan(curve).any():
            continue
        window = class_window(given.t, curve, -float(np.log(share)))
        rows.append({"class": name, "low": window.low, "high": window.high, "information": window.total})
    return rows


def _of_pairs(names: tuple[str, ...], given: ClassPosteriors) -> list[dict[str, Any]]:
    """Window of two classes against each other, of a few classes."""
    rows: list[dict[str, Any]] = []
    if len(names) * (len(names) - 1) // 2 > _MOST_PAIRS:
        return rows
    for one, other in combinations(range(len(names)), 2):
        curve = pair_information(given, one, other)
        if curve is None:
            continue
        window = class_window(given.t, curve, float(np.log(2)))
        rows.append(
            {"classes": [names[one], names[other]], "low": window.low, "high": window.high, "information": window.total}
        )
    return rows


def _sentences(windows: list[ClassWindow | None], found: Found) -> tuple[str, ...]:
    said = []
    for window, model in zip(windows, ("that generalises", "that has memorised these points"), strict=True):
        if window is None:
            continue
        if window.low is None and window.high is None:
            said.append(f"For a model {model} there is no interval in which the class is decided: {window.reasons[1]}.")
            continue
        of = "proven" if model == "that generalises" else "there are at the smallest noise computed"
        total = f"{window.total:.2f} nats {'that tell the class' if window.complete else of}"
        if window.low is None or window.high is None:
            end = noise_level(window.low or window.high or 0.0, found.schedule)
            which = "95% are there at" if window.low is not None else "5% are left at"
            said.append(f"For a model {model}, of the {total} {which} {end}; the other end is not known.")
            continue
        low, high = (noise_level(time, found.schedule) for time in (window.low, window.high))
        more = " or at larger noise" if window.complete and model == "that generalises" else ""
        said.append(
            f"A model {model} decides the class between {high} and {low}{more}: there it gains from 5 to 95% of the "
            f"{total}."
        )
    return tuple(said)


def _warnings(windows: list[ClassWindow | None], found: Found) -> tuple[str, ...]:
    general, exact = windows
    said = []
    smallest, largest = float(found.schedule.t.min()), float(found.schedule.t.max())
    if general is not None and general.low is not None and general.high is not None:
        middle = (general.low * general.high) ** 0.5
        if middle > largest:
            said.append(
                "the class is decided above the largest noise of the schedule: samplers start with most of it settled, "
                "by the law they start from; scale the data down (--scale)"
            )
        if middle < smallest:
            said.append(
                "the class is decided below the smallest noise of the schedule: few steps of a sampler see it; scale "
                "the data up (--scale)"
            )
    ends = [None if window is None else window.low for window in (general, exact)]
    if ends[0] and ends[1] and max(ends[0] / ends[1], ends[1] / ends[0]) > _APART:
        said.append(
            f"a model that has memorised these points knows 95% of the class up to t = {ends[1]:.3g}, one that "
            f"generalises is known to up to t = {ends[0]:.3g}: guidance.low is for the second"
        )
    return tuple(said)
