"""How much is trained and looked at, and what is held out of each training set."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from regimes.datasets.composition.grid import ImageGrid, image_grid
from regimes.datasets.composition.held_out import hold_out_band, hold_out_cross, hold_out_square
from regimes.datasets.composition.stripes import StripedSubset, with_stripes
from regimes.datasets.composition.subset import GridSubset
from regimes.numerics.estimation.streams import Stream, generator
from regimes.validation.experiments.runner.bump_models import BumpTraining

__all__ = ["REGIONS", "CompositionForm", "SetForm", "TrainingSet", "training_set"]

Array = NDArray[np.float64]

REGIONS = ("x arm", "y arm", "intersection", "trained on")
"""Where combinations lie that are not trained on: x alone in the range that is held out, y alone, or both."""

_SHAPES = ("band", "square", "cross")
_DRAWS = 1000


@dataclass(frozen=True)
class SetForm:
    """Sums of stripes that are trained on: all outside a shape, or few of them, with or without all single stripes."""

    shape: str
    width: int  # of the shape, in positions
    stripes: bool = False
    few: int | None = None  # of the sums outside the shape, all by default
    code: str | None = None  # of each coordinate, that of the form's training by default

    @property
    def name(self) -> str:
        """For tables, panels and files."""
        shape = f"{self.shape}{self.width}" + ("" if self.few is None else f",few{self.few}")
        return shape + ("+stripes" if self.stripes else "") + ("" if self.code is None else f",{self.code}")


@dataclass(frozen=True)
class CompositionForm:
    """Size of the experiment."""

    side: int  # of an image; positions are a pixel apart
    sigma: float
    sets: tuple[SetForm, ...]
    paper: int  # width nearest to that of the paper, in proportion: the claims are judged there
    seeds: int
    training: BumpTraining
    looks: tuple[int, ...]  # of the snapshots, the last one judged
    sampling_steps: int
    looked: int  # generated images in each region
    tolerance: float  # in pixels
    learned: float  # share of images right where it was trained from which on a training is judged

    def __post_init__(self) -> None:
        for each in self.sets:
            if each.shape not in _SHAPES:
                raise ValueError(
                    f"bump-composition: the shape of a set must be one of {', '.join(_SHAPES)}, got {each.shape!r}"
                )
            training_set(self, each, 0)
        if not self.tolerance < 1 / 2:
            raise ValueError(
                "bump-composition: the tolerance must lie below half of a step, or an image is right for two "
                f"positions, got {self.tolerance:g} for a step of 1"
            )
        if not (self.looks and set(self.looks) <= set(self.training.snapshots)):
            raise ValueError(
                f"bump-composition: looks must be snapshots of the training, {self.training.snapshots}, got "
                f"{self.looks}"
            )


@dataclass(frozen=True, eq=False)
class TrainingSet:
    """Images of one training, and which combinations are held out."""

    kept: GridSubset  # the sums of stripes that are trained on
    striped: StripedSubset | None
    outside: GridSubset  # all that lies outside the shape
    inside: NDArray[np.bool_]  # (grid positions, 2): whether x, and y, lie in the range that is held out

    @property
    def grid(self) -> ImageGrid:
        """All combinations."""
        return self.kept.grid

    @property
    def images(self) -> Array:
        """What is trained on."""
        return (self.striped or self.kept).images()

    @property
    def positions(self) -> Array:
        """What is told with it; nan where there is no stripe."""
        return (self.striped or self.kept).positions

    def regions(self) -> dict[str, Array]:
        """Combinations of each region that has some: held out by the shape, and trained on."""
        x, y = self.inside.T
        held = ~self.outside.kept.ravel()
        chosen = (held & x & ~y, held & ~x & y, held & x & y, self.kept.kept.ravel())
        return {name: self.grid.positions[each] for name, each in zip(REGIONS, chosen, strict=True) if each.any()}

    def seen(self, positions: Array) -> NDArray[np.bool_]:
        """Whether x, and y, of combinations were in any training image, shape (n, 2)."""
        told = self.positions
        return np.column_stack([np.isin(positions[:, k], told[:, k]) for k in (0, 1)])


def training_set(form: CompositionForm, each: SetForm, seed: int) -> TrainingSet:
    """The images of a training; few sums are drawn with its seed, and show every value outside unless stripes do."""
    grid = image_grid(form.side, form.sigma, kind="sos")
    middle = (form.side - 1 - (form.side - each.width) % 2) / 2  # between two positions, or on one
    edge = each.width - 0.5  # half a step short of the next positions
    if each.shape == "band":
        outside = hold_out_band(grid, edge, center=middle)
    else:
        hold_out = hold_out_square if each.shape == "square" else hold_out_cross
        outside = hold_out(grid, edge, center=(middle, middle))
    inside = np.abs(grid.positions - middle) <= edge / 2
    if each.shape == "band":
        inside[:, 1] = False
    kept = outside if each.few is None else _few(outside, each, seed)
    return TrainingSet(kept, with_stripes(kept) if each.stripes else None, outside, inside)


def _few(outside: GridSubset, each: SetForm, seed: int) -> GridSubset:
    numbers, few = np.flatnonzero(outside.kept), each.few or 0
    if not 0 < few <= len(numbers):
        raise ValueError(f"bump-composition: few must be 1 to {len(numbers)}, the sums outside the shape, got {few}")
    order, sides = generator(Stream.BUMP_COMPOSITION, seed), outside.kept.shape
    values = [len(np.unique(axis)) for axis in np.unravel_index(numbers, sides)]
    for _ in range(_DRAWS):
        chosen = order.permutation(numbers)[:few]
        if each.stripes or [len(np.unique(axis)) for axis in np.unravel_index(chosen, sides)] == values:
            kept = np.zeros(outside.grid.n, bool)
            kept[chosen] = True
            return GridSubset(outside.grid, kept.reshape(sides), f"{few} of {outside.description}, seed {seed}")
    raise ValueError(
        f"bump-composition: few sums without stripes must show each of the {max(values)} values outside the shape, got "
        f"{few} that do not in {_DRAWS} draws; take more of them"
    )
