"""Numbers and tables of the U-turns: what is kept where the class changes, steps, depths, chains."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regimes.numerics.estimation.jackknife import jackknife_error
from regimes.numerics.interface.number import TIME, Number
from regimes.validation.experiments.hierarchy_exact.chains import Chain
from regimes.validation.experiments.hierarchy_exact.comparison import WAYS, Block
from regimes.validation.experiments.hierarchy_exact.depths import SHARES, ClassByDepth, LevelEvolution, crossing
from regimes.validation.experiments.hierarchy_exact.runs import UTurnPoint
from regimes.validation.experiments.hierarchy_exact.susceptibility import leaf_correlations, mean_field_susceptibility

__all__ = ["kept_if_changed", "numbers", "step_change", "tables"]

Array = NDArray[np.float64]
Points = Sequence[Sequence[UTurnPoint]]
Depths = Sequence[Sequence[ClassByDepth]]

_DIGITS = 5  # of tables


def kept_if_changed(point: UTurnPoint, way: str = "exact") -> tuple[Array, Array]:
    """Share of the nodes of each level that keep their symbol, given that the class is another one; with its error."""
    kept = point.kept[way]
    joint, changed = (
        each.reshape(point.rules, -1, point.model.L + 1).mean(axis=1)
        for each in (kept.changed, np.repeat(1 - kept.share[:, :1], point.model.L + 1, axis=1))
    )
    left = [
        np.delete(joint, one, axis=0).sum(axis=0) / np.delete(changed, one, axis=0).sum(axis=0)
        for one in range(point.rules)
    ]
    return joint.sum(axis=0) / changed.sum(axis=0), jackknife_error(np.stack(left))


def step_change(points: Points, level: int) -> tuple[float, float]:
    """Mean change of a level by halving the step, over all times, and its standard error."""
    changes = [(point.kept["fine"].share - point.kept["coarse"].share)[:, level] for one in points for point in one]
    return _pooled([(float(each.mean()), float(each.var(ddof=1) / len(each))) for each in changes])


def numbers(
    points: Points,
    depths: Depths,
    blocks: Mapping[tuple[str, str], Sequence[Block]],
) -> dict[str, Number]:
    """What is read off beside the tests."""
    rows = {}
    for way, name in WAYS.items():
        for place, what in ((0, "class"), (-1, "leaves")):
            rows[f"measure.difference.{way}.{what}"] = Number(
                f"{what} kept, {name} less exact, mean over times and models",
                *_pooled([_at(block, place) for block in blocks["share", way] if _has(block, place)]),
            )
    for place, what in ((0, "class"), (-1, "leaves")):
        rows[f"measure.change.{what}"] = Number(
            f"{what} kept: mean change by halving the step", *step_change(points, place)
        )
    for number, one in enumerate(points):
        at = min(one, key=lambda point: abs(point.multiple - 1))
        kept, se = kept_if_changed(at)
        model, where = f"model_{number}", f"{at.model.name} at {at.multiple:g} of the threshold"
        changed = 1 - at.kept["exact"].share[:, 0].reshape(at.rules, -1).mean(axis=1)
        rows[f"measure.changed.{model}"] = Number(f"class changed, {where}", *_mean(changed))
        for level in range(1, at.model.L + 1):
            rows[f"measure.kept_if_changed.{model}.level_{level}"] = Number(
                f"level {level} kept where the class changes, {where}", float(kept[level]), float(se[level])
            )
    for number, each in enumerate(depths):
        deepest = each[-1]
        for share, (value, error) in zip(SHARES, deepest.crossings(), strict=True):
            label = f"{deepest.model.name} at depth {deepest.depth}: {share:g} of the class left"
            reason = None if value is not None else "it is not crossed between the times"
            rows[f"measure.class_time.model_{number}.left_{100 * share:.0f}"] = Number(
                label, value, error, unit=TIME, reason=reason
            )
        same, same_se = crossing(*each[-2:])
        rows[f"measure.class_crossing.model_{number}"] = Number(
            f"{deepest.model.name}: the two deepest trees keep the class alike",
            same,
            same_se,
            unit=TIME,
            reason=None if same is not None else "their curves do not cross between the times",
        )
        rows[f"measure.evolved_time.model_{number}"] = Number(
            f"{deepest.model.name}: threshold of density evolution, deep trees", *deepest.deep, unit=TIME
        )
    return rows


def tables(
    points: Points, depths: Depths, evolved: Sequence[LevelEvolution], chains: Sequence[Chain]
) -> dict[str, Any]:
    """Everything level by level."""
    return {
        "u_turns": [_point_row(point) for one in points for point in one],
        "depths": [_depth_row(each) for one in depths for each in one],
        "density_evolution": [
            {
                "model": each.model.name,
                "t": each.t.round(_DIGITS).tolist(),
                "evolved": each.evolved.round(_DIGITS).tolist(),
                "exact": each.exact.round(_DIGITS).tolist(),
                "exact_se": each.exact_se.round(_DIGITS).tolist(),
                "z": each.z.round(_DIGITS).tolist(),
            }
            for each in evolved
        ],
        "chains": [_chain_row(each) for each in chains],
    }


def _point_row(point: UTurnPoint) -> dict[str, Any]:
    row: dict[str, Any] = {
        "model": point.model.name,
        "multiple": point.multiple,
        "t": point.t,
        "mean_field_susceptibility": mean_field_susceptibility(point),
        "valid": {way: each.mean(axis=0).round(_DIGITS).tolist() for way, each in point.valid.items()},
    }
    for way in ("exact", "once", "iterated"):
        share = point.kept[way].share.reshape(point.rules, -1, point.model.L + 1).mean(axis=1)
        kept, se = kept_if_changed(point, way)
        leaves = leaf_correlations(point, way)
        row[way] = {
            "kept": share.mean(axis=0).round(_DIGITS).tolist(),
            "kept_se": (share.std(axis=0, ddof=1) / math.sqrt(point.rules)).round(_DIGITS).tolist(),
            "kept_if_changed": kept.round(_DIGITS).tolist(),
            "kept_if_changed_se": se.round(_DIGITS).tolist(),
            "chi": leaves.chi,
            "chi_se": leaves.chi_se,
            "chi_less_exact": leaves.chi_difference,
            "chi_less_exact_se": leaves.chi_difference_se,
            "correlation": leaves.correlation.round(_DIGITS).tolist(),
            "correlation_se": leaves.correlation_se.round(_DIGITS).tolist(),
        }
    return row


def _depth_row(each: ClassByDepth) -> dict[str, Any]:
    return {
        "model": each.model.name,
        "depth": each.depth,
        "crossings": dict(zip(map(str, SHARES), each.crossings(), strict=True)),
        "density_evolution": each.half,
        "density_evolution_deep": each.deep,
        "t": each.t.round(_DIGITS).tolist(),
        "share": each.share.round(_DIGITS).tolist(),
    }


def _chain_row(each: Chain) -> dict[str, Any]:
    memory, se = each.memory
    return {
        "model": each.model.name,
        "depth": each.depth,
        "multiple": each.multiple,
        "turns": each.turns,
        "memory": memory.round(_DIGITS).tolist(),
        "memory_se": se.round(_DIGITS).tolist(),
        "lifetime": [each.lifetime(level) for level in range(each.depth + 1)],
    }


def _has(block: Block, place: int) -> bool:
    return block.levels[place] == (0 if place == 0 else block.point.model.L)


def _at(block: Block, place: int) -> tuple[float, float]:
    return float(block.mean[place]), float(block.covariance[place, place])


def _pooled(found: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """Mean of means, and its standard error from their variances."""
    means, variances = zip(*found, strict=True)
    return float(np.mean(means)), math.sqrt(sum(variances)) / len(means)


def _mean(sample: Array) -> tuple[float, float]:
    return float(sample.mean()), float(sample.std(ddof=1) / math.sqrt(sample.size))
