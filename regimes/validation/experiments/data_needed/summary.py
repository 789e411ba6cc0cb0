"""Numbers, tables and sentences of the number of images that ends copying."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from regimes.numerics.estimation.proportion import share_interval
from regimes.numerics.interface.number import Number
from regimes.numerics.interface.result import plain
from regimes.validation.experiments.data_needed.analysis import (
    decades_above,
    exponents,
    half_numbers,
    n_star_helps,
    shares,
    surely_copied,
    what_decides,
)
from regimes.validation.experiments.data_needed.form import DataNeededForm
from regimes.validation.experiments.data_needed.runs import Advised, SourceFound
from regimes.validation.experiments.runner.along_training import Estimate, interval, mean_of
from regimes.validation.experiments.runner.copies_along import CopiesAlong
from regimes.validation.experiments.runner.means import number_of, text_of

__all__ = ["numbers_of", "sentences", "tables_of"]


def tables_of(form: DataNeededForm, found: Sequence[SourceFound]) -> dict[str, Any]:
    """What was found, by set of images."""
    tables: dict[str, Any] = plain({each.form.training.source: _of_source(form, each) for each in found})
    return tables


def numbers_of(tables: Mapping[str, Any]) -> dict[str, Number]:
    """What was measured, as numbers with errors."""
    rows = {}
    for source, table in tables.items():
        for step, each in table["log10_n_half"].items():
            label = f"log10 of the number of images at which half of the samples are copies, step {step}, {source}"
            rows[f"measure.log10_n_half.{step}.{source}"] = number_of(label, each)
        for n, each in table["sizes"].items():
            rows[f"measure.share.{n}.{source}"] = number_of(
                f"share of copies of {n} images at the last step, {source}", each["share"][-1]
            )
            rows[f"measure.exact_share.{n}.{source}"] = number_of(
                f"the same under the exact score, {source}", each["exact"]
            )
        rows[f"measure.exponent.{source}"] = number_of(
            f"exponent of n in the steps to a share of copies of {table['level']:g}, {source}", table["exponent"]
        )
        for name, words in (("least", "at least"), ("most", "at most")):
            label = f"decades of n* above the number of half copies, {words}, {source}"
            rows[f"measure.decades.{name}.{source}"] = number_of(label, table["decades"][name])
    return rows


def sentences(tables: Mapping[str, Any], not_run: Sequence[str]) -> list[str]:
    """Say what was found."""
    said = [text for source, table in tables.items() for text in _said(source, table)]
    return said + [f"Planned and not run: {source}." for source in not_run]


def _said(source: str, table: Mapping[str, Any]) -> list[str]:
    decades, whole = table["decades"], table["advice"][0]
    of_size = "; ".join(
        f"{n}: {text_of(each['share'][-1], 3)}, held-out images {text_of(each['held_out'], 3)}, exact score "
        f"{text_of(each['exact'], 3)}"
        for n, each in table["sizes"].items()
    )
    halves = ", ".join(f"{step}: {text_of(each)}" for step, each in table["log10_n_half"].items())
    n_star = whole["log10_n_star"]
    sure = table["surely copied"]
    return [
        f"{source}: n* as an answer to how many images end the copying of a trained model: {decades['verdict']}. "
        f"It lies {text_of(decades['least'])} decades at least, {text_of(decades['most'])} at most, above the number "
        "at which half of the samples are copies.",
        f"{source}: with the exact score n* is "
        + ("not known" if n_star is None else f"10^{n_star:.1f} at most")
        + (", and no number of images here is sure to be copied." if sure is None else f", and {sure} are copied."),
        f"{source}: share of copies at the last step, by number of images: {of_size}.",
        f"{source}: log10 of the number of images with half copies, by step: {halves}.",
        f"{source}: the step at which {table['level']:g} of the samples are copies grows as n to the power of "
        f"{text_of(table['exponent'])} (sizes {', '.join(map(str, table['exponent sizes'])) or 'none'}): what decides "
        f"is {table['decides']}.",
    ]


def _of_source(form: DataNeededForm, found: SourceFound) -> dict[str, Any]:
    steps, last = found.form.training.snapshots, len(found.form.training.snapshots) - 1
    values, reached = exponents(found, form.level)
    least, most = decades_above(found, last)
    return {
        "level": form.level,
        "sizes": {n: _of_size(found, n) for n in found.form.sizes},
        "log10_n_half": {step: _estimate(half_numbers(found, place)) for place, step in enumerate(steps)},
        "exponent": _estimate(values),
        "exponent sizes": reached,
        "decides": what_decides(mean_of(values)),
        "decades": {"least": _with_interval(least), "most": _with_interval(most), "verdict": n_star_helps(least, most)},
        "surely copied": surely_copied(found.whole, found.parts),
        "advice": [_plain(each) for each in (found.whole, *found.parts)],
    }


def _of_size(found: SourceFound, n: int) -> dict[str, Any]:
    form, trainings = found.form.training, found.trainings[n]
    of = shares(found, n)
    return {
        "steps": list(form.snapshots),
        "passes": [round(step * form.batch / n, 1) for step in form.snapshots],
        "share": [_estimate(column.tolist()) for column in of.T],
        "exact": _estimate([each.exact.share for each in trainings]),
        "held_out": _estimate([each.held_out.share for each in trainings]),
        "trainings": [_intervals(each) for each in trainings],
    }


def _intervals(one: CopiesAlong) -> dict[str, Any]:
    """Copies of one training with the interval over its samples, and those of held-out images."""
    looks = (*one.along, one.held_out)
    return {
        "copies": [int(each.copied.sum()) for each in looks],
        "of": [each.copied.size for each in looks],
        "interval": [share_interval(int(each.copied.sum()), each.copied.size) for each in looks],
    }


def _estimate(values: Sequence[float | None]) -> dict[str, Any]:
    return _with_interval(mean_of(values)) | {"values": list(values)}


def _with_interval(each: Estimate) -> dict[str, Any]:
    return {**asdict(each), "interval": interval(each)}


def _plain(each: Advised) -> dict[str, Any]:
    return {name: None if np.isnan(value) else value for name, value in asdict(each).items()}
