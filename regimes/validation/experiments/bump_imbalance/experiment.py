"""Are the places of a bump along x and along y learned apart, where one is sampled more finely or more often?

liang2024a: under unequal steps learning of x and y is coupled, and the finer sampled feature is not the more accurate.

Said beforehand. Fixed are gradient steps, images of a batch, and the share of positions that is kept; a finer step has
more images, each seen less often. Steps .4, .5, 1, 2 and 4 are trained on alone, and x at .5 with y at 1, 2 and 4, and
x at .4 with y at 4: factors 2, 4, 8 and 10. Of 4 there are 16 positions, 12 kept: nothing can be filled in, so all is
judged at kept ones. The factor of 10 came when the others were known; for it the tolerance went from .2 to .19.
An axis is *learned* at the step at which half of the images with one bump have the place along it right, at one
tolerance for all. No bump or several are left out: they would be wrong of both axes at once, and make any two features
look coupled. A share needs 20 images with one bump, and is 0 without them.

Learned apart, an axis takes what it takes if both steps are its own. The *gap*, log of the step of x over that of y,
is then that between the equal grids; learned together, it is 0. What works through the number of images works on both
axes of a training alike and leaves no gap; but equal grids differ in their numbers too, so that a small gap may also
say that the number sets the pace of both. So each axis is held against an equal grid of as many images as well: (.5, 2)
has those of (1, 1), the others lie between two. The other two readings leave the number of images alone.
The *correlation* of right x and right y among images with one bump is 0 apart, and together as large as their shares
let it be; it is measured while both shares lie within .1 and .9. Some positions being harder than others fakes one: it
counts only if it is there between two images of one position as well.
*Rare*: values of x in the left half are five times as often, of the same images as without. How much later an axis is
learned in the rare half, less the same in trainings without, is for y 0 apart and that of x together. By visits alone
it were log 5 of both.

Each has a 95% interval over trainings (Student's t, 4.3 errors of three), unequal grids averaged training by training:
*coupled* if above what apart gives (*in part* if also below what together gives), *apart* if not above the former but
below the latter, else *not told*. The coupling is reproduced if all three are coupled, at least in part, refuted if all
are apart. The finer feature: share of right x less right y, kept positions, mean over snapshots: by its sign.
"""

from __future__ import annotations

from regimes.numerics.estimation.streams import Stream
from regimes.validation.experiments.bump_imbalance.figure import panels
from regimes.validation.experiments.bump_imbalance.form import Images, ImbalanceForm
from regimes.validation.experiments.bump_imbalance.readings import ByKind
from regimes.validation.experiments.bump_imbalance.runs import ImbalanceRun, imbalance_run
from regimes.validation.experiments.bump_imbalance.summary import numbers_of, sentences, tables_of
from regimes.validation.experiments.runner.bump_models import FULL_TRAINING, QUICK_TRAINING
from regimes.validation.experiments.runner.run import Bench, Plan
from regimes.validation.experiments.runner.trained_case import HARDLY_TRAINED
from regimes.validation.outcome.experiment import Judgement

__all__ = ["PLAN"]


def _simulate(form: ImbalanceForm, bench: Bench) -> ByKind:
    found: dict[str, list[ImbalanceRun]] = {kind.name: [] for kind in form.kinds}
    for seed in map(bench.seed_of, range(form.seeds)):
        for number, kind in enumerate(form.kinds):
            found[kind.name].append(imbalance_run(form, kind, seed, bench.of(number, seed)))
    return found


def _judge(form: ImbalanceForm, runs: ByKind) -> Judgement:
    tables = tables_of(form, runs)
    return Judgement(
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
        equal=(Images(1.0, 1.0), Images(0.5, 0.5), Images(2.0, 2.0), Images(4.0, 4.0), Images(0.4, 0.4)),
        unequal=(Images(0.5, 1.0), Images(0.5, 2.0), Images(0.5, 4.0), Images(0.4, 4.0)),
        skewed=Images(1.0, 1.0, often=5),
        seeds=3,
        training=FULL_TRAINING,
        sampling_steps=20,
        looked=96,
        tolerance=0.19,
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
