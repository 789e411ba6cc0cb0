"""Exact guidance of mixtures: end laws of two processes by quadrature, and paths that are held against them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from regimes.numerics.compiled.compile import compile_formula
from regimes.validation.experiments.guidance_window.form import ExactForm, MixtureForm
from regimes.validation.experiments.guidance_window.mixtures import (
    PROCESSES,
    GuidedMixture,
    Law,
    end_densities,
    simulated,
    step_weights,
)
from regimes.validation.experiments.guidance_window.places import Intervals, PlacedGuidance, bands_of, places_of
from regimes.validation.experiments.runner.denoisers import START, T_RANGE
from regimes.validation.experiments.runner.run import Bench
from regimes.validation.sampling import backward_times

__all__ = ["MixtureFound", "mixture_found"]

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class MixtureFound:
    """What guidance does to one mixture; ``bands`` are places of their own, by the middle of their log snr.

    ``laws`` are of a process at the steps of the form, ``limits`` the accuracy, the divergence and the mean of the
    final states as steps get short; ``averages`` those of simulated states, as a Law has the means of them.
    """

    form: MixtureForm
    low: float
    high: float
    log_snr: Array  # of the curve of class information
    information: Array
    bands: dict[str, float]
    laws: dict[str, dict[str, Law]]
    limits: dict[str, dict[str, dict[str, float]]]
    averages: dict[str, dict[str, Array]]


def mixture_found(form: ExactForm, which: MixtureForm, bench: Bench) -> MixtureFound:
    """Laws and paths, for guidance at each place."""
    mixture = GuidedMixture(which)
    t, information = mixture.information()
    window = mixture.window()
    if window.low is None or window.high is None:
        raise ValueError(f"guidance-window: {which.name} has no window: {window.reasons[1] or window.reasons[0]}")
    places = places_of(window.low, window.high)
    bands = bands_of(START, T_RANGE[0], form.bands)
    named = {f"band {number}": (band,) for number, band in enumerate(bands)}
    laws, limits, averages = {}, {}, {}
    for number, process in enumerate(PROCESSES):
        coarse, fine = (_laws(form, mixture, process, places | named, steps, bench) for steps in _steps(form))
        laws[process] = coarse
        limits[process] = {place: _limit(coarse[place], fine[place]) for place in coarse}
        averages[process] = _averages(form, mixture, process, places, bench.of(number))
    return MixtureFound(
        which,
        window.low,
        window.high,
        np.asarray(compile_formula("log_snr", target="numpy")(t)),
        information,
        {name: float(np.mean(band)) for name, (band,) in named.items()},
        laws,
        limits,
        averages,
    )


def _steps(form: ExactForm) -> tuple[int, int]:
    return form.steps, 2 * form.steps


def _laws(
    form: ExactForm,
    mixture: GuidedMixture,
    process: str,
    places: Mapping[str, Intervals],
    steps: int,
    bench: Bench,
) -> dict[str, Law]:
    times = backward_times(START, steps=steps)
    weights = step_weights(process, times)
    x = mixture.grid(form.weight, weights)
    name = f"{mixture.form.name},{process},{steps}"

    def compute() -> dict[str, Any]:
        return {"densities": end_densities(mixture, form.weight, list(places.values()), times, weights, x)}

    densities = bench.store.piece(name, compute)["densities"]
    bench.report(name, 1, 1)
    return {place: mixture.law(x, density) for place, density in zip(places, densities, strict=True)}


def _limit(coarse: Law, fine: Law) -> dict[str, float]:
    """Twice the law of half steps less that of whole ones: errors are of first order in the step."""

    def values(law: Law) -> Array:
        return np.array([law.mean[0], law.mean[2], law.divergence])

    return dict(zip(("mean", "accuracy", "divergence"), (2 * values(fine) - values(coarse)).tolist(), strict=True))


def _averages(
    form: ExactForm, mixture: GuidedMixture, process: str, places: Mapping[str, Intervals], bench: Bench
) -> dict[str, Array]:
    """Every place and process has paths of its own."""
    times = backward_times(START, steps=form.steps)
    plain, guided = (mixture.score_of(form.weight, guided=each) for each in (False, True))
    name = f"{mixture.form.name},{process},paths"

    def compute() -> dict[str, Any]:
        found = []
        for number, where in enumerate(places.values()):
            score = PlacedGuidance(plain, guided, where)
            with torch.no_grad():
                end = simulated(process, score, times, form.samples, bench.noise.substream(number))
            found.append(mixture.averages(end))
            bench.report(name, number + 1, len(places))
        return {"averages": np.stack(found)}

    return dict(zip(places, bench.store.piece(name, compute)["averages"], strict=True))
