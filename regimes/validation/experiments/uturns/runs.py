"""One training of one set of images: what is predicted, and U-turns of its denoiser and of a model that has memorised.

The denoiser turns images that it has not seen; a classifier trained on its images tells the class of the ends, and what
it confuses is counted on the images that are turned. The exact score of the training images turns these images
themselves; its ends are training images, up to the last step, and have the class of the nearest.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from regimes.numerics.decisions.class_posteriors import exact_class_posteriors
from regimes.numerics.decisions.class_survival import class_survival
from regimes.validation.experiments.runner.image_models import image_classifier
from regimes.validation.experiments.runner.labelled_denoisers import LabelledDenoiser, labelled_denoiser
from regimes.validation.experiments.runner.run import Bench
from regimes.validation.experiments.uturns.form import SourceForm, UturnsForm
from regimes.validation.experiments.uturns.predictions import MODELS, Predicted, predicted_turns, turn_times
from regimes.validation.experiments.uturns.turns import SAMPLERS, Turned, Turns, turns_of
from regimes.validation.measurement.nearest import NearestPoint
from regimes.validation.scores import EmpiricalScore

__all__ = ["TrainingFound", "training_found"]

Array = NDArray[np.float64]
Integers = NDArray[np.int64]

_PROBES = 2**14  # behind the exact survival of a model that has memorised: its error is small beside that of U-turns


@dataclass(frozen=True, eq=False)
class TrainingFound:
    """What one training gave."""

    source: str
    number: int
    predicted: Predicted
    turns: dict[str, dict[str, Turns]]  # by model and sampler
    posterior: Array  # (2, T): survival under the exact score with a stochastic sampler, exact, and its error
    accuracy: float  # of the classifier, on images that it has not seen


def training_found(form: UturnsForm, source: SourceForm, number: int, bench: Bench) -> TrainingFound:
    """Train, or take what is kept, predict, and turn."""
    name = f"{source.labelled.source}-{number}"
    trained = labelled_denoiser(source.labelled, number, bench)
    predicted = predicted_turns(trained.train, trained.side, bench.seed_of(number), bench, name)
    classify = _by(image_classifier(source.classes, trained.train, number, bench).predict)
    x = torch.from_numpy(trained.held_out).to(bench.device, torch.float32).reshape(-1, 1, trained.side, trained.side)
    confusion = np.zeros((len(trained.train.classes),) * 2, dtype=np.int64)
    np.add.at(confusion, (trained.held_out_labels, classify(x)), 1)
    some = x[: source.turned].repeat(source.turns, 1, 1, 1)
    labels = np.tile(trained.held_out_labels[: source.turned], source.turns)
    of = {
        "trained": Turned(trained.denoiser.score(), some, labels, classify, confusion, predicted.bands),
        "memorised": _of_points(source, trained, predicted, bench),
    }
    turns = {
        model: {
            sampler: turns_of(
                of[model],
                turn_times(form, predicted, sampler, model),
                sampler,
                source.steps if model == "trained" else source.memorised_steps,
                bench.of(place, which),
                f"{name},{model},{sampler}",
            )
            for which, sampler in enumerate(SAMPLERS)
        }
        for place, model in enumerate(MODELS)
    }

    def posterior() -> dict[str, Array]:
        points, t = trained.train, turns["memorised"]["stochastic"].t
        given = exact_class_posteriors(
            points.X, np.asarray(points.labels), t, probes=_PROBES, rng=bench.seed_of(number)
        )
        exact = class_survival(given).stochastic
        return {"phi": np.stack([exact.phi, exact.phi_se])}

    return TrainingFound(
        source.labelled.source,
        number,
        predicted,
        turns,
        bench.store.piece(f"{name},posterior", posterior)["phi"],
        float(np.trace(confusion) / confusion.sum()),
    )


def _of_points(source: SourceForm, trained: LabelledDenoiser, predicted: Predicted, bench: Bench) -> Turned:
    points, labels = torch.from_numpy(trained.train.X).to(bench.device), np.asarray(trained.train.labels)
    nearest = NearestPoint(points)
    classify = _by(lambda end: torch.from_numpy(labels)[nearest(end, 0.0).cpu()])
    some = points[: source.memorised].float()
    return Turned(EmpiricalScore(points), some, labels[: source.memorised], classify, None, predicted.bands)


def _by(predict: Callable[[Tensor], Tensor]) -> Callable[[Tensor], Integers]:
    def classify(x: Tensor) -> Integers:
        return np.asarray(predict(x).cpu().numpy(), dtype=np.int64)

    return classify
