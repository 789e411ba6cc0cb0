"""Numbers, tables and sentences of copied points."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from regimes.numerics.interface.number import Number
from regimes.numerics.interface.result import plain
from regimes.validation.experiments.copied_points.analysis import (
    CRITERIA,
    PAIRS,
    SeedFound,
    Values,
    auc_at,
    auc_of,
    chosen,
    copied_counts,
    dispersion,
    helps,
    less,
    nats_a_copy,
    winner,
)
from regimes.validation.experiments.copied_points.form import CopiedPointsForm
from regimes.validation.experiments.copied_points.predictors import PREDICTORS
from regimes.validation.experiments.runner.along_training import interval, mean_of
from regimes.validation.experiments.runner.means import number_of, text_of
from regimes.validation.outcome.agreement import Agreement

__all__ = ["BySource", "agreements", "numbers_of", "sentences", "tables_of"]

BySource = Mapping[str, Sequence[SeedFound]]
"""Trainings of each set of images, by its name."""

_WORDS = {"return_time": "return time", "distance": "plain distance", "density": "density"}
_COUNTS = {
    "share": "share of samples that are copies",
    "points": "share of images that are copied at least once",
    "dispersion.equal": "dispersion of copies by image, equal chances (1 if they are)",
    "dispersion.return": "dispersion of copies by image, chances by return probability (1 if they are)",
    "nats": "log-likelihood of a copy by return probabilities less that by equal chances, in nats",
    "exact": "dispersion of copies by image of the exact score, equal chances (1 if they are)",
}


def tables_of(form: CopiedPointsForm, found: BySource) -> dict[str, Any]:
    """What was found, by set of images."""
    tables: dict[str, Any] = plain({name: _of_source(form, seeds) for name, seeds in found.items()})
    return tables


def numbers_of(tables: Mapping[str, Any]) -> dict[str, Number]:
    """What was measured, as numbers with errors."""
    rows = {}
    for source, table in tables.items():
        for criterion in CRITERIA:
            of = table[criterion]
            for name, each in of["auc"].items():
                label = f"AUC of the {_WORDS[name]}, copies by {criterion}, {source}"
                rows[f"measure.auc.{criterion}.{name}.{source}"] = number_of(label, each)
            for pair, each in of["less"].items():
                one, other = (_WORDS[name] for name in pair.split(" - "))
                label = f"AUC of the {one} less that of the {other}, copies by {criterion}, {source}"
                key = f"measure.auc_less.{criterion}.{pair.replace(' - ', '.')}.{source}"
                rows[key] = number_of(label, each)
        for name, each in table["counts"].items():
            rows[f"measure.{name}.{source}"] = number_of(f"{_COUNTS[name]}, {source}", each)
    return rows


def agreements(found: BySource) -> list[Agreement]:
    """Copies of the exact score, by image: it copies all alike, so that their dispersion is 1."""
    compared = []
    for source, seeds in found.items():
        for number, seed in enumerate(seeds):
            counts = copied_counts(seed.copies, seed.copies.exact)
            value = dispersion(counts)
            if value is not None:
                error = float(np.sqrt(2 / (counts.size - 1)))
                name = f"dispersion of copies, exact score, {source}, {number}"
                compared.append(Agreement(name, counts.size, 1.0, value, error, int(counts.sum())))
    return compared


def sentences(tables: Mapping[str, Any], not_run: Sequence[str]) -> list[str]:
    """Say what was found."""
    said = [text for source, table in tables.items() for text in _said(source, table)]
    return said + [f"Planned and not run: {source}." for source in not_run]


def _said(source: str, table: Mapping[str, Any]) -> list[str]:
    of, counts = table["ratio"], {name: text_of(each) for name, each in table["counts"].items()}
    values = ", ".join(f"{_WORDS[name]} {text_of(each, 3)} ({of['helps'][name]})" for name, each in of["auc"].items())
    differences = ", ".join(
        f"{' less '.join(_WORDS[name] for name in pair.split(' - '))} {text_of(each, 3)}"
        for pair, each in of["less"].items()
    )
    best, other = of["winner"], table["radius"]["winner"]
    first = (
        f"{source}: the {_WORDS[best]} ranks best what is copied; advise should ship it."
        if best
        else f"{source}: which ranking is the best is not told; advise should list them all."
    )
    steps = ", ".join(str(each["chosen"]) for each in table["trainings"])
    return [
        f"{first} AUC: {values}; paired differences: {differences}.",
        f"{source}: at steps {steps} {counts['share']} of the samples are copies, of {counts['points']} of the images.",
        f"{source}: with one radius for all images in place of the ratio of distances: "
        + ", ".join(
            f"{_WORDS[name]} {text_of(each, 3)} ({table['radius']['helps'][name]})"
            for name, each in table["radius"]["auc"].items()
        )
        + f"; the best: {_WORDS[other] if other else 'not told'}.",
        f"{source}: counts of copies scatter {counts['dispersion.equal']} times as widely as by equal chances, "
        f"{counts['dispersion.return']} times as by return probabilities, which tell a copy by {counts['nats']} nats "
        f"better; under the exact score {counts['exact']} times.",
    ]


def _of_source(form: CopiedPointsForm, seeds: Sequence[SeedFound]) -> dict[str, Any]:
    return {
        **{criterion: _ranked(form, seeds, criterion) for criterion in CRITERIA},
        "counts": {name: asdict(mean_of(values)) for name, values in _counted(seeds).items()},
        "trainings": [_along(form, seed) for seed in seeds],
    }


def _ranked(form: CopiedPointsForm, seeds: Sequence[SeedFound], criterion: str) -> dict[str, Any]:
    values = {name: auc_of(form, seeds, name, criterion) for name in PREDICTORS}
    differences = {f"{one} - {other}": less(values[one], values[other]) for one, other in PAIRS}
    return {
        "auc": {name: _estimate(each) for name, each in values.items()},
        "less": {pair: _estimate(each) for pair, each in differences.items()},
        "helps": {name: helps(mean_of(each)) for name, each in values.items()},
        "winner": winner(values),
    }


def _estimate(values: Values) -> dict[str, Any]:
    return {**asdict(mean_of(values)), "interval": interval(mean_of(values)), "values": values}


def _counted(seeds: Sequence[SeedFound]) -> dict[str, Values]:
    """Of each training at its chosen snapshot."""
    places = [chosen(seed.copies) for seed in seeds]
    counts = [copied_counts(seed.copies, seed.copies.along[k]) for seed, k in zip(seeds, places, strict=True)]
    weights = [seed.predicted.weights for seed in seeds]
    return {
        "share": [seed.copies.along[k].share for seed, k in zip(seeds, places, strict=True)],
        "points": [float((each > 0).mean()) for each in counts],
        "dispersion.equal": [dispersion(each) for each in counts],
        "dispersion.return": [dispersion(each, of) for each, of in zip(counts, weights, strict=True)],
        "nats": [nats_a_copy(each, of) for each, of in zip(counts, weights, strict=True)],
        "exact": [dispersion(copied_counts(seed.copies, seed.copies.exact)) for seed in seeds],
    }


def _along(form: CopiedPointsForm, seed: SeedFound) -> dict[str, Any]:
    """One training along its snapshots."""
    copies, number = seed.copies, range(len(seed.copies.along))
    counts = [copied_counts(copies, each) for each in copies.along]
    return {
        "chosen": copies.form.snapshots[chosen(copies)],
        "step": list(copies.form.snapshots),
        "share": copies.shares.round(4),
        "points": [round(float((each > 0).mean()), 4) for each in counts],
        "held out": copies.held_out.share,
        "exact": copies.exact.share,
        "median return time": seed.predicted.time,
        "auc": {name: [auc_at(form, seed, k, name) for k in number] for name in PREDICTORS},
        "counts": [each.tolist() for each in counts],
        "predicted": {name: seed.predicted.of(name) for name in PREDICTORS},
    }
