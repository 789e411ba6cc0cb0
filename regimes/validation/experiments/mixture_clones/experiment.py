"""Clones of two Gaussian classes: the closed form of phi(t) against backward diffusion with the exact score.

biroli2024, figure 2, for mu = sigma = 1 and several d; and for sqrt(d) mu = sigma, where the sign of m.x_0 is no longer
the class. Most curves are simulated along the axis of the centres, which is exact (see ``mixture_clone_runs``), one in
all dimensions nevertheless. In one dimension curves of different d differ by their random numbers and by the last steps
alone: at sigma = 1 the process along the axis depends on t - t_S only.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from regimes.validation.experiments.mixture_clones.runs import SIGMA, CloneCurve, ClonePoint, CloneRuns
from regimes.validation.outcome.agreement import Agreement, ChiSquare, chi_square
from regimes.validation.outcome.experiment import Curve, ExperimentResult, Panel, Progress, conclude, curve
from regimes.validation.running.checkpoints import Checkpoints
from regimes.validation.sampling import NoiseStream, choose_device

__all__ = ["mixture_clones"]

_STREAM = 1
_SAMPLER = "euler-maruyama"  # smallest mean and mean square error over the times at equal steps, see the findings
_COMPARED = ("euler-maruyama", "exponential", "ancestral")

# kappa from 6.0 to 0.09.
_OFFSETS = (-0.9, -0.6, -0.3, 0.0, 0.3, 0.6, 0.9, 1.2)
_COMPARED_OFFSETS = (-0.6, 0.0, 0.9)
# Where sqrt(d) mu = sigma, t_S is 0: kappa from 0.90 to 0.06.
_SMALL = (64, 0.125)
_SMALL_OFFSETS = (0.053, 0.144, 0.255, 0.4, 0.6, 0.8, 1.06, 1.41)


@dataclass(frozen=True)
class _Form:
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


_FULL = _Form((64, 256, 1024, 4096), 10_000, 0.0025, 1024, 10_000, 0.02, _OFFSETS, 100_000, 0.02)
_QUICK = _Form((64, 1024), 2_000, 0.01, 1024, 500, 0.06, (-0.6, -0.3, 0.0, 0.6), 10_000, 0.04)


def mixture_clones(
    *,
    quick: bool = False,
    device: str | None = None,
    rng: int = 0,
    checkpoint: str | Path | None = None,
    progress: Progress | None = None,
) -> ExperimentResult:
    """Hold the clone probability of two Gaussian classes against clones of the backward process.

    Parameters
    ----------
    quick : bool
        2000 pairs at two dimensions in place of 10 000 at four, longer steps, 500 pairs in all dimensions.
    device : str, optional
        Of torch; a GPU where torch sees one by default, else the CPU.
    rng : int
        Seed.
    checkpoint : path, optional
        Folder that keeps what is finished.
    progress : callable, optional
        Called with (part, done, total).

    Returns
    -------
    ExperimentResult
        ``findings``: ``points``, with what halving the step did to phi at each; ``samplers``, the same for three
        samplers at equal steps; ``mean_z`` and ``mean_change``, systematic deviation and mean change by halving the
        step, both in standard errors of a point.

    Raises
    ------
    ValueError
        If an option is unusable, or the checkpoint belongs to another run.

    Notes
    -----
    Standard errors are binomial at the predicted phi. In all dimensions steps are long, and phi is extrapolated to none
    (``2 phi_fine - phi_coarse``; its error has an expansion in powers of the step, Talay and Tubaro 1990), with the
    standard error of the sample.
    """
    started = time.perf_counter()
    form, where = _QUICK if quick else _FULL, choose_device(device)
    settings = {"quick": quick, "seed": rng, "device": str(where), "sampler": _SAMPLER, "sigma": SIGMA, "mu": 1.0}
    settings |= {name: list(each) if isinstance(each, tuple) else each for name, each in asdict(form).items()}
    runs = CloneRuns(NoiseStream(rng, _STREAM), where, Checkpoints(checkpoint, settings))
    report = progress or (lambda part, done, total: None)

    curves, found = _curves(form), 0
    points: dict[CloneCurve, list[ClonePoint]] = {each: [] for each in curves}
    for each in curves:
        for offset in each.offsets:
            points[each].append(runs.along_axis(each, offset, pairs=form.pairs, step=form.step, sampler=_SAMPLER))
            report("one dimension", found := found + 1, sum(len(one.offsets) for one in curves))
    whole = [
        CloneCurve(len(curves), form.dimensions_in_full, 1.0, form.offsets_in_full),
        CloneCurve(len(curves) + 2, form.dimensions_in_full, 1.0, form.offsets_in_full[::2], "backward"),
    ]
    in_full: dict[CloneCurve, list[ClonePoint]] = {each: [] for each in whole}
    beside: list[Agreement] = []
    for each in whole:
        for number, offset in enumerate(each.offsets, 1):
            point, against = runs.in_full(
                each, offset, pairs=form.pairs_in_full, step=form.step_in_full, sampler=_SAMPLER,
                progress=partial(report, f"all dimensions, {each.branch}, time {number} of {len(each.offsets)}"),
            )  # fmt: skip
            in_full[each].append(point)
            beside.append(against)
    samplers = _samplers(runs, CloneCurve(len(curves) + 1, 256, 1.0, _COMPARED_OFFSETS), form)

    groups = _groups(points)
    groups["phi in all dimensions"] = [
        point.agreement(f"phi, all {each.d} dimensions, {each.branch}") for each in whole for point in in_full[each]
    ]
    independent = [each for group in groups.values() for each in group]
    tests = [chi_square(name, group) for name, group in groups.items()]
    tests += [chi_square("all of these", independent), _systematic(independent)]
    tests.append(chi_square("all dimensions against one, same steps", beside))
    everything = [point for found in points.values() for point in found]
    findings = {
        "mean_z": float(np.mean([each.z for each in independent])),
        "mean_change": float(np.mean([point.change / point.se for point in everything])),
        "points": [_recorded(each, point) for each, found in points.items() for point in found],
        "points_in_full": [_recorded(each, point) for each, found in in_full.items() for point in found],
        "samplers": samplers,
    }
    return conclude(
        "mixture-clones", settings, started,
        agreement=[*independent, *beside], tests=tests, findings=findings,
        statements=_statements(form, findings, tests[len(groups)], everything),
        panels=_panels(points, in_full),
    )  # fmt: skip


def _curves(form: _Form) -> list[CloneCurve]:
    kinds = ("forward", "backward")
    large = [(d, 1.0, _OFFSETS, branch, "sign") for d in form.dimensions for branch in kinds]
    small = [(*_SMALL, _SMALL_OFFSETS, branch, by) for by in ("sign", "label") for branch in kinds]
    return [CloneCurve(number, *each) for number, each in enumerate([*large, *small])]


def _samplers(runs: CloneRuns, of: CloneCurve, form: _Form) -> dict[str, list[dict[str, Any]]]:
    """What halving the step does under each sampler; the same random numbers serve all."""
    return {
        sampler: [
            _recorded(
                of,
                runs.along_axis(
                    of, offset, pairs=form.pairs_of_samplers, step=form.step_of_samplers, sampler=sampler,
                    name=f"{sampler},offset={offset:g}",
                ),
            )
            for offset in of.offsets
        ]
        for sampler in _COMPARED
    }  # fmt: skip


def _groups(points: dict[CloneCurve, list[ClonePoint]]) -> dict[str, list[Agreement]]:
    groups: dict[str, list[Agreement]] = {}
    for each, found in points.items():
        name = f"phi by {each.by}, {each.branch}"
        group, where = (name, f"d = {each.d}") if each.mu == 1 else (f"phi by {each.by}, sqrt(d) mu = sigma", "r_0 = 1")
        groups.setdefault(group, []).extend(point.agreement(f"{name}, {where}") for point in found)
    return groups


def _recorded(of: CloneCurve, point: ClonePoint) -> dict[str, Any]:
    return {"d": of.d, "mu": of.mu, "branch": of.branch, "by": of.by} | asdict(point)


def _systematic(agreements: Sequence[Agreement]) -> ChiSquare:
    """Whether the deviations have a sign in common: the mean of n z-scores has the standard error 1/sqrt(n)."""
    mean, count = float(np.mean([each.z for each in agreements])), len(agreements)
    return chi_square("mean z", [Agreement("mean z", 0.0, 0.0, mean, 1 / math.sqrt(count), count)])


def _statements(
    form: _Form, findings: dict[str, Any], overall: ChiSquare, everything: Sequence[ClonePoint]
) -> list[str]:
    worst = max(everything, key=lambda point: abs(point.change) / point.se)
    changes = "; ".join(
        f"{sampler} " + ", ".join(f"{1e3 * each['change']:+.1f}({1e3 * each['change_se']:.1f})" for each in found)
        for sampler, found in findings["samplers"].items()
    )
    return [
        f"chi-square {overall.value:.1f} over {overall.dof} independent points, p = {overall.p:.2g}; mean z "
        f"{findings['mean_z']:+.3f} with a standard error of {1 / math.sqrt(overall.dof):.3f}.",
        f"Discretisation in one dimension: halving the step to {form.step:g} changed phi by "
        f"{findings['mean_change']:+.3f} standard errors of a point on average, by {worst.change:+.1e} +/- "
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


def _panels(points: dict[CloneCurve, list[ClonePoint]], in_full: dict[CloneCurve, list[ClonePoint]]) -> list[Panel]:
    large = {each: found for each, found in points.items() if each.mu == 1}
    last = len({each.d for each in large})
    clone = r"clone probability $\phi(t)$"
    return [
        Panel(r"$\mu = \sigma = 1$", r"$t/t_S$", clone, tuple(_speciation(large, in_full, last)), (("$t_S$", 1.0),)),
        Panel("Deviation of each point", r"$t - t_S$", "z-score", tuple(_deviations(large, in_full, last))),
        Panel("Discretisation error", r"$t - t_S$", r"change of $\phi$ by halving the step", tuple(_changes(large))),
        Panel(r"$\sqrt{d}\,\mu = \sigma$", "$t$", clone, tuple(_definitions(points))),
    ]


_BRANCHES = {"forward": "from noised data", "backward": "from a backward run"}
_ENDS = (_OFFSETS[0] - 0.1, _OFFSETS[-1] + 0.1)
_GREY = 5


def _speciation(
    large: dict[CloneCurve, list[ClonePoint]], in_full: dict[CloneCurve, list[ClonePoint]], last: int
) -> list[Curve]:
    after, groups = np.linspace(*_ENDS, 120), {d: i for i, d in enumerate(sorted({each.d for each in large}))}
    drawn = []
    for each, found in large.items():
        group = groups[each.d]
        if each.branch == "forward":
            label, t = f"$d = {each.d}$", each.t_S + after
            drawn.append(curve(label, "theory", t / each.t_S, each.theory(t), group=group))
        drawn.append(_measured("", found, [point.t / each.t_S for point in found], group))
    for number, (each, found) in enumerate(in_full.items()):
        label = f"all {each.d} dimensions" if number == 0 else ""
        drawn.append(_measured(label, found, [point.t / each.t_S for point in found], last))
    return drawn


def _deviations(
    large: dict[CloneCurve, list[ClonePoint]], in_full: dict[CloneCurve, list[ClonePoint]], last: int
) -> list[Curve]:
    drawn = []
    for group, (branch, label) in enumerate(_BRANCHES.items()):
        flat = [point for each, found in large.items() if each.branch == branch for point in found]
        drawn.append(curve(label, "simulation", [p.offset for p in flat], [p.z for p in flat], group=group))
    whole = [point for found in in_full.values() for point in found]
    label = f"all {next(iter(in_full)).d} dimensions"
    drawn.append(curve(label, "simulation", [p.offset for p in whole], [p.z for p in whole], group=last))
    return drawn + [curve("", "reference", _ENDS, [level, level], group=_GREY) for level in (-1.96, 0.0, 1.96)]


def _changes(large: dict[CloneCurve, list[ClonePoint]]) -> list[Curve]:
    """Averaged over d: the process depends on the offset alone, so that every d measures the same error."""
    drawn = []
    for group, (branch, label) in enumerate(_BRANCHES.items()):
        found = [found for each, found in large.items() if each.branch == branch]
        change = np.array([[point.change for point in one] for one in found]).mean(axis=0)
        se = np.sqrt(np.square([[point.change_se for point in one] for one in found]).sum(axis=0)) / len(found)
        drawn.append(curve(label, "simulation", _OFFSETS, change, se, group=group))
    bound = np.array([point.se for point in next(iter(large.values()))])
    for sign, label in ((1, "standard error of a point"), (-1, "")):
        drawn.append(curve(label, "reference", _OFFSETS, sign * bound, group=_GREY))
    return drawn


def _definitions(points: dict[CloneCurve, list[ClonePoint]]) -> list[Curve]:
    drawn, t = [], np.linspace(0.02, _SMALL_OFFSETS[-1] + 0.1, 120)
    for group, (by, label) in enumerate((("sign", r"class by the sign of $m \cdot x_0$"), ("label", "class by label"))):
        found = {each: points[each] for each in points if each.mu != 1 and each.by == by}
        drawn.append(curve(label, "theory", t, next(iter(found)).theory(t), group=group))
        drawn += [_measured("", one, [point.t for point in one], group) for one in found.values()]
    return drawn


def _measured(label: str, found: Sequence[ClonePoint], x: Sequence[float], group: int) -> Curve:
    return curve(label, "simulation", x, [point.phi for point in found], [point.se for point in found], group=group)
