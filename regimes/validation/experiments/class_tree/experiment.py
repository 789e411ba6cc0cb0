"""Does the tree of class times, predicted from labelled images, order the transitions of trained denoisers?

``regimes classes`` predicts from labelled data when each pair of classes parts as noise falls, and a tree of groups of
classes. Here one half of a set of images makes the prediction and trains a denoiser of all classes; from noised images
of the other half, whose classes are known, clones come back, and classifiers that have seen neither the denoiser's
images nor the start say in which class. A pair of classes, or the two groups of a merge, has its measured time where
clones share their group as the prediction has it, and where half of the U-turns that can tell still return to the group
of the start (``transitions``). Beside the trained denoiser stands the exact empirical score of the same half, whose
clones are drawn from its posterior in one step; beside the tree the distance of the class means alone, and the same
held-out posteriors asked for the very quantity that is measured.

Each training has a cut of the images of its own, hence a tree of its own. Numbers are means over trainings; errors are
the larger of the scatter between trainings and that over redrawn starts and confusion matrices. Pairs share classes and
images: their rank correlation is held against the same with the names of the classes permuted, merges against those of
trees of the same shape with permuted names, which tells what sizes of groups alone would give.

Stated before the full form ran. Predicted times are said to order pairs, or merges, where Spearman's correlation
exceeds 1.96 of its errors and fewer than 5% of permutations reach it; the bound, or the tree, is said to exceed the
distance of means, or to fall short of it, where the difference of the two correlations exceeds 1.96 of its errors. The
comparison with clones is the first, as theirs is the quantity that is predicted; that with U-turns the second. The
bound is none of a trained model, and orders have no law under which it would be right: there is no test, and the
verdict is ``compared``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from regimes.numerics.estimation.streams import Stream
from regimes.numerics.interface.number import Number
from regimes.numerics.interface.result import plain
from regimes.validation.experiments.class_tree.analysis import OrderFound, SourceFound, source_found
from regimes.validation.experiments.class_tree.figure import panels
from regimes.validation.experiments.class_tree.form import ClassTreeForm, SourceForm
from regimes.validation.experiments.class_tree.orders import Estimate, combined
from regimes.validation.experiments.class_tree.runs import seed_found
from regimes.validation.experiments.class_tree.sentences import sentences
from regimes.validation.experiments.runner.image_models import DenoiserForm, ImageForm, runnable
from regimes.validation.experiments.runner.layered_classifier import ClassifierForm
from regimes.validation.experiments.runner.run import Bench, Plan
from regimes.validation.experiments.runner.trained_case import HARDLY_TRAINED
from regimes.validation.outcome.agreement import Agreement
from regimes.validation.outcome.experiment import Judgement

__all__ = ["PLAN"]


@dataclass(frozen=True, eq=False)
class _Found:
    sources: list[SourceFound]
    not_run: list[str]


def _simulate(form: ClassTreeForm, bench: Bench) -> _Found:
    sources = []
    run, not_run = runnable(form.sources, lambda each: each.image.source)
    for place, _, each in run:
        seeds = [seed_found(form, each, number, bench.of(place, number)) for number in range(each.image.trainings)]
        sources.append(source_found(form, seeds, place, bench.seed))
    return _Found(sources, not_run)


def _judge(form: ClassTreeForm, found: _Found) -> Judgement:
    return Judgement(
        agreement=[each for source in found.sources for each in _pairs(source)],
        tests=[],
        sentences=sentences(found.sources, found.not_run),
        panels=panels(found.sources),
        numbers={key: row for source in found.sources for key, row in _numbers(source).items()},
        tables={"sources": {source.name: _plain(source) for source in found.sources}, "not_run": found.not_run},
    )


def _times(first: float, last: float, count: int) -> tuple[float, ...]:
    return tuple(round(float(t), 4) for t in np.geomspace(first, last, count))


PLAN = Plan(
    name="class-tree",
    stream=Stream.CLASS_TREE,
    full=ClassTreeForm(
        sources=(
            SourceForm(
                image=ImageForm(
                    source="digits",
                    held_out=0.5,
                    denoiser=DenoiserForm(width=256, blocks=3, steps=1000, batch=128, patience=500),
                    widths=(16, 32, 64),
                    strides=(1, 2, 2),
                    classifier=ClassifierForm(steps=400, batch=64),
                    trainings=3,
                ),
                starts=900,
                t=_times(0.2, 1.6, 12),
                iterated=40,
            ),
            SourceForm(
                image=ImageForm(
                    source="mnist",
                    held_out=0.5,
                    denoiser=DenoiserForm(width=256, blocks=3, steps=800, batch=128, patience=500),
                    widths=(16, 32, 64),
                    strides=(2, 2, 2),
                    classifier=ClassifierForm(steps=1200, batch=64, learning_rate=4e-3),
                    trainings=3,
                ),
                starts=800,
                t=_times(0.5, 3.2, 12),
                iterated=0,
            ),
        ),
        clones=8,
        steps=40,
        redraws=200,
        permutations=399,
    ),
    quick=ClassTreeForm(
        sources=(
            SourceForm(
                image=ImageForm(
                    source="digits",
                    held_out=0.5,
                    denoiser=DenoiserForm(width=64, blocks=1, steps=400, batch=64, patience=400),
                    widths=(16, 32, 64),
                    strides=(2, 2, 2),
                    classifier=ClassifierForm(steps=250, batch=64, learning_rate=4e-3),
                    trainings=2,
                ),
                starts=200,
                t=_times(0.2, 1.6, 6),
                iterated=10,
            ),
        ),
        clones=4,
        steps=15,
        redraws=40,
        permutations=39,
    ),
    simulate=_simulate,
    judge=_judge,
    fixed={"network": "ResidualMLP", "sampler": "ancestral", "spacing": "log-snr"},
    one_thread=True,
    quick_note=HARDLY_TRAINED,
)


def _pairs(source: SourceFound) -> list[Agreement]:
    """Each pair's time from clones of the trained denoisers beside the bound, means over trainings."""
    of, found = source.orders["trained"]["clones"], []
    predicted = [each.predicted for each in source.seeds]
    for place, (one, other) in enumerate(predicted[0].groups[: predicted[0].pairs]):
        names = predicted[0].classes[one[0]], predicted[0].classes[other[0]]
        theory = combined(
            [each.times["bound"][place] for each in predicted], [each.errors[place] for each in predicted]
        )
        measured = combined(of.times[:, place], of.errors[:, place])
        starts = sum(int(np.isin(each.trained.starts, (one[0], other[0])).sum()) for each in source.seeds)
        found.append(
            Agreement(
                f"pair, {source.name}, {names[0]} | {names[1]}",
                theory.value,
                theory.value,
                measured.value,
                float(np.hypot(theory.se, measured.se)),
                starts,
            )
        )
    return found


