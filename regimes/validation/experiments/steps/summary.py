"""Tables, numbers and sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regimes.numerics.decisions.step_divergence import end_divergence, path_divergence
from regimes.numerics.interface.number import Number
from regimes.numerics.interface.result import plain
from regimes.validation.experiments.runner.along_training import mean_of
from regimes.validation.experiments.runner.helping import HELPS, NOT_HELPS, claim
from regimes.validation.experiments.runner.means import number_of, text_of
from regimes.validation.experiments.steps.exact import ExactRun
from regimes.validation.experiments.steps.exact_comparison import LAWS, predicted_paths
from regimes.validation.experiments.steps.form import ImagesForm, StepsForm
from regimes.validation.experiments.steps.grids import BEST, GRIDS, NAMED, on_grids
from regimes.validation.experiments.steps.readings import ordered_alike, readings_of
from regimes.validation.experiments.steps.trained import DISTANCES, ENDS, TrainedRun
from regimes.validation.outcome.agreement import ChiSquare

__all__ = ["MEASURES", "Found", "numbers_of", "sentences", "tables_of"]

Array = NDArray[np.float64]
Found = Mapping[str, Sequence[TrainedRun]]
"""Trainings of each set of images."""

MEASURES = {
    "held_out": "distance from images held out",
    "whitened": "distance from images held out, whitened",
    "fine": "distance from images of many steps",
    "nats": "nats that steps add to the paths",
}


def tables_of(form: StepsForm, runs: Mapping[str, ExactRun], found: Found) -> dict[str, Any]:
    """What was predicted and found; rows are numbers of calls, columns the grids."""
    tables: dict[str, Any] = plain(
        {
            "grids": list(GRIDS),
            "calls": list(form.calls),
            "exact": {name: _exact(form, name, run) for name, run in runs.items()},
            "images": {each.labelled.source: _images(each, found[each.labelled.source]) for each in form.run},
        }
    )
    return tables


def numbers_of(form: StepsForm, tables: Mapping[str, Any]) -> dict[str, Number]:
    """What was measured of trained denoisers, as numbers with errors."""
    found = {}
    for images in form.run:
        source = images.labelled.source
        table = tables["images"][source]
        for measure in ("held_out", "whitened", "nats"):
            for calls, row in zip(images.calls, table["measured"][measure], strict=True):
                for grid, each in zip(GRIDS, row, strict=True):
                    key = f"measure.{measure}.{source}.{grid.replace(' ', '_')}.{calls}"
                    found[key] = number_of(f"{source}, {grid}, {calls} calls: {MEASURES[measure]}", each)
        for what, each in table["ends"].items():
            label = f"{source}: distance from images held out of {_ENDS[what]}"
            found[f"measure.held_out.{source}.{what.replace(' ', '_')}"] = number_of(label, each)
        for measure, predictions in table["ordered_alike"].items():
            for what, each in predictions.items():
                label = f"{source}: rank correlation of grids, predicted divergence of {what} and {MEASURES[measure]}"
                found[f"measure.ordered_alike.{source}.{measure}.{what}"] = number_of(label, each)
    return found


_ENDS = {ENDS[0]: "images of many steps", ENDS[1]: "training images"}


def sentences(form: StepsForm, tables: Mapping[str, Any], tests: Sequence[ChiSquare]) -> list[str]:
    """Say what was found."""
    held = "; ".join(f"{each.quantity} {each.value:.1f} over {each.dof}, p = {each.p:.2g}" for each in tests)
    said = [f"Predictions with exact scores, chi-square: {held}."]
    for key, what in (("path", "paths"), ("end", "final samples")):
        parts = [
            f"{LAWS[name]} {_factors(table[key])}" for name, table in tables["exact"].items() if table[key] is not None
        ]
        said.append(
            f"Divergence of the {what} of the least named grid over that of the best, at {_listed(form.calls)} calls, "
            f"exactly: {'; '.join(parts)}."
        )
    shares = [
        f"{LAWS[name]} {_listed([f'{each:.2g}' for each in np.divide(table['end'], table['path'])[:, -1]])}"
        for name, table in tables["exact"].items()
        if table["end"] is not None
    ]
    said.append(f"Of the divergence of paths of the best grid the final samples have the share {'; '.join(shares)}.")
    for images in form.run:
        said += _of_images(images, tables["images"][images.labelled.source])
    missing = [each.labelled.source for each in form.images if each not in form.run]
    if missing:
        said.append(f"Planned and not run: {', '.join(missing)}.")
    return said


def _exact(form: StepsForm, name: str, run: ExactRun) -> dict[str, Any]:
    paths = predicted_paths(form, name, run)
    ends = run.found.get("end") if name != "gaussian" else _of_gaussian(form, run)
    return {
        "path": paths if paths.ndim == run.ratio.ndim else paths.mean(axis=-1),
        "end": ends,
        "path of the Gaussian": on_grids(form.calls, run.data, partial(path_divergence, data=run.data)),
        "end of the Gaussian": _of_gaussian(form, run),
    }


def _of_gaussian(form: StepsForm, run: ExactRun) -> Array:
    return on_grids(form.calls, run.data, partial(end_divergence, data=run.data))


def _images(images: ImagesForm, runs: Sequence[TrainedRun]) -> dict[str, Any]:
    values = {key: np.array([run.distance[key] for run in runs]) for key in DISTANCES}
    values["nats"] = np.array([run.nats for run in runs])
    predicted = {
        what: np.array([on_grids(images.calls, run.data, partial(of, data=run.data), denoises=True) for run in runs])
        for what, of in (("paths", path_divergence), ("samples", end_divergence))
    }
    readings = {key: readings_of(each) for key, each in values.items()}
    return {
        "calls": list(images.calls),
        "measured": {key: _means(each) for key, each in values.items()},
        "predicted": {key: each.mean(axis=0) for key, each in predicted.items()},
        "null": {key: np.mean([run.null[key] for run in runs], axis=0) for key in DISTANCES},
        "ends": {key: asdict(mean_of([run.ends[key] for run in runs])) for key in ENDS},
        "ends_null": {key: float(np.mean([run.ends_null[key] for run in runs])) for key in ENDS},
        "readings": readings,
        "verdicts": {key: [claim(list(row.values())) for row in rows] for key, rows in readings.items()},
        "ordered_alike": {
            key: {
                what: asdict(mean_of([ordered_alike(*pair) for pair in zip(of, each, strict=True)]))
                for what, of in predicted.items()
            }
            for key, each in values.items()
        },
    }


def _means(values: Array) -> list[list[dict[str, Any]]]:
    return [
        [asdict(mean_of(values[:, row, place].tolist())) for place in range(values.shape[2])]
        for row in range(values.shape[1])
    ]


def _of_images(images: ImagesForm, table: Mapping[str, Any]) -> list[str]:
    source, said = images.labelled.source, []
    for key, what in MEASURES.items():
        verdicts = _listed(
            [f"{calls} calls {each}" for calls, each in zip(images.calls, table["verdicts"][key], strict=True)]
        )
        rows = table["readings"][key]
        counts = [sum(each == word for row in rows for each in row.values()) for word in (HELPS, NOT_HELPS)]
        said.append(
            f"{source}, {what}: {verdicts}. Of {len(rows) * len(NAMED)} comparisons with named grids the best grid is "
            f"lower in {counts[0]}, higher in {counts[1]}, by 95% over {images.trainings} trainings."
        )
    for key in ("held_out", "whitened", "nats"):
        best, least = [], []
        for row in table["measured"][key]:
            named = min(range(len(NAMED)), key=lambda place, row=row: row[place]["value"])  # type: ignore[misc]
            best.append(text_of(row[-1], 3))
            least.append(f"{text_of(row[named], 3)} ({NAMED[named]})")
        said.append(
            f"{source}, {MEASURES[key]}, at {_listed(images.calls)} calls: {BEST} {_listed(best)}; least named "
            f"{_listed(least)}."
        )
    said.append(f"{source}, nats of the Gaussian of the training images over those of the losses: {_excess(table)}.")
    ends = ", ".join(f"{_ENDS[key]} {text_of(each, 3)}" for key, each in table["ends"].items())
    said.append(
        f"{source}: for comparison, distance from images held out of {ends}; of two sets of one law it stays below "
        f"{table['ends_null'][ENDS[1]]:.3f} with 95%."
    )
    ranks = "; ".join(
        f"{MEASURES[key]}: of paths {text_of(each['paths'])}, of final samples {text_of(each['samples'])}"
        for key, each in table["ordered_alike"].items()
    )
    return [*said, f"{source}, rank correlation of the grids with the predicted divergence, {ranks}."]


def _excess(table: Mapping[str, Any]) -> str:
    """Of the best grid at each number of calls, and of all grids."""
    found = np.array([[each["value"] for each in row] for row in table["measured"]["nats"]])
    factors = np.array(table["predicted"]["paths"]) / found
    own = _listed([f"{each:.2f}" for each in factors[:, -1]])
    return f"{own} of the best grid, {factors.min():.2f} to {factors.max():.2f} of all"


def _factors(table: Sequence[Sequence[float]]) -> str:
    return _listed([f"{min(row[:-1]) / row[-1]:.2f}" for row in table])


def _listed(values: Sequence[Any]) -> str:
    *first, last = map(str, values)
    return f"{', '.join(first)} and {last}" if first else last
