"""Spectrum of the covariance of random features: its equations against simulated matrices.

Two things are told apart. *Whether the equations are right* is asked of Gaussian matrices, which have the moments of
the features and nothing else: means of x/(lambda + x) and the ends of the spectrum, at two dimensions, less what goes
as 1/d. These are the tests behind the verdict. *Whether nonlinear features are Gaussian enough* is measured at finite d
without a test: quantiles of their eigenvalues, over those of the equations and over those of Gaussian matrices of the
same size.

Stated before the full form ran. A count is one Hotelling test a case, over its four x. Ends are compared for spectra of
one and two levels, by mean and deviation over draws and the first Tracy-Widom law, which gives the edge as mean + .9515
deviations (the smallest by the logarithm of its distance from the floor); one chi-square an end. For one and two levels
the target is 3% at every quantile that lies in no gap; the floor, the eigenvalue s^2 of p - n - d features, counts
apart.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

from regimes.numerics.estimation.streams import Stream
from regimes.numerics.learning.noised_features import SERIES
from regimes.validation.experiments.runner.random_features import FeatureCase
from regimes.validation.experiments.runner.run import Bench, Plan
from regimes.validation.experiments.training_spectrum.analysis import compared
from regimes.validation.experiments.training_spectrum.figure import panels
from regimes.validation.experiments.training_spectrum.form import SpectrumForm
from regimes.validation.experiments.training_spectrum.runs import CaseFound, case_found, noise_mean
from regimes.validation.experiments.training_spectrum.summary import numbers_of, sentences, tables_of
from regimes.validation.outcome.experiment import Judgement

__all__ = ["PLAN"]


@dataclass(frozen=True, eq=False)
class _Found:
    cases: list[CaseFound]
    noise: dict[str, float]


def _simulate(form: SpectrumForm, bench: Bench) -> _Found:
    return _Found([case_found(form, number, bench) for number in range(len(form.cases))], noise_mean(form, bench))


def _judge(form: SpectrumForm, found: _Found) -> Judgement:
    rows, tests = compared(found.cases, form)
    tables = tables_of(found.cases, form, found.noise)
    return Judgement(
        agreement=rows,
        tests=tests,
        sentences=sentences(tables, rows, tests, form),
        panels=panels(found.cases, form),
        numbers=numbers_of(tables),
        tables=tables,
    )


PLAN = Plan(
    name="training-spectrum",
    stream=Stream.TRAINING_SPECTRUM,
    full=SpectrumForm(
        cases=(
            FeatureCase("one level", "tanh", 4.0, 2.0, 0.1),
            FeatureCase("one level", "tanh", 2.0, 5.0, 0.1),
            FeatureCase("one level", "tanh", 0.5, 2.0, 0.1),
            FeatureCase("one level", "tanh", 2.0, 1.5, 0.5),
            FeatureCase("one level", "relu", 2.0, 0.5, 0.1),
            FeatureCase("one level", "silu", 2.0, 5.0, 0.1),
            FeatureCase("two levels", "tanh", 4.0, 2.0, 0.1),
            FeatureCase("two levels", "relu", 2.0, 5.0, 0.1),
            FeatureCase("k^-1/2", "tanh", 4.0, 2.0, 0.1),
            FeatureCase("k^-1", "tanh", 4.0, 2.0, 0.1),
            FeatureCase("k^-1", "tanh", 2.0, 5.0, 0.1),
            FeatureCase("k^-1", "relu", 2.0, 5.0, 0.1),
        ),
        levels=100,
        draws=40,
        dimensions=(200, 400),
        repetitions=(4, 2),
    ),
    quick=SpectrumForm(
        cases=(
            FeatureCase("one level", "tanh", 4.0, 2.0, 0.1),
            FeatureCase("k^-1", "relu", 2.0, 5.0, 0.1),
        ),
        levels=40,
        draws=16,
        dimensions=(40, 80),
        repetitions=(3, 3),
    ),
    simulate=_simulate,
    judge=_judge,
    fixed={"series": asdict(SERIES)},
)
