"""Does guidance inside the window that ``advise`` names do what guidance everywhere does, with less damage?

``guidance.low`` and ``guidance.high`` hold 5 to 95% of the class information. That guidance should act there, and
nowhere else, is inferred from the information; here it is tried. Guidance of weight w replaces the score by that
without class plus w times the difference; w = 1 is none. It acts never, always, inside the window, outside, above it
(more noise), below it, and in windows of the same length in log snr that are moved up and down by half of it.

Exact: classes of one weight and unit variance on an axis, of which one is told. Final laws are computed step by step on
a grid, with no path drawn, for two processes: variance preserving, steps that hold the score fixed, and variance
exploding, steps of Euler and Maruyama in sigma. Paths of both are held against the laws of their own steps (z-scores).
In the limit of short steps the guided processes are one up to scale, so every place of the guidance must do the same
in both: *one curve in log snr*. Bands of log snr in which guidance acts alone show where it acts at all. Accuracy is
the posterior of the told class at the end; damage is the divergence of the final law from that of the class. The
window helps a mixture if inside keeps 90% of the gain in accuracy of always over none, with less divergence; below a
gain of .001 there is none to keep.

Trained: class-conditional denoisers of images, the window of each from its own training images. Accuracy: share of
generated images that a classifier of real ones puts into the told class; it can exceed that of real images, since
guided ones are typical. Damage twice: *diversity*, mean distance of two images of a class over that of held-out ones,
and *distance*, the energy distance of the images of a class from held-out ones in the same unit. Images of one training
share their noise between places and weights, so differences have small errors. For each weight, with 95% intervals
over trainings (Student's t): the window *helps* if the gain inside less 90% of that always, and the damage always less
that inside, both lie above 0; it *does not help* if one of them lies below 0; else *not told*. A source: helps if
it does at every weight, does not help if it does not at one. The verdict is given for each damage.

Said beforehand: by accuracy little is lost outside; how much damage that spares is open.
"""

from __future__ import annotations

from regimes.numerics.estimation.streams import Stream
from regimes.validation.experiments.guidance_window.comparison import compared
from regimes.validation.experiments.guidance_window.exact import mixture_found
from regimes.validation.experiments.guidance_window.figure import panels
from regimes.validation.experiments.guidance_window.form import ExactForm, GuidanceForm, MixtureForm, SourceForm
from regimes.validation.experiments.guidance_window.generated import guided_training
from regimes.validation.experiments.guidance_window.summary import GuidanceFound, numbers_of, sentences, tables_of
from regimes.validation.experiments.runner.image_models import runnable
from regimes.validation.experiments.runner.labelled_denoisers import DIGITS, LabelledForm
from regimes.validation.experiments.runner.layered_classifier import ClassifierForm
from regimes.validation.experiments.runner.run import Bench, Plan
from regimes.validation.experiments.runner.trained_case import HARDLY_TRAINED
from regimes.validation.outcome.experiment import Judgement

__all__ = ["PLAN"]

_MIXTURES, _IMAGES = range(2)


def _simulate(form: GuidanceForm, bench: Bench) -> GuidanceFound:
    mixtures = [
        mixture_found(form.exact, each, bench.of(_MIXTURES, number)) for number, each in enumerate(form.exact.mixtures)
    ]
    run, not_run = runnable(form.sources, lambda each: each.source, form.left_out)
    sources = {
        name: [guided_training(form, each, number, bench.of(_IMAGES, place, number)) for number in range(each.seeds)]
        for place, name, each in run
    }
    return GuidanceFound(mixtures, sources, not_run)


def _judge(form: GuidanceForm, found: GuidanceFound) -> Judgement:
    tables = tables_of(form, found)
    agreement, tests = compared(found.mixtures, form.exact.samples)
    return Judgement(
        agreement=agreement,
        tests=tests,
        sentences=sentences(tables, found),
        panels=panels(form, found),
        numbers=numbers_of(tables, found),
        tables=tables,
    )


_TWO, _APART = MixtureForm("two", (-1.5, 1.5), told=1), MixtureForm("apart", (-4.0, 4.0), told=1)
_MIDDLE, _LAST = (MixtureForm(f"three-{name}", (-4.0, 0.0, 2.0), told=k) for k, name in ((1, "middle"), (2, "last")))

PLAN = Plan(
    name="guidance-window",
    stream=Stream.GUIDANCE_WINDOW,
    full=GuidanceForm(
        exact=ExactForm(mixtures=(_TWO, _APART, _MIDDLE, _LAST), weight=3.0, steps=200, samples=40_000, bands=12),
        sources=(
            SourceForm(
                labelled=DIGITS,
                widths=(16, 32, 64),
                strides=(1, 2, 2),
                classifier=ClassifierForm(steps=400, batch=64),
                generated=1000,
                steps=40,
                seeds=5,
            ),
            SourceForm(
                labelled=LabelledForm(
                    source="mnist",
                    trained=4000,
                    held_out=1000,
                    channels=16,
                    steps=1200,
                    batch=64,
                    unconditional=0.1,
                ),
                widths=(16, 32, 64),
                strides=(2, 2, 2),
                classifier=ClassifierForm(steps=1200, batch=64, learning_rate=4e-3),
                generated=400,
                steps=40,
                seeds=3,
            ),
        ),
        weights=(2.0, 4.0),
    ),
    quick=GuidanceForm(
        exact=ExactForm(mixtures=(_TWO, _MIDDLE), weight=3.0, steps=40, samples=10_000, bands=6),
        sources=(
            SourceForm(
                labelled=LabelledForm(
                    source="digits",
                    trained=1400,
                    held_out=397,
                    channels=8,
                    steps=400,
                    batch=64,
                    unconditional=0.1,
                ),
                widths=(16, 32, 64),
                strides=(2, 2, 2),
                classifier=ClassifierForm(steps=250, batch=64, learning_rate=4e-3),
                generated=100,
                steps=15,
                seeds=1,
            ),
        ),
        weights=(2.0,),
    ),
    simulate=_simulate,
    judge=_judge,
    fixed={
        "network": "SmallUNet",
        "sampler": "ancestral",
        "spacing": "log-snr",
        "sampler_of_mixtures": "exponential; Euler and Maruyama in sigma",
    },
    one_thread=True,
    quick_note=HARDLY_TRAINED,
)
