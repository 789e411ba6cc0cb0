"""Numbers, tables and sentences of features of unequal steps and frequencies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from regimes.numerics.interface.number import Number
from regimes.numerics.interface.result import plain
from regimes.validation.experiments.bump_imbalance.analysis import (
    AXES,
    coupling,
    fine_less_coarse,
    late,
    learned_at,
    rare_late,
)
from regimes.validation.experiments.bump_imbalance.form import ImbalanceForm
from regimes.validation.experiments.bump_imbalance.runs import ImbalanceRun
from regimes.validation.experiments.runner.along_training import mean_of

__all__ = ["ByKind", "numbers_of", "sentences", "tables_of"]

ByKind = Mapping[str, Sequence[ImbalanceRun]]
"""Trainings of each kind of images, by its name."""

_SIDES = {"kept": False, "held_out": True}


def tables_of(form: ImbalanceForm, runs: ByKind) -> dict[str, Any]:
    """What was found, by kind of images."""
    equal = {each.dx: runs[each.name] for each in form.equal}
    tables: dict[str, Any] = plain(
        {
            "learned": {
                name: {
                    side: [_log_steps(form, each, axis, held_out) for axis in (0, 1)]
                    for side, held_out in _SIDES.items()
                }
                for name, each in runs.items()
            },
            "late": {
                kind.name: {
                    side: [
                        late(form, runs[kind.name], equal[step], axis, held_out=held_out)
                        for axis, step in enumerate((kind.dx, kind.dy))
                    ]
                    for side, held_out in _SIDES.items()
                }
                for kind in form.unequal
            },
            "coupling": {name: mean_of([coupling(form, run) for run in each]) for name, each in runs.items()},
            "fine_less_coarse": {
                kind.name: {
                    side: mean_of([fine_less_coarse(form, run, held_out=held_out) for run in runs[kind.name]])
                    for side, held_out in _SIDES.items()
                }
                for kind in form.unequal
            },
            "rare_late": [mean_of([rare_late(form, run, axis) for run in runs[form.skewed.name]]) for axis in (0, 1)],
            "runs": [_along(form, run) for each in runs.values() for run in each],
        }
    )
    return tables


def numbers_of(tables: Mapping[str, Any]) -> dict[str, Number]:
    """What was measured, as numbers with errors."""
    found = {}
    for kind, each in tables["late"].items():
        for axis, value in zip(AXES, each["kept"], strict=True):
            label = f"{axis}, {kind}: log of the step at which it is learned over that with equal steps"
            found[f"measure.late.{axis}.{kind}"] = _number(label, value)
    for kind, value in tables["coupling"].items():
        found[f"measure.coupling.{kind}"] = _number(f"correlation of right x and right y, {kind}", value)
    for kind, each in tables["fine_less_coarse"].items():
        label = f"share of right x, of the finer step, less that of right y, {kind}"
        found[f"measure.fine_less_coarse.{kind}"] = _number(label, each["kept"])
    for axis, value in zip(AXES, tables["rare_late"], strict=True):
        label = f"{axis}: log of the step at which it is learned where x is rare over that where it is frequent"
        found[f"measure.rare_late.{axis}"] = _number(label, value)
    return found


def sentences(form: ImbalanceForm, tables: Mapping[str, Any]) -> list[str]:
    """Say what was found."""
    learned = "; ".join(
        f"{kind}: {' and '.join(_step(each) for each in sides['kept'])}" for kind, sides in tables["learned"].items()
    )
    delayed = "; ".join(
        f"{kind}: x {_value(each['kept'][0])}, y {_value(each['kept'][1])}" for kind, each in tables["late"].items()
    )
    together = "; ".join(f"{kind}: {_value(each)}" for kind, each in tables["coupling"].items())
    finer = "; ".join(
        f"{kind}: kept positions {_value(each['kept'])}, held-out ones {_value(each['held_out'])}"
        for kind, each in tables["fine_less_coarse"].items()
    )
    x, y = tables["rare_late"]
    return [
        f"Half of the images right within {form.tolerance:g} px along x and along y, kept positions, at step: "
        f"{learned}.",
        f"Log of these steps over those with equal steps, 0 if features are learned apart: {delayed}.",
        f"Correlation of right x and right y, 0 if apart: {together}.",
        f"Share of right x, of the finer step, less that of right y, mean over the snapshots: {finer}.",
        f"Images of the left half {form.skewed.often} times as often: where they are rare x is learned later by "
        f"{_value(x)} in the logarithm of the step, y by {_value(y)}; if features were learned apart y would not be.",
    ]


def _log_steps(form: ImbalanceForm, runs: Sequence[ImbalanceRun], axis: int, held_out: bool) -> Any:
    at = [learned_at(form, run, axis, held_out=held_out) for run in runs]
    return mean_of([None if each is None else float(np.log(each)) for each in at])


def _along(form: ImbalanceForm, run: ImbalanceRun) -> dict[str, Any]:
    """One training along its snapshots: shares of one bump, of right x, of right y, of both."""
    found: dict[str, Any] = {"images": run.kind.name, "seed": run.seed, "step": list(form.training.snapshots)}
    half = len(run.asked) // 2
    for side, held_out in _SIDES.items():
        right = run.right(form.tolerance, held_out=held_out)
        rows = slice(0, half) if held_out else slice(half, None)
        found[side] = {
            "one bump": np.isfinite(run.found[:, rows, 0]).mean(axis=1),
            "x": right[:, :, 0].mean(axis=1),
            "y": right[:, :, 1].mean(axis=1),
            "both": right.all(axis=2).mean(axis=1),
        }
    return found


def _number(label: str, each: Mapping[str, Any]) -> Number:
    reason = None if each["value"] is not None else f"{each['count']} trainings have one, the others do not get there"
    return Number(label, each["value"], each["se"], reason=reason)


def _value(each: Mapping[str, Any]) -> str:
    if each["value"] is None:
        return f"none ({each['count']} trainings have one)"
    return f"{each['value']:.2f}" + ("" if each["se"] is None else f" ({each['se']:.2f})")


def _step(log: Mapping[str, Any]) -> str:
    """A logarithm as a step with the factor of one error."""
    if log["value"] is None:
        return f"not by all ({log['count']})"
    return f"{np.exp(log['value']):.0f}" + ("" if log["se"] is None else f" (factor {np.exp(log['se']):.2f})")
