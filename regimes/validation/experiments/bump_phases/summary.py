"""Numbers, tables and sentences of the phases of learning."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from regimes.numerics.interface.number import Number
from regimes.numerics.interface.result import plain
from regimes.validation.experiments.bump_phases.analysis import (
    EVENTS,
    difference,
    event_steps,
    phases_of,
    shares_of,
)
from regimes.validation.experiments.bump_phases.form import PhasesForm
from regimes.validation.experiments.bump_phases.runs import MOMENTS, PhaseRun
from regimes.validation.experiments.runner.along_training import Estimate, mean_of
from regimes.validation.experiments.runner.means import factor_of, number_of, text_of

__all__ = ["numbers_of", "sentences", "tables_of"]

_BUMP, _TOLD, _IMAGE, _KEPT, _RIGHT = EVENTS


def tables_of(form: PhasesForm, runs: Sequence[Sequence[PhaseRun]]) -> dict[str, Any]:
    """What was found, by step of the grid and training."""
    first = [event_steps(form, run, form.tolerance) for run in runs[0]]
    common = [[event_steps(form, run, form.common) for run in each] for each in runs]
    phases = [phases_of(form, run) for run in runs[0]]
    tables: dict[str, Any] = plain(
        {
            "phases": [
                {"seed": run.seed, "phases": word, "shown": _shows(word)}
                for run, word in zip(runs[0], phases, strict=True)
            ],
            "in_phase": {letter: _in_phase(runs[0], phases, letter) for letter in "ABC"},
            "order": {
                f"{later} after {earlier}": asdict(difference(first, later, earlier))
                for later, earlier in ((_TOLD, _BUMP), (_RIGHT, _TOLD), (_RIGHT, _IMAGE), (_RIGHT, _KEPT))
            },
            "events": first,
            "grids": [_of_grid(form, each, events) for each, events in zip(runs, common, strict=True)],
            "runs": [_along(form, run) for each in runs for run in each],
        }
    )
    return tables


def numbers_of(tables: Mapping[str, Any]) -> dict[str, Number]:
    """What was measured, as numbers with errors."""
    shown = sum(each["shown"] for each in tables["phases"])
    found = {"measure.phases_shown": Number(f"trainings of {len(tables['phases'])} that show phases A, B, C", shown)}
    for name, each in tables["order"].items():
        key = f"measure.{name.replace(' ', '_')}"
        found[key] = number_of(f"log of the step of {name.replace(' after ', ' over that of ')}", each)
    for each in tables["grids"]:
        for side in ("kept", "held_out"):
            label = f"half right at {side.replace('_', '-')} positions, log of the step, grid step {each['step']:g}"
            found[f"measure.log_step.{side}.dx{each['step']:g}"] = number_of(label, each[side])
    return found


def sentences(form: PhasesForm, tables: Mapping[str, Any]) -> list[str]:
    """Say what was found."""
    shown = [each for each in tables["phases"] if each["shown"]]
    by_phase = "; ".join(
        f"{letter} ({each['r2']['count']} trainings): R^2 {text_of(each['r2'])}, of the image alone "
        f"{text_of(each['image'])}, dimension {text_of(each['dimension'], 1)}"
        for letter, each in tables["in_phase"].items()
    )
    order = "; ".join(f"{name}: {text_of(each)}" for name, each in tables["order"].items())
    grids = "; ".join(
        f"step {each['step']:g} px ({each['points']} images): kept positions {factor_of(each['kept'])}, held-out ones "
        f"{factor_of(each['held_out'])}"
        for each in tables["grids"]
    )
    passes = ", ".join(f"{each['step']:g} px {factor_of(each['passes'])}" for each in tables["grids"])
    return [
        f"Phases A, B, C by the rule in {len(shown)} of {len(tables['phases'])} trainings (phases at the snapshots: "
        f"{', '.join(each['phases'] for each in tables['phases'])}).",
        f"In each phase, of the deepest layer at the generated image: {by_phase}.",
        f"Log of the ratio of the steps at which one half is passed: {order}. Positive where the first comes later.",
        f"Half of the images right within {form.common:g} px, at step: {grids}. In passes through the data, kept "
        f"positions: {passes}.",
    ]


def _shows(phases: str) -> bool:
    return set(phases) == set("ABC") and list(phases) == sorted(phases)


def _in_phase(runs: Sequence[PhaseRun], phases: Sequence[str], letter: str) -> dict[str, Estimate]:
    """R^2 and dimension of the deepest layer at the generated images, over the trainings that have the phase."""
    found: dict[str, list[float]] = {"r2": [], "image": [], "dimension": []}
    for run, word in zip(runs, phases, strict=True):
        chosen = [k for k, each in enumerate(word) if each == letter]
        if chosen:
            end, image = (run.r2[chosen, -1, MOMENTS.index(moment)].mean() for moment in ("end", "image"))
            dimension = run.dimension[chosen, -1, MOMENTS.index("end")].mean()
            for values, each in zip(found.values(), (end, image, dimension), strict=True):
                values.append(float(each))
    return {name: mean_of(values) for name, values in found.items()}


def _of_grid(form: PhasesForm, runs: Sequence[PhaseRun], events: Sequence[dict[str, float | None]]) -> dict[str, Any]:
    """When half of the images of a grid are right, at the common tolerance: logarithms of steps."""
    points = runs[0].points

    def logs(name: str, unit: float = 1.0) -> Estimate:
        return mean_of([None if (at := each[name]) is None else float(np.log(at * unit)) for each in events])

    return {
        "step": runs[0].step,
        "points": points,
        "kept": logs(_KEPT),
        "held_out": logs(_RIGHT),
        "passes": logs(_KEPT, form.training.batch / points),
    }


def _along(form: PhasesForm, run: PhaseRun) -> dict[str, Any]:
    """One training along its snapshots."""
    sides = {}
    for side, held_out in (("held out", True), ("kept", False)):
        shares = shares_of(run, form.tolerance, held_out=held_out)
        sides[side] = {name: [each[name] for each in shares] for name in ("none", "several", "misplaced", "right")}
    return {
        "grid_step": run.step,
        "seed": run.seed,
        "step": list(form.training.snapshots),
        **sides,
        "r2": {moment: run.r2[:, :, k].mean(axis=2).T.round(3) for k, moment in enumerate(MOMENTS)},
        "dimension": {moment: run.dimension[:, :, k].T.round(2) for k, moment in enumerate(MOMENTS)},
    }
