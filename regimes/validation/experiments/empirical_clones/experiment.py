"""Clones, and the last change of the nearest point, under the exact empirical score: trajectories against posterior.

Given x_t, the data point at which a backward path ends is a draw from the posterior P(nu | x_t), so that

- two clones end at the same point with probability phi_index = E sum_nu P(nu | x_t)^2, in the same class likewise;
- the point nearest at t, which is the most probable one, is the last one with probability M(t) = E max_nu P(nu | x_t);
- the last change of the nearest point has the law of the first exit of a Brownian motion from the Voronoi cell in which
  it starts, between 2 M - 1 and M; see :mod:`regimes.validation.measurement.last_change`.

biroli2024, figure 5 (top), where a path's own last change defines its collapse. The data set is fixed: no error bar
holds what another draw of the data would change. At every time, theory comes from probes of its own.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np

from regimes.validation.experiments.empirical_clones.runs import (
    FEWEST,
    NEAR,
    SAMPLER,
    EmpiricalForm,
    EmpiricalRuns,
    RunsFound,
)
from regimes.validation.outcome.agreement import Agreement, ChiSquare, chi_square
from regimes.validation.outcome.experiment import Curve, ExperimentResult, Panel, Progress, conclude, curve
from regimes.validation.running.checkpoints import Checkpoints
from regimes.validation.running.torch_threads import one_torch_thread
from regimes.validation.sampling import NoiseStream, choose_device

__all__ = ["empirical_clones"]

_STREAM = 3
_LEVELS = (0.98, 0.9, 0.75, 0.6, 0.45, 0.3, 0.15, 0.05)

_FULL = (
    EmpiricalForm("mixture", 500, 64, 0.5, 10_000, 10_000, 4_000, 160, 8, _LEVELS, 40_000),
    EmpiricalForm("digits", 1797, 64, 0.0, 4_000, 4_000, 1_500, 160, 4, _LEVELS, 40_000),
)
_QUICK = (
    EmpiricalForm("mixture", 200, 32, 0.5, 1_500, 1_500, 500, 80, 4, _LEVELS[1::2], 10_000),
    EmpiricalForm("digits 0 7", 357, 64, 0.0, 1_000, 1_000, 300, 80, 4, _LEVELS[1::2], 10_000),
)


def empirical_clones(
    *,
    quick: bool = False,
    device: str | None = None,
    rng: int = 0,
    checkpoint: str | Path | None = None,
    progress: Progress | None = None,
) -> ExperimentResult:
    """Hold clones and last changes under the exact empirical score against the posterior over the training points.

    Two data sets: 500 points of two Gaussian classes in 64 dimensions, centres at ``+-(1/2, ..., 1/2)``, variance 1;
    and all 1797 digits. At each of eight times, where phi_index runs from 0.98 to 0.05, pairs of clones are born from
    noised data points of their own.

    Parameters
    ----------
    quick : bool
        200 points in 32 dimensions and two classes of digits, some 1000 pairs at four times, larger steps.
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
        ``findings`` by data set: ``last_change`` (measured and exact), ``time_of_0.6`` (where phi_index is 0.6),
        ``index_at_mean`` (phi_index at the mean last change), ``median_between`` (where M is 3/4 and 1/2),
        ``index_less_law`` (phi_index less P(last change > t) at each time), ``halving`` and ``halving_last_change``
        (what the last halving of the step did at each time), ``mean_z`` of phi_index.

    Raises
    ------
    ValueError
        If an option is unusable, or the checkpoint belongs to another run.

    Notes
    -----
    Standard errors of simulated shares are binomial at the predicted probability, and those of the probes are added.
    Compared are the times at which ten pairs or more are expected on either side.
    The full form has 10 000 pairs a time on the mixture and 4000 on digits, whose score costs three times as much.
    """
    return _run(_QUICK if quick else _FULL, quick, device, rng, checkpoint, progress)


def _run(
    forms: Sequence[EmpiricalForm],
    quick: bool,
    device: str | None,
    rng: int,
    checkpoint: str | Path | None,
    progress: Progress | None,
) -> ExperimentResult:
    started = time.perf_counter()
    where = choose_device(device)
    settings = {"quick": quick, "seed": rng, "device": str(where), "sampler": SAMPLER}
    settings |= {"data": [asdict(form) | {"levels": list(form.levels)} for form in forms]}
    store = Checkpoints(checkpoint, settings)
    noise = NoiseStream(rng, _STREAM)
    with one_torch_thread():
        found = [
            EmpiricalRuns(form, noise.substream(number), where, store, progress).all()
            for number, form in enumerate(forms)
        ]
    agreement: list[Agreement] = []
    tests: list[ChiSquare] = []
    for each in found:
        for what, points in (("phi_index", each.index), ("phi_class", each.classes), ("nearest is last", each.nearest)):
            compared = [point for point in points if _is_normal(point)]
            agreement += compared
            tests += [chi_square(f"{what}, {each.name}", compared)] if compared else []
        agreement += each.later
        tests.append(each.later_test)
    index = [point for each in found for point in each.index if _is_normal(point)]
    tests.append(_systematic(index))
    return conclude(
        "empirical-clones", settings, started,
        agreement=agreement,
        tests=tests,
        statements=_statements(found, index),
        findings={each.name: each.summary for each in found},
        panels=[panel for each in found for panel in _panels(each)],
    )  # fmt: skip


def _is_normal(point: Agreement) -> bool:
    """Whether so many pairs are expected on either side that a share has a normal error: only then z is one."""
    return point.samples * min(point.theory, 1 - point.theory) >= FEWEST


def _systematic(agreements: Sequence[Agreement]) -> ChiSquare:
    """Whether the deviations have a sign in common: the mean of n z-scores has the standard error 1/sqrt(n)."""
    mean, count = float(np.mean([each.z for each in agreements])), len(agreements)
    mean_z = Agreement("mean z", 0.0, 0.0, mean, 1 / math.sqrt(count), max(count, 2))
    return chi_square("systematic deviation of phi_index", [mean_z])


def _statements(found: Sequence[RunsFound], index: Sequence[Agreement]) -> list[str]:
    mean_z = float(np.mean([each.z for each in index]))
    statements = [
        f"phi_index at {len(index)} times: mean z {mean_z:+.2f}, where {1 / math.sqrt(len(index)):.2f} is its standard "
        "error.",
    ]
    for each in found:
        summary, worst = each.summary, max(each.halving, key=lambda one: abs(one.index))
        low, high = summary["median_between"]
        statements.append(
            f"{each.name} (n = {summary['n']}): the nearest point changes for the last time at t = "
            f"{each.last.mean:.3f} ({each.last.mean_se:.3f}) on average, {each.exact.mean:.3f} "
            f"({each.exact.mean_se:.3f}) by the exact law; phi_index is {NEAR:g} at t = {summary['time_of_0.6']:.3f}, "
            f"and {summary['index_at_mean']:.2f} at the mean. Median {each.last.quantiles()['0.5']:.3f}, which must "
            f"lie in {low:.3f} to {high:.3f}. P(last change > t) by the exact law and phi_index differ by at most "
            f"{max(abs(one) for one in summary['index_less_law']):.3f}."
        )
        changes = [(one.index, one.index_se) for one in each.halving]
        mean = float(np.mean([change for change, _ in changes]))
        error = math.sqrt(sum(se**2 for _, se in changes)) / len(changes)
        late = summary["halving_last_change"]
        place = int(np.argmax(np.abs(late["later"])))
        statements.append(
            f"{each.name}: the last halving of the step changed phi_index by {mean:+.1e} ({error:.0e}) on average over "
            f"the times, {worst.index:+.1e} ({worst.index_se:.0e}) at worst, and P(last change > t) by up to "
            f"{late['later'][place]:+.1e} ({late['later_se'][place]:.0e}); what is left is about as much again. The "
            f"standard error of a point is up to {max(point.se for point in [*each.index, *each.later[:-1]]):.1e}."
        )
    return statements


def _panels(found: RunsFound) -> list[Panel]:
    t, inside = found.grid["t"], found.grid["t"] <= 1.3 * found.t.max()
    curves: list[Curve] = []
    for group, (label, name, points) in enumerate(
        (
            (r"same point, $\phi_{index}$", "index", found.index),
            (r"same class, $\phi_{class}$", "classes", found.classes),
            ("nearest is the last", "most", found.nearest),
        )
    ):
        values, errors = [point.simulation for point in points], [point.se for point in points]
        curves.append(curve(label, "theory", t[inside], found.grid[name][inside], group=group))
        curves.append(curve("", "simulation", found.t, values, errors, group=group))
    fine = np.linspace(t[0], 1.6 * found.t.max(), 200)
    at, law = found.exact.curve()
    drawn, count = at <= fine[-1], found.last.time.size
    share = found.last.later_than(found.t)
    most = np.interp(fine, t, found.grid["most"])
    last = [
        curve("first exit from the Voronoi cell", "theory", at[drawn], law[drawn], group=0),
        curve("backward paths", "simulation", found.t, share, np.sqrt(share * (1 - share) / count), group=0),
        curve(r"bounds $2M - 1$ and $M$", "reference", fine, most, group=5),
        curve("", "reference", fine, np.maximum(2 * most - 1, 0), group=5),
    ]
    marks = (("mean", found.last.mean), (rf"$\phi_{{index}} = {NEAR:g}$", found.summary["time_of_0.6"]))
    name = f"{found.name}, n = {found.summary['n']}"
    return [
        Panel(f"Pairs of clones: {name}", "$t$", "probability", tuple(curves)),
        Panel(f"Last change of nearest point: {name}", "$t$", "P(last change > t)", tuple(last), marks),
    ]
