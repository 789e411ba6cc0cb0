"""Phases in which conditional denoisers learn to draw a bump where they are told to.

liang2024a: first no structure and no or several bumps (A), then one bump at a wrong place (B), then one at the right
place (C); a readable representation comes with or before accuracy; smaller steps of the grid are learned faster.

Said beforehand. Positions are a grid, three quarters of which are trained on; all is judged on the others. A snapshot
is in *phase A* if fewer than half of the images show one bump, in *C* if at least half show one within the tolerance,
in *B* otherwise; a training *shows the phases* if, along its snapshots, none comes before one of an earlier letter and
all three occur. The position is *readable* from the step at which R^2 of a linear map from the deepest layer at the
generated image passes one half: with its condition, of which the layer is told at every step of training, and with that
of another, where only the image can say it. The model is *accurate* from the step at which half of the held-out images
are right; structure comes before accuracy if readable is before accurate in both. A step of the
grid is learned *faster* than another if half of the images are right earlier, at one tolerance for all, below half of
the smallest step; in steps of training, and in passes through the data.

Nothing here has a predicted value: the verdict is "compared", and what was found is told by errors over trainings, each
with positions, weights and batches of its own.
"""

from __future__ import annotations

from regimes.numerics.estimation.streams import Stream
from regimes.validation.experiments.bump_phases.figure import panels
from regimes.validation.experiments.bump_phases.form import PhasesForm, StepForm
from regimes.validation.experiments.bump_phases.runs import PhaseRun, phase_run
from regimes.validation.experiments.bump_phases.summary import numbers_of, sentences, tables_of
from regimes.validation.experiments.runner.bump_models import FULL_TRAINING, QUICK_TRAINING
from regimes.validation.experiments.runner.run import Bench, Plan
from regimes.validation.experiments.runner.trained_case import HARDLY_TRAINED
from regimes.validation.outcome.experiment import Judgement

__all__ = ["PLAN"]


def _simulate(form: PhasesForm, bench: Bench) -> list[list[PhaseRun]]:
    return [
        [phase_run(form, each.step, seed, bench.of(number, seed)) for seed in map(bench.seed_of, range(each.seeds))]
        for number, each in enumerate(form.grids)
    ]


def _judge(form: PhasesForm, runs: list[list[PhaseRun]]) -> Judgement:
    tables = tables_of(form, runs)
    return Judgement(
        sentences=sentences(form, tables),
        panels=panels(form, runs),
        numbers=numbers_of(tables),
        tables=tables,
    )


PLAN = Plan(
    name="bump-phases",
    stream=Stream.BUMP_PHASES,
    full=PhasesForm(
        side=16,
        sigma=1.0,
        kept=0.75,
        grids=(StepForm(1.0, 5), StepForm(0.5, 3), StepForm(2.0, 3)),
        training=FULL_TRAINING,
        layers=("down.0", "down.1", "down.2", "down.3"),
        sampling_steps=20,
        looked=192,
        tolerance=0.4,
        common=0.2,
    ),
    quick=PhasesForm(
        side=8,
        sigma=1.0,
        kept=0.75,
        grids=(StepForm(1.0, 1), StepForm(2.0, 1)),
        training=QUICK_TRAINING,
        layers=("down.2",),
        sampling_steps=8,
        looked=48,
        tolerance=0.4,
        common=0.4,
    ),
    simulate=_simulate,
    judge=_judge,
    fixed={"network": "SmallUNet", "images": "one Gaussian bump"},
    one_thread=True,
    quick_note=HARDLY_TRAINED,
)
