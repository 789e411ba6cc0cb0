"""Clones of two Gaussian classes: the closed form of phi(t) against backward diffusion with the exact score.

biroli2024, figure 2, for mu = sigma = 1 and several d; and for sqrt(d) mu = sigma, where the sign of m.x_0 is no longer
the class. Most curves are simulated along the axis of the centres, which is exact (``runs``), one in all dimensions
nevertheless. In one dimension curves of different d differ by their random numbers and by the last steps alone: at
sigma = 1 the process along the axis depends on t - t_S only.

Standard errors are binomial at the predicted phi. In all dimensions steps are long, and phi is extrapolated to none
(``2 phi_fine - phi_coarse``; its error has an expansion in powers of the step, Talay and Tubaro 1990), with the
standard error of the sample.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from regimes.numerics.estimation.streams import Stream
from regimes.numerics.interface.number import Number
from regimes.validation.experiments.mixture_clones.figure import panels
from regimes.validation.experiments.mixture_clones.runs import SIGMA, ClonePoint, CloneRuns, MixtureCurve, PairRun
from regimes.validation.experiments.runner.run import Bench, Plan
from regimes.validation.outcome.agreement import Agreement, ChiSquare, chi_square
from regimes.validation.outcome.experiment import Judgement
from regimes.validation.running.progress import renamed

__all__ = ["PLAN", "CloneForm", "one_dimensional"]

_SAMPLER = "euler-maruyama"  # smallest mean and mean square error over the times at equal steps, see the tables
_COMPARED = ("euler-maruyama", "exponential", "ancestral")

# kappa from 6.0 to 0.09.
_OFFSETS = (-0.9, -0.6, -0.3, 0.0, 0.3, 0.6, 0.9, 1.2)
_COMPARED_OFFSETS = (-0.6, 0.0, 0.9)
# Where sqrt(d) mu = sigma, t_S is 0: kappa from 0.90 to 0.06.
_SMALL = (64, 0.125)
_SMALL_OFFSETS = (0.053, 0.144, 0.255, 0.4, 0.6, 0.8, 1.06, 1.41)

Points = dict[MixtureCurve, list[ClonePoint]]


@dataclass(frozen=True)
class CloneForm:
    """Size of the experiment; steps are those of the run that is compared with theory, another takes them doubled."""

    dimensions: tuple[int, ...]
    pairs: int
    step: float
    dimensions_in_full: int
    pairs_in_full: int
    step_in_full: float
    offsets_in_full: tuple[float, ...]
    pairs_of_samplers: int
    step_of_samplers: float


@dataclass(frozen=True, eq=False)
class _Found:
    points: Points
    in_full: Points
    beside: list[Agreement]  # all dimensions against one, with the same steps
    samplers: dict[str, list[dict[str, Any]]]  # what halving the step does under each, with the same random numbers


def _simulate(form: CloneForm, bench: Bench) -> _Found:
    runs = CloneRuns(bench.noise, bench.device, bench.store)
    curves = _curves(form)
    points: Points = {each: [] for each in curves}
    total = sum(len(one.offsets) for one in curves)
    for done, (each, point) in enumerate(one_dimensional(form, runs), 1):
        points[each].append(point)
        bench.report("one dimension", done, total)
    whole = [
        MixtureCurve(len(curves), form.dimensions_in_full, 1.0, form.offsets_in_full),
        MixtureCurve(len(curves) + 2, form.dimensions_in_full, 1.0, form.offsets_in_full[::2], "backward"),
    ]
    in_full: Points = {each: [] for each in whole}
    beside: list[Agreement] = []
    for each in whole:
        for number, offset in enumerate(each.offsets, 1):
            part = f"all dimensions, {each.branch}, time {number} of {len(each.offsets)}"
            run = PairRun(form.pairs_in_full, form.step_in_full, _SAMPLER)
            point, against = runs.in_full(each, offset, run, progress=renamed(bench.report, part))
            in_full[each].append(point)
            beside.append(against)
    of = MixtureCurve(len(curves) + 1, 256, 1.0, _COMPARED_OFFSETS)
    samplers = {
        sampler: [
            _recorded(of, runs.along_axis(of, offset, run, name=f"{sampler},offset={offset:g}"))
            for offset in of.offsets
        ]
        for sampler in _COMPARED
        for run in [PairRun(form.pairs_of_samplers, form.step_of_samplers, sampler)]
    }
    return _Found(points, in_full, beside, samplers)


def one_dimensional(form: CloneForm, runs: CloneRuns) -> Iterator[tuple[MixtureCurve, ClonePoint]]:
    """Every point that is simulated along the axis of the centres."""
    run = PairRun(form.pairs, form.step, _SAMPLER)
    for each in _curves(form):
        for offset in each.offsets:
            yield each, runs.along_axis(each, offset, run)


def _judge(form: CloneForm, found: _Found) -> Judgement:
    groups = _groups(found.points)
    groups["phi in all dimensions"] = [
        point.agreement(f"phi, all {each.d} dimensions, {each.branch}")
        for each, points in found.in_full.items()
        for point in points
    ]
    independent = [each for group in groups.values() for each in group]
    tests = [chi_square(name, group) for name, group in groups.items()]
    tests += [chi_square("all of these", independent), _systematic(independent)]
    tests.append(chi_square("all dimensions against one, same steps", found.beside))
    everything = [point for points in found.points.values() for point in points]
    mean_z = float(np.mean([each.z for each in independent]))
    mean_change = float(np.mean([point.change / point.se for point in everything]))
    return Judgement(
        agreement=[*independent, *found.beside],
        tests=tests,
        sentences=_sentences(form, found, tests[len(groups)], everything, (mean_z, mean_change)),
        panels=panels(found.points, found.in_full, _OFFSETS, _SMALL_OFFSETS),
        numbers={
            "measure.mean_z": Number("systematic deviation: mean z over the points", mean_z),
            "measure.mean_change": Number(
                "mean change of phi by halving the step, in standard errors of a point", mean_change
            ),
        },
        tables={
            "points": [_recorded(each, point) for each, points in found.points.items() for point in points],
            "points_in_full": [_recorded(each, point) for each, points in found.in_full.items() for point in points],
            "samplers": found.samplers,
        },
    )


PLAN = Plan(
    name="mixture-clones",
    stream=Stream.MIXTURE_CLONES,
    full=CloneForm(
        dimensions=(64, 256, 1024, 4096),
        pairs=10_000,
        step=0.0025,
        dimensions_in_full=1024,
        pairs_in_full=10_000,
        step_in_full=0.02,
        offsets_in_full=_OFFSETS,
        pairs_of_samplers=100_000,
        step_of_samplers=0.02,
    ),
    quick=CloneForm(
        dimensions=(64, 1024),
        pairs=2_000,
        step=0.01,
        dimensions_in_full=1024,
        pairs_in_full=500,
        step_in_full=0.06,
        offsets_in_full=(-0.6, -0.3, 0.0, 0.6),
        pairs_of_samplers=10_000,
        step_of_samplers=0.04,
    ),
    simulate=_simulate,
    judge=_judge,
    fixed={"sampler": _SAMPLER, "sigma": SIGMA, "mu": 1.0},
)


def _curves(form: CloneForm) -> list[MixtureCurve]:
    kinds = ("forward", "backward")
    large = [(d, 1.0, _OFFSETS, branch, "sign") for d in form.dimensions for branch in kinds]
    small = [(*_SMALL, _SMALL_OFFSETS, branch, by) for by in ("sign", "label") for branch in kinds]
    return [MixtureCurve(number, *each) for number, each in enumerate([*large, *small])]


def _groups(points: Points) -> dict[str, list[Agreement]]:
    groups: dict[str, list[Agreement]] = {}
    for each, found in points.items():
        name = f"phi by {each.by}, {each.branch}"
        group, where = (name, f"d = {each.d}") if each.mu == 1 else (f"phi by {each.by}, sqrt(d) mu = sigma", "r_0 = 1")
        groups.setdefault(group, []).extend(point.agreement(f"{name}, {where}") for point in found)
    return groups


def _recorded(of: MixtureCurve, point: ClonePoint) -> dict[str, Any]:
    return {"d": of.d, "mu": of.mu, "branch": of.branch, "by": of.by} | asdict(point)


def _systematic(agreements: Sequence[Agreement]) -> ChiSquare:
    """Whether the deviations have a sign in common: the mean of n z-scores has the standard error 1/sqrt(n)."""
    mean, count = float(np.mean([each.z for each in agreements])), len(agreements)
    return chi_square("mean z", [Agreement("mean z", 0.0, 0.0, mean, 1 / math.sqrt(count), count)])


def _sentences(
    form: CloneForm, found: _Found, overall: ChiSquare, everything: Sequence[ClonePoint], means: tuple[float, float]
) -> list[str]:
    worst = max(everything, key=lambda point: abs(point.change) / point.se)
    changes = "; ".join(
        f"{sampler} " + ", ".join(f"{1e3 * each['change']:+.1f}({1e3 * each['change_se']:.1f})" for each in points)
        for sampler, points in found.samplers.items()
    )
    return [
        f"chi-square {overall.value:.1f} over {overall.dof} independent points, p = {overall.p:.2g}; mean z "
        f"{means[0]:+.3f} with a standard error of {1 / math.sqrt(overall.dof):.3f}.",
        f"Discretisation in one dimension: halving the step to {form.step:g} changed phi by "
        f"{means[1]:+.3f} standard errors of a point on average, by {worst.change:+.1e} +/- "
        f"{worst.change_se:.0e} at worst (t = {worst.t:.3g}, standard error {worst.se:.1e}). As much is left, "
        "since steps are of first order.",
        f"Simulated in all dimensions: d = {form.dimensions_in_full}, {form.pairs_in_full} pairs at "
        f"{len(form.offsets_in_full)} times from noised data and at {len(form.offsets_in_full[::2])} from a backward "
        f"run, extrapolated from steps of {2 * form.step_in_full:g} and {form.step_in_full:g}. All other points are of "
        "the component along m, which is the same discrete chain; the last test holds both against each other at the "
        "same steps.",
        f"Samplers: halving the step to {form.step_of_samplers:g} changed phi, times 1000, at t - t_S = "
        f"{', '.join(f'{offset:g}' for offset in _COMPARED_OFFSETS)}, by: {changes}.",
    ]
