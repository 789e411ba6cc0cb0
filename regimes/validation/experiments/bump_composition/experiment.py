"""Conditional denoisers of sums of stripes asked for combinations and for values that they were never shown.

liang2024b: composition is strong, given all single stripes and few combinations others are drawn (L8); interpolation
over values that are left out is weak, the weaker the wider the gap (L9).

Said beforehand. An image is the sum of a vertical stripe at x and a horizontal one at y; positions are a pixel apart on
16 x 16 pixels. A range of 1 to 8 values in the middle of each axis is held out: of a *square*, all sums with x and y
in it; of a *cross*, all with x or y in it; of a *band*, all with x in it. With *stripes* every single stripe is shown
too, also those in the range. In the *arms* one coordinate asked for lies in the range, in the *intersection* both do.
A region tests *composition* if each coordinate that it asks for was in some training image, alone or in another sum,
and *interpolation* of those that never were; which of them is read from the training images.

An image is right along an axis if it shows one stripe there within .4 pixels of its place, right if it is along both. A
training counts if at least .9 of its images of sums that it was trained on are right at its last step; a set counts if
all three do. Shares are judged as angles, arcsin of their root, whose scatter does not depend on the share: that of
single trainings about the mean of their set, pooled over all sets that have the region (but for those with all right,
or none, in all trainings), at least that of the images, 1/(2 sqrt(images)). A mean of three, or a sum of means with
weights, lies above or below a level if it does by Student's quantile (.975) of its errors. A claim by which a share is
low is *undecided: still rising* if that share rose by as much from step 1000 to 1500. At a width of 4 of 16 values (the
paper's: 7 of 32):

- *composition is strong* is reproduced if, of a cross with stripes, the shares right in the arms and in the
  intersection both lie above one half, and refuted if one lies below; with 32 and with 8 sums outside the cross alone
  likewise.
- *interpolation is weak* is reproduced if, of a cross without stripes, the share of the arms right along the axis of
  the value never seen lies below one half, and refuted if above; with the scalar code of x and y likewise: sinusoidal
  codes hold waves of 4 pixels, and what lies between shown values may look like others a wave away.
- *composition is stronger than interpolation* is reproduced if the held-out coordinate is right more often with stripes
  than without, in the arms and in the intersection, refuted if less often in one.
- *the weaker the wider* (widths 1, 2, 4 and 8, three at least) is reproduced if the slope of the angle of that share
  against log width lies below 0 and below that of a guess, *no more than by chance* if below 0 alone, refuted if above
  0. A guess is a place drawn evenly from the gap, right with .8/(w + 1). Wider gaps leave fewer sums, 225 to 64: so it
  is judged twice, with all sums and with 64 of them, in which every value outside occurs, at each width.

Beside them the held-out coordinate right of a square less of a cross (240 sums against 144 at width 4, other noise: no
verdict). Beside each share right along both axes, the product of those along each, and what copies of the nearest sum
that was trained on would have right. Nothing here has a predicted value: the verdict is "compared".

Full form: 16 sets by 3 seeds, 48 trainings of FULL_TRAINING (1500 steps, two minutes of a core each), one piece each,
in the order of the sets; all that the claims need comes first.
"""

from __future__ import annotations

from collections.abc import Sequence

from regimes.numerics.estimation.streams import Stream
from regimes.validation.experiments.bump_composition.analysis import Runs
from regimes.validation.experiments.bump_composition.figure import panels
from regimes.validation.experiments.bump_composition.form import CompositionForm, SetForm
from regimes.validation.experiments.bump_composition.runs import composition_run
from regimes.validation.experiments.bump_composition.summary import numbers_of, sentences, tables_of
from regimes.validation.experiments.runner.bump_models import FULL_TRAINING, QUICK_TRAINING
from regimes.validation.experiments.runner.run import Bench, Plan
from regimes.validation.experiments.runner.trained_case import HARDLY_TRAINED
from regimes.validation.outcome.experiment import Judgement

__all__ = ["PLAN"]


def _simulate(form: CompositionForm, bench: Bench) -> Sequence[Runs]:
    seeds = list(map(bench.seed_of, range(form.seeds)))
    return [[composition_run(form, each, seed, bench.of(seed)) for seed in seeds] for each in form.sets]


def _judge(form: CompositionForm, runs: Sequence[Runs]) -> Judgement:
    tables = tables_of(form, runs)
    return Judgement(
        sentences=sentences(form, tables),
        panels=panels(form, runs),
        numbers=numbers_of(tables),
        tables=tables,
    )


PLAN = Plan(
    name="bump-composition",
    stream=Stream.BUMP_COMPOSITION,
    full=CompositionForm(
        side=16,
        sigma=1.0,
        sets=(
            SetForm("cross", 4, stripes=True),
            SetForm("cross", 4),
            SetForm("cross", 1),
            SetForm("cross", 2),
            SetForm("cross", 8),
            SetForm("cross", 1, few=64),
            SetForm("cross", 2, few=64),
            SetForm("cross", 4, few=64),
            SetForm("cross", 4, stripes=True, few=32),
            SetForm("cross", 4, stripes=True, few=8),
            SetForm("square", 4),
            SetForm("cross", 8, stripes=True),
            SetForm("square", 8),
            SetForm("cross", 1, stripes=True),
            SetForm("band", 4),
            SetForm("cross", 4, code="scalar"),
        ),
        paper=4,
        seeds=3,
        training=FULL_TRAINING,
        looks=(500, 1000, 1500),
        sampling_steps=20,
        looked=64,
        tolerance=0.4,
        learned=0.9,
    ),
    quick=CompositionForm(
        side=8,
        sigma=1.0,
        sets=(SetForm("cross", 2, stripes=True), SetForm("cross", 2)),
        paper=2,
        seeds=1,
        training=QUICK_TRAINING,
        looks=(120, 300),
        sampling_steps=8,
        looked=16,
        tolerance=0.4,
        learned=0.5,
    ),
    simulate=_simulate,
    judge=_judge,
    fixed={"network": "SmallUNet", "images": "sum of a vertical and a horizontal stripe"},
    one_thread=True,
    quick_note=HARDLY_TRAINED,
)
