"""Random features under gradient flow: losses and times of the equations against simulated matrices.

Stated before the full form ran. *Are the equations right*: training and test loss at five training times, and two times
read off the curves, of Gaussian matrices at two dimensions, less what goes as 1/d; a Hotelling test a case and loss, a
chi-square a spectrum and time. They make the verdict. tau_gen is where the test loss has come 90% of the way to its
minimum, tau_mem where its distance from the training loss is half of what it ends with. *Does tau_mem grow as n*:
slopes on log n, of the equations at these n and measured, beside 1, which is that of p far above n far above d; how
far is asked of the equations alone. *Do nonlinear features follow*: the same losses and times of tanh features at
finite d, without a test. Whether the unit of time is that of descent is asked of plain descent by automatic
differentiation, at two rates.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from regimes.numerics.estimation.streams import Stream
from regimes.validation.experiments.runner.run import Bench, Plan
from regimes.validation.experiments.training_losses.analysis import GENERALISED, MEMORISED, compared
from regimes.validation.experiments.training_losses.descent import descent_losses
from regimes.validation.experiments.training_losses.figure import panels
from regimes.validation.experiments.training_losses.form import COMPARED, DescentForm, LossesForm, cases_of
from regimes.validation.experiments.training_losses.runs import CaseLosses, case_losses
from regimes.validation.experiments.training_losses.summary import numbers_of, sentences, tables_of
from regimes.validation.outcome.experiment import Judgement

__all__ = ["PLAN"]

_DESCENT = 1000  # behind the numbers of cases


@dataclass(frozen=True, eq=False)
class _Found:
    cases: list[CaseLosses]
    descent: dict[str, NDArray[np.float64]]


def _simulate(form: LossesForm, bench: Bench) -> _Found:
    cases = cases_of(form)
    rng = np.random.default_rng([bench.noise.stream, bench.seed, _DESCENT])
    descent = bench.store.piece("descent", lambda: descent_losses(cases[0], form.descent, rng, bench.report))
    return _Found([case_losses(form, number, bench) for number in range(len(cases))], descent)


def _judge(form: LossesForm, found: _Found) -> Judgement:
    rows, tests = compared(found.cases)
    tables = tables_of(form, found.cases, found.descent)
    return Judgement(
        agreement=rows,
        tests=tests,
        sentences=sentences(tables, rows, tests),
        panels=panels(found.cases, form),
        numbers=numbers_of(tables),
        tables=tables,
    )


PLAN = Plan(
    name="training-losses",
    stream=Stream.TRAINING_LOSSES,
    full=LossesForm(
        spectra=("one level", "k^-1"),
        activation="tanh",
        psi_p=8.0,
        psi_n=(1.0, 2.0, 4.0),
        t=0.1,
        levels=40,
        draws=20,
        dimensions=(100, 200),
        repetitions=(6, 4),
        far=(8.0, 32.0, 128.0, 512.0),
        descent=DescentForm(d=20, points=40, noises=4, tau=(3.0, 15.0, 80.0, 400.0), shrink=0.08),
    ),
    quick=LossesForm(
        spectra=("one level",),
        activation="tanh",
        psi_p=8.0,
        psi_n=(1.0, 2.0, 4.0),
        t=0.1,
        levels=20,
        draws=10,
        dimensions=(20, 40),
        repetitions=(2, 2),
        far=(8.0, 128.0),
        descent=DescentForm(d=10, points=20, noises=4, tau=(3.0, 15.0, 80.0), shrink=0.08),
    ),
    simulate=_simulate,
    judge=_judge,
    fixed={"times": COMPARED, "generalised": GENERALISED, "memorised": MEMORISED},
)
