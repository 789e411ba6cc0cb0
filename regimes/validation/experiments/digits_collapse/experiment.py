"""Collapse of a denoiser trained to memorisation on few digits, and of one with more data than it can memorise.

biroli2024, figure 5. For the first, what the exact empirical score of its training points does should hold: phi_index,
the time of the last change of the nearest training point, and with them t_C. For the second, whose weights are those of
the smallest held-out loss, it should fail. What a denoiser is must show in ``G(t) = J_test - J_train``, each
``1/2 int_0^snr loss dsnr`` on its points: with the exact empirical score of n points J_train never exceeds log n and
J_test does, while for a denoiser that generalises both are the information I(a; x_t). G is given as a share of that of
the exact empirical score on the same points, at half of t_C: at t_C itself a network that overfits reaches more of it
without a memory of single points.

Both have the same network. The test points of the first are the other 1733 digits, those of the second the 360 that
chose its weights. The test by G is derived in docs/experiments/digits-collapse (verdu2010, guo2005). A denoiser is
called one that memorises if G at half of the predicted t_C (zero of the leave-one-out excess entropy) exceeds half of
that of the exact empirical score by 1.96 standard errors, and one that generalises if it stays below by as much; the
error of the share is an upper bound, since both gaps are of the same noise. Clones of the exact empirical score with
the same steps measure what the steps do. The tests behind the verdict are those of the first case, for which the exact
score is a prediction; that of the second stands in the tables.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch

from regimes.datasets.points.loading import load_dataset
from regimes.numerics.estimation.streams import Stream
from regimes.numerics.interface.number import TIME, Number
from regimes.numerics.interface.result import plain
from regimes.prediction.losses.comparison import READ_AT, memory_verdict
from regimes.validation.experiments.digits_collapse.figure import panels
from regimes.validation.experiments.digits_collapse.sentences import sentences
from regimes.validation.experiments.runner.denoisers import split_points
from regimes.validation.experiments.runner.run import Bench, Plan
from regimes.validation.experiments.runner.trained_case import (
    HARDLY_TRAINED,
    Case,
    CaseForm,
    TrainedCase,
    trained_case,
)
from regimes.validation.outcome.agreement import Agreement, chi_square
from regimes.validation.outcome.experiment import Judgement
from regimes.validation.training import ResidualMLP

__all__ = ["PLAN", "CollapseForm"]

_SPLIT, _CASE = 0, 1
_OWN = 48  # apart from those of pairs of digits


@dataclass(frozen=True)
class CollapseForm:
    """Size of the experiment."""

    few: int  # digits of the first; the second has all but those held out
    held_out_of_many: int
    width: int
    blocks: int
    memoriser: CaseForm
    generaliser: CaseForm


def _simulate(form: CollapseForm, bench: Bench) -> list[TrainedCase]:
    digits = load_dataset(load_dataset("digits").X, name="digits")  # in all its classes, which are of no matter here

    def network(seed: int) -> torch.nn.Module:
        return ResidualMLP(digits.d, width=form.width, blocks=form.blocks, rng=seed)

    cases = []
    for number, (name, how, held_out) in enumerate(
        (
            ("few-digits", form.memoriser, digits.n - form.few),
            ("many-digits", form.generaliser, form.held_out_of_many),
        )
    ):
        own, seed = bench.of(number), bench.seed_of(_OWN + number)
        train, test, _ = split_points(digits, held_out, own.of(_SPLIT).noise)
        options = {"parts": ("collapse", "trajectories")}
        cases.append(trained_case(Case(name, how, train, test, partial(network, seed), seed, options), own.of(_CASE)))
    return cases


def _judge(form: CollapseForm, cases: list[TrainedCase]) -> Judgement:
    few, many = cases
    times = {each.name: _times(each) for each in cases}
    tests = [chi_square(f"phi_index, {few.name}", few.index_agreement())]
    tests += [chi_square(each.quantity, [each]) for each in times[few.name]]
    tables: dict[str, Any] = {each.name: _found(each) for each in cases}
    tables["told_apart"] = bool(tables[few.name]["memorises"] and tables[many.name]["generalises"])
    return Judgement(
        agreement=[*(each for case in cases for each in (*case.index_agreement(), *times[case.name]))],
        tests=tests,
        sentences=sentences(cases, tables, tests),
        panels=panels(cases),
        numbers={key: number for case in cases for key, number in _numbers(case.name, tables[case.name]).items()},
        tables=tables,
    )


PLAN = Plan(
    name="digits-collapse",
    stream=Stream.DIGITS_COLLAPSE,
    full=CollapseForm(
        few=64,
        held_out_of_many=360,
        width=256,
        blocks=3,
        memoriser=CaseForm(
            training_steps=20_000,
            batch=64,
            learning_rate=1e-3,
            ema=0.999,
            patience=None,
            clones=1000,
            steps=60,
            generated=1000,
            draws=16,
            control=8000,
        ),
        generaliser=CaseForm(
            training_steps=3000,
            batch=128,
            learning_rate=1e-3,
            ema=0.99,
            patience=500,
            clones=1000,
            steps=60,
            generated=1000,
            draws=4,
            control=1000,
        ),
    ),
    quick=CollapseForm(
        few=24,
        held_out_of_many=1297,
        width=96,
        blocks=1,
        memoriser=CaseForm(
            training_steps=400,
            batch=48,
            learning_rate=2e-3,
            ema=0.98,
            patience=None,
            clones=150,
            steps=16,
            generated=100,
            draws=2,
            control=200,
            probes=512,
        ),
        generaliser=CaseForm(
            training_steps=150,
            batch=64,
            learning_rate=1e-3,
            ema=0.98,
            patience=150,
            clones=100,
            steps=12,
            generated=100,
            draws=2,
            control=200,
            probes=512,
        ),
    ),
    simulate=_simulate,
    judge=_judge,
    fixed={"network": "ResidualMLP"},
    quick_note=HARDLY_TRAINED,
)


def _numbers(name: str, found: Mapping[str, Any]) -> dict[str, Number]:
    """Where J_test passes log n, and the share that G has of that of the exact empirical score."""
    name, rows = name.replace("-", "_"), {}
    for which, words in (("model", "the denoiser"), ("exact_score", "the exact empirical score")):
        value, se = found[f"t_C_of_{which}"] or (None, None)
        reason = None if value is not None else "J_test does not pass log n"
        label = f"time at which J_test of {words} passes log n, {name}"
        rows[f"measure.information_time_{which}.{name}"] = Number(label, value, se, reason=reason, unit=TIME)
    gap = found["gap"] or {"share": None, "share_se": None}
    label = f"G at half of t_C over that of the exact empirical score, {name}"
    reason = None if found["gap"] else "no t_C"
    rows[f"measure.gap_share.{name}"] = Number(label, gap["share"], gap["share_se"], reason=reason)
    return rows


def _times(case: TrainedCase) -> list[Agreement]:
    """Times of the index and of the last change beside those of the exact empirical score."""
    wanted = {
        "measure.point_time against collapse.point_time": "crossing of phi_index",
        "measure.last_change against collapse.last_change": "mean last change",
    }
    return [
        Agreement(f"{wanted[each.quantity]}, {case.name}", each.at, each.theory, each.simulation, each.se, each.samples)
        for each in case.measurement.agreement()
        if each.quantity in wanted
    ]


def _found(case: TrainedCase) -> dict[str, Any]:
    log_n, t_C = math.log(case.train.n), case.measurement.predicted["collapse.leave_one_out_zero"].time
    found: dict[str, Any] = case.to_dict() | {
        "t_C": t_C,
        "t_C_of_model": _listed(case.gap.time_at(log_n)),
        "t_C_of_exact_score": _listed(case.exact_gap.time_at(log_n)),
        "exact_score_test": plain(chi_square(f"phi_index, {case.name}", case.index_agreement())),
        "gap": None,
        "memorises": False,
        "generalises": False,
    }
    if t_C is None:
        return found
    t = READ_AT * t_C
    (gap, error), (of_exact, _) = case.gap.at(t), case.exact_gap.at(t)
    share, share_se = gap / of_exact, error / of_exact
    verdict = memory_verdict(share, share_se)
    of_points = {f"J_{name}_over_log_n": case.gap.at(t, name)[0] / log_n for name in ("train", "test")}
    return found | {
        "gap": {"t": t, "value": gap, "se": error, "of_exact_score": of_exact, "share": share, "share_se": share_se}
        | of_points,
        "memorises": verdict == "memorises",
        "generalises": verdict == "generalises",
    }


def _listed(found: tuple[float, float] | None) -> list[float] | None:
    return None if found is None else list(found)
