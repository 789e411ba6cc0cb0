"""The positions of a grid that a model is trained on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from regimes.datasets.composition.classes import position_classes
from regimes.datasets.composition.grid import ImageGrid, checked_grid
from regimes.datasets.composition.image_dataset import image_dataset
from regimes.datasets.composition.images import MEMORY
from regimes.datasets.points.dataset import Dataset

__all__ = ["GridSubset"]


@dataclass(frozen=True, eq=False)
class GridSubset:
    """Positions of a grid whose images are kept, the training set; the others are held out.

    Attributes
    ----------
    grid : ImageGrid
        All positions.
    kept : boolean ndarray, shape (n_y, n_x)
        True where the image is kept, [y, x]; a copy, read only.
    description : str
        How the positions were chosen.

    Examples
    --------
    >>> from regimes.composition import image_grid
    >>> subset = GridSubset(image_grid(4, 1), [[True, False, True, False]] * 4, "two columns")
    >>> subset
    GridSubset(8 of 16 positions: two columns)
    >>> subset.fraction, subset.positions[:2].tolist(), subset.held_out.positions[:2].tolist()
    (0.5, [[0.0, 0.0], [2.0, 0.0]], [[1.0, 0.0], [3.0, 0.0]])
    """

    grid: ImageGrid
    kept: NDArray[np.bool_]
    description: str

    def __post_init__(self) -> None:
        shape = checked_grid("GridSubset", self.grid).grid_shape
        try:
            kept = np.array(self.kept)
        except ValueError:
            raise ValueError(f"GridSubset: kept must have shape {shape}, got rows of different lengths") from None
        if kept.dtype != np.bool_ or kept.shape != shape:
            raise ValueError(
                f"GridSubset: kept must be True or False for each position, shape {shape}, got {kept.dtype} of shape "
                f"{kept.shape}"
            )
        kept.flags.writeable = False
        object.__setattr__(self, "kept", kept)

    def __repr__(self) -> str:
        return f"GridSubset({self.n} of {self.grid.n} positions: {self.description})"

    @property
    def n(self) -> int:
        """Number of kept positions."""
        return int(np.count_nonzero(self.kept))

    @property
    def fraction(self) -> float:
        """Share lambda of the positions that is kept."""
        return self.n / self.grid.n

    @property
    def positions(self) -> NDArray[np.float64]:
        """Kept positions (x, y) in pixels, shape (n, 2), row by row of the grid."""
        return self.grid.positions[self.kept.ravel()]

    @property
    def held_out(self) -> GridSubset:
        """The positions that are not kept."""
        return GridSubset(self.grid, ~self.kept, f"complement of {self.description}")

    def images(self, *, memory: int = MEMORY) -> NDArray[np.float64]:
        """The kept images, in the order of ``positions``; ``grid.images`` draws some of them at a time."""
        return self.grid.images(self.kept, memory=memory)

    def dataset(
        self,
        *,
        classes: str | None = None,
        scale: str | float = "none",
        name: str | None = None,
        memory: int = MEMORY,
    ) -> Dataset:
        """The kept images as a data set, which :func:`regimes.predict` accepts; the mean over the points is subtracted.

        ``classes`` are ``"x"``, ``"y"`` or ``"quadrant"``: each x or each y of its own, or the quarter of the grid.
        Every time depends on ``scale``, see :func:`regimes.load_dataset`. ``memory`` is for the images and two copies
        of them: one that is scaled, and one that is searched for repeated images.

        Pixels that no bump reaches are constant features. They count in d, hence in alpha = log(n)/d, as they do for a
        model that draws whole images, and a note of the data set says how many there are. Another note counts images
        that are dark, since their bump is far narrower than a pixel and lies between pixels.

        >>> from regimes.composition import image_grid, random_subset
        >>> data = random_subset(image_grid(16, 2), 0.5, rng=1).dataset(classes="quadrant")
        >>> data.n, data.d, data.classes
        (128, 256, ('lower left', 'lower right', 'upper left', 'upper right'))
        """
        labels = None if classes is None else position_classes(self.grid, classes)[self.kept.ravel()]
        return image_dataset(
            self.images, self.n, self.grid, labels, scale=scale, name=name or self.grid.kind, memory=memory
        )
