"""What survives when a point is noised and led back: up to which strength of img2img the class, and which scale."""

from __future__ import annotations

from typing import Any

import numpy as np

from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.decisions.class_survival import Survival, class_survival, survival_time
from regimes.numerics.decisions.retained_scales import band_powers, half_retained, retained_share
from regimes.numerics.interface.number import Number
from regimes.numerics.process.schedules import Schedule
from regimes.prediction.dataset.found import Found
from regimes.prediction.dataset.time_grid import even_times
from regimes.prediction.decisions.answer import Answer
from regimes.prediction.decisions.noise_words import noise_level

__all__ = ["ANEW", "KEPT", "uturn_answer"]

KEPT, ANEW = 0.95, 0.05
_SAMPLERS = ("stochastic", "deterministic")
_ENDS = ("keep", "lose")
_LABELS = {"keep": "class survives with 95% up to this noise", "lose": "class is drawn anew from this noise on"}
_SIDE, _TIMES = 4, 40


def uturn_answer(found: Found, schedule: Schedule) -> Answer:
    """Noise up to which the class survives and from which it is drawn anew, and what else is retained."""
    general, exact = found.held_out_classes, found.exact_classes
    numbers: dict[str, Number] = {}
    curves: dict[str, Any] = {}
    for suffix, given in (("", general), ("_memorised", exact)):
        if isinstance(given, str):
            for end in _ENDS:
                for sampler in _SAMPLERS:
                    row = schedule.number(_label(end, sampler), None, (), reason=given)
                    numbers |= _with_strength(f"uturn.{end}_{sampler}{suffix}", row, schedule)
            continue
        survival = class_survival(given)
        numbers |= _rows(suffix, survival, schedule)
        curves |= {f"uturn.t{suffix}": survival.t}
        for sampler in _SAMPLERS:
            score = getattr(survival, sampler)
            curves |= {f"uturn.{sampler}{suffix}": score.phi, f"uturn.{sampler}_se{suffix}": score.phi_se}
    retained, of_scales = _retained(found, schedule)
    return Answer(
        numbers=numbers,
        sentences=(*_sentences(numbers, schedule, found.no_classes), *of_scales),
        curves=curves | retained,
        assumes=(
            "uturn.keep_stochastic, uturn.lose_stochastic: a model that generalises and a sampler that ends at a draw "
            "from its posterior; held-out class posteriors bound survival from below, so both are at least",
            "trained denoisers of digits (experiment uturns) lost the class earlier than the data allow: at "
            "uturn.keep_stochastic 91% of theirs had survived, at uturn.keep_deterministic 94%; a model that has "
            "memorised kept to its own times, and bands of images were retained to larger noise than said",
            "uturn.keep_deterministic, uturn.lose_deterministic: the same model with a deterministic sampler from the "
            "noised point; each noised point is led to the class that is most probable for it once every class has its "
            "weight, which is where the flow leads for two Gaussian classes of one covariance else an approximation",
            "..._memorised: a model with the exact score of these points",
            "drawn anew: survival is 5% of the way from that of independent draws to 1",
            "retained shares are correlations in the Gaussian of these data; of a band of spatial frequency at least",
        ),
        warnings=_warnings(numbers),
    )


def _label(end: str, sampler: str) -> str:
    return f"{_LABELS[end]} ({sampler} sampler)"


def _rows(suffix: str, survival: Survival, schedule: Schedule) -> dict[str, Number]:
    numbers: dict[str, Number] = {}
    levels = {"keep": (KEPT - survival.floor) / (1 - survival.floor), "lose": ANEW}
    for end in _ENDS:
        for sampler, formulas in zip(_SAMPLERS, survival.formulas, strict=True):
            time = survival_time(survival, getattr(survival, sampler), levels[end], f"survival ({sampler})")
            value, interval, reason = time.value, time.interval, time.reason
            if levels[end] <= 0:
                value, interval = None, None
                reason = f"one class weighs so much that draws agree with {survival.floor:.1%} at any noise"
            row = schedule.number(
                _label(end, sampler),
                value,
                formulas,
                interval=interval,
                covers=None if interval is None else _covers(survival, sampler),
                reason=reason,
            )
            numbers |= _with_strength(f"uturn.{end}_{sampler}{suffix}", row, schedule)
    return numbers


def _covers(survival: Survival, sampler: str) -> str:
    """Of the stochastic sampler it is a bound; where the flow of the deterministic one leads is approximate."""
    if survival.exact:
        return "probes"
    return "data, lower limit of 97.5%" if sampler == "stochastic" else "data, 97.5% from below"