def _numbers(source: SourceFound) -> dict[str, Number]:
    rows = {}
    for model, orders in source.orders.items():
        for name, of in orders.items():
            where = f"{source.name}.{model}.{name}"
            for part, table, gain in (("pairs", of.pairs, of.gain_pairs), ("merges", of.merges, of.gain_merges)):
                for key, prediction in (("spearman", "bound"), ("spearman", "distance"), ("log_ratio", "bound")):
                    label = f"{_LABELS[key]}, {part}, {prediction}, {where}"
                    rows[f"measure.{key}.{part}.{prediction}.{where}"] = _number(label, table[prediction][key])
                rows[f"measure.gain.{part}.{where}"] = _number(
                    f"rank correlation of the bound less that of the distance of means, {part}, {where}", gain
                )
            rows[f"measure.slope.pairs.bound.{where}"] = _number(
                f"{_LABELS['slope']}, {where}", of.pairs["bound"]["slope"]
            )
            rows[f"measure.couples.{where}"] = _number(
                f"couples of merges in the order of the tree, {where}", of.couples
            )
            for part, p in (("pairs", of.p_pairs), ("merges", of.p_merges), ("couples", of.p_couples)):
                label = f"share of permutations of class names that order {part} as well, {where}"
                rows[f"measure.chance.{part}.{where}"] = Number(label, p)
    return rows


_LABELS = {
    "spearman": "rank correlation of measured and predicted times",
    "log_ratio": "mean log of measured over predicted times",
    "slope": "slope of measured on predicted times of pairs",
}


def _number(label: str, of: Estimate) -> Number:
    return Number(label, of.value, of.se, covers="starts, confusion matrices and trainings")


def _plain(source: SourceFound) -> dict[str, Any]:
    first = source.seeds[0].predicted
    return {
        "pairs": [[first.classes[one[0]], first.classes[other[0]]] for one, other in first.groups[: first.pairs]],
        "trainings": [
            {
                "accuracy": each.accuracy,
                "denoiser_loss": each.denoiser_loss,
                "best_step": each.best_step,
                "confusion": None if each.trained.confusion is None else each.trained.confusion.tolist(),
                "merges": [
                    [[each.predicted.classes[k] for k in side] for side in group]
                    for group in each.predicted.groups[each.predicted.pairs :]
                ],
                "predicted": plain(each.predicted.times) | {"same": plain(each.predicted.same)},
                "predicted_errors": plain(each.predicted.errors),
                "ideal": plain(each.ideal),
            }
            for each in source.seeds
        ],
        "measured": {model: {name: _order(of) for name, of in each.items()} for model, each in source.orders.items()},
        "bound_between_halves": source.between,
        "clones_over_posterior": plain(source.estimator),
        "steps_over_draws": plain(source.steps),
    }


def _order(of: OrderFound) -> dict[str, Any]:
    return plain(of)  # type: ignore[no-any-return]
