"""Do trained denoisers learn at a time that does not depend on the number of their images, and memorise in proportion?

``bonnaire2025`` says so of gradient flow: a generalisation time that stays, a memorisation time proportional to n, and
between the two a window that opens with n. Here networks without classes are trained on n, 2n, 4n, 8n images of one
set, smaller numbers being parts of larger ones, with the same steps, batches and rates and no linear denoiser in front.
Snapshots, about even in the logarithm of the step, have the share of samples that are copies (nearest image under a
third as far as the nearest outside its group of near copies) and the losses on images trained on and held out: squared
error of the predicted noise of a pixel, mean over levels even in log snr, as it is trained on, with the same noise at
all snapshots.

The rate rises over 100 steps and falls by a cosine, so that steps at both ends move little. Times are sums of the rate
in steps of the largest, the time of a gradient flow; the same in plain steps stands beside.

Said beforehand. Intervals are 95% by Student's t over trainings; those of one seed are nested, so that each seed has a
slope. A time lies between two snapshots, on straight lines in its logarithm; a size counts if all trainings have one.

- *tau_mem*: a tenth of the samples are copies. Its slope on log n is *as claimed* if the interval holds 1 and not 0;
  without 1 *nearly as claimed* if all of it is within .2 of 1, else *more* or *less*; *not told* if it holds both. The
  same of the *first copies*, a fiftieth.
- *tau_gen*: the held-out loss has made .9 of its way from before the training to a level that all sizes reach (the
  highest of the least losses of the sizes, by seed). By the same rule beside 0. The same part of the way to the least
  loss of each size itself, which falls with n, stands beside.
- *Least held-out loss*: vertex of the parabola through the lowest snapshot and its neighbours. It comes *before* the
  first copies if the interval of the log of the ratio of times ends below 0, *after* if it lies above 0, else not told.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from regimes.numerics.estimation.streams import Stream
from regimes.validation.experiments.runner.copies_along import FEW_DIGITS, FEW_MNIST, QUICK_DIGITS
from regimes.validation.experiments.runner.image_models import runnable
from regimes.validation.experiments.runner.nested_sizes import NestedSizes
from regimes.validation.experiments.runner.run import Bench, Plan
from regimes.validation.experiments.runner.trained_case import HARDLY_TRAINED
from regimes.validation.experiments.training_networks.figure import panels
from regimes.validation.experiments.training_networks.form import TrainingNetworksForm
from regimes.validation.experiments.training_networks.runs import SourceFound, source_found
from regimes.validation.experiments.training_networks.summary import numbers_of, sentences, tables_of
from regimes.validation.outcome.experiment import Judgement

__all__ = ["PLAN"]

_SNAPSHOTS = (16, 32, 48, 64, 80, 96, 128, 192, 256, 384, 512, 768, 1024, 1536, 2048, 3072, 4096, 6000)


@dataclass(frozen=True, eq=False)
class _Found:
    sources: list[SourceFound]
    not_run: list[str]


def _simulate(form: TrainingNetworksForm, bench: Bench) -> _Found:
    run, not_run = runnable(form.sources, lambda each: each.training.source, form.left_out)
    return _Found([source_found(form, source, bench.of(place)) for place, _, source in run], not_run)


def _judge(form: TrainingNetworksForm, found: _Found) -> Judgement:
    tables = tables_of(form, found.sources)
    return Judgement(
        sentences=sentences(form, tables, found.not_run),
        panels=panels(form, found.sources),
        numbers=numbers_of(form, tables),
        tables=tables | {"not_run": found.not_run},
    )


PLAN = Plan(
    name="training-networks",
    stream=Stream.TRAINING_NETWORKS,
    full=TrainingNetworksForm(
        sources=(
            NestedSizes(
                replace(FEW_DIGITS, batch=32, steps=6000, held_out=200, snapshots=_SNAPSHOTS),
                sizes=(16, 32, 64, 128),
                seeds=3,
                samples=400,
            ),
            NestedSizes(
                replace(FEW_MNIST, batch=32, steps=6000, held_out=200, snapshots=_SNAPSHOTS),
                sizes=(16, 32, 64, 128),
                seeds=3,
                samples=300,
            ),
        ),
        steps=25,
        noises=13,
        draws=2,
        first=0.02,
        memorised=0.1,
        learned=0.9,
        left_out=("mnist",),
    ),
    quick=TrainingNetworksForm(
        sources=(
            NestedSizes(
                replace(QUICK_DIGITS, steps=300, batch=32, held_out=60, snapshots=(10, 25, 50, 100, 200, 300)),
                sizes=(4, 8),
                seeds=1,
                samples=60,
            ),
        ),
        steps=10,
        noises=5,
        draws=2,
        first=0.02,
        memorised=0.1,
        learned=0.9,
    ),
    simulate=_simulate,
    judge=_judge,
    fixed={"network": "SmallUNet", "precondition": False, "sampler": "ancestral", "spacing": "log-snr"},
    one_thread=True,
    quick_note=HARDLY_TRAINED,
)
