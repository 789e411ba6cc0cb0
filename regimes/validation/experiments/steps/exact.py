"""Runs with exact scores: Gaussian data, a mixture on the line, a random hierarchy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from regimes.datasets.hierarchy.rules import random_hierarchy
from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.decisions.components import Components, gaussian_components
from regimes.numerics.decisions.step_grid import StepGrid
from regimes.numerics.hierarchy.problem import Hierarchy
from regimes.numerics.posterior.spectrum import covariance_spectrum
from regimes.prediction.decisions.steps import gaussians_of
from regimes.validation.experiments.runner.run import Bench
from regimes.validation.experiments.steps.form import GaussianForm, LineForm, StepsForm
from regimes.validation.experiments.steps.grids import GRIDS, grid_of, sampler_times, snr_levels
from regimes.validation.experiments.steps.laws import HierarchyLaw, Law, MixtureLaw, log_ratios, normals
from regimes.validation.experiments.steps.line import Line
from regimes.validation.sampling import NoiseStream, Score, backward
from regimes.validation.scores import MixtureScore

__all__ = [
    "ExactRun",
    "components_of_gaussian",
    "components_of_line",
    "exact_runs",
    "gaussian_law",
    "line_of",
]

Array = NDArray[np.float64]

_GAUSSIAN, _LINE, _HIERARCHY = range(3)
_RUNS, _STRINGS = range(2)
_PATHS, _START, _SAMPLES = range(3)
_REACH = 6.0  # of the nodes on the line
_ROWS = 500  # of the hierarchy at a time


@dataclass(frozen=True, eq=False)
class ExactRun:
    """One law at each number of calls (C) and grid (G): mean log ratio of paths of the data, and what is its own."""

    data: Components  # the Gaussian of its covariance
    paths: int
    ratio: Array  # (C, G)
    ratio_se: Array
    found: dict[str, Array]


def gaussian_law(form: GaussianForm) -> MixtureLaw:
    """Its axes are the eigenvectors."""
    variances: Array = form.largest * np.arange(1, form.d + 1, dtype=np.float64) ** -form.exponent
    return MixtureLaw(np.ones(1), np.zeros((1, form.d)), variances)


def line_of(form: LineForm) -> Line:
    """The mixture and its nodes."""
    weights = np.array(form.weights) / sum(form.weights)
    law = MixtureLaw(weights, np.array(form.centres)[:, None], np.array([form.sigma**2]))
    return Line(law, np.linspace(-_REACH, _REACH, form.nodes))


def components_of_gaussian(form: GaussianForm) -> Components:
    """The Gaussian itself."""
    return gaussian_components(gaussian_law(form).variances)


def components_of_line(law: MixtureLaw) -> Components:
    """The Gaussian of the variance of the mixture."""
    mean = law.weights @ law.centres
    return gaussian_components(law.variances + law.weights @ (law.centres - mean) ** 2)


def exact_runs(form: StepsForm, bench: Bench) -> dict[str, ExactRun]:
    """All three laws."""
    return {
        "gaussian": _gaussian(form, bench.of(_GAUSSIAN)),
        "line": _line(form, bench.of(_LINE)),
        "hierarchy": _hierarchy(form, bench.of(_HIERARCHY)),
    }


def _gaussian(form: StepsForm, bench: Bench) -> ExactRun:
    own, law = form.gaussian, gaussian_law(form.gaussian)

    def measure(grid: StepGrid, noise: NoiseStream) -> dict[str, Array]:
        variances = torch.from_numpy(law.variances)

        def score(x: Tensor, t: float) -> Tensor:
            return -x / torch.from_numpy(_noised_variance(t, variances.numpy()))

        start = np.sqrt(_noised_variance(float(grid.t[0]), law.variances))
        x = torch.from_numpy(start * normals(noise.substream(_START), 0, own.samples, own.d))
        end = backward(score, x, sampler_times(grid), sampler="ancestral", noise=noise.substream(_SAMPLES))
        return {"variances": (end**2).mean(dim=0).numpy()}

    return _run(form, bench, "gaussian", law, components_of_gaussian(own), own.paths, measure)


def _line(form: StepsForm, bench: Bench) -> ExactRun:
    own, line = form.line, line_of(form.line)
    law = line.law
    exact: Score = MixtureScore(law.weights, law.centres, own.sigma)

    def measure(grid: StepGrid, noise: NoiseStream) -> dict[str, Array]:
        data, samples = line.density(float(grid.snr[-1])), line.samples(grid)
        edges = line.edges(samples, own.bins)
        source = noise.substream(_START)
        s = float(grid.snr[0])
        y = s * law.draw(source, own.samples) + np.sqrt(s) * normals(source.substream(1), 0, own.samples, 1)
        x = torch.from_numpy(y / np.sqrt(s * (1 + s)))
        end = backward(exact, x, sampler_times(grid), sampler="ancestral", noise=noise.substream(_SAMPLES))
        return {
            "end": np.array(line.divergence(data, samples)),
            "chances": line.masses(data, edges),
            "masses": line.masses(samples, edges),
            "counts": np.bincount(np.searchsorted(edges, end[:, 0].numpy()), minlength=own.bins).astype(np.float64),
        }

    run = _run(form, bench, "line", law, components_of_line(law), own.paths, measure)
    run.found["mmse"] = np.array([line.mmse(float(s)) for s in snr_levels(form.levels)])
    return run


def _hierarchy(form: StepsForm, bench: Bench) -> ExactRun:
    own = form.hierarchy
    law = HierarchyLaw(random_hierarchy(Hierarchy(own.v, own.m, own.s, own.L), rng=bench.seed))
    strings = law.draw(bench.noise.substream(_STRINGS), own.strings)
    data = gaussians_of(covariance_spectrum(strings))[0]

    def losses() -> dict[str, Array]:
        noise = normals(bench.noise.substream(_STRINGS, 1), 0, *strings.shape)
        rows = [_errors(law, strings, noise, float(s)) for s in snr_levels(form.levels)]
        return {"errors": np.stack(rows, axis=1)}

    run = _run(form, bench, "hierarchy", law, data, own.paths, lambda grid, noise: {})
    run.found["errors"] = bench.store.piece("hierarchy,mmse", losses)["errors"]
    return run


def _errors(law: HierarchyLaw, strings: Array, noise: Array, s: float) -> Array:
    """Squared error of the posterior mean of each string."""
    parts = [slice(first, first + _ROWS) for first in range(0, len(strings), _ROWS)]
    means = [law.mean(s * strings[rows] + np.sqrt(s) * noise[rows], s) for rows in parts]
    return np.asarray(((np.concatenate(means) - strings) ** 2).sum(axis=1))


def _run(form: StepsForm, bench: Bench, name: str, law: Law, data: Components, paths: int, measure: Any) -> ExactRun:
    """Each number of calls is a piece; grids share no random numbers."""
    rows = []
    for number, calls in enumerate(form.calls):

        def compute(number: int = number, calls: int = calls) -> dict[str, Array]:
            found = []
            for place, kind in enumerate(GRIDS):
                grid, noise = grid_of(kind, calls, data, denoises=False), bench.noise.substream(_RUNS, number, place)
                ratios = log_ratios(law, grid, paths, noise.substream(_PATHS))
                both = {"ratio": ratios.mean(), "ratio_se": ratios.std(ddof=1) / np.sqrt(paths)}
                found.append({**both, **measure(grid, noise)})
                bench.report(f"{name}, {calls} calls", place + 1, len(GRIDS))
            return {key: np.stack([each[key] for each in found]) for key in found[0]}

        rows.append(bench.store.piece(f"{name},{calls}", compute))
    columns = {key: np.stack([each[key] for each in rows]) for key in rows[0]}
    return ExactRun(data, paths, columns.pop("ratio"), columns.pop("ratio_se"), columns)


def _noised_variance(t: float, variances: Array) -> Array:
    return np.asarray(compile_formula("covariance_eigenvalue", target="numpy")(t, variances))
