"""Is the predicted divergence of paths and of final samples right, and does the best grid help trained denoisers?

All grids run from t = 4 to .01: even in time, even in log snr, of Karras et al. 2022 (rho = 7), even in the steps of
the cosine and of the linear training schedule, and the best one of `advise`: that of the Gaussian with the covariance
of the data. Ancestral steps with the exact posterior variance, nothing clipped.

Said beforehand. *Exact scores.* (1) Gaussian data with variances that fall as a power: the variances of final samples
of the backward process against `steps.end_divergence`, and the mean logarithm of the densities of paths of the data
over those of the sampler against `steps.path_divergence`. (2) A mixture on the line: the same mean against the left
Riemann error of its mmse by quadrature; counts of final samples in bins against the density of the sampler, carried
from step to step by quadrature. (3) A random hierarchy: the same mean, by the evidence of belief propagation, against
the left Riemann error of its mmse. Each group is a chi-square; the paths of (2) and (3) are exact predictions of no
answer of `advise`, which knows the covariance alone: tables say how its grid does there.

*Trained denoisers*, without a condition, the last call to the posterior mean. Four measures: energy distance of the
images from images held out, in units of the mean distance of two of these, with permutations of all images; the same
in coordinates in which training images with the noise of the last call have unit covariance, since nats do not ask how
large a direction is; the same in pixels from images that the same denoiser makes in many steps; and the nats that steps
add to the paths of the denoiser, `steps.model_divergence` of `advise --losses` with its losses on the images held out,
by as much as its variational bound on their likelihood loses.
At a number of calls the best grid *helps* against a named one if it is lower, *does not help* if it is higher, by the
95% interval (Student) of the difference over trainings, else *not told*. It helps at this number of calls if it helps
against all named grids, does not help if against one of them it does not, else it is not told.
Distances have no prediction in nats. What is predicted is an order: Spearman's correlation of the grids by
`steps.path_divergence` and by `steps.end_divergence` with what was measured, at each number of calls, is given without
a test. Masked data have the same question and their answer in `hierarchy-masked`.
"""

from __future__ import annotations

from dataclasses import dataclass

from regimes.numerics.estimation.streams import Stream
from regimes.validation.experiments.runner.labelled_denoisers import DIGITS, MNIST, LabelledForm
from regimes.validation.experiments.runner.run import Bench, Plan
from regimes.validation.experiments.runner.trained_case import HARDLY_TRAINED
from regimes.validation.experiments.steps.exact import ExactRun, exact_runs
from regimes.validation.experiments.steps.exact_comparison import compared
from regimes.validation.experiments.steps.figure import panels
from regimes.validation.experiments.steps.form import GaussianForm, HierarchyForm, ImagesForm, LineForm, StepsForm
from regimes.validation.experiments.steps.summary import Found, numbers_of, sentences, tables_of
from regimes.validation.experiments.steps.trained import trained_run
from regimes.validation.outcome.experiment import Judgement

__all__ = ["PLAN", "Runs"]

_EXACT, _IMAGES = range(2)


@dataclass(frozen=True, eq=False)
class Runs:
    """What was simulated."""

    exact: dict[str, ExactRun]
    images: Found


def _simulate(form: StepsForm, bench: Bench) -> Runs:
    exact = exact_runs(form, bench.of(_EXACT))
    images = {
        each.labelled.source: [
            trained_run(each, number, bench.of(_IMAGES, place, number)) for number in range(each.trainings)
        ]
        for place, each in enumerate(form.images)
        if each in form.run
    }
    return Runs(exact, images)


def _judge(form: StepsForm, runs: Runs) -> Judgement:
    rows, tests = compared(form, runs.exact)
    tables = tables_of(form, runs.exact, runs.images)
    return Judgement(
        agreement=rows,
        tests=tests,
        sentences=sentences(form, tables, tests),
        panels=panels(form, rows, tables),
        numbers=numbers_of(form, tables),
        tables=tables,
    )


_CALLS = (5, 10, 20, 50)
_LINE = LineForm(
    weights=(0.5, 0.3, 0.2),
    centres=(-1.5, 0.5, 2.0),
    sigma=0.2,
    samples=100_000,
    paths=20_000,
    bins=20,
    nodes=1201,
)

PLAN = Plan(
    name="steps",
    stream=Stream.STEPS,
    full=StepsForm(
        calls=_CALLS,
        levels=160,
        gaussian=GaussianForm(d=64, exponent=1.0, largest=10.0, samples=20_000, paths=5_000),
        line=_LINE,
        hierarchy=HierarchyForm(v=8, m=2, s=2, L=3, strings=6_000, paths=5_000),
        images=(
            ImagesForm(
                labelled=DIGITS,
                trainings=3,
                calls=_CALLS,
                generated=1200,
                fine=100,
                permutations=200,
                draws=2,
                levels=48,
            ),
            ImagesForm(
                labelled=MNIST,
                trainings=3,
                calls=_CALLS,
                generated=400,
                fine=100,
                permutations=200,
                draws=2,
                levels=24,
            ),
        ),
        left_out=("mnist",),
    ),
    quick=StepsForm(
        calls=(5, 20),
        levels=60,
        gaussian=GaussianForm(d=32, exponent=1.0, largest=10.0, samples=2_000, paths=500),
        line=LineForm((0.5, 0.3, 0.2), (-1.5, 0.5, 2.0), 0.2, samples=10_000, paths=2_000, bins=12, nodes=601),
        hierarchy=HierarchyForm(v=4, m=2, s=2, L=2, strings=400, paths=400),
        images=(
            ImagesForm(
                labelled=LabelledForm(
                    source="digits", trained=1400, held_out=397, channels=8, steps=150, batch=64, unconditional=0.1
                ),
                trainings=1,
                calls=(5, 10),
                generated=100,
                fine=20,
                permutations=50,
                draws=2,
                levels=24,
            ),
        ),
    ),
    simulate=_simulate,
    judge=_judge,
    fixed={"network": "SmallUNet", "sampler": "ancestral"},
    one_thread=True,
    quick_note=HARDLY_TRAINED,
)
