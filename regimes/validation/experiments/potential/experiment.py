"""The overlap q = m.x/sqrt(d) in its potential: drift, noise and law of q in d dimensions against -V', 2 mu^2 and P(q).

Two sources that share nothing. Noised pairs (x_{t-dt}, x_t) of data points: forward noise alone, no score and no
sampler, turned round by Tweedie's formula of first and second order, which has no bias at any dt. And a backward run
from pure noise with the exact score: its single steps, which have the drift of the score they are made with by
construction (and so hold the score in d dimensions and its projection against V), its displacements over many steps,
and its histogram.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from regimes.numerics.estimation.streams import Stream
from regimes.numerics.interface.number import TIME, Number
from regimes.validation.experiments.potential.figure import panels
from regimes.validation.experiments.potential.law import Binned, histogram_test
from regimes.validation.experiments.potential.runs import (
    BINS,
    LAW,
    PAIR_STEP,
    SAMPLER,
    WINDOW,
    PotentialForm,
    PotentialRuns,
    displacement,
    transition_times,
)
from regimes.validation.experiments.runner.run import Bench, Plan
from regimes.validation.outcome.agreement import Agreement, ChiSquare, chi_square
from regimes.validation.outcome.experiment import Judgement

__all__ = ["PLAN"]

Array = NDArray[np.float64]
Histogram = tuple[ChiSquare, Array, Array]

_KINDS = ("drift", "2 mu^2")


@dataclass(frozen=True, eq=False)
class _Found:
    at: list[float]
    sources: dict[str, list[tuple[float, Binned]]]
    histograms: list[Histogram]  # of one run, so that their tests are not independent
    change: list[tuple[float, float]]  # of the mean of q^2 by halving the step, in its standard errors, with its own


def _simulate(form: PotentialForm, bench: Bench) -> _Found:
    _, at = transition_times()
    runs = PotentialRuns(form, bench)
    fine, coarse = runs.backward_run(at, coarse=False), runs.backward_run(at, coarse=True)
    sources = {
        "noised pairs": [(t, Binned(runs.noised_pairs(number, t))) for number, t in enumerate(at)],
        "single steps": [(t, Binned(each["steps"])) for t, each in zip(at, fine, strict=True)],
        "displacement": [displacement(t, each) for t, each in zip(at, fine, strict=True)],
    }
    histograms = [histogram_test(LAW, each["at"], t, form.histogram_bins) for t, each in zip(at, fine, strict=True)]
    change = [_change(one["at"] ** 2, other["at"] ** 2) for one, other in zip(fine, coarse, strict=True)]
    return _Found(at, sources, histograms, change)


def _judge(form: PotentialForm, found: _Found) -> Judgement:
    sources = found.sources
    groups = {f"{kind}, {name}": _compared(kind, name, each) for name, each in sources.items() for kind in _KINDS}
    ratios = {name: _ratio(each) for name, each in sources.items()}
    noises = {name: _pooled_noise(each) for name, each in sources.items()}
    return Judgement(
        agreement=[each for group in groups.values() for each in group],
        tests=[chi_square(name, group) for name, group in groups.items()] + [test for test, _, _ in found.histograms],
        sentences=_sentences(form, found, ratios, noises),
        panels=panels(sources, found.histograms),
        numbers=_numbers(ratios, noises),
        tables={"change": found.change},
    )


PLAN = Plan(
    name="potential",
    stream=Stream.POTENTIAL,
    full=PotentialForm(pairs=200_000, trajectories=10_000, step=0.005, histogram_bins=40),
    quick=PotentialForm(pairs=20_000, trajectories=2_000, step=0.01, histogram_bins=20),
    simulate=_simulate,
    judge=_judge,
    fixed={"sampler": SAMPLER} | asdict(LAW) | {"pair_step": PAIR_STEP, "window": WINDOW},
)


def _numbers(ratios: dict[str, tuple[float, float]], noises: dict[str, tuple[float, float]]) -> dict[str, Number]:
    marks, _ = transition_times()
    rows = {
        "measure.t_S": Number("speciation time of the mixture", marks["t_S"], unit=TIME),
        "measure.t_V": Number("time at which the potential splits into two wells", marks["t_V"], unit=TIME),
    }
    for name, (value, se) in ratios.items():
        rows[f"measure.drift_ratio.{_key(name)}"] = Number(f"measured over predicted drift, {name}", value, se)
    for name, (value, se) in noises.items():
        rows[f"measure.noise.{_key(name)}"] = Number(f"measured 2 mu^2, {name}", value, se)
    return rows


def _key(name: str) -> str:
    return name.replace(" ", "_")


def _compared(kind: str, name: str, found: Sequence[tuple[float, Binned]]) -> list[Agreement]:
    result = []
    for t, each in found:
        bins = each.joined(BINS)
        if kind == "drift":
            columns = zip(bins.q, bins.theory, bins.drift, bins.drift_se, bins.count, strict=True)
        else:
            exact = np.full(len(bins.q), 2 * LAW.mu**2)
            columns = zip(bins.q, exact, bins.noise, bins.noise_se, bins.count, strict=True)
        result += [
            Agreement(f"{kind} at q = {q:+.2f}, {name}", t, theory, value, se, int(count))
            for q, theory, value, se, count in columns
        ]
    return result


def _ratio(found: Sequence[tuple[float, Binned]]) -> tuple[float, float]:
    """Factor between measured and predicted drift, by weighted least squares over all bins, and its standard error."""
    weight = sum(float(np.sum(bins.theory**2 / bins.drift_se**2)) for _, bins in found)
    product = sum(float(np.sum(bins.theory * bins.drift / bins.drift_se**2)) for _, bins in found)
    return product / weight, 1 / math.sqrt(weight)


def _pooled_noise(found: Sequence[tuple[float, Binned]]) -> tuple[float, float]:
    pooled = Binned(np.sum([bins.joined(1).sums for _, bins in found], axis=0))
    return float(pooled.noise[0]), float(pooled.noise_se[0])


def _change(fine: Array, coarse: Array) -> tuple[float, float]:
    """Mean change of a quantity by halving the step, and its standard error, in standard errors of the quantity."""
    unit, difference = float(fine.std(ddof=1)), fine - coarse
    return float(difference.mean()) * math.sqrt(fine.size) / unit, float(difference.std(ddof=1)) / unit


def _sentences(
    form: PotentialForm, found: _Found, ratios: dict[str, tuple[float, float]], noises: dict[str, tuple[float, float]]
) -> list[str]:
    drifts, sizes = (
        "; ".join(f"{name} {value:.4f} +/- {se:.4f}" for name, (value, se) in each.items()) for each in (ratios, noises)
    )
    laws = ", ".join(f"{test.p:.2g}" for test, _, _ in found.histograms)
    changes = ", ".join(f"{value:+.2f}({se:.2f})" for value, se in found.change)
    times = ", ".join(f"{t:.3g}" for t in found.at)
    return [
        f"Measured drift over -V', all bins and times: {drifts}. Measured 2 mu^2, which is {2 * LAW.mu**2:g}: {sizes}.",
        f"Noised pairs ({form.pairs} at each time, dt = {PAIR_STEP:g}) know nothing of the score. Single steps have "
        "its drift by construction; displacements over the window hold the run itself.",
        f"Law of q at t = {times}: p = {laws}. Halving the step to {form.step:g} changed the mean of q^2 there by "
        f"{changes} of its standard errors over {form.trajectories} trajectories; as much is left, since steps are of "
        "first order.",
    ]
