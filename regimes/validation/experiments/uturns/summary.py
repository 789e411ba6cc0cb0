"""Numbers, tables and sentences of U-turns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from regimes.numerics.interface.number import Number
from regimes.numerics.interface.result import plain
from regimes.validation.experiments.runner.means import factor_of, number_of, text_of
from regimes.validation.experiments.uturns.predictions import MODELS
from regimes.validation.experiments.uturns.readings import Reading
from regimes.validation.experiments.uturns.runs import TrainingFound
from regimes.validation.experiments.uturns.turns import SAMPLERS
from regimes.validation.outcome.agreement import Agreement

__all__ = ["Found", "numbers_of", "sentences", "tables_of"]

Found = Mapping[str, Sequence[TrainingFound]]
Readings = Mapping[str, Sequence[Reading]]

_MODELS = {"trained": "trained denoisers", "memorised": "the exact score of the training images"}
_ENDS = {"keep": "class survives with 95% up to", "lose": "class is drawn anew from"}


def numbers_of(readings: Readings, assigned: Sequence[Agreement]) -> dict[str, Number]:
    """What was measured, as numbers with errors."""
    found = {}
    for source, rows in readings.items():
        for each in rows:
            key, what = f"{source}.{each.model}.{each.name}", f"{source}, {_MODELS[each.model]}, {_words(each.name)}"
            found[f"measure.ratio.{key}"] = number_of(
                f"log of the measured over the predicted time: {what}", asdict(each.ratio)
            )
            found[f"measure.time.{key}"] = number_of(f"measured time: {what}", asdict(each.measured))
            if each.there.value is not None:
                scale = "" if each.name.startswith("keep") else " from 0, drawn anew, to 1"
                found[f"measure.survival.{key}"] = number_of(
                    f"survival at the predicted time{scale}: {what}", asdict(each.there)
                )
    if assigned:
        worst = max(assigned, key=lambda each: abs(each.simulation - each.theory))
        found["measure.assigned"] = Number(
            "survival under the flow less that of assigned classes, largest over times, where the flow is not known",
            worst.simulation - worst.theory,
            worst.se,
        )
    return found


def tables_of(found: Found, readings: Readings, not_run: Sequence[str]) -> dict[str, Any]:
    """What was found, by set of images."""
    tables: dict[str, Any] = plain(
        {
            "readings": {
                source: [asdict(each) | {"verdict": each.verdict} for each in rows] for source, rows in readings.items()
            },
            "trainings": {source: [_training(each) for each in trainings] for source, trainings in found.items()},
            "not_run": list(not_run),
        }
    )
    return tables


def sentences(found: Found, readings: Readings, numbers: Mapping[str, Number], not_run: Sequence[str]) -> list[str]:
    """Say what was found."""
    said = []
    for source, rows in readings.items():
        for model in MODELS:
            for sampler in SAMPLERS:
                mine = [each for each in rows if each.model == model and f"_{sampler}" in each.name]
                said.append(f"{source}, {_MODELS[model]}, {sampler} sampler: {'; '.join(map(_said, mine))}.")
        accuracy = np.mean([each.accuracy for each in found[source]])
        said.append(f"{source}: the classifier finds the class of {accuracy:.1%} of images that it has not seen.")
    if "measure.assigned" in numbers:
        row = numbers["measure.assigned"]
        said.append(
            f"Where the flow is not known, survival under it differs from that of assigned classes by at most "
            f"{row.value:+.4f} ({row.error:.4f})."
        )
    return said + [f"Not run: {name}." for name in not_run]


def _said(each: Reading) -> str:
    measured = f"{text_of(asdict(each.measured), 3)} measured"
    if each.predicted.value is None:
        return f"{_words(each.name)} {measured}, {each.verdict}"
    there = "" if each.there.value is None else f", survival there {text_of(asdict(each.there), 3)}"
    least = "at least " if each.least else ""
    return (
        f"{_words(each.name)} {least}{text_of(asdict(each.predicted), 3)} predicted{there}, {measured}, factor "
        f"{factor_of(asdict(each.ratio))}: {each.verdict}"
    )


def _words(name: str) -> str:
    end, _, band = name.partition(".")
    if not band:
        return _ENDS[end.partition("_")[0]]
    low, high = band.split("_")
    return f"half of {low} to {high} cycles is retained up to"


def _training(each: TrainingFound) -> dict[str, Any]:
    """One training: what was predicted, and every measured curve."""
    return {
        "number": each.number,
        "predicted": each.predicted.times,
        "lower": each.predicted.lower,
        "bands": [[band.low, band.high] for band in each.predicted.bands],
        "accuracy": each.accuracy,
        "turns": {
            model: {
                sampler: {"t": turns.t, "survival": turns.survival.round(4), "bands": turns.bands.round(4)}
                for sampler, turns in of.items()
            }
            for model, of in each.turns.items()
        },
    }
