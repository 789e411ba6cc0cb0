"""Small tree-shaped denoisers trained on data of random hierarchies, against belief propagation.

sclocchi2024 (U-turns: the class is lost at a threshold, low-level symbols smoothly) and favero2025 (a level is learned
from a number of points of order ``v m^(h+1)``, h its height above the leaves). Rules, data and first weights are drawn
anew for each seed; the training sets of a seed are the beginnings of one.

Said beforehand. A height is *learned* at the size at which the share of obeyed rules in generated data that are no
copies passes half of the way from chance to the law, with the weights of the smallest held-out loss. A training
*copies* from the step at which a twentieth of what it generates equals a training point. The minimum of the held-out
loss is a *safe* place to stop if, all seeds together, neither the copies there exceed those among data of the law by
1.96 standard errors, nor the loss on fresh points that on training points (each above the exact denoiser's). A training
has *memory* from the step at which clones share the training point half as much more often than under the law as they
do under the posterior over the training points (``clones``); the memory at the minimum is held against 0 likewise.

Tests: U-turns with the exact score in as many steps, and with the denoiser of most points, against the posterior of the
symbols at the same noised points, for the class and for the leaves. That of the denoiser is a prediction for a perfect
learner, and need not hold.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from regimes.numerics.estimation.streams import Stream
from regimes.validation.experiments.hierarchy_learned.figure import panels
from regimes.validation.experiments.hierarchy_learned.form import HierarchyForm, seed_data
from regimes.validation.experiments.hierarchy_learned.runs import ExactRun, LearnedRun, exact_run, learned_run
from regimes.validation.experiments.hierarchy_learned.sentences import sentences
from regimes.validation.experiments.hierarchy_learned.summary import numbers_of, tables_of
from regimes.validation.experiments.runner.run import Bench, Plan
from regimes.validation.experiments.runner.trained_case import HARDLY_TRAINED
from regimes.validation.measurement.kept_symbols import kept_agreement
from regimes.validation.outcome.agreement import Agreement, chi_square
from regimes.validation.outcome.experiment import Judgement

__all__ = ["PLAN"]

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class _Found:
    exact: list[ExactRun]  # by seed
    learned: list[list[LearnedRun]]  # by seed and size


def _simulate(form: HierarchyForm, bench: Bench) -> _Found:
    exact, learned = [], []
    for seed in map(bench.seed_of, range(form.seeds)):
        data, own = seed_data(form, seed), bench.of(seed)
        exact.append(exact_run(form, data, own))
        learned.append([learned_run(form, data, n, own) for n in form.sizes])
    return _Found(exact, learned)


def _judge(form: HierarchyForm, found: _Found) -> Judgement:
    exact, most = found.exact, [runs[-1] for runs in found.learned]
    groups = {
        f"{what}, {who}": _agreements(form, f"{what}, {who}", exact, kept, level)
        for who, kept in (
            ("exact score", [run.kept for run in exact]),
            (f"denoiser of {form.sizes[-1]} points", [run.kept for run in most]),
        )
        for what, level in (("class kept", 0), ("leaves kept", form.L))
    }
    tests = [chi_square(name, group) for name, group in groups.items()]
    tables = tables_of(form, found.exact, found.learned)
    return Judgement(
        agreement=[each for group in groups.values() for each in group],
        tests=tests,
        sentences=sentences(form, tables, tests),
        panels=panels(form, found.exact, found.learned),
        numbers=numbers_of(form, tables),
        tables=tables,
    )


PLAN = Plan(
    name="hierarchy-learned",
    stream=Stream.HIERARCHY_LEARNED,
    full=HierarchyForm(
        v=8,
        m=2,
        s=2,
        L=4,
        sizes=(32, 128, 512, 2048),
        seeds=3,
        width=32,
        training_steps=3000,
        batch=64,
        learning_rate=5e-3,
        ema=0.99,
        held_out=1024,
        evaluate_every=100,
        snapshots=(100, 200, 400, 800, 1600, 3000),
        log_snr=(-2.0, -1.5, -1.0, -0.5, 0.0, 0.5, 1.0, 1.5, 2.0, 2.5),
        loss_points=512,
        turns=200,
        steps=40,
        generated=400,
    ),
    quick=HierarchyForm(
        v=8,
        m=2,
        s=2,
        L=3,
        sizes=(16, 128),
        seeds=2,
        width=16,
        training_steps=250,
        batch=32,
        learning_rate=1e-2,
        ema=0.98,
        held_out=64,
        evaluate_every=50,
        snapshots=(20, 70, 250),
        log_snr=(-2.0, -1.0, 0.0, 1.0, 2.0),
        loss_points=128,
        turns=80,
        steps=10,
        generated=120,
    ),
    simulate=_simulate,
    judge=_judge,
    fixed={"network": "TreeDenoiser", "noise": "gaussian"},
    one_thread=True,
    quick_note=HARDLY_TRAINED,
)


def _agreements(
    form: HierarchyForm, name: str, exact: Sequence[ExactRun], kept: Sequence[Array], level: int
) -> list[Agreement]:
    """One comparison a noise level, all seeds together: what came back less the posterior at the same noised points."""
    found = []
    for k, log_snr in enumerate(form.log_snr):
        posterior = np.concatenate([run.posterior[k, :, level] for run in exact])
        back = np.concatenate([each[k, :, level] for each in kept])
        found.append(kept_agreement(name, log_snr, back, posterior, form.s**level))
    return found
