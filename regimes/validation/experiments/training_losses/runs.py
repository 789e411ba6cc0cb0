"""Loss curves of the equations, of Gaussian and of nonlinear features."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from regimes.numerics.learning.finite_features import gaussian_features
from regimes.numerics.learning.losses import training_losses
from regimes.numerics.learning.noised_features import NoisedFeatures, draw_weights, noised_features
from regimes.numerics.learning.spectrum import feature_spectrum
from regimes.numerics.learning.window import LearningWindow, learning_window
from regimes.validation.experiments.runner.random_features import FeatureCase, population_features, variances
from regimes.validation.experiments.runner.run import Bench
from regimes.validation.experiments.training_losses.flow import gradient_flow
from regimes.validation.experiments.training_losses.form import COMPARED, END, TIMES, LossesForm, cases_of

__all__ = ["ALL_TIMES", "CaseLosses", "Curves", "case_losses", "theory_of"]

Array = NDArray[np.float64]

_GAUSSIAN, _NONLINEAR = range(2)
ALL_TIMES: Array = np.concatenate([COMPARED, TIMES, [END]])
"""First those that are compared, last the end."""


@dataclass(frozen=True, eq=False)
class Curves:
    """Losses (draws, times) at ALL_TIMES, and the d-th and (d+1)-th eigenvalue from above (draws, 2)."""

    train: Array
    test: Array
    modes: Array


@dataclass(frozen=True, eq=False)
class CaseLosses:
    """Of one case."""

    case: FeatureCase
    theory: Curves  # of the levels of the Gaussian matrices; modes at their edges
    window: LearningWindow
    gaussian: tuple[Curves, Curves]  # each level once and twice
    nonlinear: dict[int, Curves]  # by dimension
    equations: dict[int, Curves]  # likewise


def case_losses(form: LossesForm, number: int, bench: Bench) -> CaseLosses:
    """Compute the curves of a case."""
    case = cases_of(form)[number]

    def generator(*keys: int) -> np.random.Generator:
        return np.random.default_rng([bench.noise.stream, bench.seed, number, *keys])

    def gaussian(copies: int) -> dict[str, Array]:
        given, found = case.theory(form.levels, copies), []
        for draw in range(form.draws):
            drawn = gaussian_features(given, generator(_GAUSSIAN, copies, draw))
            seen, all_data = (
                NoisedFeatures(np.asarray(each), drawn.overlap) for each in (drawn.covariance, drawn.population)
            )
            found.append(_flow(seen, all_data, case))
        bench.report(f"{case.name}: Gaussian", copies, 2)
        return _columns(found)

    def nonlinear(d: int, repetitions: int) -> dict[str, Array]:
        found = []
        for repetition in range(repetitions):
            rng, values = generator(_NONLINEAR, d, repetition), variances(case.spectrum, d)
            weights = draw_weights(round(case.psi_p * d), d, rng, unit=False)
            seen = noised_features(case.activation, case.t, weights, values, round(case.psi_n * d), rng)
            found.append(_flow(seen, population_features(case, weights, values), case))
            bench.report(f"{case.name}: nonlinear, d = {d}", repetition + 1, repetitions)
        return _columns(found)

    def kept(name: str, compute: partial[dict[str, Array]]) -> Curves:
        return Curves(**bench.store.piece(f"{case.key},{name}", compute))

    pair = [kept(f"gaussian,{copies}", partial(gaussian, copies)) for copies in (1, 2)]
    of_dimension = zip(form.dimensions, form.repetitions, strict=True)
    nonlinear_of = {d: kept(f"nonlinear,{d}", partial(nonlinear, d, count)) for d, count in of_dimension}
    theory, window = theory_of(case, form.levels)
    return CaseLosses(
        case, theory, window, (pair[0], pair[1]), nonlinear_of, {d: theory_of(case, d)[0] for d in form.dimensions}
    )


def _flow(seen: NoisedFeatures, all_data: NoisedFeatures, case: FeatureCase) -> tuple[Array, Array, Array]:
    flow = gradient_flow(seen, all_data, case.t, ALL_TIMES)
    d = seen.overlap.shape[1]
    return flow.train, flow.test, flow.eigenvalues[[-d, -d - 1]]


def _columns(found: list[tuple[Array, Array, Array]]) -> dict[str, Array]:
    return {
        name: np.array(column)
        for name, column in zip(("train", "test", "modes"), zip(*found, strict=True), strict=True)
    }


def theory_of(case: FeatureCase, levels: int) -> tuple[Curves, LearningWindow]:
    """Curves of the equations, and the window of the edges."""
    given = case.theory(levels)
    losses, window = training_losses(given, ALL_TIMES), learning_window(feature_spectrum(given))
    return Curves(losses.train[None], losses.test[None], np.array([window.eigenvalues])), window
