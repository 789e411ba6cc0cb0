"""What sets the kept share from which on denoisers of bumps make images that were held out.

liang2024b: with the kept share of a grid of positions learning sets in suddenly, by percolation of overlapping images
(L11), and losses and representations change at the same share (L12).

Said beforehand. A random part of the positions is trained on, in as many gradient steps whatever the part. The *onset*
is the share at which half of the images at held-out positions are right within 0.4 pixels, on straight lines in its
logarithm; copies of training images are never right there. Everything is judged by changes of log onset against the
first setting, seed by seed: bumps of other widths, and at the first width twice the steps, a smoother code of the
position (3 waves for 8), one without neighbours (one-hot), a deeper network, a larger image. The last setting, of a
width, a code and steps that occur nowhere else together, tests what the others support.

Hypotheses, and the change of log onset that each predicts:

- *percolation of the images* (three overlaps, tau .005 and .05): that of the median share at which a cluster of
  overlapping bumps spans this grid. With the width it falls, by log 7 from .65 to 2 pixels (cosine, .005); with the
  image it hardly changes; all else leaves it alone. Its value is predicted too.
- *widened*: the same with bumps of width sqrt(sigma^2 + v), the posterior mean of a bump whose place is known to a
  variance v under noise; v and tau from the base and the widest bumps, so that the other widths are the test.
- *noised*: two images connect if noise of one level hides their difference, up to the distance ``noised_radius``, which
  no longer depends on the width for wide bumps and has no end for narrow ones; the level from the base.
- *conditions*: conditions connect that are alike, within some part of a wavelength of their code: as the square of the
  waves a pixel, whatever the width, and never with one-hot codes.
- *coordinates*: half of the kept positions are in one piece if those of one row or column connect, as for a network
  that puts together an x and a y which it knows: whatever the width and the code, a share of about 1/N for N x N.
- *count*: a number of examples. *share*: a share, whatever is changed. Only a larger image tells these three apart.
- *budget*: proportional to the step at which half of the kept positions are right, at a share of .45, over all steps.
- *field*: as the inverse square of the receptive field of the network, 51 pixels with 2 levels and 107 with 3.

A hypothesis *fails* at a setting if it misses the change by more than three errors, from the scatter over seeds at all
settings, and by more than a factor of 1.25. The one that fails nowhere is best supported; if several do they are not
told apart; if none, the onset is *not explained*, and which of the changes move it is what is known. A
setting whose onset lies outside of its shares is left out, nothing is judged if that is so of a width, and nothing told
if three errors exceed a factor of two.

Losses and representations change at the onset's share if half of their change, between the smallest and the largest
share, lies within three errors or a factor of 1.25 of half of that of accuracy: the log of the loss at held-out over
that at kept positions, and R^2 of the position in the deepest layer at true images, told another position.
"""

from __future__ import annotations

from dataclasses import replace

from regimes.numerics.estimation.streams import Stream
from regimes.validation.experiments.bump_percolation.analysis import Runs, misses
from regimes.validation.experiments.bump_percolation.figure import panels
from regimes.validation.experiments.bump_percolation.form import PercolationForm, Setting
from regimes.validation.experiments.bump_percolation.predictions import thresholds_of
from regimes.validation.experiments.bump_percolation.runs import share_run
from regimes.validation.experiments.bump_percolation.summary import numbers_of, sentences, tables_of
from regimes.validation.experiments.runner.bump_models import FULL_TRAINING, QUICK_TRAINING
from regimes.validation.experiments.runner.run import Bench, Plan
from regimes.validation.experiments.runner.trained_case import HARDLY_TRAINED
from regimes.validation.outcome.experiment import Judgement

__all__ = ["PLAN"]


def _simulate(form: PercolationForm, bench: Bench) -> Runs:
    return {
        setting.name: [
            [
                share_run(form, setting, share, bench.seed_of(seed), bench.of(number, seed, place))
                for place, share in enumerate(setting.shares)
            ]
            for seed in range(form.seeds)
        ]
        for number, setting in enumerate(form.settings)
    }


def _judge(form: PercolationForm, runs: Runs) -> Judgement:
    thresholds = thresholds_of(form)
    found = misses(form, runs, thresholds)
    tables = tables_of(form, runs, thresholds, found)
    return Judgement(
        agreement=[],
        tests=[],
        sentences=sentences(form, tables),
        panels=panels(form, runs, thresholds, found),
        numbers=numbers_of(tables),
        tables=tables,
    )


_MAIN = (0.1, 0.16, 0.23, 0.32, 0.45, 0.7)
_VARIED = _MAIN[1:5]

PLAN = Plan(
    name="bump-percolation",
    stream=Stream.BUMP_PERCOLATION,
    full=PercolationForm(
        settings=(
            Setting("sigma 1", _MAIN),
            Setting("sigma 0.65", _MAIN, sigma=0.65),
            Setting("sigma 1.5", _MAIN, sigma=1.5),
            Setting("sigma 2", _MAIN, sigma=2.0),
            Setting("2000 steps", _VARIED, steps=2000),
            Setting("3 waves", _VARIED, waves=3),
            Setting("one-hot", _VARIED, code="one-hot"),
            Setting("3 levels", _VARIED, levels=3),
            Setting("20 pixels", (0.09, 0.16, 0.28, 0.45), side=20),
            Setting("sigma 1.5, 5 waves, 2000 steps", _VARIED, sigma=1.5, waves=5, steps=2000),
        ),
        timed=0.45,
        training=replace(FULL_TRAINING, channels=8, steps=1000, snapshots=(100, 150, 225, 350, 500, 700, 1000)),
        seeds=3,
        sampling_steps=20,
        looked=144,
        draws=1024,
        tolerance=0.4,
        orders=500,
    ),
    quick=PercolationForm(
        settings=(
            Setting("sigma 1", (0.2, 0.6), side=8, steps=120, levels=1),
            Setting("sigma 0.8", (0.2, 0.6), sigma=0.8, side=8, steps=120, levels=1),
        ),
        timed=0.6,
        training=replace(QUICK_TRAINING, steps=120, snapshots=(30, 60, 120)),
        seeds=1,
        sampling_steps=6,
        looked=32,
        draws=64,
        tolerance=0.4,
        orders=50,
    ),
    simulate=_simulate,
    judge=_judge,
    fixed={"network": "SmallUNet", "images": "one Gaussian bump"},
    one_thread=True,
    quick_note=HARDLY_TRAINED,
)
