"""What generated images of bumps show: how many, where, and whether at the place that was asked for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from regimes.datasets.composition.grid import ImageGrid, checked_grid
from regimes.datasets.composition.subset import GridSubset
from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.interface.checks import positive_number, real_array

__all__ = ["BumpVerdicts", "bump_verdicts", "copied_right"]

Array = NDArray[np.float64]

_STEPS = 30
_SETTLED = 1e-9  # of a width
_HALF = 0.5


@dataclass(frozen=True, eq=False)
class BumpVerdicts:
    """What each of n images shows.

    Attributes
    ----------
    blobs : ndarray of int64, shape (n,)
        Pieces above half of the brightness of a bump; pixels with a side in common are in one piece.
    found : ndarray, shape (n, 2)
        Place (x, y) of the bump, in pixels; nan unless there is one piece.
    asked : ndarray, shape (n, 2)
        Place at which the bump should be.
    offset : ndarray, shape (n,)
        Distance between the two; nan unless there is one piece.
    """

    blobs: NDArray[np.int64]
    found: Array
    asked: Array
    offset: Array

    def right(self, tolerance: float) -> NDArray[np.bool_]:
        """Whether there is one bump within a tolerance, in pixels, of the place that was asked for."""
        return self.offset <= positive_number("BumpVerdicts.right", "tolerance", "in pixels", tolerance)

    def shares(self, tolerance: float) -> dict[str, float]:
        """Shares of images with no bump, with several, with one at a wrong place, and with one at the right place."""
        right, one = self.right(tolerance), self.blobs == 1
        kinds = {"none": self.blobs == 0, "several": self.blobs > 1, "misplaced": one & ~right, "right": right}
        return {name: float(each.mean()) for name, each in kinds.items()}


def bump_verdicts(grid: ImageGrid, images: ArrayLike, positions: ArrayLike) -> BumpVerdicts:
    """Judge images that a model generated for positions of a bump.

    The place of the only bump of an image is that of the bump of the grid's width that fits it best: least squares in
    place and brightness over all pixels.

    Parameters
    ----------
    grid : ImageGrid
        Of kind ``"bump"``: size of the images, width and brightness of a bump, and whether edges meet.
    images : array_like, shape (n, height, width) or (n, pixels)
        Generated images, in the units of ``grid.images``.
    positions : array_like, shape (n, 2)
        Places (x, y) that were asked for, in pixels.

    Returns
    -------
    BumpVerdicts
        Pieces, places and distances; shares for a tolerance.

    Raises
    ------
    ValueError
        If a bump between pixels is darker than half of its brightness (sigma below 0.6), or arrays do not fit.

    Notes
    -----
    After liang2024a, whose outcomes these are. A model that copies the nearest training image is right by
    :func:`copied_right`, which is 0 for a tolerance below half of a step.

    Examples
    --------
    >>> from regimes.composition import image_grid
    >>> grid = image_grid(16, 1)
    >>> images = grid.images([20, 21, 100])
    >>> images[0] += images[2]
    >>> verdicts = bump_verdicts(grid, images, grid.positions[[20, 20, 100]])
    >>> verdicts.blobs.tolist(), verdicts.offset.round(6).tolist()
    ([2, 1, 1], [nan, 1.0, 0.0])
    """
    grid = checked_grid("bump_verdicts", grid)
    if grid.kind != "bump":
        raise ValueError(f"bump_verdicts: grid must be of kind 'bump', got {grid.kind!r}")
    # Farthest from all pixels a bump is exp(-1/(4 sigma^2)) of its brightness.
    darkest = float(compile_formula("bump_profile", target="numpy")(np.sqrt(0.5), grid.sigma))
    if darkest < _HALF:
        raise ValueError(
            "bump_verdicts: sigma must be so large that a bump between pixels has half of its brightness (0.6), got "
            f"{grid.sigma:g}: {darkest:.2g}; take wider bumps"
        )
    pixels, asked = real_array("bump_verdicts", "images", images), real_array("bump_verdicts", "positions", positions)
    n, (height, width) = len(pixels), grid.shape
    if pixels.shape not in {(n, height, width), (n, grid.d)} or asked.shape != (n, 2) or not n:
        raise ValueError(
            f"bump_verdicts: images must have shape (n, {height}, {width}) or (n, {grid.d}), and positions (n, 2), got "
            f"{pixels.shape} and {asked.shape}"
        )
    pixels = pixels.reshape(n, height, width)
    if not (np.isfinite(pixels).all() and np.isfinite(asked).all()):
        raise ValueError("bump_verdicts: images and positions must be finite, got nan or inf; leave those images out")
    blobs = _pieces(pixels > _HALF * grid.amplitude, grid.periodic)
    found = np.full((n, 2), np.nan)
    one = blobs == 1
    if one.any():
        found[one] = _fitted(pixels[one], grid)
    away = found - asked
    if grid.periodic:
        away -= (sides := np.array([width, height])) * np.rint(away / sides)
        found %= sides
    return BumpVerdicts(blobs, found, asked, np.hypot(*away.T))


def copied_right(subset: GridSubset, tolerance: float) -> float:
    """Share of held-out positions for which a copy of the nearest kept image would be right.

    Parameters
    ----------
    subset : GridSubset
        Kept positions, and those held out.
    tolerance : float
        In pixels.

    Returns
    -------
    float
        Share: what a model reaches that knows its training images alone. 0 below half of the smaller step.

    Raises
    ------
    ValueError
        If nothing is kept, nothing is held out, or the tolerance is not positive.

    Examples
    --------
    >>> from regimes.composition import image_grid, random_subset
    >>> subset = random_subset(image_grid(32, 1), 0.5, rng=0)
    >>> [round(copied_right(subset, tolerance), 2) for tolerance in (0.4, 1.0, 1.5)]
    [0.0, 0.93, 0.99]
    """
    from scipy.spatial import cKDTree

    positive_number("copied_right", "tolerance", "in pixels", tolerance)
    grid, held_out = subset.grid, subset.held_out
    if not (subset.n and held_out.n):
        raise ValueError("copied_right: subset must keep some positions and hold some out, got one side empty")
    tree = cKDTree(subset.positions, boxsize=grid.shape[::-1] if grid.periodic else None)
    return float((tree.query(held_out.positions)[0] <= tolerance).mean())


def _pieces(bright: NDArray[np.bool_], periodic: bool) -> NDArray[np.int64]:
    """Number of pieces of bright pixels in each image."""
    from scipy import ndimage
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    within = np.zeros((3, 3, 3), bool)
    within[1] = ndimage.generate_binary_structure(2, 1)
    labels, total = ndimage.label(bright, within)
    image_of = np.zeros(total + 1, np.int64)
    image_of[labels] = np.arange(len(bright))[:, None, None]
    if periodic and total:
        edges = [(labels[:, 0, :], labels[:, -1, :]), (labels[:, :, 0], labels[:, :, -1])]
        one, other = (np.concatenate([pair[side].ravel() for pair in edges]) for side in (0, 1))
        both = (one > 0) & (other > 0)
        joined = coo_array((np.ones(both.sum()), (one[both] - 1, other[both] - 1)), (total, total))
        _, piece = connected_components(joined, directed=False)
        first = np.unique(piece, return_index=True)[1]
    else:
        first = np.arange(total)
    return np.bincount(image_of[1:][first], minlength=len(bright))


def _fitted(images: Array, grid: ImageGrid) -> Array:
    """Places (x, y) of the bumps that fit best, by Gauss-Newton steps from the brightest pixel."""
    n, height, width = images.shape
    profile = compile_formula("bump_profile", target="numpy")
    y, x = (each.astype(np.float64) for each in np.unravel_index(images.reshape(n, -1).argmax(axis=1), (height, width)))
    brightness = images.reshape(n, -1).max(axis=1)
    for _ in range(_STEPS):
        away_x, away_y = (
            _wrapped(np.arange(side) - place[:, None], side, grid.periodic) for side, place in ((width, x), (height, y))
        )
        along_x, along_y = profile(away_x, grid.sigma), profile(away_y, grid.sigma)
        slope_x, slope_y = along_x * away_x / grid.sigma**2, along_y * away_y / grid.sigma**2
        shapes = (
            along_y[:, :, None] * (brightness[:, None] * slope_x)[:, None, :],
            slope_y[:, :, None] * (brightness[:, None] * along_x)[:, None, :],
            along_y[:, :, None] * along_x[:, None, :],
        )
        jacobian = np.stack([each.reshape(n, -1) for each in shapes], axis=2)
        left = images.reshape(n, -1) - brightness[:, None] * jacobian[:, :, 2]
        normal = jacobian.transpose(0, 2, 1) @ jacobian
        step = np.linalg.solve(normal, (jacobian * left[:, :, None]).sum(axis=1)[:, :, None])[:, :, 0]
        move = np.clip(step[:, :2], -grid.sigma / 2, grid.sigma / 2)
        x, y = (
            place + part if grid.periodic else np.clip(place + part, -grid.sigma, side - 1 + grid.sigma)
            for place, part, side in ((x, move[:, 0], width), (y, move[:, 1], height))
        )
        brightness = np.maximum(brightness + step[:, 2], _HALF * grid.amplitude)
        if np.abs(move).max() < _SETTLED * grid.sigma:
            break
    return np.column_stack([x, y])


def _wrapped(distance: Array, side: int, periodic: bool) -> Array:
    return distance - side * np.rint(distance / side) if periodic else distance
