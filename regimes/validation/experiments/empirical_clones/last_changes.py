"""Last changes of the nearest point along backward paths, beside the exact law of the first exit from its cell."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regimes.numerics.compiled.compile import compile_formula
from regimes.validation.experiments.empirical_clones.points import FEWEST, SAMPLER, EmpiricalPoints, change
from regimes.validation.measurement.blocks import Blocks
from regimes.validation.measurement.last_change import (
    LastChange,
    exact_last_change,
    measure_last_change,
    path_times,
)
from regimes.validation.outcome.agreement import Agreement, ChiSquare, correlated_chi_square
from regimes.validation.running.progress import counter
from regimes.validation.sampling import CoarseNoise, halved_times

__all__ = ["LastChanges", "compare_last_changes", "simulate_last_changes"]

Array = NDArray[np.float64]

_LAST, _EXACT = 2, 3
_STEPS = 9  # beside the substreams of a measurement
_AFTER_SPECIATION = 3.5  # Lambda exp(-2t) is then 1e-3: the law of x_t is that of pure noise to a few 1e-4


@dataclass(frozen=True, eq=False)
class LastChanges:
    """Along backward paths, by the exact law, and along the first paths with steps twice as long."""

    last: LastChange
    exact: LastChange
    coarse: LastChange

    def halving(self, t: Array) -> dict[str, Any]:
        """What the last halving of the step did to them."""
        time = self.last.time[: self.coarse.time.size]
        later = [change(time > each, self.coarse.time > each) for each in t.tolist()]
        mean, mean_se = change(time, self.coarse.time)
        return {
            "mean": mean,
            "mean_se": mean_se,
            "later": [each[0] for each in later],
            "later_se": [each[1] for each in later],
        }


def simulate_last_changes(of: EmpiricalPoints) -> LastChanges:
    """Paths from pure noise; the times of the clones are among those of the grid, which shares of changes refer to."""
    form, name, noise, store = of.form, of.name, of.noise.substream(_LAST), of.bench.store
    speciation = float(compile_formula("speciation_time", target="numpy")(of.Lambda))
    start = max(speciation, float(of.t.max())) + _AFTER_SPECIATION
    grid = np.union1d(path_times(start, float(of.t.min()), steps=form.steps, Lambda=of.Lambda), of.t)[::-1]
    coarse, fine, every = grid, halved_times(grid), 2
    while every < form.refined:
        coarse, fine, every = fine, halved_times(fine), 2 * every
    steps = noise.substream(_STEPS)

    def counted(part: str, paths: int) -> Blocks:
        return Blocks(store, advance=counter(of.bench.report, f"{form.source}: {part}", paths))

    last = measure_last_change(
        of.model,
        fine,
        every=every,
        paths=form.paths,
        noise=noise,
        steps_noise=steps,
        blocks=counted("last changes", form.paths),
        name=f"{name},last-change",
    )
    before = measure_last_change(
        of.model,
        coarse,
        every=every // 2,
        paths=form.halved,
        noise=noise,
        steps_noise=CoarseNoise(steps, fine, SAMPLER),
        blocks=Blocks(store),
        name=f"{name},coarse-last-change",
    )
    exact = exact_last_change(
        of.model.points,
        grid,
        paths=4 * form.paths,
        noise=of.noise.substream(_EXACT),
        nearest=of.nearest,
        blocks=counted("exact last changes", 4 * form.paths),
        name=f"{name},exact-last-change",
    )
    return LastChanges(last, exact, before)


def compare_last_changes(
    source: str, t: Array, last: LastChange, exact: LastChange
) -> tuple[list[Agreement], ChiSquare]:
    """Shares of paths with their last change before t, which share their paths over t, and the mean."""
    measured, law = last.later_than(t), exact.later_than(t)
    count, other = last.time.size, exact.time.size
    share = (count * measured + other * law) / (count + other)
    kept = count * np.minimum(share, 1 - share) >= FEWEST
    # Of two times, a path with its last change before the larger one has it before the smaller one as well.
    both = np.minimum(share[:, None], share) - share[:, None] * share
    covariance = both[np.ix_(kept, kept)] * (1 / count + 1 / other)
    columns = (each.tolist() for each in (t[kept], law[kept], measured[kept], np.sqrt(np.diag(covariance))))
    later = [
        Agreement(f"P(last change > t), {source}", at, theory, simulation, se, count)
        for at, theory, simulation, se in zip(*columns, strict=True)
    ]
    mean_se = math.hypot(last.mean_se, exact.mean_se)
    later.append(Agreement(f"mean last change, {source}", exact.mean, exact.mean, last.mean, mean_se, count))
    return later, correlated_chi_square(f"last change, {source}", (measured - law)[kept], covariance)
