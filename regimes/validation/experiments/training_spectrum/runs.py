"""Eigenvalues of simulated matrices."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from regimes.numerics.learning.finite_features import gaussian_features
from regimes.numerics.learning.noised_features import SERIES, Series, draw_weights, noised_features
from regimes.numerics.learning.spectrum import FeatureSpectrum, feature_spectrum
from regimes.validation.experiments.runner.random_features import FeatureCase, variances
from regimes.validation.experiments.runner.run import Bench
from regimes.validation.experiments.training_spectrum.form import COUNTED, KINDS, SpectrumForm

__all__ = ["CaseFound", "case_found", "noise_mean"]

Array = NDArray[np.float64]

_EQUATIONS, _MATRICES, _SERIES = range(3)
_FLOOR = 1e-9  # of itself: what counts as the floor
_LONGER = (Series(2 * SERIES.order, SERIES.nodes), Series(SERIES.order, 2 * SERIES.nodes))


@dataclass(frozen=True, eq=False)
class CaseFound:
    """Of one case: Gaussian matrices of each level once and twice, and eigenvalues by kind and dimension."""

    case: FeatureCase
    spectrum: FeatureSpectrum  # of the equations, at the levels below
    at: Array  # x of the counts
    counts: Array  # (2, draws, k): means of x/(lambda + x)
    ends: Array  # (2, draws, 2): smallest eigenvalue beyond the floor, and largest
    floor: Array  # (2, draws): how many eigenvalues lie at the floor
    eigenvalues: dict[tuple[str, int], Array]  # (repetitions, p)
    spectra: dict[int, FeatureSpectrum]  # by dimension


def case_found(form: SpectrumForm, number: int, bench: Bench) -> CaseFound:
    """Simulate a case."""
    case = form.cases[number]
    given = case.theory(form.levels)
    spectrum = feature_spectrum(given)
    at = spectrum.quantile(COUNTED)

    def generator(*keys: int) -> np.random.Generator:
        return np.random.default_rng([bench.noise.stream, bench.seed, number, *keys])

    def equations() -> dict[str, Array]:
        counts = np.empty((2, form.draws, at.size))
        ends, floor = np.empty((2, form.draws, 2)), np.empty((2, form.draws))
        for copies in (1, 2):
            of = case.theory(form.levels, copies)
            for draw in range(form.draws):
                found = np.linalg.eigvalsh(gaussian_features(of, generator(_EQUATIONS, copies, draw)).covariance)
                beyond = found[found > of.floor * (1 + _FLOOR)]
                place = copies - 1, draw
                counts[place] = (at[:, None] / (found + at[:, None])).mean(axis=1)
                ends[place], floor[place] = beyond[[0, -1]], found.size - beyond.size
            bench.report(f"{case.name}: equations", copies, 2)
        return {"counts": counts, "ends": ends, "floor": floor}

    def matrices(kind: str, d: int, repetitions: int) -> dict[str, Array]:
        rows = [
            _eigenvalues(case, kind, d, generator(_MATRICES, KINDS.index(kind), d, place))
            for place in range(repetitions)
        ]
        return {"eigenvalues": np.array(rows)}

    kept = bench.store.piece(f"{case.key},equations", equations)
    eigenvalues = {}
    for d, repetitions in zip(form.dimensions, form.repetitions, strict=True):
        for kind in KINDS:
            name = f"{case.key},{kind.replace(' ', '-')},{d}"
            found = bench.store.piece(name, partial(matrices, kind, d, repetitions))
            eigenvalues[kind, d] = found["eigenvalues"]
            bench.report(f"{case.name}: {kind}, d = {d}", 1, 1)
    spectra = {d: _spectrum(case, d, form, spectrum) for d in form.dimensions}
    return CaseFound(case, spectrum, at, kept["counts"], kept["ends"], kept["floor"], eigenvalues, spectra)


def noise_mean(form: SpectrumForm, bench: Bench) -> dict[str, float]:
    """By how much eigenvalues change, at most, where the series of an activation, or its nodes, are doubled."""
    found = {}
    d = form.dimensions[0]
    worst = {case.activation: case for case in form.cases}  # the last of each
    for number, case in enumerate(worst.values()):

        def compute(number: int = number, case: FeatureCase = case) -> dict[str, Array]:
            seed = [bench.noise.stream, bench.seed, _SERIES, number]
            rows = [_nonlinear(case, d, np.random.default_rng(seed), True, each) for each in (SERIES, *_LONGER)]
            return {"off": np.array([np.abs(each / rows[0] - 1).max() for each in rows[1:]])}

        found[case.activation] = float(bench.store.piece(f"{case.activation},series", compute)["off"].max())
    return found


def _spectrum(case: FeatureCase, d: int, form: SpectrumForm, known: FeatureSpectrum) -> FeatureSpectrum:
    """One and two levels have the same at each dimension."""
    return feature_spectrum(case.theory(d)) if case.spectrum.startswith("k") else known


def _eigenvalues(case: FeatureCase, kind: str, d: int, rng: np.random.Generator) -> Array:
    if kind == "gaussian":
        return np.asarray(np.linalg.eigvalsh(gaussian_features(case.theory(d), rng).covariance))
    return _nonlinear(case, d, rng, kind == "unit rows", SERIES)


def _nonlinear(case: FeatureCase, d: int, rng: np.random.Generator, unit: bool, series: Series) -> Array:
    weights = draw_weights(round(case.psi_p * d), d, rng, unit=unit)
    samples = round(case.psi_n * d)
    found = noised_features(case.activation, case.t, weights, variances(case.spectrum, d), samples, rng, series)
    return np.asarray(np.linalg.eigvalsh(found.covariance))
