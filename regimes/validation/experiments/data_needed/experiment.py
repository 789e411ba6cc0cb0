"""How many images until a trained denoiser stops copying, beside the number at which the exact score would?

Denoisers without classes are trained on more and more images of one set, smaller numbers being parts of larger ones,
all with the same steps and batches. The share of samples that are copies (nearest image under a third as far as the
nearest outside its group of near copies) is followed along the training, beside that of images held out. ``advise``
says from the data alone at which n* the exact score would stop at the sampler's smallest noise, and for how many images
it is sure to copy; the exact score of the same images goes through the same sampler, where it should copy always.

Said beforehand; intervals are 95% by Student's t over trainings.

- The *number of half copies* is that at which the share falls through one half, on straight lines in log n, at each
  snapshot; without a crossing between two sizes there is none.
- n* is given as an upper bound, so its distance in decades has two ends: at most log10 n* less that of half copies, at
  least the log10 of the largest number of images that ``advise`` says the exact score copies less it, both at the last
  snapshot. As an answer to how many images end copying, n* *does not help* if the latter exceeds one decade by its
  interval, helps if the former stays below one, else it is not told.
- Equal steps are fewer passes through each image as n grows. The step at which the share first passes a level, a tenth,
  is followed over all sizes that pass it between two snapshots in all trainings (straight lines in the logarithm of the
  step): log step on log n has the slope 1 if passes decide, 0 if steps do. *Passes* if the interval holds 1 and not 0,
  *steps* if it ends below 1 and does not lie above 0, *passes in part* if it lies between, *n beyond passes* if above
  1, else not told.
"""

from __future__ import annotations

from dataclasses import dataclass

from regimes.numerics.estimation.streams import Stream
from regimes.validation.experiments.data_needed.figure import panels
from regimes.validation.experiments.data_needed.form import DataNeededForm
from regimes.validation.experiments.data_needed.runs import SourceFound, source_found
from regimes.validation.experiments.data_needed.summary import numbers_of, sentences, tables_of
from regimes.validation.experiments.runner.copies_along import FEW_DIGITS, FEW_MNIST, QUICK_DIGITS
from regimes.validation.experiments.runner.image_models import runnable
from regimes.validation.experiments.runner.nested_sizes import NestedSizes
from regimes.validation.experiments.runner.run import Bench, Plan
from regimes.validation.experiments.runner.trained_case import HARDLY_TRAINED
from regimes.validation.outcome.experiment import Judgement

__all__ = ["PLAN"]


@dataclass(frozen=True, eq=False)
class _Found:
    sources: list[SourceFound]
    not_run: list[str]


def _simulate(form: DataNeededForm, bench: Bench) -> _Found:
    run, not_run = runnable(form.sources, lambda each: each.training.source, form.left_out)
    return _Found([source_found(form, source, bench.of(place)) for place, _, source in run], not_run)


def _judge(form: DataNeededForm, found: _Found) -> Judgement:
    tables = tables_of(form, found.sources)
    return Judgement(
        sentences=sentences(tables, found.not_run),
        panels=panels(found.sources),
        numbers=numbers_of(tables),
        tables=tables | {"not_run": found.not_run},
    )


PLAN = Plan(
    name="data-needed",
    stream=Stream.DATA_NEEDED,
    full=DataNeededForm(
        sources=(
            NestedSizes(FEW_DIGITS, sizes=(32, 64, 96, 128, 256), seeds=3, samples=500),
            NestedSizes(FEW_MNIST, sizes=(16, 32, 64), seeds=3, samples=300),
        ),
        steps=25,
        level=0.1,
        left_out=("mnist",),
    ),
    quick=DataNeededForm(
        sources=(NestedSizes(QUICK_DIGITS, sizes=(4, 16), seeds=1, samples=100),),
        steps=10,
        level=0.1,
    ),
    simulate=_simulate,
    judge=_judge,
    fixed={"network": "SmallUNet", "sampler": "ancestral", "spacing": "log-snr"},
    one_thread=True,
    quick_note=HARDLY_TRAINED,
)
