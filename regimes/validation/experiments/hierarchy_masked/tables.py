"""Numbers and tables of masked diffusion of hierarchies."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.interface.number import Number
from regimes.numerics.interface.result import plain
from regimes.validation.experiments.hierarchy_masked.agreements import joint_test, kept_blocks, mean_z
from regimes.validation.experiments.hierarchy_masked.analysis import (
    blocks_of,
    class_less_leaves,
    rise_estimates,
    susceptibility,
)
from regimes.validation.experiments.hierarchy_masked.form import MaskedForm
from regimes.validation.experiments.hierarchy_masked.plans import WAYS, steps_of
from regimes.validation.experiments.hierarchy_masked.runs import LawRun, ModelFound
from regimes.validation.measurement.estimate import Estimate, mean_of

__all__ = ["numbers_of", "tables_of"]

Array = NDArray[np.float64]


def tables_of(form: MaskedForm, found: Sequence[ModelFound]) -> dict[str, Any]:
    """What was found, a table a model."""
    tables: dict[str, Any] = plain({each.model.name: _of_model(form, each) for each in found})
    return tables


def _of_model(form: MaskedForm, found: ModelFound) -> dict[str, Any]:
    model, entropies = found.model, [run.curve for run in found.exact]
    table: dict[str, Any] = {
        "threshold": found.threshold,
        "string_nats": model.entropy(),
        # Belief propagation with the rules of the lowest heights alone makes trees of that height, independent.
        "known_heights_nats": [
            model.s ** (model.L - known) * model.entropy(known) - model.entropy() for known in range(model.L)
        ],
        "entropy": _over_sets([curve.mean(axis=0) for curve in entropies]),
        "exact": _of_law(form, found, found.exact) | {"levels": _levels(form, found.exact, "posterior")},
        "sizes": [],
    }
    for n, runs in zip(model.sizes, found.learned, strict=True):
        excess = [(run.curve - curve).mean(axis=0) for run, curve in zip(runs, entropies, strict=False)]
        blocks = kept_blocks(form, f"{n} points", runs)
        table["sizes"].append(
            {
                "n": n,
                "excess": _over_sets(excess),
                "excess_nats": mean_of([float(each.sum()) for each in excess], ""),
                "held_out_nats": mean_of([run.held_out_loss * model.leaves for run in runs], ""),
                "best_step": mean_of([run.best_step for run in runs], ""),
                "copies": mean_of([run.copies for run in runs], ""),
                "levels": _levels(form, runs, "kept"),
                "kept_less_posterior": [
                    _over_sets([(run.kept - run.posterior).mean(axis=1)[:, level] for run in runs])
                    for level in range(model.L + 1)
                ],
                "kept_test": joint_test(f"kept, {n} points", blocks),
                "kept_mean_z": mean_z(f"kept, {n} points", blocks)[1:],
            }
            | _of_law(form, found, runs)
        )
    return table


def _of_law(form: MaskedForm, found: ModelFound, runs: Sequence[LawRun]) -> dict[str, Any]:
    chi, chi_se = susceptibility(runs, found.model.leaves)
    return {
        "plans": [_plan(form, runs, number, steps) for number, steps in enumerate(steps_of(form, found.model))],
        "chi": {"value": chi, "se": chi_se},
        "valid_turns": _over_sets([run.valid.mean(axis=1) for run in runs]),
        "blocks": {f"{masked:g}": blocks_of(form, runs, masked) for masked in form.blocks},
    }


def _plan(form: MaskedForm, runs: Sequence[LawRun], number: int, steps: int) -> dict[str, Any]:
    """One number of steps: nats lost, and what obeys the rules beside the least share that the loss allows."""
    row: dict[str, Any] = {"steps": steps, "tokens": [_tokens(run.plan[number]) for run in runs]}
    for way, name in enumerate(WAYS):
        losses = [run.by_curve[number, way].mean() for run in runs]
        least = compile_formula("supported_share", target="numpy")(np.maximum([*losses], 0.0))
        row[name] = {
            "loss_nats": mean_of([float(each) for each in losses], ""),
            "loss_by_strings_nats": mean_of([float(run.by_strings[number, way].mean()) for run in runs], ""),
            "least_whole": float(np.mean(least)),
            "whole": mean_of([float(run.whole[number, way]) for run in runs], ""),
            "rules": _over_sets([run.rules[number, way] for run in runs]),
        }
    pairs = [run.by_curve[number].mean(axis=1) for run in runs]
    row["gain_nats"] = mean_of([float(equal - planned) for equal, planned in pairs], "")
    row["own_plan_less_planned_nats"] = mean_of(
        [float(run.own_plan[number] - pair[1]) for run, pair in zip(runs, pairs, strict=True)], ""
    )
    row["gain_whole"] = mean_of([float(np.diff(run.whole[number])[0]) for run in runs], "")
    return row


def _levels(form: MaskedForm, runs: Sequence[LawRun], which: str) -> dict[str, Any]:
    kept = [getattr(run, which).mean(axis=1) for run in runs]
    depth = kept[0].shape[1]
    rises = [rise_estimates(form, runs, level, which) for level in range(depth)]
    return {
        "kept": [_over_sets([each[:, level] for each in kept]) for level in range(depth)],
        "half_lost": [middle for middle, _ in rises],
        "width": [width for _, width in rises],
        "class_less_leaves": class_less_leaves(form, runs, which),
    }


def _tokens(plan: Array) -> list[int]:
    return [int(count) for count in plan if count > 0]


def _over_sets(values: Sequence[Array]) -> dict[str, list[float | None]]:
    """Mean over sets of rules, with its error by their scatter; None where one set does not know it."""
    rows = np.stack(values)
    error = rows.std(axis=0, ddof=1) / math.sqrt(len(rows)) if len(rows) > 1 else np.zeros(rows.shape[1:])
    known = {"value": rows.mean(axis=0), "se": error}
    return {
        name: [float(each) if math.isfinite(each) else None for each in found.tolist()] for name, found in known.items()
    }


def numbers_of(form: MaskedForm, found: Sequence[ModelFound], tables: dict[str, Any]) -> dict[str, Number]:
    """Where the class is lost and over which range, what the plan saves, excess over the exact law."""
    rows = {}
    for number, each in enumerate(found):
        name, levels = each.model.name, tables[each.model.name]["exact"]["levels"]
        rows[f"measure.class_half.model_{number}"] = _number(
            f"masked share at which half of the class is lost, {name}", levels["half_lost"][0]
        )
        for key, level in (("class", 0), ("leaves", each.model.L)):
            rows[f"measure.width.{key}_model_{number}"] = _number(
                f"masked shares over which three quarters of the {key} fall to one, {name}", levels["width"][level]
            )
        for plan in tables[name]["exact"]["plans"][:-1]:
            rows[f"measure.plan_gain.model_{number}_steps_{plan['steps']}"] = _number(
                f"nats that the plan saves of equal steps, {plan['steps']} steps, {name}", plan["gain_nats"], "nats"
            )
        for size in tables[name]["sizes"]:
            rows[f"measure.excess.model_{number}_n_{size['n']}"] = _number(
                f"nats above the exact law, {size['n']} points, {name}", size["excess_nats"], "nats"
            )
    return rows


def _number(label: str, found: dict[str, Any] | Estimate, unit: str | None = None) -> Number:
    values = plain(found)
    return Number(label, values["value"], values["se"], reason=values["reason"], unit=unit)
