"""What sets the kept share from which on denoisers of bumps make images that were held out.

liang2024b: with the kept share of a grid of positions learning sets in suddenly, by percolation of overlapping images
(L11), and losses and representations change at the same share (L12).

Said before the full form was run. A random part of the positions is trained on, in as many gradient steps whatever the
part. The *onset* is the share at which half of the images at held-out positions are right within 0.4 pixels, on
straight lines in its logarithm; copies of training images are never right there. Everything is judged by changes of
mean log onset against the first setting: bumps of other widths, and at the first width twice the steps, a smoother code
of the position (3 waves for 8), one without neighbours (one-hot), a deeper network, a larger image (with fewer waves a
pixel and fewer visits of each image). The last setting, of a width, a code and steps that occur nowhere else together,
tests what the others support. Where an onset lies outside of the shares the nearest share is a bound on it, and so is
the mean over seeds if that is so of some.

Hypotheses, and the change of log onset that each predicts:

- *percolation of the images* (three overlaps, tau .005 and .05): that of the median share at which a cluster of
  overlapping bumps spans this grid. With the width it falls, by log 7 from .65 to 2 pixels (cosine, .005); with the
  image it hardly changes; all else leaves it alone. Its value is predicted too.
- *widened*: the same with bumps of width sqrt(sigma^2 + v), the posterior mean of a bump whose place is known to a
  variance v under noise; v and tau from the base and the widest bumps with an onset, so that the other widths are the
  test. It predicts nothing unless the onset falls from one to the other; with v above 10 or so it is a share.
- *noised*: two images connect if noise of one level hides their difference, up to the distance ``noised_radius``, which
  no longer depends on the width for wide bumps and has no end for narrow ones; the level from the base.
- *conditions*: conditions connect that are alike, within some part of a wavelength of their code: as the square of the
  waves a pixel, whatever the width, and never with one-hot codes.
- *coordinates*: half of the kept positions are in one piece if those of one row or column connect, as for a network
  that puts together an x and a y which it knows: whatever the width and the code, a share of about 1/N for N x N. Its
  value is predicted too.
- *count*: a number of examples. *share*: a share, whatever is changed. Only a larger image tells these three apart.
- *budget*: proportional to the step at which half of the kept positions are right, at a share of .45, over all steps.

The receptive field is no hypothesis: that of any network that learns exceeds the image. A deeper one is a change.

A hypothesis *fails* at a setting if it misses the change by more than three errors and by more than a factor of 1.25;
at a bound, if it lies on its wrong side by as much. The error is that of a difference of two means over seeds, from the
scatter within all settings without bounds (for the budget, of log onset less log step). A hypothesis *stands* if it
predicts all changes and fails nowhere. One that stands is best supported; several are not told apart; if none does the
onset is *not explained*, and which of the changes move it is what is known. Of those that stand it is said by how much
the value is off, if it is by as much. Settings of which fewer than .85 of the images at kept positions are right at a
share beside the onset are left out, as are those with bounds on both sides. Nothing is judged if the base is left out
or a bound, and nothing told if three errors exceed a factor of two; a hypothesis whose own do does not stand.

Losses and representations, means over the widths at which they change: the log of the loss at held-out over that at
kept positions, by a factor of 2 at least between the smallest and the largest share; R^2 of the position, by .2, read
from the deepest layer where noise alone is shown, fitted at as many kept positions at all shares and scored at held-out
ones. They change *gradually* if the part of the change within a factor of 1.5 of where it is half-way exceeds those of
straight lines in the share and in its log by no more than three errors or .1; else at *the same share* if they are
half-way within three errors or a factor of 1.25 of half of the change of accuracy, or at *another*. The error is that
of one width. Where settings are left out, what stands elsewhere is listed and nothing is told.
"""

from __future__ import annotations

from dataclasses import replace

from regimes.numerics.estimation.streams import Stream
from regimes.validation.experiments.bump_percolation.analysis import misses
from regimes.validation.experiments.bump_percolation.figure import panels
from regimes.validation.experiments.bump_percolation.form import PercolationForm, Setting
from regimes.validation.experiments.bump_percolation.onsets import Runs, measured
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
    thresholds, found = thresholds_of(form), measured(form, runs)
    judged = misses(form, found, thresholds)
    tables = tables_of(form, runs, thresholds, found, judged)
    return Judgement(
        sentences=sentences(form, tables),
        panels=panels(form, runs, thresholds, found, judged),
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
            Setting("sigma 2", (0.07, *_MAIN), sigma=2.0),
            Setting("2000 steps", _MAIN[:5], steps=2000),
            Setting("3 waves", _VARIED, waves=3),
            Setting("one-hot", _MAIN[1:], code="one-hot"),
            Setting("deeper", _VARIED, levels=3),
            Setting("20 pixels", (0.06, 0.09, 0.16, 0.28, 0.45), side=20),
            Setting("sigma 1.5, 5 waves, 2000 steps", _MAIN[:5], sigma=1.5, waves=5, steps=2000),
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
