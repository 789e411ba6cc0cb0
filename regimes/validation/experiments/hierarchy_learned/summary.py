"""Numbers and tables of denoisers of hierarchies."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from regimes.numerics.interface.number import Number
from regimes.numerics.interface.result import plain
from regimes.validation.experiments.hierarchy_learned.analysis import (
    Slope,
    class_less_leaves,
    first_step,
    learned_from,
    obeyed,
    slope_of,
)
from regimes.validation.experiments.hierarchy_learned.form import HierarchyForm
from regimes.validation.experiments.hierarchy_learned.losses import nats
from regimes.validation.experiments.hierarchy_learned.runs import BEST, ExactRun, LearnedRun
from regimes.validation.measurement.estimate import mean_of

__all__ = ["SURE", "numbers_of", "tables_of"]

SURE = 1.96
_COPYING = 0.05


def tables_of(
    form: HierarchyForm, exact: Sequence[ExactRun], learned: Sequence[Sequence[LearnedRun]]
) -> dict[str, Any]:
    """What was found, by seed and size."""
    by_size = [[runs[k] for runs in learned] for k in range(len(form.sizes))]
    chance = [run.chance for run in exact]
    tables: dict[str, Any] = plain(
        {
            "sizes": [_of_size(form, exact, runs) for runs in by_size],
            "heights": [_of_height(form, exact, learned, height) for height in range(1, form.L + 1)],
            "slopes": {
                "exact": _slopes(form, [run.posterior for run in exact], chance),
                "exact score in as many steps": _slopes(form, [run.kept for run in exact], chance),
            }
            | {str(runs[0].n): _slopes(form, [run.kept for run in runs], chance) for runs in by_size},
            "exact": {
                "mmse_nats": mean_of([float(nats(form) @ run.mmse) for run in exact], ""),
                "ladder_nats": [
                    mean_of([float(nats(form) @ run.ladder[known]) for run in exact], "") for known in range(form.L)
                ],
                "kept": np.mean([run.posterior.mean(axis=1) for run in exact], axis=0),
            },
            "runs": [_along(form, run) for runs in learned for run in runs],
        }
    )
    return tables


def _of_size(form: HierarchyForm, exact: Sequence[ExactRun], runs: Sequence[LearnedRun]) -> dict[str, Any]:
    """One size over the seeds, with the weights of the smallest held-out loss."""
    weights = nats(form)
    kept = np.stack([run.kept.mean(axis=1) for run in runs])
    moved = np.stack([(run.kept - of.kept).mean(axis=1) for run, of in zip(runs, exact, strict=True)])
    relative = np.stack([run.excess[BEST] / of.mmse for run, of in zip(runs, exact, strict=True)])
    count = np.sqrt(len(runs))
    return {
        "n": runs[0].n,
        "excess_nats": mean_of([float(weights @ run.excess[BEST]) for run in runs], ""),
        "excess_over_mmse": {"value": relative.mean(axis=0), "se": _scatter(relative) / count},
        "kept": {"value": kept.mean(axis=0), "se": _scatter(kept) / count},
        "kept_less_exact_score": {"value": moved.mean(axis=0), "se": _scatter(moved) / count},
        "obeyed": [mean_of([float(obeyed(form, run.rules[BEST])[h]) for run in runs], "") for h in range(form.L)],
        "copies": mean_of([float(run.copies[BEST]) for run in runs], ""),
        "copies_at_the_end": mean_of([float(run.copies[BEST - 1]) for run in runs], ""),
        "overlap_less_fresh": mean_of([float(run.overlap[BEST] - run.fresh_overlap) for run in runs], ""),
        "gap_nats": mean_of([float(run.gap[BEST]) for run in runs], ""),
        "memory": mean_of([float(run.clones.share[BEST]) for run in runs], ""),
        "memory_at_the_end": mean_of([float(run.clones.share[BEST - 1]) for run in runs], ""),
        "best_step": mean_of([float(run.step[BEST]) for run in runs], ""),
        "gap_from_step": [first_step(run, run.gap / run.gap_se, SURE) for run in runs],
        "memory_from_step": [first_step(run, run.clones.share, 0.5) for run in runs],
        "copying_from_step": [first_step(run, run.copies, _COPYING) for run in runs],
        "learned_from_step": [
            [first_step(run, obeyed(form, run.rules)[:, h], 0.5) for run in runs] for h in range(form.L)
        ],
        "safe": _safe(form, runs),
    }


def _of_height(
    form: HierarchyForm, exact: Sequence[ExactRun], learned: Sequence[Sequence[LearnedRun]], height: int
) -> dict[str, Any]:
    found = [learned_from(form, runs, height) for runs in learned]
    logs = mean_of([None if isinstance(each, str) else np.log(each) for each in found], "not between the sizes")
    return {
        "height": height,
        "expected": form.v * form.m ** (height + 1),
        "learned_from": found,
        "log_n": logs,
        "exact_score": mean_of([float(obeyed(form, run.rules)[height - 1]) for run in exact], ""),
    }


def _slopes(form: HierarchyForm, kept: Sequence[Any], chance: Sequence[Any]) -> dict[str, Slope | list[Slope]]:
    return {
        "levels": [slope_of(form, kept, chance, level) for level in range(form.L + 1)],
        "class_less_leaves": class_less_leaves(form, kept, chance),
    }


def _safe(form: HierarchyForm, runs: Sequence[LearnedRun]) -> dict[str, Any]:
    """Whether the weights of the smallest held-out loss are free of copies and of a gap, all seeds together."""
    drawn = form.generated * len(runs)
    share, of_law = (
        float(np.mean(each)) for each in zip(*((run.copies[BEST], run.fresh_copies) for run in runs), strict=True)
    )
    pooled = (share + of_law) / 2
    error = max(float(np.sqrt(2 * pooled * (1 - pooled) / drawn)), 0.5 / drawn)
    copies_z = (share - of_law) / error
    gap_z = _pooled_z([(run.gap[BEST], run.gap_se[BEST]) for run in runs])
    memory_z = _pooled_z([(run.clones.share[BEST], run.clones.share_se[BEST]) for run in runs])
    return {"copies_z": copies_z, "gap_z": gap_z, "memory_z": memory_z, "safe": bool(copies_z < SURE and gap_z < SURE)}


def _pooled_z(found: Sequence[tuple[float, float]]) -> float:
    return float(sum(value for value, _ in found) / np.sqrt(sum(se**2 for _, se in found)))


def _along(form: HierarchyForm, run: LearnedRun) -> dict[str, Any]:
    """One training along its time, the weights of the smallest held-out loss last."""
    weights = nats(form)
    return {
        "n": run.n,
        "seed": run.seed,
        "step": run.step,
        "held_out_loss": run.held_out_loss,
        "excess_nats": run.excess @ weights,
        "above_nats": run.above @ weights,
        "own_above_nats": run.own_above @ weights,
        "gap_nats": run.gap,
        "gap_se": run.gap_se,
        "rules": [[None if not np.isfinite(each) else float(each) for each in row] for row in run.rules],
        "copies": run.copies,
        "overlap": run.overlap,
        "fresh_overlap": float(run.fresh_overlap),
        "memory": run.clones.share,
        "memory_se": run.clones.share_se,
        "phi_index": {
            "learned": run.clones.learned.mean(axis=2),
            "law": run.clones.law.mean(axis=1),
            "memory": run.clones.memory,
        },
    }


def _scatter(values: Any) -> Any:
    return values.std(axis=0, ddof=1) if len(values) > 1 else np.zeros(values.shape[1:])


def numbers_of(form: HierarchyForm, tables: dict[str, Any]) -> dict[str, Number]:
    """Sizes at which heights are learned, excess over the exact denoiser, widths of the transitions."""
    rows = {}
    for each in tables["heights"]:
        rows[f"measure.log_size.height_{each['height']}"] = _number(
            f"log of the points from which height {each['height']} is learned, against log {each['expected']}",
            each["log_n"],
        )
    for each in tables["sizes"]:
        n = each["n"]
        rows[f"measure.excess.n_{n}"] = _number(
            f"nats above the exact denoiser, {n} points", each["excess_nats"], "nats"
        )
        rows[f"measure.gap.n_{n}"] = _number(
            f"loss on fresh less on training points at its minimum, {n} points", each["gap_nats"], "nats"
        )
        rows[f"measure.memory.n_{n}"] = _number(
            f"phi_index from the law (0) to the training points alone (1) at the minimum, {n} points", each["memory"]
        )
        rows[f"measure.copies.n_{n}"] = _number(f"share of copies at the minimum, {n} points", each["copies"])
    for which, name, words in (
        ("exact", "exact", "exact"),
        ("learned", str(form.sizes[-1]), f"{form.sizes[-1]} points"),
    ):
        slopes = tables["slopes"][name]
        of_levels = {"class": slopes["levels"][0], "leaves": slopes["levels"][form.L]}
        for key, found in (of_levels | {"class_less_leaves": slopes["class_less_leaves"]}).items():
            of = f"{key.replace('_', ' ')}, {words}"
            rows[f"measure.width.{key}_{which}"] = _number(f"width of the rise in log-SNR, {of}", found["width"])
            rows[f"measure.steepest.{key}_{which}"] = _number(
                f"largest change of the share kept by log-SNR, {of}", found["steepest"]
            )
    return rows


def _number(label: str, found: dict[str, Any], unit: str | None = None) -> Number:
    return Number(label, found["value"], found["se"], reason=found["reason"], unit=unit)
