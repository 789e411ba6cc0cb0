"""How much is trained and looked at, and the positions of each training."""

from __future__ import annotations

from dataclasses import dataclass

from regimes.datasets.composition.grid import ImageGrid, image_grid
from regimes.validation.experiments.runner.bump_models import BumpTraining

__all__ = ["KINDS", "DataForm", "first_count", "grid_of", "most_of"]

KINDS = ("alone", "with stripes")
"""What is trained on: some bumps, or the same with all single stripes."""

_MOST = 0.75  # share of the combinations that may be trained on; the others judge


@dataclass(frozen=True)
class DataForm:
    """Size of the experiment."""

    side: int  # of an image
    sigma: float
    positions: tuple[int, ...]  # N along each axis, a pixel apart, in the middle of the image
    first: float  # share of the combinations that is tried first
    trainings: int  # of one search
    level: float  # share of held-out combinations that must be right
    seeds: int
    training: BumpTraining
    sampling_steps: int
    looked: int  # generated images at held-out combinations, and as many at those trained on
    tolerance: float  # in pixels
    learned: float  # share right where it was trained from which on a training is judged

    def __post_init__(self) -> None:
        for n in self.positions:
            grid_of(self, n)
        if self.tolerance >= 1 / 2:
            raise ValueError(
                "bump-data: the tolerance must lie below half of a step, or an image is right for two positions, got "
                f"{self.tolerance:g} for a step of 1"
            )
        if self.trainings < 2 or not 0 < self.level < 1:
            raise ValueError(
                "bump-data: a search needs two trainings and a level between 0 and 1, got "
                f"{self.trainings} and {self.level:g}"
            )


def grid_of(form: DataForm, n: int) -> ImageGrid:
    """All combinations of n positions along each axis."""
    return image_grid(form.side, form.sigma, margin=(form.side - n) / 2)


def first_count(form: DataForm, n: int) -> int:
    """Bumps of the first training of a search."""
    return max(1, round(form.first * n**2))


def most_of(n: int) -> int:
    """Bumps that can be trained on."""
    return int(_MOST * n**2)
