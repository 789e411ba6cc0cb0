"""How much is trained and read, and the positions of each training."""

from __future__ import annotations

from dataclasses import dataclass, replace

from regimes.datasets.composition.grid import ImageGrid, image_grid
from regimes.datasets.composition.selection import random_subset
from regimes.datasets.composition.subset import GridSubset
from regimes.validation.experiments.runner.bump_models import BumpTraining

__all__ = ["FactorisationForm", "grid_of", "subset_of", "training_with"]


@dataclass(frozen=True)
class FactorisationForm:
    """Size of the experiment."""

    side: int  # edges of images meet; positions are a pixel apart
    sigma: float
    kept: float  # share of the positions that is trained on
    waves: tuple[int, ...]  # sines and cosines of each coordinate that trainings are told
    seeds: int
    training: BumpTraining
    layers: tuple[str, ...]  # of the network, in its order
    planes: tuple[str, ...]  # ideal codes and layers at the generated image that UMAP draws, where it is installed
    sampling_steps: int
    replicates: int  # images of each position
    tolerance: float  # of a right image, in pixels

    def __post_init__(self) -> None:
        if self.replicates < 4:
            raise ValueError(
                "bump-factorisation: replicates must be at least 4, whose products are free of noise, got "
                f"{self.replicates}"
            )
        if not self.tolerance < 0.5:
            raise ValueError(
                f"bump-factorisation: tolerance must lie below half of a pixel, the step of positions, got "
                f"{self.tolerance:g}"
            )


def grid_of(form: FactorisationForm) -> ImageGrid:
    """All positions."""
    return image_grid(form.side, form.sigma, periodic=True)


def subset_of(form: FactorisationForm, seed: int) -> GridSubset:
    """Positions that are trained on."""
    return random_subset(grid_of(form), form.kept, rng=seed)


def training_with(form: FactorisationForm, waves: int) -> BumpTraining:
    """The training that is told so many waves."""
    return replace(form.training, waves=waves)
