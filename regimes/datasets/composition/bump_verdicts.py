"""What generated images of bumps show: how many, where, and whether at the place that was asked for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from regimes.datasets.composition.grid import ImageGrid, checked_grid
from regimes.datasets.composition.subset import GridSubset
from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.interface.checks import positive_number, real_array

__all__ = ["BumpVerdicts", "bump_verdicts", "copying_baseline"]

Array = NDArray[np.float64]

_STEPS = 30
_SETTLED = 1e-9  # of a width
_LEAST = 1e-6  # overlap with an image whose brightest pixel is 1; below, there is no bump to move
_ROUNDING = 1e-13  # of what a bump overlaps: near the best place it tells no more
_HALF = 0.5


@dataclass(frozen=True, eq=False)
class BumpVerdicts:
    """What each of n images shows.

    Attributes
    ----------
    blobs : ndarray of int64, shape (n,)
        Pieces above half of the brightness of a bump; pixels with a side in common are in one piece.
    found : ndarray, shape (n, 2)
        Place (x, y) of the bump, in pixels; nan unless there is one piece, and where no place fits best.
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
    place and brightness over all pixels, searched from the best pixel on.

    Parameters
    ----------
    grid : ImageGrid
        Of kind ``"bump"``: size of the images, width and brightness of a bump, and whether edges meet.
    images : array_like, shape (n, height, width), (n, 1, height, width) or (n, pixels)
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
    After liang2024a, whose outcomes these are. A model that copies the nearest training image reaches
    :func:`copying_baseline`.

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
    n, (height, width) = pixels.shape[0] if pixels.ndim else 0, grid.shape
    fits = pixels.shape in {(n, height, width), (n, 1, height, width), (n, grid.d)}
    if not (n and fits and asked.shape == (n, 2)):
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


def copying_baseline(subset: GridSubset, tolerance: float) -> float:
    """Share of held-out positions at which a copy of the nearest kept image would be right.

    Parameters
    ----------
    subset : GridSubset
        Kept positions, and those held out.
    tolerance : float
        In pixels.

    Returns
    -------
    float
        Share: what a model reaches that knows its training images alone. 0 below the smaller step of the grid.

    Raises
    ------
    ValueError
        If nothing is kept, nothing is held out, or the tolerance is not positive.

    Examples
    --------
    >>> from regimes.composition import image_grid, random_subset
    >>> subset = random_subset(image_grid(32, 1), 0.5, rng=0)
    >>> [round(copying_baseline(subset, tolerance), 2) for tolerance in (0.9, 1.0, 1.5)]
    [0.0, 0.93, 0.99]
    """
    from scipy.spatial import cKDTree

    if not isinstance(subset, GridSubset):
        raise ValueError(f"copying_baseline: subset must be a GridSubset, got {type(subset).__name__}")
    positive_number("copying_baseline", "tolerance", "in pixels", tolerance)
    grid, held_out = subset.grid, subset.held_out
    if not (subset.n and held_out.n):
        raise ValueError("copying_baseline: subset must keep some positions and hold some out, got one side empty")
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
    """Places (x, y) of the bumps that fit best, whatever their brightness; nan where the search does not settle.

    With the best brightness at each place, the squares that a bump at c leaves are least where
    ``g(c) = <image, bump at c> / |bump at c|`` is largest. The search begins at the best pixel.
    """
    n, height, width = images.shape
    images = images / np.abs(images).max(axis=(1, 2), keepdims=True)
    sides = height, width
    whole = [_profiles(np.arange(side, dtype=np.float64)[None], side, grid)[0][0] for side in sides]
    at_pixels = np.einsum("ay,nyx,bx->nab", whole[0], images, whole[1], optimize=True)
    at_pixels /= np.multiply.outer(*(np.sqrt((each**2).sum(axis=1)) for each in whole))
    y, x = np.unravel_index(at_pixels.reshape(n, -1).argmax(axis=1), sides)
    place = np.column_stack([y, x]).astype(np.float64)
    best = at_pixels.reshape(n, -1).max(axis=1)
    reach, settled = np.full(n, grid.sigma / 2), np.zeros(n, bool)
    for _ in range(_STEPS):
        step = np.clip(_newton_step(images, place, grid), -reach[:, None], reach[:, None])
        trial = place + step
        if not grid.periodic:
            trial = np.clip(trial, -grid.sigma, np.array(sides) - 1 + grid.sigma)
        value = _overlap(images, trial, grid)
        better = value >= best - _ROUNDING * np.abs(best)
        moved = np.abs(trial - place).max(axis=1)
        settled |= moved < _SETTLED * grid.sigma
        place[better], best[better] = trial[better], value[better]
        reach[~better] = moved[~better] / 4
        if settled.all():
            break
    return np.where(settled[:, None], place[:, ::-1], np.nan)


def _profiles(places: Array, side: int, grid: ImageGrid) -> tuple[Array, Array, Array]:
    """Brightness of the pixels of one axis, shape (..., n, side), and its first two derivatives by the place."""
    away = np.arange(side) - places[..., None]
    if grid.periodic:
        away -= side * np.rint(away / side)
    bump = np.asarray(compile_formula("bump_profile", target="numpy")(away, grid.sigma))
    ratio = away / grid.sigma**2
    return bump, ratio * bump, (ratio**2 - 1 / grid.sigma**2) * bump


def _overlap(images: Array, place: Array, grid: ImageGrid) -> Array:
    """G at one place of each image."""
    (along_y, *_), (along_x, *_) = (_profiles(place[:, k], images.shape[1 + k], grid) for k in (0, 1))
    length = np.sqrt((along_y**2).sum(axis=1) * (along_x**2).sum(axis=1))
    return np.asarray(np.einsum("ny,nyx,nx->n", along_y, images, along_x, optimize=True) / length)


def _newton_step(images: Array, place: Array, grid: ImageGrid) -> Array:
    """Newton's step of log g where it curves down, uphill elsewhere."""
    bumps = [_profiles(place[:, k], images.shape[1 + k], grid) for k in (0, 1)]
    rows = [np.einsum("nyx,nx->ny", images, each, optimize=True) for each in bumps[1]]

    def moment(a: int, b: int) -> Array:
        return np.asarray((bumps[0][a] * rows[b]).sum(axis=1))

    level = np.maximum(moment(0, 0), _LEAST)
    slope, curvature = np.empty((len(images), 2)), np.empty((len(images), 2, 2))
    for axis, (first, second) in enumerate((((1, 0), (2, 0)), ((0, 1), (0, 2)))):
        bump, rise, bend = bumps[axis]
        square, cross = (bump**2).sum(axis=1), (bump * rise).sum(axis=1)
        slope[:, axis] = moment(*first) / level - cross / square
        norm = ((rise**2 + bump * bend).sum(axis=1) * square - 2 * cross**2) / square**2
        curvature[:, axis, axis] = moment(*second) / level - (moment(*first) / level) ** 2 - norm
    mixed = moment(1, 1) / level - moment(1, 0) * moment(0, 1) / level**2
    curvature[:, 0, 1] = curvature[:, 1, 0] = mixed
    values, axes = np.linalg.eigh(curvature)
    along = np.einsum("nki,nk->ni", axes, slope)
    return np.asarray(np.einsum("nik,nk->ni", axes, along / np.maximum(np.abs(values), 1e-12)))
