"""Trainings by number of images: copies among their samples, and losses on images seen and held out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from regimes.validation.experiments.runner.copies_along import CopiesAlong, copies_along
from regimes.validation.experiments.runner.denoisers import START, T_RANGE
from regimes.validation.experiments.runner.labelled_denoisers import LabelledDenoiser, LabelledForm, labelled_denoiser
from regimes.validation.experiments.runner.nested_sizes import NestedSizes
from regimes.validation.experiments.runner.run import Bench
from regimes.validation.experiments.training_networks.form import TrainingNetworksForm
from regimes.validation.sampling import backward_times
from regimes.validation.sampling.samplers import Score
from regimes.validation.training import loss_curve

__all__ = ["LossesAlong", "SourceFound", "TrainingFound", "source_found"]

Array = NDArray[np.float64]

_COPIES, _LOSSES = range(2)


@dataclass(frozen=True, eq=False)
class LossesAlong:
    """Squared error of the predicted noise of a pixel, mean over levels even in log snr, as it is trained on."""

    start: float  # on held-out images, before the first step
    train: Array  # (snapshots,): on the training images
    train_se: Array  # over noises
    held_out: Array
    held_out_se: Array  # over images


@dataclass(frozen=True, eq=False)
class TrainingFound:
    """One training on n images."""

    copies: CopiesAlong
    losses: LossesAlong


@dataclass(frozen=True, eq=False)
class SourceFound:
    """Trainings of each number of images, those of one seed nested."""

    form: NestedSizes
    trainings: Mapping[int, tuple[TrainingFound, ...]]


def source_found(form: TrainingNetworksForm, source: NestedSizes, bench: Bench) -> SourceFound:
    """Train on all numbers of images, look for copies and measure losses."""
    return SourceFound(
        source,
        {
            n: tuple(
                _training(form, source.of_size(n), seed, source.samples, bench.of(place, seed))
                for seed in range(source.seeds)
            )
            for place, n in enumerate(source.sizes)
        },
    )


def _training(
    form: TrainingNetworksForm, training: LabelledForm, seed: int, samples: int, bench: Bench
) -> TrainingFound:
    # Nothing stands in front of the network: a linear denoiser would know the images before the first step.
    trained = labelled_denoiser(training, seed, bench, precondition=False)
    losses = _losses(form, training, trained, seed, bench.of(_LOSSES))
    return TrainingFound(
        copies_along(training, seed, samples, form.steps, bench.of(_COPIES), precondition=False), losses
    )


def _losses(
    form: TrainingNetworksForm, training: LabelledForm, trained: LabelledDenoiser, seed: int, bench: Bench
) -> LossesAlong:
    name = f"{training.source},n{training.trained},s{bench.seed_of(seed)}"
    times = np.sort(backward_times(START, end=T_RANGE[0], steps=form.noises - 1, spacing="log-snr"))
    shape = (-1, 1, trained.side, trained.side)
    train, held_out = trained.train.X.reshape(shape), trained.held_out.reshape(shape)

    def of(what: str, score: Score) -> Array:
        def compute() -> dict[str, Array]:
            found = loss_curve(score, train, times, test=held_out, noise=bench.noise, draws=form.draws)
            weights = found.snr / (trained.train.d * times.size)
            sets = ((found.train_loss, found.train_covariance), (found.test_loss, found.test_covariance))
            values = [(weights @ np.asarray(loss), np.sqrt(weights @ np.asarray(of) @ weights)) for loss, of in sets]
            return {"losses": np.array(values).ravel()}

        return np.asarray(bench.store.piece(f"{name},{what},losses", compute)["losses"])

    found = []
    for place, snapshot in enumerate(training.snapshots):
        found.append(of(str(snapshot), trained.denoiser.at(snapshot).score()))
        bench.report(f"{name}: losses", place + 1, len(training.snapshots))
    return LossesAlong(float(of("start", _nothing)[2]), *np.array(found).T)


def _nothing(x: torch.Tensor, t: float) -> torch.Tensor:
    """Score of a network before training, whose output is zero."""
    return torch.zeros_like(x)
