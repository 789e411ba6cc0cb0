"""Sizes of the experiment, and the parts into which labelled images are cut."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from regimes.datasets.points.dataset import Dataset
from regimes.datasets.points.loading import load_dataset
from regimes.validation.experiments.runner.denoisers import split_points
from regimes.validation.experiments.runner.image_models import ImageForm, images
from regimes.validation.sampling import NoiseStream

__all__ = ["ClassTreeForm", "Parts", "SourceForm", "cut"]


@dataclass(frozen=True)
class SourceForm:
    """A set of images and its networks."""

    image: ImageForm
    starts: int  # at most, as many of each class
    t: tuple[float, ...]  # at which clones are born
    # starts of each class whose clones also run in steps under the exact empirical score, in the first training alone
    iterated: int


@dataclass(frozen=True)
class ClassTreeForm:
    """Size of the experiment."""

    sources: tuple[SourceForm, ...]
    clones: int  # of a start
    steps: int  # of a way back
    redraws: int  # of starts and confusion matrices, for errors
    permutations: int  # of the names of classes, for the laws of chance


@dataclass(frozen=True, eq=False)
class Parts:
    """One half for the tree and the denoiser; the other for starts and classifiers, in two halves."""

    train: Dataset
    fresh: NDArray[np.float64]
    labels: NDArray[np.int64]  # of the fresh images
    half: NDArray[np.int64]  # 0 or 1: a fresh image starts in either, and is classified by what the other has trained

    def classified_by(self, which: int) -> Dataset:
        """Images that train the classifier of the starts in one half."""
        rows = self.half != which
        name = f"{self.train.name}, fresh"
        return load_dataset(self.fresh[rows], self.labels[rows], scale="none", center=False, name=name)

    def starts(self, most: int) -> NDArray[np.int64]:
        """Rows of fresh images, as many of each class, alternating between the halves."""
        classes = int(self.labels.max()) + 1
        return np.sort(np.concatenate([np.flatnonzero(self.labels == k)[: most // classes] for k in range(classes)]))

    def rows(self, chosen: NDArray[np.int64], device: torch.device) -> Tensor:
        """Some fresh images."""
        return torch.from_numpy(self.fresh[chosen]).to(device, torch.float32)


def cut(form: ImageForm, noise: NoiseStream) -> Parts:
    """Cut a set of images at random."""
    data = images(form.source)
    train, fresh, labels = split_points(data, round(form.held_out * data.n), noise)
    if labels is None:
        raise ValueError(f"class-tree: the images of {form.source} must have labels")
    # Images are sorted, by class in one of the sets: any order within a class alternates between the halves.
    half = np.empty(len(labels), dtype=np.int64)
    for k in range(len(data.classes)):
        own = np.flatnonzero(labels == k)
        half[own] = np.arange(own.size) % 2
    return Parts(train, fresh, np.asarray(labels, dtype=np.int64), half)