def _with_strength(key: str, row: Number, schedule: Schedule) -> dict[str, Number]:
    """The time, and which share of a training schedule it is: the strength of img2img."""
    training = schedule if schedule.of_training else schedule.training
    label = f"{row.label}, as img2img strength"
    if training is None or row.value is None:
        why = row.reason or "the schedule is not that of a training, of whose steps the strength is a share"
        return {key: row, f"{key}_strength": Number(label, None, reason=why)}
    place, strength, reason = training.at(float(row.value)), None, None
    if place is not None:
        strength = (place.index + 1) / training.steps
    elif row.value > training.t.max():
        reason = "beyond the largest noise of the schedule: no strength reaches it"
    else:
        reason = "below the smallest noise of the schedule: every strength is beyond it"
    return {key: row, f"{key}_strength": Number(label, strength, formulas=row.formulas, reason=reason)}


def _retained(found: Found, schedule: Schedule) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Retained shares of the directions of the covariance and of the scales of images, and what they say."""
    eigenvalues = found.spread.eigenvalues
    eigenvalues = eigenvalues[eigenvalues > 1e-12 * eigenvalues[0]]
    first, last = (half_retained([value]) for value in (eigenvalues[-1], eigenvalues[0]))
    t = even_times(first / 10, 2 * last + 1.0, _TIMES)
    snr = compile_formula("snr", target="numpy")(t)
    curves: dict[str, Any] = {"uturn.retained_t": t}
    for sampler in _SAMPLERS:
        share = retained_share(snr, eigenvalues, deterministic=sampler == "deterministic")
        curves[f"uturn.retained_{sampler}"] = share
    bands = []
    if _of_images(found.data.shape):
        for band in band_powers(found.points, found.data.shape, memory=found.memory):
            row = {"low": band.low, "high": band.high, "variance": float(band.variances.sum())}
            for sampler in _SAMPLERS:
                row[f"half_{sampler}"] = half_retained(band.variances, deterministic=sampler == "deterministic")
            bands.append(row)
        curves["uturn.bands"] = bands
    if len(bands) > 1:
        coarse, fine = bands[0] if bands[0]["low"] else bands[1], bands[-1]
        if coarse is not fine:
            ends = [noise_level(each["half_stochastic"], schedule) for each in (fine, coarse)]
            return curves, (
                f"A stochastic sampler keeps half of the finest details (from {fine['low']} cycles an image) up to "
                f"{ends[0]}, and half of the coarsest forms ({coarse['low']} to {coarse['high']} cycles) up to "
                f"{ends[1]}, at least.",
            )
    if eigenvalues.size < 2:
        return curves, (f"A stochastic sampler keeps half of a point up to {noise_level(last, schedule)}.",)
    middle = half_retained([float(np.median(eigenvalues))])
    return curves, (
        f"A stochastic sampler keeps half of the middle direction of the covariance up to "
        f"{noise_level(middle, schedule)}, and half of the largest up to {noise_level(last, schedule)}.",
    )


def _of_images(shape: tuple[int, ...]) -> bool:
    """Whether items have two sides of several pixels."""
    return len(shape) in (2, 3) and sorted(shape)[-2] >= _SIDE


def _sentences(numbers: dict[str, Number], schedule: Schedule, none: str | None) -> tuple[str, ...]:
    if none is not None:
        return (f"Whether a class survives is not asked: {none}.",)
    said = []
    for sampler in _SAMPLERS:
        keep, lose = (numbers[f"uturn.{end}_{sampler}"] for end in _ENDS)
        least = "at least " if sampler == "stochastic" else "about "
        parts = [
            f"survives with 95% up to {least}{_place(numbers, 'keep', sampler, schedule)}" if keep.value else None,
            f"is drawn anew from {least}{_place(numbers, 'lose', sampler, schedule)}" if lose.value else None,
        ]
        known = ", and ".join(part for part in parts if part)
        if known:
            why = "" if keep.value else f" That it survives with 95% is not known: {keep.reason}."
            said.append(f"With a {sampler} sampler, in a model that generalises, the class {known}.{why}")
        else:
            said.append(f"How long the class survives with a {sampler} sampler is not known: {keep.reason}.")
    return tuple(said)


def _place(numbers: dict[str, Number], end: str, sampler: str, schedule: Schedule) -> str:
    key = f"uturn.{end}_{sampler}"
    strength = numbers[f"{key}_strength"].value
    also = "" if strength is None else f", strength {strength:.2f}"
    return f"{noise_level(float(numbers[key].value or 0.0), schedule)}{also}"


def _warnings(numbers: dict[str, Number]) -> tuple[str, ...]:
    keep, exact = (numbers[f"uturn.keep_stochastic{suffix}"].value for suffix in ("", "_memorised"))
    if keep and exact and max(keep / exact, exact / keep) > 1.2:
        return (
            f"a model that has memorised these points keeps the class with 95% up to t = {exact:.3g}, one that "
            f"generalises is only known to up to t = {keep:.3g}",
        )
    return ()
