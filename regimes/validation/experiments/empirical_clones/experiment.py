"""Clones, and the last change of the nearest point, under the exact empirical score: trajectories against posterior.

Given x_t, the data point at which a backward path ends is a draw from the posterior P(nu | x_t), so that

- two clones end at the same point with probability phi_index = E sum_nu P(nu | x_t)^2, in the same class likewise;
- the point nearest at t, which is the most probable one, is the last one with probability M(t) = E max_nu P(nu | x_t);
- the last change of the nearest point has the law of the first exit of a Brownian motion from the Voronoi cell in which
  it starts, between 2 M - 1 and M; see :mod:`regimes.validation.measurement.last_change`.

biroli2024, figure 5 (top), where a path's own last change defines its collapse. The data set is fixed: no error bar
holds what another draw of the data would change. At every time, theory comes from probes of its own.

Standard errors of simulated shares are binomial at the predicted probability, and those of the probes are added.
Compared are the times at which ten pairs or more are expected on either side.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from regimes.numerics.estimation.streams import Stream
from regimes.numerics.interface.number import TIME, Number
from regimes.validation.experiments.empirical_clones.figure import panels
from regimes.validation.experiments.empirical_clones.points import FEWEST, SAMPLER, EmpiricalForm
from regimes.validation.experiments.empirical_clones.runs import NEAR, RunsFound, empirical_runs
from regimes.validation.experiments.runner.run import Bench, Plan
from regimes.validation.outcome.agreement import Agreement, ChiSquare, chi_square
from regimes.validation.outcome.experiment import Judgement

__all__ = ["PLAN", "EmpiricalForms"]

_LEVELS = (0.98, 0.9, 0.75, 0.6, 0.45, 0.3, 0.15, 0.05)


@dataclass(frozen=True)
class EmpiricalForms:
    """Size of the experiment, by data set."""

    data: tuple[EmpiricalForm, ...]


def _simulate(forms: EmpiricalForms, bench: Bench) -> list[RunsFound]:
    return [empirical_runs(form, bench.of(number)) for number, form in enumerate(forms.data)]


def _judge(forms: EmpiricalForms, found: list[RunsFound]) -> Judgement:
    agreement: list[Agreement] = []
    tests: list[ChiSquare] = []
    for each in found:
        for what, points in (
            ("phi_index", each.pairs.index),
            ("phi_class", each.pairs.classes),
            ("nearest is last", each.pairs.nearest),
        ):
            compared = [point for point in points if _is_normal(point)]
            agreement += compared
            tests += [chi_square(f"{what}, {each.name}", compared)] if compared else []
        agreement += each.later
        tests.append(each.later_test)
    index = [point for each in found for point in each.pairs.index if _is_normal(point)]
    tests.append(_systematic(index))
    return Judgement(
        agreement=agreement,
        tests=tests,
        sentences=_sentences(found, index),
        panels=[panel for each in found for panel in panels(each)],
        numbers={key: number for each in found for key, number in _numbers(each).items()},
        tables={each.name: each.summary for each in found},
    )


_MIXTURE = EmpiricalForm(
    source="mixture",
    n=500,
    d=64,
    mu=0.5,
    pairs=10_000,
    paths=10_000,
    halved=4_000,
    steps=160,
    refined=8,
    levels=_LEVELS,
    probes=40_000,
)
_DIGITS = replace(_MIXTURE, source="digits", n=1797, mu=0.0, pairs=4_000, paths=4_000, halved=1_500, refined=4)
_SHORT: dict[str, Any] = {"steps": 80, "refined": 4, "levels": _LEVELS[1::2], "probes": 10_000}
PLAN = Plan(
    name="empirical-clones",
    stream=Stream.EMPIRICAL_CLONES,
    full=EmpiricalForms((_MIXTURE, _DIGITS)),  # the score of the digits costs three times as much
    quick=EmpiricalForms(
        (
            replace(_MIXTURE, n=200, d=32, pairs=1_500, paths=1_500, halved=500, **_SHORT),
            replace(_DIGITS, source="digits 0 7", n=357, pairs=1_000, paths=1_000, halved=300, **_SHORT),
        )
    ),
    simulate=_simulate,
    judge=_judge,
    fixed={"sampler": SAMPLER},
    one_thread=True,
)


def _numbers(found: RunsFound) -> dict[str, Number]:
    """Mean last change of the nearest point, by simulation and by the exact law, and where phi_index is 0.6."""
    name = found.name.replace(" ", "_")
    rows = {
        f"measure.last_change_{side}.{name}": Number(
            f"mean last change of the nearest point, {found.name}, {words}", each.mean, each.mean_se, unit=TIME
        )
        for side, words, each in (
            ("simulation", "simulated", found.changes.last),
            ("theory", "exact law", found.changes.exact),
        )
    }
    label = f"time at which phi_index is {NEAR:g}, {found.name}"
    return rows | {f"measure.time_of_0_6.{name}": Number(label, found.summary["time_of_0.6"], unit=TIME)}


def _is_normal(point: Agreement) -> bool:
    """Whether so many pairs are expected on either side that a share has a normal error: only then z is one."""
    return point.samples * min(point.theory, 1 - point.theory) >= FEWEST


def _systematic(agreements: Sequence[Agreement]) -> ChiSquare:
    """Whether the deviations have a sign in common: the mean of n z-scores has the standard error 1/sqrt(n)."""
    mean, count = float(np.mean([each.z for each in agreements])), len(agreements)
    mean_z = Agreement("mean z", 0.0, 0.0, mean, 1 / math.sqrt(count), max(count, 2))
    return chi_square("systematic deviation of phi_index", [mean_z])


def _sentences(found: Sequence[RunsFound], index: Sequence[Agreement]) -> list[str]:
    mean_z = float(np.mean([each.z for each in index]))
    sentences = [
        f"phi_index at {len(index)} times: mean z {mean_z:+.2f}, where {1 / math.sqrt(len(index)):.2f} is its standard "
        "error.",
    ]
    for each in found:
        summary, worst = each.summary, max(each.pairs.halving, key=lambda one: abs(one.index))
        (low, high), last, exact = summary["median_between"], each.changes.last, each.changes.exact
        sentences.append(
            f"{each.name} (n = {summary['n']}): the nearest point changes for the last time at t = "
            f"{last.mean:.3f} ({last.mean_se:.3f}) on average, {exact.mean:.3f} "
            f"({exact.mean_se:.3f}) by the exact law; phi_index is {NEAR:g} at t = {summary['time_of_0.6']:.3f}, "
            f"and {summary['index_at_mean']:.2f} at the mean. Median {last.quantiles()['0.5']:.3f}, which must "
            f"lie in {low:.3f} to {high:.3f}. P(last change > t) by the exact law and phi_index differ by at most "
            f"{max(abs(one) for one in summary['index_less_law']):.3f}."
        )
        changes = [(one.index, one.index_se) for one in each.pairs.halving]
        mean = float(np.mean([change for change, _ in changes]))
        error = math.sqrt(sum(se**2 for _, se in changes)) / len(changes)
        late = summary["halving_last_change"]
        place = int(np.argmax(np.abs(late["later"])))
        sentences.append(
            f"{each.name}: the last halving of the step changed phi_index by {mean:+.1e} ({error:.0e}) on average over "
            f"the times, {worst.index:+.1e} ({worst.index_se:.0e}) at worst, and P(last change > t) by up to "
            f"{late['later'][place]:+.1e} ({late['later_se'][place]:.0e}); what is left is about as much again. The "
            f"standard error of a point is up to {max(one.se for one in [*each.pairs.index, *each.later[:-1]]):.1e}."
        )
    return sentences
