"""A grid of positions, with one image for each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from regimes.datasets.composition.fitting_steps import axis_positions
from regimes.datasets.composition.images import MEMORY, bump_images, checked_image, checked_shape
from regimes.numerics.composition.bumps.bump_grid import BumpGrid
from regimes.numerics.interface.checks import positive_number

__all__ = ["ImageGrid", "image_grid", "checked_grid"]

_MOST_POINTS = 2**26  # their positions then take 1 GiB


@dataclass(frozen=True)
class ImageGrid:
    """All positions of a bump on a grid, each of them one image.

    Attributes
    ----------
    shape : (int, int)
        Height and width of an image in pixels; one number for both is accepted.
    sigma : float
        Width of the bump or of the stripes, in pixels.
    dx, dy : float
        Steps of the positions along x and y, in pixels; they need not be whole.
    kind : {"bump", "sos"}
        One bump, or the sum of a vertical and a horizontal stripe.
    amplitude : float
        Brightness of the middle of a bump, and of each stripe.
    periodic : bool
        Whether opposite edges meet.
    margin : float
        Pixels between open edges and the positions.

    Examples
    --------
    >>> grid = image_grid(32, 1.5, dx=2)
    >>> grid
    ImageGrid(shape=(32, 32), sigma=1.5, dx=2.0, dy=2.0, kind='bump', amplitude=1.0, periodic=False, margin=0.0)
    >>> grid.n, grid.grid_shape, grid.steps, grid.positions[17].tolist()
    (256, (16, 16), (2.0, 2.0), [2.0, 2.0])
    >>> grid.images([17]).shape
    (1, 32, 32)
    """

    shape: tuple[int, int]
    sigma: float
    dx: float
    dy: float
    kind: str = "bump"
    amplitude: float = 1.0
    periodic: bool = False
    margin: float = 0.0

    def __post_init__(self) -> None:
        height, width = checked_shape("image_grid", self.shape)
        sigma, amplitude = checked_image("image_grid", self.sigma, self.amplitude, self.kind)
        dx = positive_number("image_grid", "dx", "step of the positions along x, in pixels", self.dx)
        dy = positive_number("image_grid", "dy", "step of the positions along y, in pixels", self.dy)
        margin = _checked_margin(self.margin, height, width, bool(self.periodic))
        checked = {"shape": (height, width), "sigma": sigma, "dx": dx, "dy": dy, "amplitude": amplitude}
        for name, value in (checked | {"periodic": bool(self.periodic), "margin": margin}).items():
            object.__setattr__(self, name, value)
        estimate = (width - 2 * margin) / dx * (height - 2 * margin) / dy
        if estimate > _MOST_POINTS + 0.5:
            raise ValueError(
                f"image_grid: a grid must have at most 2^26 = {_MOST_POINTS} positions, got {estimate:.3g}; take "
                "larger steps or a smaller image"
            )
        _ = self.x, self.y  # steps that do not fit are refused here

    @cached_property
    def x(self) -> NDArray[np.float64]:
        """Positions along x in pixels, shape (n_x,)."""
        return axis_positions("x", self.shape[1], "width", self.dx, self.margin)

    @cached_property
    def y(self) -> NDArray[np.float64]:
        """Positions along y in pixels, shape (n_y,)."""
        return axis_positions("y", self.shape[0], "height", self.dy, self.margin)

    @property
    def grid_shape(self) -> tuple[int, int]:
        """Numbers of positions (n_y, n_x): an array of this shape is indexed [y, x]."""
        return len(self.y), len(self.x)

    @property
    def n(self) -> int:
        """Number of positions."""
        return len(self.y) * len(self.x)

    @property
    def d(self) -> int:
        """Number of pixels."""
        return self.shape[0] * self.shape[1]

    @property
    def steps(self) -> tuple[float, float]:
        """Steps (dy, dx) in the order of the axes of an array."""
        return self.dy, self.dx

    def bump_grid(self, *, tau: float = 0.005, overlap: str = "cosine", pixels: bool = False) -> BumpGrid:
        """The problem of percolation of these positions; their bumps are taken to lie far from all edges."""
        if self.kind != "bump":
            raise ValueError(
                "bump_grid: the distance of positions says which bumps connect, not which images of kind "
                f"{self.kind!r}; give the images to data_percolation"
            )
        return BumpGrid(
            self.grid_shape,
            self.sigma,
            tau=tau,
            overlap=overlap,
            steps=self.steps,
            pixels=pixels,
            periodic=self.periodic,
        )

    @cached_property
    def positions(self) -> NDArray[np.float64]:
        """Positions (x, y) in pixels, shape (n, 2), row by row of the grid: number n_x i_y + i_x."""
        positions = np.stack(np.broadcast_arrays(self.x, self.y[:, None]), axis=-1).reshape(-1, 2)
        positions.flags.writeable = False
        return positions

    def images(self, points: ArrayLike | None = None, *, memory: int = MEMORY) -> NDArray[np.float64]:
        """Images of some positions, or of all, shape (n, height, width), in the order of ``points``.

        ``points`` are numbers of positions, rows of ``positions``; or a mask of shape ``grid_shape`` or (n,).
        ``memory`` is in bytes; fewer images can be drawn at a time.
        """
        return bump_images(
            self.positions[self._numbers(points)],
            self.shape,
            self.sigma,
            kind=self.kind,
            amplitude=self.amplitude,
            periodic=self.periodic,
            memory=memory,
        )

    def _numbers(self, points: ArrayLike | None) -> NDArray[np.intp] | slice:
        if points is None:
            return slice(None)
        chosen = np.asarray(points)
        if chosen.dtype == np.bool_ and chosen.shape in (self.grid_shape, (self.n,)):
            return np.flatnonzero(chosen)
        if chosen.size == 0:
            chosen = chosen.astype(np.intp)
        if chosen.ndim != 1 or chosen.dtype.kind not in "iu":
            raise ValueError(
                f"images: points must be numbers of positions, shape (m,), or a mask of shape {self.grid_shape} or "
                f"({self.n},), got {chosen.dtype} of shape {chosen.shape}"
            )
        if chosen.size and not (chosen.min() >= 0 and chosen.max() < self.n):
            raise ValueError(
                f"images: points must lie between 0 and {self.n - 1}, got {chosen.min()} to {chosen.max()}"
            )
        return chosen.astype(np.intp)


def image_grid(
    N: int | Sequence[int],
    sigma: float,
    *,
    dx: float = 1.0,
    dy: float | None = None,
    amplitude: float = 1.0,
    periodic: bool = False,
    margin: float = 0.0,
    kind: str = "bump",
) -> ImageGrid:
    """Lay a grid of positions over an image: margin, margin + dx, ... below width - margin, and alike along y.

    Parameters
    ----------
    N : int or (int, int)
        Pixels along each side, or (height, width).
    sigma : float
        Width in pixels. Far below a pixel, images are dark where the position lies between pixels.
    dx : float
        Step along x, in pixels. The width less both margins is a whole multiple of it.
    dy : float, optional
        Step along y; as along x by default.
    amplitude, periodic, margin, kind
        As the attributes of :class:`ImageGrid`.

    Returns
    -------
    ImageGrid
        The grid; images are drawn when they are asked for.

    Notes
    -----
    liang2024b (data: N = 32, sigma from 0.1 up, positions from 0 to N).

    Examples
    --------
    >>> image_grid(16, 1, dx=0.5, margin=4).positions[:3].tolist()
    [[4.0, 4.0], [4.5, 4.0], [5.0, 4.0]]
    >>> image_grid(16, 1, dx=3)
    Traceback (most recent call last):
        ...
    ValueError: image_grid: the width less both margins must be a whole multiple of dx (step of the positions along x,
    in pixels), got 16 and dx = 3, that is 5.33333 steps; whole steps that fit are 1, 2, 4, 8 and 16, the nearest others
    16/5 and 16/6, and widths that fit are 15 and 18
    """
    return ImageGrid(
        shape=N,  # type: ignore[arg-type]  # one number becomes a pair there
        sigma=sigma,
        dx=dx,
        dy=dx if dy is None else dy,
        kind=kind,
        amplitude=amplitude,
        periodic=periodic,
        margin=margin,
    )


def checked_grid(function: str, grid: Any) -> ImageGrid:
    """Check that something is a grid."""
    if not isinstance(grid, ImageGrid):
        raise ValueError(f"{function}: grid must be a ImageGrid, got {type(grid).__name__}; image_grid makes one")
    return grid


def _checked_margin(margin: Any, height: int, width: int, periodic: bool) -> float:
    try:
        value = float(margin)
    except (TypeError, ValueError):
        raise ValueError(f"image_grid: margin (pixels to open edges) must be a number, got {margin!r}") from None
    if not 0 <= value < min(height, width) / 2:
        raise ValueError(
            "image_grid: margin (pixels to open edges) must be at least 0 and less than half of each side, got "
            f"{value:g} for {height} x {width} pixels; take a smaller margin or a larger image"
        )
    if periodic and value:
        raise ValueError(
            f"image_grid: a margin keeps positions from open edges, got margin = {value:g} with periodic = True; "
            "leave one of them out"
        )
    return value
