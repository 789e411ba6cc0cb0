"""Single stripes, which show one coordinate alone, beside compositions of both."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from regimes.datasets.composition.image_dataset import image_dataset
from regimes.datasets.composition.images import MEMORY, bump_images
from regimes.datasets.composition.subset import GridSubset
from regimes.datasets.points.dataset import Dataset

__all__ = ["StripedSubset", "with_stripes"]

STRIPE_KINDS = ("vertical", "horizontal", "composition")
"""What an image is, in the order in which the images stand."""


@dataclass(frozen=True, eq=False)
class StripedSubset:
    """A training set of all single stripes of a grid and of some compositions.

    Images stand in this order: a vertical stripe for each x of the grid, a horizontal stripe for each y, then the
    compositions (bumps or sums of stripes, as the grid says).

    Attributes
    ----------
    compositions : GridSubset
        The compositions that are kept; there may be none.

    Examples
    --------
    >>> from regimes.composition import image_grid, random_subset
    >>> striped = StripedSubset(random_subset(image_grid(3, 1, kind="sos"), count=1, rng=1))
    >>> striped
    StripedSubset(6 stripes, 1 of 9 compositions: random, seed 1)
    >>> striped.positions.tolist()
    [[0.0, nan], [1.0, nan], [2.0, nan], [nan, 0.0], [nan, 1.0], [nan, 2.0], [2.0, 0.0]]
    """

    compositions: GridSubset

    def __post_init__(self) -> None:
        if not isinstance(self.compositions, GridSubset):
            raise ValueError(
                f"with_stripes: compositions must be a GridSubset, got {type(self.compositions).__name__}; "
                "random_subset makes one, with count = 0 for stripes alone"
            )

    def __repr__(self) -> str:
        kept, grid = self.compositions, self.compositions.grid
        return f"StripedSubset({self.stripes} stripes, {kept.n} of {grid.n} compositions: {kept.description})"

    @property
    def stripes(self) -> int:
        """Number n_x + n_y of single stripes."""
        return sum(self.compositions.grid.grid_shape)

    @property
    def n(self) -> int:
        """Number of images."""
        return self.stripes + self.compositions.n

    @property
    def positions(self) -> NDArray[np.float64]:
        """Coordinates (x, y) of the images in pixels, shape (n, 2); nan where a stripe has none."""
        grid = self.compositions.grid
        stripes = np.full((self.stripes, 2), np.nan)
        stripes[: len(grid.x), 0] = grid.x
        stripes[len(grid.x) :, 1] = grid.y
        return np.concatenate([stripes, self.compositions.positions])

    @property
    def kinds(self) -> NDArray[np.str_]:
        """What each image is, shape (n,): vertical, horizontal or composition."""
        n_y, n_x = self.compositions.grid.grid_shape
        return np.repeat(STRIPE_KINDS, [n_x, n_y, self.compositions.n])

    def images(self, *, memory: int = MEMORY) -> NDArray[np.float64]:
        """All images of the training set, in the order of ``positions``."""
        grid = self.compositions.grid
        return bump_images(
            self.positions,
            grid.shape,
            grid.sigma,
            kind=grid.kind,
            amplitude=grid.amplitude,
            periodic=grid.periodic,
            memory=memory,
        )

    def dataset(
        self,
        *,
        classes: str | None = None,
        scale: str | float = "none",
        name: str | None = None,
        memory: int = MEMORY,
    ) -> Dataset:
        """All images as a data set, as :meth:`GridSubset.dataset`; ``classes="kind"`` tells stripes from compositions.

        >>> from regimes.composition import image_grid, random_subset, with_stripes
        >>> striped = with_stripes(random_subset(image_grid(16, 1, kind="sos"), count=8))
        >>> data = striped.dataset(classes="kind")
        >>> data.name, data.n, data.classes
        ('sos and stripes', 40, ('composition', 'horizontal', 'vertical'))
        """
        if classes not in (None, "kind"):
            raise ValueError(
                f"dataset: classes of stripes and compositions must be kind, or None, got {classes!r}; stripes have no "
                "position along the other axis"
            )
        grid, labels = self.compositions.grid, None if classes is None else self.kinds
        name = name or f"{grid.kind} and stripes"
        return image_dataset(self.images, self.n, grid, labels, scale=scale, name=name, memory=memory)


def with_stripes(compositions: GridSubset) -> StripedSubset:
    """Add all single stripes of a grid to some compositions.

    Stripes show one coordinate alone, a vertical stripe for each x and a horizontal one for each y, n_x + n_y images
    in all, against n_x n_y compositions.

    Parameters
    ----------
    compositions : GridSubset
        Compositions that are kept: a few random ones, ``random_subset(grid, count=0)`` for none, or all outside a
        region that is held out.

    Returns
    -------
    StripedSubset
        The training set, with stripes as wide and bright as those of the grid.

    Notes
    -----
    liang2024b (independent factors of variation and few compositions). Stripes have there a label for the missing
    coordinate, that of a place outside the picture; here it is nan.

    Examples
    --------
    >>> from regimes.composition import image_grid, hold_out_cross
    >>> striped = with_stripes(hold_out_cross(image_grid(32, 1, kind="sos"), 6))
    >>> striped.n, striped.stripes, striped.compositions.held_out.n
    (740, 64, 348)
    """
    return StripedSubset(compositions)
