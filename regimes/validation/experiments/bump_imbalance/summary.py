"""Numbers, tables and sentences of features of unequal steps and frequencies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from regimes.numerics.interface.number import Number
from regimes.numerics.interface.result import plain
from regimes.validation.experiments.bump_imbalance.analysis import AXES, coupling, gap, learned_at, shares
from regimes.validation.experiments.bump_imbalance.form import ImbalanceForm
from regimes.validation.experiments.bump_imbalance.readings import (
    ByKind,
    claim,
    compared,
    finer,
    late,
    readings_of,
)
from regimes.validation.experiments.bump_imbalance.runs import ImbalanceRun
from regimes.validation.experiments.runner.along_training import Estimate, interval, mean_of
from regimes.validation.experiments.runner.means import factor_of, number_of, text_of

__all__ = ["numbers_of", "sentences", "tables_of"]

_LABELS = {
    "gap": "log of the step at which x, the finer, is learned over that of y",
    "gap.apart": "the same, from equal grids",
    "gap.from_apart": "the latter less the former",
    "correlation": "correlation of right x and right y",
    "correlation.within": "the same between two images of one position",
    "correlation.to_together": "largest correlation at these shares less it",
    "rare.x": "log of the step of x where it is rare over where it is frequent, less that without",
    "rare.y": "log of the step of y where x is rare over where x is frequent, less that without",
    "rare.to_together": "that of x less that of y",
    "finer.kept": "share of right x, the finer, less that of right y, kept positions",
    "finer.held_out": "share of right x, the finer, less that of right y, held-out positions",
}


def tables_of(form: ImbalanceForm, runs: ByKind) -> dict[str, Any]:
    """What was found, by kind of images."""
    found = compared(form, runs)
    said = readings_of(found)
    tables: dict[str, Any] = plain(
        {
            "compared": {
                key: {**asdict(mean_of(values)), "interval": interval(mean_of(values))} for key, values in found.items()
            },
            "readings": said,
            "verdicts": {
                "coupled": claim(list(said.values())),
                "finer": finer(mean_of(found["finer.kept"])),
            },
            "kinds": {kind.name: _of_kind(form, runs[kind.name]) for kind in form.kinds},
            "late": {
                kind.name: [
                    dict(zip(("apart", "by number"), map(asdict, late(form, runs, kind, axis)), strict=True))
                    for axis in (0, 1)
                ]
                for kind in form.unequal
            },
            "runs": [_along(form, run) for each in runs.values() for run in each],
        }
    )
    return tables


def numbers_of(tables: Mapping[str, Any]) -> dict[str, Number]:
    """What was measured, as numbers with errors."""
    found = {f"measure.{key}": number_of(_LABELS[key], each) for key, each in tables["compared"].items()}
    for kind, each in tables["kinds"].items():
        for axis, value in zip(AXES, each["log_step"], strict=True):
            found[f"measure.log_step.{axis}.{kind}"] = number_of(
                f"{axis}, {kind}: log of the step of half right", value
            )
        found[f"measure.gap.{kind}"] = number_of(f"{kind}: log of the step of x over that of y", each["gap"])
        label = f"correlation of right x and right y, {kind}"
        found[f"measure.correlation.{kind}"] = number_of(label, each["correlation"])
    for kind, axes in tables["late"].items():
        for axis, predictions in zip(AXES, axes, strict=True):
            for name, value in predictions.items():
                label = f"{axis}, {kind}: log of the step of half right less that predicted {name}"
                found[f"measure.late.{name.replace(' ', '_')}.{axis}.{kind}"] = number_of(label, value)
    return found


def sentences(form: ImbalanceForm, tables: Mapping[str, Any]) -> list[str]:
    """Say what was found."""
    values = {key: text_of(each) for key, each in tables["compared"].items()}
    said, verdicts = tables["readings"], tables["verdicts"]
    learned = "; ".join(
        f"{kind} ({each['points']} images): x {factor_of(each['log_step'][0])}, y {factor_of(each['log_step'][1])}"
        + ("" if each["passes"] is None else f", in passes {' and '.join(map(_count, each['passes']))}")
        for kind, each in tables["kinds"].items()
    )
    delayed = "; ".join(
        f"{kind}: "
        + ", ".join(
            f"{axis} {text_of(each['apart'])} and {text_of(each['by number'])}"
            for axis, each in zip(AXES, axes, strict=True)
        )
        for kind, axes in tables["late"].items()
    )
    together = "; ".join(f"{kind} {text_of(each['correlation'])}" for kind, each in tables["kinds"].items())
    return [
        f"Coupling of x and y: {verdicts['coupled']} (gap: {said['gap']}; correlation: {said['correlation']}; rare "
        f"values of x: {said['rare']}). The finer sampled feature not the more accurate: {verdicts['finer']}.",
        f"Half of the images with one bump right within {form.tolerance:g} px, kept positions, at step: {learned}.",
        f"Log of the step of x, the finer, over that of y: {values['gap']}; apart {values['gap.apart']}, together 0.",
        f"Log of these steps less those predicted apart, and by the number of images: {delayed}.",
        f"Correlation of right x and right y: {values['correlation']}, between images of one position "
        f"{values['correlation.within']}; apart 0. By images: {together}.",
        f"Left half {form.skewed.often} times as often: where x is rare, x is later by {values['rare.x']} in the "
        f"logarithm of the step, y by {values['rare.y']}; apart y is not, by visits both by "
        f"{np.log(form.skewed.often):.2f}.",
        f"Share of right x, the finer, less that of right y: kept positions {values['finer.kept']}, held-out ones "
        f"{values['finer.held_out']}.",
    ]


def _of_kind(form: ImbalanceForm, runs: Sequence[ImbalanceRun]) -> dict[str, Any]:
    """One kind of images: steps in their logarithm, and passes through each image, of both axes where not skewed."""
    at = [[learned_at(form, run, axis) for run in runs] for axis in (0, 1)]
    logs = [mean_of([None if each is None else float(np.log(each)) for each in axis]) for axis in at]
    found = [coupling(form, run) for run in runs]
    parts = {
        name: mean_of([None if each is None else getattr(each, name) for each in found])
        for name in ("total", "within", "most", "share")
    }
    points, skewed = runs[0].points, runs[0].kind.often > 1
    return {
        "points": points,
        "log_step": logs,
        "passes": None if skewed else [_passes(each, form.training.batch / points) for each in logs],
        "gap": mean_of([gap(form, run) for run in runs]),
        "correlation": parts["total"],
        "correlation within positions": parts["within"],
        "largest correlation": parts["most"],
        "share at which it is measured": parts["share"],
        "snapshots at which it is measured": [0 if each is None else each.snapshots for each in found],
    }


def _passes(log: Estimate, unit: float) -> float | None:
    return None if log.value is None else float(np.exp(log.value) * unit)


def _along(form: ImbalanceForm, run: ImbalanceRun) -> dict[str, Any]:
    """One training along its snapshots: shares of one bump, and among those of right x, of right y, of both."""
    found: dict[str, Any] = {"images": run.kind.name, "seed": run.seed, "step": list(form.training.snapshots)}
    for side, held_out in (("kept", False), ("held out", True)):
        one, right = run.one(held_out=held_out), shares(form, run, held_out=held_out)
        all_right = run.right(form.tolerance, held_out=held_out).all(axis=2).sum(axis=1)
        found[side] = {
            "one bump": one.mean(axis=1).round(3),
            "x": right[:, 0].round(3),
            "y": right[:, 1].round(3),
            "both": (all_right / np.maximum(one.sum(axis=1), 1)).round(3),
        }
    return found


def _count(passes: float | None) -> str:
    return "not by all" if passes is None else f"{passes:.0f}"
