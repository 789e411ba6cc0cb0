"""How much is trained and looked at, and the images of each training."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from regimes.datasets.composition.grid import image_grid
from regimes.datasets.composition.selection import random_subset
from regimes.datasets.composition.subset import GridSubset
from regimes.validation.experiments.runner.bump_models import BumpTraining, bump_training
from regimes.validation.experiments.runner.shared_trainings import Training

__all__ = ["LEAST", "ImbalanceForm", "Images", "frequent", "subset_of", "training_of"]

LEAST = 20
"""Images with one bump that a share of right places needs."""


@dataclass(frozen=True)
class Images:
    """Steps of the grid along x and y, and how often images with x in the left half are trained on."""

    dx: float
    dy: float
    often: int = 1

    @property
    def name(self) -> str:
        """For keys and tables."""
        return f"dx{self.dx:g},dy{self.dy:g}" + (f",often{self.often}" if self.often > 1 else "")


@dataclass(frozen=True)
class ImbalanceForm:
    """Size of the experiment."""

    side: int
    sigma: float
    kept: float  # share of the positions that is trained on
    equal: tuple[Images, ...]  # both steps the same
    unequal: tuple[Images, ...]  # x the finer; each step is among the equal ones
    skewed: Images  # the same steps as one of the equal ones
    seeds: int
    training: BumpTraining
    sampling_steps: int
    looked: int  # generated images at held-out positions, and as many at kept ones: two of each position
    tolerance: float  # along each axis, in pixels

    def __post_init__(self) -> None:
        steps = {each.dx for each in self.equal}
        if any(each.dx != each.dy for each in self.equal) or any(
            {each.dx, each.dy} - steps for each in (*self.unequal, self.skewed)
        ):
            raise ValueError("bump-imbalance: each step of an unequal or a skewed grid must be that of an equal one")
        if any(each.dx >= each.dy for each in self.unequal):
            raise ValueError("bump-imbalance: the step along x must be the smaller one of unequal grids")
        if not self.tolerance < min(steps) / 2:
            raise ValueError(
                "bump-imbalance: tolerance must lie below half of a step, or a copy of a neighbour is right, got "
                f"{self.tolerance:g} for {min(steps):g}"
            )
        if self.looked % 2 or self.looked < LEAST:
            raise ValueError(f"bump-imbalance: looked must be even, and at least {LEAST}, got {self.looked}")

    @property
    def kinds(self) -> tuple[Images, ...]:
        """All that is trained on."""
        return (*self.equal, *self.unequal, self.skewed)


def subset_of(form: ImbalanceForm, kind: Images, seed: int) -> GridSubset:
    """Positions that are trained on."""
    return random_subset(image_grid(form.side, form.sigma, dx=kind.dx, dy=kind.dy), form.kept, rng=seed)


def frequent(form: ImbalanceForm, positions: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Whether a position lies in the half of x that is trained on more often."""
    return np.asarray(positions[:, 0] < form.side / 2)


def training_of(form: ImbalanceForm, kind: Images, seed: int) -> Training:
    """The training on the kept images; those of bump-phases with the same steps and seed are the same trainings."""
    subset = subset_of(form, kind, seed)
    times = np.where(frequent(form, subset.positions), kind.often, 1)
    images, positions = (np.repeat(each, times, axis=0) for each in (subset.images(), subset.positions))
    return bump_training(form.training, subset.grid, images, positions, seed)
