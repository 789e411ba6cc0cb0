"""How much is trained and read, and the positions of each training."""

from __future__ import annotations

from dataclasses import dataclass, replace

from regimes.datasets.composition.grid import ImageGrid, image_grid
from regimes.datasets.composition.selection import random_subset
from regimes.datasets.composition.subset import GridSubset
from regimes.validation.experiments.runner.bump_models import BumpTraining

__all__ = ["FactorisationForm", "grid_of", "seed_numbers", "subset_of", "training_with"]

_SEEDS = 64  # runs with other seeds share nothing


@dataclass(frozen=True)
class FactorisationForm:
    """Size of the experiment."""

    side: int  # edges meet; positions are a pixel apart
    sigma: float
    kept: float  # share of the positions that is trained on
    codes: tuple[str, ...]  # of the condition
    seeds: int
    training: BumpTraining
    layers: tuple[str, ...]
    sampling_steps: int
    replicates: int  # images of each position
    tolerance: float  # of a right image, in pixels


def grid_of(form: FactorisationForm) -> ImageGrid:
    """All positions."""
    return image_grid(form.side, form.sigma, periodic=True)


def subset_of(form: FactorisationForm, seed: int) -> GridSubset:
    """Positions that are trained on."""
    return random_subset(grid_of(form), form.kept, rng=seed)


def training_with(form: FactorisationForm, code: str) -> BumpTraining:
    """The training with a code of the condition: as many numbers a coordinate as there are positions along it."""
    return replace(form.training, code=code, code_size=1 if code == "scalar" else form.side)


def seed_numbers(form: FactorisationForm, seed: int) -> range:
    """Seeds of the trainings of a run with a seed."""
    return range(_SEEDS * seed, _SEEDS * seed + form.seeds)
