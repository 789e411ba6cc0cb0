"""How many bumps a denoiser must be shown before it draws those that it was not shown.

liang2024b: few examples of compositions suffice; the number for 60% of the held-out combinations grows linearly with N
where all stripes are shown too, quadratically without (drawn as guides, L10).

Said beforehand. Images of 16 x 16 pixels hold one bump at (x, y), N positions along each axis, a pixel apart, in the
middle of the image, N = 8, 12 and 16: image, width, step, network and steps of training are the same for all N. Trained
on are so many random combinations, *alone* or *with stripes*, the 2N images of one stripe at each x and at each y. An
image of a held-out combination is right if it shows one bump within .4 pixels of its place; copies of training images
never are.

The *number needed* is that at which .6 of the held-out images are right. A search begins at N^2/4 bumps, doubles the
number until the share reaches .6 (at most 3/4 of all, the others judge), or halves it until it no longer does, and
interpolates in the logarithm between the last two; the smaller set lies within the larger. It has at most three
trainings, and ends with a bound (not with m bumps, or already with m) if they do not enclose the level, or if one of
them has fewer than .9 of the images right at combinations that it was trained on, by those before. A mean over seeds is
taken where all three have a number. Numbers leave the 2N stripes out.

The *growth* is the slope of log number against log N: one line for each kind, the likeliest for the numbers of all N
and seeds and for the bounds, with Gaussian scatter of the logarithms, that about the means of each kind and N, pooled
(12 degrees of freedom where all 18 searches have a number). Of the orders 1, N, N^2 and N^3 those count as possible
whose slope lies within Student's quantile (.975) of errors, roots of twice the difference of log-likelihoods; where all
are numbers, (slope - order)/se. The claim is reproduced if N alone is possible with stripes and N^2 alone without,
refuted if that order lies beyond the quantile .995 (3.05 errors) for one of them, undecided otherwise, and with fewer
than 6 degrees of freedom. Three N over a factor of two are no law.

At N = 16, 60 of 256 bumps lie on the border and are cut, at 8 and 12 none: the share right at interior held-out
positions is given beside that at all.

Nothing here has a predicted value: the verdict is "compared". Full form: 18 searches of at most three trainings of
FULL_TRAINING (1500 steps, two minutes of a core each), 54 at most; one piece each.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from regimes.numerics.estimation.streams import Stream
from regimes.validation.experiments.bump_data.figure import panels
from regimes.validation.experiments.bump_data.form import KINDS, DataForm
from regimes.validation.experiments.bump_data.runs import DataSearch, searched
from regimes.validation.experiments.bump_data.summary import numbers_of, sentences, tables_of
from regimes.validation.experiments.runner.bump_models import FULL_TRAINING, QUICK_TRAINING
from regimes.validation.experiments.runner.run import Bench, Plan
from regimes.validation.experiments.runner.trained_case import HARDLY_TRAINED
from regimes.validation.outcome.experiment import Judgement

__all__ = ["PLAN"]


def _simulate(form: DataForm, bench: Bench) -> Mapping[str, Sequence[Sequence[DataSearch]]]:
    seeds = list(map(bench.seed_of, range(form.seeds)))
    return {
        kind: [[searched(form, n, kind, seed, bench.of(seed)) for seed in seeds] for n in form.positions]
        for kind in KINDS
    }


def _judge(form: DataForm, searches: Mapping[str, Sequence[Sequence[DataSearch]]]) -> Judgement:
    tables = tables_of(form, searches)
    return Judgement(
        sentences=sentences(form, tables),
        panels=panels(form, searches, tables),
        numbers=numbers_of(tables),
        tables=tables,
    )


PLAN = Plan(
    name="bump-data",
    stream=Stream.BUMP_DATA,
    full=DataForm(
        side=16,
        sigma=1.0,
        positions=(8, 12, 16),
        first=0.25,
        trainings=3,
        level=0.6,
        seeds=3,
        training=FULL_TRAINING,
        sampling_steps=20,
        looked=128,
        tolerance=0.4,
        learned=0.9,
    ),
    quick=DataForm(
        side=8,
        sigma=1.0,
        positions=(8,),
        first=0.5,
        trainings=2,
        level=0.1,
        seeds=1,
        training=replace(QUICK_TRAINING, steps=150, learning_rate=1e-2, ema=0.9, snapshots=(150,)),
        sampling_steps=8,
        looked=24,
        tolerance=0.4,
        learned=0.0,
    ),
    simulate=_simulate,
    judge=_judge,
    fixed={"network": "SmallUNet", "images": "one Gaussian bump, or one stripe"},
    one_thread=True,
    quick_note=HARDLY_TRAINED,
)
