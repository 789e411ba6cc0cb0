"""Are the places of a bump along x and along y learned apart, where one is sampled more finely or more often?

liang2024a: under unequal steps, and under skewed frequencies, learning of x and y is coupled, and the finer sampled
feature is not the more accurate.

Said beforehand. A place is learned along an axis at the step at which half of the images at kept positions have it
right, at one tolerance for all, below half of the smallest step; no bump and several are wrong. Learned *apart* are
features if what one of them takes does not depend on the step of the other (log ratio 0 to the grid with both steps its
own), if right x says nothing of right y (correlation 0), and if, with half of the values of x trained on more often, y
is learned as early where x is rare. Trainings of equal steps are those of bump-phases.

Nothing is tested with three trainings: the verdict is "compared", and each number has its error over trainings.
"""

from __future__ import annotations

from regimes.numerics.estimation.streams import Stream
from regimes.validation.experiments.bump_imbalance.figure import panels
from regimes.validation.experiments.bump_imbalance.form import Images, ImbalanceForm, seed_numbers
from regimes.validation.experiments.bump_imbalance.runs import imbalance_run
from regimes.validation.experiments.bump_imbalance.summary import ByKind, numbers_of, sentences, tables_of
from regimes.validation.experiments.runner.bump_models import FULL_TRAINING, QUICK_TRAINING
from regimes.validation.experiments.runner.run import Bench, Plan
from regimes.validation.experiments.runner.trained_case import HARDLY_TRAINED
from regimes.validation.outcome.experiment import Judgement

__all__ = ["PLAN"]


def _simulate(form: ImbalanceForm, bench: Bench) -> ByKind:
    return {
        kind.name: [imbalance_run(form, kind, seed, bench.of(number, seed)) for seed in seed_numbers(form, bench.seed)]
        for number, kind in enumerate(form.kinds)
    }


def _judge(form: ImbalanceForm, runs: ByKind) -> Judgement:
    tables = tables_of(form, runs)
    return Judgement(
        agreement=[],
        tests=[],
        sentences=sentences(form, tables),
        panels=panels(form, runs),
        numbers=numbers_of(tables),
        tables=tables,
    )


PLAN = Plan(
    name="bump-imbalance",
    stream=Stream.BUMP_IMBALANCE,
    full=ImbalanceForm(
        side=16,
        sigma=1.0,
        kept=0.75,
        equal=(Images(0.5, 0.5), Images(1.0, 1.0), Images(4.0, 4.0)),
        unequal=(Images(0.5, 1.0), Images(0.5, 4.0)),
        skewed=Images(1.0, 1.0, often=5),
        seeds=3,
        training=FULL_TRAINING,
        sampling_steps=20,
        looked=96,
        tolerance=0.2,
    ),
    quick=ImbalanceForm(
        side=8,
        sigma=1.0,
        kept=0.75,
        equal=(Images(1.0, 1.0), Images(2.0, 2.0)),
        unequal=(Images(1.0, 2.0),),
        skewed=Images(1.0, 1.0, often=4),
        seeds=1,
        training=QUICK_TRAINING,
        sampling_steps=8,
        looked=48,
        tolerance=0.4,
    ),
    simulate=_simulate,
    judge=_judge,
    fixed={"network": "SmallUNet", "images": "one Gaussian bump"},
    one_thread=True,
    quick_note=HARDLY_TRAINED,
)
