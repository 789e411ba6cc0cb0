"""Denoisers of few images, without classes: which of their samples are copies, along the training and exactly."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from regimes.datasets.points.dataset import Dataset
from regimes.numerics.decisions.copied_points import copied_points
from regimes.numerics.posterior.near_copies import NearCopies, near_copies
from regimes.validation.experiments.runner.labelled_denoisers import LabelledForm, labelled_denoiser
from regimes.validation.experiments.runner.near_copies import generated_points
from regimes.validation.experiments.runner.run import Bench
from regimes.validation.scores import EmpiricalScore

__all__ = ["FEW_DIGITS", "FEW_MNIST", "QUICK_DIGITS", "Copies", "CopiesAlong", "copies_along"]

Array = NDArray[np.float64]

FEW_DIGITS = LabelledForm(
    source="digits",
    trained=128,
    held_out=397,
    channels=16,
    steps=3000,
    batch=64,
    unconditional=1.0,
    snapshots=(125, 250, 500, 1000, 1500, 2000, 3000),
)
"""Of 128 digits; other numbers of images replace ``trained``."""

_FINER = 8  # steps of the exact score for each one of the denoiser: coarse ones copy central images more often

FEW_MNIST = LabelledForm(
    source="mnist",
    trained=64,
    held_out=397,
    channels=16,
    steps=1500,
    batch=64,
    unconditional=1.0,
    snapshots=(500, 1000, 1500),
)

QUICK_DIGITS = LabelledForm(
    source="digits",
    trained=16,
    held_out=397,
    channels=8,
    steps=400,
    batch=64,
    unconditional=1.0,
    snapshots=(200, 400),
)


@dataclass(frozen=True, eq=False)
class Copies:
    """Of each sample: the group of near copies of its nearest training image, how far that is, whether it is copied."""

    nearest: NDArray[np.int64]
    distance: Array
    copied: NDArray[np.bool_]

    @property
    def share(self) -> float:
        """Of samples that are copies."""
        return float(self.copied.mean())


@dataclass(frozen=True, eq=False)
class CopiesAlong:
    """Samples of one denoiser at each of its snapshots, and of the exact score of its images."""

    form: LabelledForm
    train: Dataset
    near: NearCopies  # among the training images
    along: tuple[Copies, ...]
    exact: Copies
    held_out: Copies  # images that no training sees, in place of samples

    @property
    def shares(self) -> Array:
        """Of samples that are copies, at each snapshot."""
        return np.array([each.share for each in self.along])

    @property
    def heads(self) -> NDArray[np.intp]:
        """The first training image of each group of near copies."""
        return np.unique(self.near.labels, return_index=True)[1]


def copies_along(
    form: LabelledForm, number: int, samples: int, steps: int, bench: Bench, *, precondition: bool | None = None
) -> CopiesAlong:
    """Train, or take the training that is kept, and look for copies at each snapshot."""
    trained = labelled_denoiser(form, number, bench, precondition=precondition)
    train, near = trained.train, near_copies(trained.train.X)
    name = f"{form.source},n{form.trained},s{bench.seed_of(number)}"

    def found(points: Array) -> Copies:
        seen = copied_points(train.X, points.reshape(len(points), -1), groups=near.labels)
        return Copies(near.labels[seen.nearest], seen.distance, seen.copied)

    along, shape = [], (1, trained.side, trained.side)
    for place, snapshot in enumerate(form.snapshots):
        score, of = trained.denoiser.at(snapshot).score(), bench.of(place)
        along.append(found(generated_points(of, f"{name},{snapshot}", score, shape, points=samples, steps=steps)))
        bench.report(f"{name}: samples", place + 1, len(form.snapshots))
    exact, of = EmpiricalScore(torch.from_numpy(train.X).float()), bench.of(len(form.snapshots))
    drawn = generated_points(of, f"{name},exact", exact, (train.d,), points=samples, steps=_FINER * steps)
    return CopiesAlong(form, train, near, tuple(along), found(drawn), found(trained.held_out))
