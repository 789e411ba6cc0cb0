"""The problem of percolation on a grid: a Gaussian bump at each position, and which of two images connect."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from regimes.numerics.composition.bumps.bump_neighbourhood import bump_neighbourhood
from regimes.numerics.composition.bumps.connecting_width import whole_step
from regimes.numerics.composition.lattice.lattice import Lattice
from regimes.numerics.composition.lattice.neighbourhood import Neighbourhood, checked_steps
from regimes.numerics.composition.overlap_kinds import checked_overlap, checked_sigma, checked_tau
from regimes.numerics.interface.checks import whole_number

__all__ = ["BumpGrid"]


@dataclass(frozen=True)
class BumpGrid:
    """Images of a Gaussian bump at each position of a grid, two of which connect if they overlap by tau at least.

    Attributes
    ----------
    grid : (int, int)
        Points of the grid, rows and columns; one number is taken for a square.
    sigma : float
        Width of a bump in pixels, 1e-6 to 1e6.
    tau : float
        Overlap from which two images connect, in (0, 1); for the density product any positive one.
    overlap : {"cosine", "coefficient", "product"}
        Which overlap, see :func:`regimes.composition.bump_overlap`.
    steps : (float, float)
        Distance of neighbouring rows and of neighbouring columns in pixels, (dy, dx); one number is taken for both.
    pixels : bool
        Take the overlap of images sampled at pixels (:func:`regimes.composition.pixel_overlap`), not in the plane.
    periodic : bool
        Join opposite edges of the grid.

    Raises
    ------
    ValueError
        If a value is out of its range, or the steps of sampled bumps are not whole.

    Examples
    --------
    >>> grid = BumpGrid(64, 0.7)
    >>> grid.grid, grid.steps, grid.points, grid.neighbourhood().z
    ((64, 64), (1.0, 1.0), 4096, 36)
    """

    grid: tuple[int, int]
    sigma: float
    tau: float = field(default=0.005, kw_only=True)
    overlap: str = field(default="cosine", kw_only=True)
    steps: tuple[float, float] = field(default=(1.0, 1.0), kw_only=True)
    pixels: bool = field(default=False, kw_only=True)
    periodic: bool = field(default=False, kw_only=True)

    def __post_init__(self) -> None:
        overlap = checked_overlap("BumpGrid", self.overlap)
        steps = checked_steps("BumpGrid", self.steps)
        if len(steps) != 2:
            raise ValueError(f"BumpGrid: steps (of the grid, in pixels) must be two, (dy, dx), got {len(steps)}")
        if self.pixels:
            steps = tuple(float(whole_step("BumpGrid", step)) for step in steps)
        checked = {
            "grid": _checked_grid(self.grid),
            "sigma": checked_sigma("BumpGrid", self.sigma),
            "tau": checked_tau("BumpGrid", self.tau, overlap),
            "steps": steps,
            "pixels": bool(self.pixels),
            "periodic": bool(self.periodic),
        }
        for name, value in checked.items():
            object.__setattr__(self, name, value)

    @property
    def points(self) -> int:
        """Number of grid points."""
        return self.grid[0] * self.grid[1]

    def neighbourhood(self) -> Neighbourhood:
        """Grid points that a point connects to; an error if there are none."""
        return bump_neighbourhood(self.sigma, tau=self.tau, overlap=self.overlap, steps=self.steps, pixels=self.pixels)

    def lattice(self) -> Lattice:
        """The grid with these neighbours; an error if they reach beyond it."""
        return Lattice(self.grid, self.neighbourhood(), periodic=self.periodic)


def _checked_grid(grid: object) -> tuple[int, int]:
    several = np.iterable(grid) and not isinstance(grid, str)
    given = tuple(grid) if several else (grid, grid)  # type: ignore[arg-type]
    if len(given) != 2:
        raise ValueError(f"BumpGrid: grid must be one number of points or (rows, columns), got {len(given)} numbers")
    rows, columns = (whole_number("BumpGrid", "grid", "points along an axis", size, at_least=1) for size in given)
    return rows, columns
