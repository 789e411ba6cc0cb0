"""How much is trained and looked at, and the positions of each training."""

from __future__ import annotations

from dataclasses import dataclass

from regimes.datasets.composition.grid import ImageGrid, image_grid
from regimes.datasets.composition.selection import random_subset
from regimes.datasets.composition.subset import GridSubset
from regimes.validation.experiments.runner.bump_models import BumpTraining

__all__ = ["SHOWN", "PhasesForm", "StepForm", "grid_of", "subset_of"]

SHOWN = 16
"""Images of a snapshot that are drawn."""


@dataclass(frozen=True)
class StepForm:
    """One step of the grid of positions, and how many trainings it has."""

    step: float  # in pixels
    seeds: int


@dataclass(frozen=True)
class PhasesForm:
    """Size of the experiment."""

    side: int
    sigma: float
    kept: float  # share of the positions that is trained on
    grids: tuple[StepForm, ...]  # phases are judged on the first
    training: BumpTraining
    layers: tuple[str, ...]  # of the network, the deepest last
    sampling_steps: int
    looked: int  # generated images at held-out positions, and as many at kept ones
    tolerance: float  # of the phases, in pixels
    common: float  # tolerance with which steps are compared

    def __post_init__(self) -> None:
        if self.looked < SHOWN:
            raise ValueError(f"bump-phases: looked must be at least {SHOWN}, which are drawn, got {self.looked}")
        smallest = min(each.step for each in self.grids)
        if not (self.tolerance < self.grids[0].step / 2 and self.common < smallest / 2):
            raise ValueError(
                "bump-phases: a tolerance must lie below half of a step, or an image is right for two positions, got "
                f"{self.tolerance:g} for a step of {self.grids[0].step:g} and {self.common:g} for {smallest:g}"
            )


def grid_of(form: PhasesForm, step: float) -> ImageGrid:
    """All positions of a step."""
    return image_grid(form.side, form.sigma, dx=step)


def subset_of(form: PhasesForm, step: float, seed: int) -> GridSubset:
    """Positions that are trained on."""
    return random_subset(grid_of(form, step), form.kept, rng=seed)
