"""How much is simulated, and of which laws."""

from __future__ import annotations

from dataclasses import dataclass

from regimes.validation.experiments.runner.image_models import available
from regimes.validation.experiments.runner.labelled_denoisers import LabelledForm

__all__ = ["GaussianForm", "HierarchyForm", "ImagesForm", "LineForm", "StepsForm"]


@dataclass(frozen=True)
class GaussianForm:
    """Gaussian data whose variances fall as a power of their rank."""

    d: int
    exponent: float
    largest: float  # variance
    samples: int  # final samples of each grid
    paths: int  # of the data, of each grid


@dataclass(frozen=True)
class LineForm:
    """A mixture of Gaussians of one sigma on the line."""

    weights: tuple[float, ...]
    centres: tuple[float, ...]
    sigma: float
    samples: int
    paths: int
    bins: int  # of the final samples, equally likely by the density of the sampler
    nodes: int  # of the quadrature


@dataclass(frozen=True)
class HierarchyForm:
    """A random hierarchy with one-hot leaves."""

    v: int
    m: int
    s: int
    L: int
    strings: int  # behind the mmse
    paths: int


@dataclass(frozen=True)
class ImagesForm:
    """Denoisers of one set of images, what they generate without a condition, and their losses."""

    labelled: LabelledForm
    trainings: int
    calls: tuple[int, ...]
    generated: int  # images of each grid
    fine: int  # calls of the grid, even in log snr, of images that steps hardly spoil
    permutations: int
    draws: int  # noises of a held-out image behind the losses
    levels: int  # of noise, of the losses


@dataclass(frozen=True)
class StepsForm:
    """Size of the experiment."""

    calls: tuple[int, ...]  # of exact scores
    levels: int  # signal-to-noise ratios at which an mmse is known; splines between
    gaussian: GaussianForm
    line: LineForm
    hierarchy: HierarchyForm
    images: tuple[ImagesForm, ...]
    left_out: tuple[str, ...] = ()  # sets of images that are planned and not run

    def __post_init__(self) -> None:
        fewest = min(min(each) for each in (self.calls, *(each.calls for each in self.images)))
        if fewest < 3:
            raise ValueError(f"steps: a grid must have at least 3 calls, got {fewest}")
        if len(self.line.weights) != len(self.line.centres):
            raise ValueError(
                f"steps: each centre on the line must have a weight, got {len(self.line.centres)} and "
                f"{len(self.line.weights)}"
            )
        sources = [each.labelled.source for each in self.images]
        if len(set(sources)) < len(sources):
            raise ValueError(f"steps: each set of images must be there once, got {', '.join(sources)}")
        if set(self.left_out) - set(sources):
            raise ValueError(f"steps: what is left out must be among {', '.join(sources)}, got {self.left_out}")

    @property
    def run(self) -> tuple[ImagesForm, ...]:
        """Sets of images that are not left out, and can be had here."""
        sources = [each.labelled.source for each in self.images]
        kept = [source not in self.left_out and available(source) for source in sources]
        return tuple(each for each, keep in zip(self.images, kept, strict=True) if keep)
