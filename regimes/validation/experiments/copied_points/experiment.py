"""Which training images does a denoiser copy, and which prediction from the data alone ranks them best?

Denoisers without classes are trained on few images until part of what they generate are copies. Before looking at a
sample, the images alone give three rankings: the *return time* of ``advise`` (the noise from which the exact score
returns to an image in half of the cases), the *plain distance* to the nearest other image, and the *density* of the
others where the image lies, noised to the median return time, less its logarithm. All say that an isolated image is
copied first. A sample is a copy as ``advise`` has it: nearest image under a third as far as the nearest outside its
group of near copies. An image is *copied* if any sample is a copy of it.

Said beforehand. Each training is judged at the snapshot at which the share of copied images is nearest to one half;
all snapshots are in the tables. Of each ranking the AUC is the probability that of two images, one copied and one not,
the copied one ranks higher; it takes ten of each kind. Intervals are 95% by Student's t over trainings.

- A ranking *helps* if its interval lies above one half, does not if it ends below .55, else it is not told.
- The ranking with the largest mean is the one to ship if the intervals of its paired differences to both others lie
  above 0; else all are to be listed.
- Counts of copies: chi-square over degrees of freedom against equal chances (1 if they hold), against chances in
  proportion to the return probabilities at the median return time, and what these add to the log-likelihood of a copy.

The criterion itself favours isolated images: the farther the next one, the wider the ball in which a sample counts as a
copy. So the same is read with one radius for all images, a third of the median distance to the nearest other, at the
same snapshots. If another ranking wins there, that is said beside.

The exact score copies all images alike: its counts, by the same sampler with eight times the steps, are held against a
dispersion of 1.
"""

from __future__ import annotations

from dataclasses import dataclass

from regimes.numerics.estimation.streams import Stream
from regimes.validation.experiments.copied_points.analysis import SeedFound
from regimes.validation.experiments.copied_points.figure import panels
from regimes.validation.experiments.copied_points.form import CopiedPointsForm, SourceForm
from regimes.validation.experiments.copied_points.predictors import predicted
from regimes.validation.experiments.copied_points.summary import (
    BySource,
    agreements,
    numbers_of,
    sentences,
    tables_of,
)
from regimes.validation.experiments.runner.copies_along import FEW_DIGITS, FEW_MNIST, QUICK_DIGITS, copies_along
from regimes.validation.experiments.runner.image_models import runnable
from regimes.validation.experiments.runner.run import Bench, Plan
from regimes.validation.experiments.runner.trained_case import HARDLY_TRAINED
from regimes.validation.outcome.experiment import Judgement

__all__ = ["PLAN"]


@dataclass(frozen=True, eq=False)
class _Found:
    sources: BySource
    not_run: list[str]


def _simulate(form: CopiedPointsForm, bench: Bench) -> _Found:
    sources = {}
    run, not_run = runnable(form.sources, lambda each: each.training.source, form.left_out)
    for place, name, source in run:
        seeds = [
            copies_along(source.training, number, source.samples, form.steps, bench.of(place, number))
            for number in range(source.seeds)
        ]
        sources[name] = [SeedFound(each, predicted(each, form.noises)) for each in seeds]
    return _Found(sources, not_run)


def _judge(form: CopiedPointsForm, found: _Found) -> Judgement:
    tables = tables_of(form, found.sources)
    return Judgement(
        agreement=agreements(found.sources),
        sentences=sentences(tables, found.not_run),
        panels=panels(form, found.sources),
        numbers=numbers_of(tables),
        tables=tables | {"not_run": found.not_run},
    )


PLAN = Plan(
    name="copied-points",
    stream=Stream.COPIED_POINTS,
    full=CopiedPointsForm(
        sources=(SourceForm(FEW_DIGITS, seeds=5, samples=2000), SourceForm(FEW_MNIST, seeds=5, samples=600)),
        steps=25,
        noises=64,
        least=10,
        left_out=("mnist",),
    ),
    quick=CopiedPointsForm(
        sources=(SourceForm(QUICK_DIGITS, seeds=1, samples=200),),
        steps=10,
        noises=16,
        least=3,
    ),
    simulate=_simulate,
    judge=_judge,
    fixed={"network": "SmallUNet", "sampler": "ancestral", "spacing": "log-snr"},
    one_thread=True,
    quick_note=HARDLY_TRAINED,
)
