"""Speciation of denoisers trained on pairs of digit classes, against what their training points predict.

biroli2024, figure 4. The prediction of that paper is ``t_S = 1/2 log Lambda``; beside it stand the crossing of Gaussian
classes with the means and the pooled covariance of the data, and that of the class posterior over the training points,
which is exact for a model that has memorised; with the own point left out it is an estimate for one that has not. A
pair has some 350 images, so that the probability to share a training point stands beside the class everywhere, with
what else tells whether the model has memorised.

The pairs are chosen by t_S alone: those nearest to equally spaced values from the smallest to the largest t_S of all 45
pairs. The times are those at which ``(phi - phi_inf)/(1 - phi_inf)`` passes 0.5504 (phi = 0.7752 for equal classes),
phi corrected by the confusion matrix of the classifier, averaged over two trainings. Errors hold the clones, the
confusion matrix, the trainings and the probes of a prediction, but not another draw of the data. The predictions
exclude one another, so that there is no test and the verdict is ``compared``.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regimes.numerics.estimation.streams import Stream
from regimes.numerics.interface.number import Number
from regimes.numerics.interface.result import plain
from regimes.validation.experiments.digits_speciation.comparison import (
    Comparison,
    compare_predictions,
    crossing_agreement,
)
from regimes.validation.experiments.digits_speciation.figure import panels
from regimes.validation.experiments.digits_speciation.pair import PREDICTIONS, PairFound
from regimes.validation.experiments.digits_speciation.runs import SpeciationForm, pairs_by_speciation, simulate_pair
from regimes.validation.experiments.digits_speciation.sentences import sentences
from regimes.validation.experiments.runner.run import Bench, Plan
from regimes.validation.experiments.runner.trained_case import (
    HARDLY_TRAINED,
    CaseForm,
)
from regimes.validation.outcome.agreement import Agreement
from regimes.validation.outcome.experiment import Judgement

__all__ = ["PLAN", "PUBLISHED"]

Array = NDArray[np.float64]


PUBLISHED = {"MNIST": 0.93, "CIFAR": 0.68, "ImageNet16": 1.04, "ImageNet32": 0.92, "LSUN": 0.74}
"""Measured phi = 0.775 over 1/2 log Lambda, both in Ornstein-Uhlenbeck time, read off the figures of biroli2024."""


@dataclass(frozen=True, eq=False)
class _Found:
    pairs: list[PairFound]
    comparison: Comparison


def _simulate(form: SpeciationForm, bench: Bench) -> _Found:
    found = [
        simulate_pair(form, classes, bench.of(number), bench.seed_of(number))
        for number, classes in enumerate(pairs_by_speciation(form.number_of_pairs))
    ]
    return _Found(found, compare_predictions([each.times for each in found], PREDICTIONS, rng=bench.seed))


def _judge(form: SpeciationForm, found: _Found) -> Judgement:
    pairs, comparison = found.pairs, found.comparison
    times = [each.times for each in pairs]
    crossings = [crossing_agreement(times, name, words, comparison.scatter) for name, words in PREDICTIONS.items()]
    curves = [each for one in pairs for each in (*_class_curve(one), *one.case.index_agreement())]
    return Judgement(
        agreement=[*itertools.chain.from_iterable(crossings), *curves],
        # The scatter between trainings is too little known for a law, and the curves of the exact empirical score are
        # no prediction for a model that generalises.
        tests=[],
        sentences=sentences(pairs, comparison, PUBLISHED),
        panels=panels(pairs, comparison, PUBLISHED),
        numbers=_numbers(comparison),
        tables={"pairs": [_plain(each) for each in pairs], "best": comparison.best, "published": PUBLISHED},
    )


PLAN = Plan(
    name="digits-speciation",
    stream=Stream.DIGITS_SPECIATION,
    full=SpeciationForm(
        number_of_pairs=6,
        network="SmallUNet",
        width=16,
        held_out=0.2,
        multiples=(0.3, 0.5, 0.65, 0.8, 0.9, 1.0, 1.15, 1.35, 1.6),
        classifier_steps=400,
        trainings=2,
        case=CaseForm(
            training_steps=1500,
            batch=128,
            learning_rate=1e-3,
            ema=0.99,
            patience=400,
            clones=600,
            steps=50,
            generated=500,
            draws=4,
            control=2000,
        ),
    ),
    quick=SpeciationForm(
        number_of_pairs=2,
        network="ResidualMLP",
        width=64,
        held_out=0.2,
        multiples=(0.3, 0.65, 1.0, 1.35, 1.6),
        classifier_steps=60,
        trainings=1,
        case=CaseForm(
            training_steps=150,
            batch=64,
            learning_rate=1e-3,
            ema=0.98,
            patience=150,
            clones=100,
            steps=12,
            generated=100,
            draws=2,
            control=200,
            probes=512,
        ),
    ),
    simulate=_simulate,
    judge=_judge,
    fixed={"choice_of_pairs": "nearest to equally spaced 1/2 log Lambda over all 45 pairs"},
    quick_note=HARDLY_TRAINED,
)


def _numbers(comparison: Comparison) -> dict[str, Number]:
    """Measured over predicted times by pair, and how near each prediction comes."""
    once = None if comparison.scatter is not None else "no model was trained twice"
    rows = {
        "measure.training_scatter": Number(
            "deviation of log(measured time) from one training to the next", comparison.scatter, reason=once
        ),
        "measure.largest_training_scatter": Number(
            "what it is below with 95% confidence", comparison.largest_scatter, reason=once
        ),
    }
    for key, words in PREDICTIONS.items():
        name = key.partition(".")[2]
        for pair, (ratio, se) in comparison.ratios[key].items():
            rows[f"measure.ratio.{name}.{pair}"] = Number(f"measured over predicted, {words}, {pair}", ratio, se)
        if key in comparison.rms:
            of = f"of log(measured/predicted), {words}"
            rows[f"measure.rms_log_ratio.{name}"] = Number(f"rms {of}", comparison.rms[key])
            rows[f"measure.mean_log_ratio.{name}"] = Number(f"mean {of}", comparison.mean[key])
            rows[f"measure.rms_from_errors_alone.{name}"] = Number(
                f"rms {of}, by errors alone", comparison.expected[key]
            )
            label = f"share of redraws in which the smallest rms is that of {words}"
            rows[f"measure.share_best.{name}"] = Number(label, comparison.share_best[key])
    return rows


def _class_curve(pair: PairFound) -> list[Agreement]:
    found = pair.case.measurement.phi_class
    if found is None or found.predicted is None or found.predicted_se is None:
        raise ValueError(f"digits-speciation: phi_class of {pair.case.name} was not measured")
    corrected = found.corrected is not None and found.corrected_se is not None
    values, errors = (found.corrected, found.corrected_se) if corrected else (found.measured, found.measured_se)
    least = 1 / pair.case.measurement.pairs  # the error of a share that is 1 in every pair
    return [
        Agreement(
            f"phi_class, {pair.case.name}",
            t,
            theory,
            value,
            max(math.hypot(theory_se, se), least),
            pair.case.measurement.pairs,
        )
        for t, theory, theory_se, value, se in zip(
            pair.case.measurement.t.tolist(),
            found.predicted.tolist(),
            found.predicted_se.tolist(),
            np.asarray(values).tolist(),
            np.asarray(errors).tolist(),
            strict=True,
        )
    ]


def _plain(pair: PairFound) -> dict[str, Any]:
    return pair.case.to_dict() | {
        "t_S": pair.t_S,
        "classifier": pair.classifier.to_dict(),
        "phi_from_held_out": list(pair.held_out),
        "phi_from_training": list(pair.from_training),
        "trained_again": [plain(each.measured) for each in pair.again],
    }
