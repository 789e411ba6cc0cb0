"""Pairs of clones under the exact empirical score, beside the posterior over the training points."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from regimes.numerics.posterior.curves import posterior_curves
from regimes.validation.experiments.empirical_clones.points import SAMPLER, EmpiricalPoints, change, class_clones
from regimes.validation.measurement.blocks import Blocks
from regimes.validation.measurement.clones import ClonePairs, measure_clones
from regimes.validation.measurement.most_probable import most_probable_point
from regimes.validation.outcome.agreement import Agreement
from regimes.validation.sampling import CoarseNoise, backward_times, halved_times

__all__ = ["Halving", "PairsFound", "simulate_pairs"]

_CLONES = 1
_STEPS = 9  # beside the substreams of a measurement


@dataclass(frozen=True)
class Halving:
    """What the last halving of the step did to the share of pairs that end at one point, in one class."""

    t: float
    index: float
    index_se: float
    classes: float
    classes_se: float


@dataclass(frozen=True, eq=False)
class PairsFound:
    """Measured and predicted shares at every time."""

    index: list[Agreement]  # phi_index
    classes: list[Agreement]  # phi_class
    nearest: list[Agreement]  # share of clones that end at the point nearest at birth
    halving: list[Halving]


def simulate_pairs(of: EmpiricalPoints) -> PairsFound:
    """Pairs at every time; theory comes from probes of its own."""
    found = PairsFound([], [], [], [])
    for number, t in enumerate(of.t.tolist()):
        pairs, halving = _clones(of, number, t)
        index, classes, nearest = _agreements(of, number, t, pairs)
        found.index.append(index)
        found.classes.append(classes)
        found.nearest.append(nearest)
        found.halving.append(halving)
    return found


def _clones(of: EmpiricalPoints, number: int, t: float) -> tuple[ClonePairs, Halving]:
    """Pairs, and what the last halving of the step did to the first of them."""
    form, noise, blocks = of.form, of.noise.substream(_CLONES, number), Blocks(of.bench.store)
    coarse = backward_times(t, steps=form.steps // 2)
    fine, steps = halved_times(coarse), noise.substream(_STEPS)
    pairs, before = (
        measure_clones(of.model, times, pairs=count, noise=noise, steps_noise=own, blocks=blocks, name=name)
        for times, count, own, name in (
            (fine, form.pairs, steps, f"{of.name},clones-{number}"),
            (coarse, form.halved, CoarseNoise(steps, fine, SAMPLER), f"{of.name},coarse-{number}"),
        )
    )
    of.bench.report(f"{form.source}: clones", number + 1, of.t.size)
    ends = (pairs.index[:, : form.halved], before.index)
    index = change(*(each[0] == each[1] for each in ends))
    return pairs, Halving(t, *index, *change(*(of.labels[each[0]] == of.labels[each[1]] for each in ends)))


def _agreements(
    of: EmpiricalPoints, number: int, t: float, pairs: ClonePairs
) -> tuple[Agreement, Agreement, Agreement]:
    source, probes = of.form.source, of.form.probes
    theory = posterior_curves(of.X, [t], labels=of.labels, probes=probes, rng=of.probes(number, 0), groups=0)
    most, most_se = most_probable_point(of.X, [t], probes=probes, rng=of.probes(number, 1))
    classes = of.labels[pairs.index]
    final = (pairs.index == pairs.nearest).mean(axis=0)
    index, same_class = (
        _binomial(f"{what}, {source}", t, float(phi[0]), float(se[0]), same)
        for what, phi, se, same in (
            ("phi_index", theory.clone_index, theory.clone_index_se, pairs.same_index(of.nearest.copies)),
            ("phi_class", *class_clones(theory), classes[0] == classes[1]),
        )
    )
    se = math.hypot(float(most_se[0]), float(final.std(ddof=1)) / math.sqrt(of.form.pairs))
    name = f"nearest is last, {source}"
    return index, same_class, Agreement(name, t, float(most[0]), float(final.mean()), se, of.form.pairs)


def _binomial(quantity: str, t: float, phi: float, phi_se: float, same: NDArray[np.generic]) -> Agreement:
    se = math.hypot(phi_se, math.sqrt(phi * (1 - phi) / same.size))
    return Agreement(quantity, t, phi, float(same.mean()), se, same.size)
