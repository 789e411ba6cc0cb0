"""Does the class survive a U-turn as predicted, and how much of each scale is retained?

A point is noised to t and led back, by a stochastic sampler (ancestral) or a deterministic one (the probability flow).
Under exact scores, where theory is exact: Gaussian classes, whose class survives with phi_class(t) and, under the flow,
as the assigned classes of ``class_survival`` say; a Gaussian, whose directions are retained with snr lambda/(1 + snr
lambda) and its square root; and the exact score of training images with the stochastic sampler. These are tested, z by
z. Three unlike classes under the flow are not: there assigned classes are an approximation, and what it errs is a
number.

For images ``regimes advise`` says from n training images, without a model: up to which t the class survives with 95%
(``keep``), from which t it is drawn anew, 5% of the way from chance to 1 (``lose``), for a model that generalises
(stochastic: at least; deterministic: about) and for one that has memorised (about); and up to which t half of a band of
spatial frequency is retained (at least). Denoisers of digits, three trainings with images of their own, are asked
without a class and turn images that they have not seen; the exact score of their training images turns these. Times of
turns are fixed multiples of the predicted ones, of the trained denoiser too.

Said beforehand. A *measured time* is where survival, or the correlation of start and end in a band, passes the level of
the prediction: made to fall by isotonic regression, straight in log t between the times; a curve that does not pass it
has the first or the last of them. Bands whose predicted time is not 1.2 times beyond the first are left out. A
predicted time *holds* if the 95% interval (Student's t over trainings, each with a prediction from its own images, so
that errors of either are in it) of the logarithm of measured over predicted times lies within a factor of 1.2 to both
sides; of an "at least", above 1/1.2. It *does not hold* if the interval lies beyond, and else is *not told*. Beside it
stands the survival at the predicted time: .95, or .05 from chance to 1. Classes of ends of trained denoisers are found
by a classifier, whose errors, counted on the images held out, are taken out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from regimes.numerics.estimation.streams import Stream
from regimes.validation.experiments.runner.image_models import runnable
from regimes.validation.experiments.runner.labelled_denoisers import DIGITS, MNIST, LabelledForm
from regimes.validation.experiments.runner.layered_classifier import ClassifierForm
from regimes.validation.experiments.runner.run import Bench, Plan
from regimes.validation.experiments.runner.trained_case import HARDLY_TRAINED, share_agreement
from regimes.validation.experiments.uturns.exact import exact_classes, exact_directions
from regimes.validation.experiments.uturns.figure import BySampler, panels
from regimes.validation.experiments.uturns.form import Classes, ExactForm, ImageClasses, SourceForm, UturnsForm
from regimes.validation.experiments.uturns.readings import readings_of
from regimes.validation.experiments.uturns.runs import TrainingFound, training_found
from regimes.validation.experiments.uturns.summary import numbers_of, sentences, tables_of
from regimes.validation.experiments.uturns.turns import SAMPLERS
from regimes.validation.outcome.agreement import Agreement, chi_square
from regimes.validation.outcome.experiment import Judgement

__all__ = ["PLAN"]

_CLASSES, _DIRECTIONS, _TRAININGS = range(3)


@dataclass(frozen=True, eq=False)
class _Found:
    classes: Mapping[str, BySampler]
    directions: BySampler
    sources: Mapping[str, Sequence[TrainingFound]]
    not_run: Sequence[str]


def _simulate(form: UturnsForm, bench: Bench) -> _Found:
    classes = {
        each.name: exact_classes(form.exact, each, bench.of(_CLASSES, number))
        for number, each in enumerate(form.exact.classes)
    }
    directions = exact_directions(form.exact, bench.of(_DIRECTIONS))
    run, not_run = runnable(form.sources, lambda each: each.labelled.source, form.left_out)
    sources = {
        name: [
            training_found(form, each, number, bench.of(_TRAININGS, place, number)) for number in range(form.trainings)
        ]
        for place, name, each in run
    }
    return _Found(classes, directions, sources, not_run)


def _judge(form: UturnsForm, found: _Found) -> Judgement:
    known = [each.name for each in form.exact.classes if each.known_flow]
    tested = {
        "classes, stochastic": [row for each in found.classes.values() for row in each["stochastic"]],
        "classes, deterministic": [row for name in known for row in found.classes[name]["deterministic"]],
        **{f"directions, {sampler}": list(found.directions[sampler]) for sampler in SAMPLERS},
        **{
            f"{source}, exact score, stochastic": [row for each in trainings for row in _posterior(each)]
            for source, trainings in found.sources.items()
        },
    }
    assigned = [row for name, each in found.classes.items() if name not in known for row in each["deterministic"]]
    readings = {source: readings_of(trainings) for source, trainings in found.sources.items()}
    numbers = numbers_of(readings, assigned)
    return Judgement(
        agreement=[*(row for rows in tested.values() for row in rows), *assigned],
        tests=[chi_square(name, rows) for name, rows in tested.items()],
        sentences=sentences(found.sources, readings, numbers, found.not_run),
        panels=panels(found.classes, found.directions, found.sources),
        numbers=numbers,
        tables=tables_of(found.sources, readings, found.not_run),
    )


def _posterior(each: TrainingFound) -> Sequence[Agreement]:
    turns = each.turns["memorised"]["stochastic"]
    name = f"class survives, stochastic, exact score of {each.source}, {each.number}"
    phi, error = each.posterior.tolist()
    rows = zip(turns.t.tolist(), phi, error, turns.survival.tolist(), strict=True)
    return [share_agreement(name, *row, turns.count) for row in rows]


_TWO = ((2.0, 0.0), (-2.0, 0.0))
_EXACT = ExactForm(
    classes=(
        Classes("equal", (0.5, 0.5), _TWO, 0.5, known_flow=True),
        Classes("unequal", (0.2, 0.8), _TWO, 0.5, known_flow=True),
        Classes("three", (0.5, 0.3, 0.2), (*_TWO, (0.0, 5.0)), 0.5, known_flow=False),
    ),
    class_times=(0.3, 0.7, 1.0, 1.4, 1.9, 2.6),
    variances=(4.0, 1.0, 0.25, 0.06),
    direction_times=(0.1, 0.4, 0.8, 1.4, 2.2),
    points=20_000,
    steps=400,
    probes=4096,
    redraws=16,
)

PLAN = Plan(
    name="uturns",
    stream=Stream.UTURNS,
    full=UturnsForm(
        exact=_EXACT,
        sources=(
            SourceForm(
                labelled=DIGITS,
                classes=ImageClasses(
                    source="digits",
                    widths=(16, 32, 64),
                    strides=(1, 2, 2),
                    classifier=ClassifierForm(steps=1500, batch=64, learning_rate=4e-3),
                ),
                turned=397,
                turns=3,
                steps=60,
                memorised=1400,
                memorised_steps=150,
            ),
            SourceForm(
                labelled=MNIST,
                classes=ImageClasses(
                    source="mnist",
                    widths=(16, 32, 64),
                    strides=(2, 2, 2),
                    classifier=ClassifierForm(steps=3000, batch=64, learning_rate=4e-3),
                ),
                turned=400,
                turns=1,
                steps=40,
                memorised=400,
                memorised_steps=60,
            ),
        ),
        trainings=3,
        keep=(0.6, 1.0, 1.5, 2.2),
        lose=(0.4, 0.7, 1.0, 1.4),
        fine=(0.6, 1.2),
        left_out=("mnist",),
    ),
    quick=UturnsForm(
        exact=ExactForm(
            classes=_EXACT.classes,
            class_times=(0.7, 1.4),
            variances=(1.0, 0.25),
            direction_times=(0.4, 1.4),
            points=1000,
            steps=60,
            probes=1024,
            redraws=4,
        ),
        sources=(
            SourceForm(
                labelled=LabelledForm(
                    source="digits", trained=1400, held_out=397, channels=8, steps=150, batch=64, unconditional=0.1
                ),
                classes=ImageClasses(
                    source="digits",
                    widths=(16, 32, 64),
                    strides=(2, 2, 2),
                    classifier=ClassifierForm(steps=250, batch=64, learning_rate=4e-3),
                ),
                turned=200,
                turns=1,
                steps=20,
                memorised=200,
                memorised_steps=24,
            ),
        ),
        trainings=1,
        keep=(1.0, 2.0),
        lose=(0.5, 1.0),
        fine=(0.6,),
    ),
    simulate=_simulate,
    judge=_judge,
    fixed={"network": "SmallUNet", "stochastic": "ancestral", "deterministic": "flow", "spacing": "log-snr"},
    one_thread=True,
    quick_note=HARDLY_TRAINED,
)
