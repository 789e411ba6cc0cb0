"""Numbers, tables and sentences of the times of trainings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from regimes.numerics.estimation.proportion import share_interval
from regimes.numerics.interface.number import Number
from regimes.numerics.interface.result import plain
from regimes.validation.experiments.runner.along_training import exponents, interval, mean_of
from regimes.validation.experiments.runner.means import factor_of, number_of, text_of
from regimes.validation.experiments.training_networks.analysis import Times, beside, held_out, order, shares, times_of
from regimes.validation.experiments.training_networks.clock import learning_time
from regimes.validation.experiments.training_networks.form import TrainingNetworksForm
from regimes.validation.experiments.training_networks.runs import SourceFound, TrainingFound

__all__ = ["numbers_of", "sentences", "tables_of"]

# What each slope is of, the slope that is claimed, and the one that is not.
_SLOPES = {
    "memorised": ("time at which copies are {memorised:g} of the samples", 1.0, 0.0),
    "first": ("time at which copies are {first:g} of the samples", 1.0, 0.0),
    "generalised": ("time to {learned:g} of the way to a held-out loss that all sizes reach", 0.0, 1.0),
    "generalised_alone": ("time to {learned:g} of the way to the least held-out loss of each size", 0.0, 1.0),
}


def tables_of(form: TrainingNetworksForm, found: Sequence[SourceFound]) -> dict[str, Any]:
    """What was found, by set of images."""
    tables: dict[str, Any] = plain({each.form.training.source: _of_source(form, each) for each in found})
    return tables


def numbers_of(form: TrainingNetworksForm, tables: Mapping[str, Any]) -> dict[str, Number]:
    """What was measured, as numbers with errors."""
    rows = {}
    for source, table in tables.items():
        for name, (words, _, _) in _SLOPES.items():
            for clock, of in table["slopes"][name].items():
                label = f"slope on log n, log {words.format(**asdict(form))}, in {clock}, {source}"
                rows[f"measure.slope.{name}.{clock}.{source}"] = number_of(label, of)
        for n, each in table["sizes"].items():
            for name in ("memorised", "first", "generalised", "least"):
                what = _SLOPES[name][0].format(**asdict(form)) if name in _SLOPES else "time of the least held-out loss"
                rows[f"measure.log_time.{name}.{n}.{source}"] = number_of(
                    f"log {what}, in rates, {n} images, {source}", each["log time"][name]
                )
            rows[f"measure.least_over_first.{n}.{source}"] = number_of(
                f"log of the time of the least held-out loss over that of the first copies, {n} images, {source}",
                each["least over first"],
            )
            rows[f"measure.copies_at_least.{n}.{source}"] = number_of(
                f"share of copies at the least held-out loss, {n} images, {source}", each["copies at least"]
            )
            rows[f"measure.least_loss.{n}.{source}"] = number_of(
                f"least held-out loss, {n} images, {source}", each["least loss"]
            )
    return rows


def sentences(form: TrainingNetworksForm, tables: Mapping[str, Any], not_run: Sequence[str]) -> list[str]:
    """Say what was found."""
    said = [text for source, table in tables.items() for text in _said(form, source, table)]
    return said + [f"Planned and not run: {source}." for source in not_run]


def _said(form: TrainingNetworksForm, source: str, table: Mapping[str, Any]) -> list[str]:
    said = []
    for name, (words, claimed, _) in _SLOPES.items():
        of = table["slopes"][name]
        said.append(
            f"{source}: the {words.format(**asdict(form))} grows as n to the power of {text_of(of['rates'])} in sums "
            f"of the learning rate, {text_of(of['steps'])} in steps (sizes "
            f"{', '.join(map(str, of['rates']['sizes'])) or 'none'}), beside {claimed:g}: {of['rates']['verdict']}, "
            f"{of['steps']['verdict']}."
        )
    for n, each in table["sizes"].items():
        times = each["log time"]
        said.append(
            f"{source}, {n} images, in steps of the largest rate: generalises at {factor_of(times['generalised'])}, "
            f"first copies at {factor_of(times['first'])}, memorises at {factor_of(times['memorised'])}, "
            f"least held-out loss at {factor_of(times['least'])}, {_ordered(each['order'])} the first copies; "
            f"copies there {text_of(each['copies at least'], 3)}, at the last step {text_of(each['share'][-1], 3)}, "
            f"held-out images {text_of(each['held-out copies'], 3)}, exact score {text_of(each['exact'], 3)}."
        )
    return said


def _ordered(said: str) -> str:
    return said if said in ("before", "after") else "not told whether before or after"


def _of_source(form: TrainingNetworksForm, found: SourceFound) -> dict[str, Any]:
    by_clock = {"rates": times_of(form, found), "steps": times_of(form, found, by_rate=False)}
    training = found.form.training
    return {
        "levels": {name: getattr(form, name) for name in ("first", "memorised", "learned")},
        "steps": training.snapshots,
        "rates": learning_time(training.snapshots, training.steps),
        "slopes": {
            name: {clock: _slope(times, name, claimed, other) for clock, times in by_clock.items()}
            for name, (_, claimed, other) in _SLOPES.items()
        },
        "sizes": {n: _of_size(found, n, by_clock["rates"]) for n in found.form.sizes},
    }


def _slope(times: Times, name: str, claimed: float, other: float) -> dict[str, Any]:
    values, sizes = exponents(getattr(times, name))
    return _estimate(values) | {"sizes": sizes, "verdict": beside(mean_of(values), claimed, other)}


def _of_size(found: SourceFound, n: int, times: Times) -> dict[str, Any]:
    trainings, of, losses = found.trainings[n], shares(found, n), held_out(found, n)
    over = times.least_over_first[n]
    lowest = losses.argmin(axis=1)
    return {
        "share": [_estimate(column.tolist()) for column in of.T],
        "held-out loss": [_estimate(column.tolist()) for column in losses.T],
        "train loss": [_estimate(column.tolist()) for column in np.stack([each.losses.train for each in trainings]).T],
        "log time": {
            name: _estimate(getattr(times, name)[n])
            for name in ("generalised", "generalised_alone", "first", "memorised", "least")
        },
        "least over first": _estimate(over),
        "order": order(mean_of(over)),
        "least loss": _estimate(losses.min(axis=1).tolist()),
        "copies at least": _estimate(of[np.arange(len(of)), lowest].tolist()),
        "exact": _estimate([each.copies.exact.share for each in trainings]),
        "held-out copies": _estimate([each.copies.held_out.share for each in trainings]),
        "trainings": [_of_training(each) for each in trainings],
    }


def _of_training(one: TrainingFound) -> dict[str, Any]:
    """Copies with the interval over samples, losses with errors over noises and over images."""
    looks = (*one.copies.along, one.copies.held_out)
    return {
        "copies": [int(each.copied.sum()) for each in looks],
        "of": [each.copied.size for each in looks],
        "interval": [share_interval(int(each.copied.sum()), each.copied.size) for each in looks],
        "losses": asdict(one.losses),
    }


def _estimate(values: Sequence[float | None]) -> dict[str, Any]:
    each = mean_of(values)
    return {**asdict(each), "interval": interval(each), "values": list(values)}
