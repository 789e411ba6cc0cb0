"""Layers of classifiers under U-turns: do deep ones change at one noise, and shallow ones at all?

sclocchi2024 turned images of ImageNet under trained models and compared the activations of a classifier, layer by
layer, with those at the start. Here the same is done in small: on data of a random hierarchy, whose score is exact and
whose levels are known, with a classifier that has a layer for each level; and on the digits and 5000 images of MNIST,
with a trained denoiser and a trained classifier. What is compared is stated in
``regimes.hierarchy.feature_transitions``: of every layer the share of the whitened cosine that is kept, the time at
which it is one half, and the width from three quarters to one quarter, in log sigma and in t, since what is sharp
depends on the clock.

Stated before the full form ran. On the hierarchy: the share of nodes that keep their symbol, at every level and time,
has the mean that belief propagation gives for the noised points of these very U-turns; the tests behind the verdict are
the chi-squares of that, a level each over all times and rules. Layers are said to order as levels where their times do
so in every training. The last layer (the class) is said to be sharper than the first (the input) where the logarithm of
the ratio of widths exceeds 1.96 of its errors over trainings, less sharp where it falls below, on each clock alone.

The same is asked of a trained denoiser on hierarchical data (that of ``hierarchy-learned`` with most points), without a
test: its shares stand beside those of belief propagation, and its order is judged alike. A symbol of its U-turns is the
most probable one given the leaves to which they come.

On images, bands of radial frequency are layers too: coarse scales are said to hold longer where the times of bands
order so in every training, and the time of each is held against that of a Gaussian law with the covariance that the
training images have in the band, again without a test. What is kept of a band is the covariance of images with their
U-turns, since a cosine of few waves has another mean. For such a law the order is that of the variance of a wave, which
need not fall as waves become shorter.

After a look at the first full run two things were added, of which nothing above depends: the same rules as those of the
trained denoiser under the exact score, since the layers of their classifier did not order as levels; and a Gaussian law
with the whole covariance of the images, since all bands held longer than a law of their own says.

The first full run had 50 steps on the hierarchy, and failed. With these points and those of another seed put together
the chi-square of the leaves, for as many points as here and 10 times, is too large by 35.8 with 50 steps, 9.4 with 100
and 1.7 with 200: it falls as the square of the steps, as it must where a deviation is proportional to their size. With
the 400 of now that leaves 0.6, an eighth of the 4.5 by which such a chi-square scatters.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from regimes.numerics.estimation.streams import Stream
from regimes.validation.experiments.features.hierarchy import SAMPLER, HierarchyForm, hierarchy_features, tree_found
from regimes.validation.experiments.features.images import image_features
from regimes.validation.experiments.features.judgement import Found, judged
from regimes.validation.experiments.runner.image_models import DenoiserForm, ImageForm, runnable
from regimes.validation.experiments.runner.layered_classifier import ClassifierForm
from regimes.validation.experiments.runner.run import Bench, Plan
from regimes.validation.experiments.runner.trained_case import HARDLY_TRAINED
from regimes.validation.experiments.runner.tree_denoisers import T_RANGE, TreeForm
from regimes.validation.outcome.experiment import Judgement

__all__ = ["PLAN", "FeaturesForm"]

_HIERARCHY, _IMAGES, _LEARNED = range(3)


@dataclass(frozen=True)
class FeaturesForm:
    """Size of the experiment."""

    hierarchy: HierarchyForm  # under the exact score
    learned: HierarchyForm  # under a trained denoiser, and from the same noised points under the exact score
    images: tuple[ImageForm, ...]
    points: int  # images that are turned, at most
    t: tuple[float, ...]
    steps: int  # of a way back


def _simulate(form: FeaturesForm, bench: Bench) -> Found:
    control = replace(form.learned, name="control", denoiser=None)
    trees = [
        tree_found(of, [hierarchy_features(of, number, bench.of(part, number)) for number in range(of.trainings)])
        for part, of in ((_HIERARCHY, form.hierarchy), (_LEARNED, control), (_LEARNED, form.learned))
    ]
    of_images = {}
    run, not_run = runnable(form.images, lambda each: each.source)
    for place, source, each in run:
        own = bench.of(_IMAGES, place)
        of_images[source] = [
            image_features(each, form.points, form.t, form.steps, number, own) for number in range(each.trainings)
        ]
    return Found(trees, of_images, not_run)


def _judge(form: FeaturesForm, found: Found) -> Judgement:
    return judged(found)


_T = (0.02, 0.06, 0.15, 0.3, 0.5, 0.7, 0.9, 1.1, 1.35, 1.7, 2.2, 3.0)
_T_HIERARCHY = (0.01, 0.04, 0.06, 0.08, 0.1, 0.12, 0.15, 0.19, 0.26, 0.4)
_T_LEARNED = (0.025, 0.06, 0.1, 0.14, 0.18, 0.22, 0.27, 0.33, 0.42, 0.6, 1.0)

PLAN = Plan(
    name="features",
    stream=Stream.FEATURE_LAYERS,
    full=FeaturesForm(
        hierarchy=HierarchyForm(
            name="hierarchy",
            v=16,
            m=4,
            s=2,
            L=5,
            points=400,
            t=_T_HIERARCHY,
            steps=400,
            end=0.002,
            width=128,
            classifier=ClassifierForm(steps=1200, batch=256),
            trainings=3,
        ),
        learned=HierarchyForm(
            name="learned",
            v=8,
            m=2,
            s=2,
            L=4,
            points=400,
            t=_T_LEARNED,
            steps=100,
            end=T_RANGE[0],
            width=64,
            classifier=ClassifierForm(steps=800, batch=256),
            trainings=3,
            denoiser=TreeForm(
                sizes=(2048,),
                width=32,
                training_steps=3000,
                batch=64,
                learning_rate=5e-3,
                ema=0.99,
                held_out=1024,
                evaluate_every=100,
                snapshots=(100, 200, 400, 800, 1600, 3000),
            ),
        ),
        images=(
            ImageForm(
                source="digits",
                held_out=0.2,
                denoiser=DenoiserForm(width=256, blocks=3, steps=1000, batch=128, patience=500),
                widths=(16, 32, 64),
                strides=(1, 2, 2),
                classifier=ClassifierForm(steps=400, batch=64),
                trainings=3,
            ),
            ImageForm(
                source="mnist",
                held_out=0.1,
                denoiser=DenoiserForm(width=256, blocks=3, steps=800, batch=128, patience=500),
                widths=(16, 32, 64),
                strides=(2, 2, 2),
                classifier=ClassifierForm(steps=1200, batch=64, learning_rate=4e-3),
                trainings=3,
            ),
        ),
        points=360,
        t=_T,
        steps=40,
    ),
    quick=FeaturesForm(
        hierarchy=HierarchyForm(
            name="hierarchy",
            v=16,
            m=4,
            s=2,
            L=3,
            points=150,
            t=_T_HIERARCHY[::2],
            steps=40,
            end=0.002,
            width=64,
            classifier=ClassifierForm(steps=120, batch=128, learning_rate=3e-3),
            trainings=1,
        ),
        learned=HierarchyForm(
            name="learned",
            v=8,
            m=2,
            s=2,
            L=3,
            points=100,
            t=_T_LEARNED[::2],
            steps=20,
            end=T_RANGE[0],
            width=32,
            classifier=ClassifierForm(steps=80, batch=128, learning_rate=3e-3),
            trainings=1,
            denoiser=TreeForm(
                sizes=(128,),
                width=16,
                training_steps=150,
                batch=32,
                learning_rate=1e-2,
                ema=0.98,
                held_out=64,
                evaluate_every=50,
                snapshots=(),
            ),
        ),
        images=(
            ImageForm(
                source="digits",
                held_out=0.1,
                denoiser=DenoiserForm(width=64, blocks=1, steps=150, batch=64, patience=150),
                widths=(8, 16),
                strides=(1, 2),
                classifier=ClassifierForm(steps=150, batch=64),
                trainings=2,
            ),
        ),
        points=100,
        t=_T[::2],
        steps=15,
    ),
    simulate=_simulate,
    judge=_judge,
    fixed={
        "network": "ResidualMLP",
        "network_of_hierarchy": "TreeDenoiser",
        "sampler_of_images": "ancestral",
        "sampler_of_hierarchy": SAMPLER,
        "spacing": "log-snr",
    },
    one_thread=True,
    quick_note=HARDLY_TRAINED,
)
