"""What generated images of stripes show: how many along each axis, where, and whether where they were asked for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from regimes.datasets.composition.grid import ImageGrid, checked_grid
from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.interface.checks import positive_number, real_array

__all__ = ["StripeVerdicts", "stripe_verdicts"]

Array = NDArray[np.float64]

_HALF = 0.5
_BACKGROUND = 0.25  # quantile along a line: what a stripe that is narrow against the image leaves as it was
_WHOLE = 0.75  # share of a line's pixels that must be bright for it to belong to a stripe
_FIRST = 0.25  # pixels between the places that are tried first
_TRIALS = np.linspace(-1, 1, 9)
_ROUNDS = 14  # of dividing by four; the squares tell no finer


@dataclass(frozen=True, eq=False)
class StripeVerdicts:
    """What each of n images shows, along x (vertical stripes) and along y (horizontal ones).

    Attributes
    ----------
    stripes : ndarray of int64, shape (n, 2)
        Number of vertical and of horizontal stripes.
    found : ndarray, shape (n, 2)
        x of the vertical and y of the horizontal stripe, in pixels; nan unless there is one.
    asked : ndarray, shape (n, 2)
        Where they should be; nan where there should be none.
    offset : ndarray, shape (n, 2)
        Distance between the two; nan unless both are there.
    rest : ndarray, shape (n,)
        Largest deviation of a pixel from the sum of a pattern of columns and a pattern of rows, in units of the
        brightness of a stripe: 0 for any sum of stripes, and near 1 for a bump beside them.
    """

    stripes: NDArray[np.int64]
    found: Array
    asked: Array
    offset: Array
    rest: Array

    def right(self, tolerance: float) -> NDArray[np.bool_]:
        """Whether along each axis, shape (n, 2), there is one stripe within a tolerance of its place, in pixels.

        Where none was asked for, there must be none.
        """
        within = positive_number("StripeVerdicts.right", "tolerance", "in pixels", tolerance)
        return np.where(np.isnan(self.asked), self.stripes == 0, self.offset <= within)


def stripe_verdicts(grid: ImageGrid, images: ArrayLike, positions: ArrayLike) -> StripeVerdicts:
    """Judge images that a model generated for positions of two stripes, or of one.

    A column belongs to a vertical stripe if three quarters of its pixels are brighter than their row by half of the
    brightness of a stripe; the brightness of a row is its lower quartile. Neighbouring columns are one stripe. The
    place of the only vertical stripe is that of the stripe of the grid's width that fits the image best: least squares
    in place and brightness over all pixels, beside any pattern of rows. Horizontal stripes likewise.

    Parameters
    ----------
    grid : ImageGrid
        Of kind ``"sos"``: size of the images, width and brightness of a stripe, and whether edges meet.
    images : array_like, shape (n, height, width), (n, 1, height, width) or (n, pixels)
        Generated images, in the units of ``grid.images``.
    positions : array_like, shape (n, 2)
        Places (x, y) that were asked for, in pixels; nan where there should be no stripe.

    Returns
    -------
    StripeVerdicts
        Numbers, places and distances along each axis.

    Raises
    ------
    ValueError
        If a stripe between pixels is darker than half of its brightness (sigma below 0.43), one is brighter than half
        a quarter of the image away from its middle, or arrays do not fit.

    Notes
    -----
    After liang2024b, whose images these are. The fit along one axis knows nothing of the other: what is found of x does
    not depend on whether y is right. :func:`copying_baseline` is what copies of training images reach.

    Examples
    --------
    >>> from regimes.composition import image_grid
    >>> grid = image_grid(16, 1, kind="sos")
    >>> images = grid.images([20, 21, 100])
    >>> images[0] += images[2]
    >>> verdicts = stripe_verdicts(grid, images, grid.positions[[20, 20, 100]])
    >>> verdicts.stripes.tolist(), verdicts.offset[1:].round(6).tolist()
    ([[1, 2], [1, 1], [1, 1]], [[1.0, 0.0], [0.0, 0.0]])
    """
    grid = _checked(grid)
    pixels, asked = (
        real_array("stripe_verdicts", "images", images),
        real_array("stripe_verdicts", "positions", positions),
    )
    n, (height, width) = pixels.shape[0] if pixels.ndim else 0, grid.shape
    fits = pixels.shape in {(n, height, width), (n, 1, height, width), (n, grid.d)}
    if not (n and fits and asked.shape == (n, 2)):
        raise ValueError(
            f"stripe_verdicts: images must have shape (n, {height}, {width}) or (n, {grid.d}), and positions (n, 2), "
            f"got {pixels.shape} and {asked.shape}"
        )
    if not np.isfinite(pixels).all() or np.isinf(asked).any():
        raise ValueError(
            "stripe_verdicts: images must be finite, and positions finite or nan, got nan or inf; leave those out"
        )
    pixels = pixels.reshape(n, height, width) / grid.amplitude
    lines = pixels, pixels.transpose(0, 2, 1)
    stripes = np.column_stack([_count(each, grid.periodic) for each in lines])
    found = np.column_stack([_fitted(each.mean(axis=1), grid) for each in lines])
    found[stripes != 1] = np.nan
    away = found - asked
    if grid.periodic:
        sides = np.array([width, height])
        away -= sides * np.rint(away / sides)
        found %= sides
    mean_x, mean_y = (each.mean(axis=1) for each in lines)
    sums = mean_x[:, None, :] + mean_y[:, :, None] - pixels.mean(axis=(1, 2))[:, None, None]
    return StripeVerdicts(stripes, found, asked, np.abs(away), np.abs(pixels - sums).max(axis=(1, 2)))


def _checked(grid: ImageGrid) -> ImageGrid:
    grid = checked_grid("stripe_verdicts", grid)
    if grid.kind != "sos":
        raise ValueError(f"stripe_verdicts: grid must be of kind 'sos', got {grid.kind!r}")
    profile = compile_formula("bump_profile", target="numpy")
    side = min(grid.shape)
    between, far = (float(profile(away, grid.sigma)) for away in (_HALF, side / 4))
    if between < _HALF:
        raise ValueError(
            "stripe_verdicts: sigma must be so large that a stripe between pixels has half of its brightness (0.43), "
            f"got {grid.sigma:g}: {between:.2g}; take wider stripes"
        )
    if far > _HALF:
        raise ValueError(
            "stripe_verdicts: a stripe must be darker than half a quarter of the image away from its middle (sigma up "
            f"to {side / 4 / np.sqrt(2 * np.log(2)):.3g} for {side} pixels), got {grid.sigma:g}: {far:.2g}; take "
            "narrower stripes or larger images"
        )
    return grid


def _count(images: Array, periodic: bool) -> NDArray[np.int64]:
    """Number of stripes along the second axis of images."""
    above = images - np.quantile(images, _BACKGROUND, axis=2, keepdims=True)
    bright = (above > _HALF).mean(axis=1) >= _WHOLE
    before = np.roll(bright, 1, axis=1)
    if not periodic:
        before[:, 0] = False
    return np.asarray((bright & ~before).sum(axis=1))


def _fitted(means: Array, grid: ImageGrid) -> Array:
    """Places of the stripes that fit means of columns best, beside any constant.

    Squares over an image, with any pattern of rows, are those over the means of its columns with any constant. With the
    best brightness they are least where the overlap with the stripe less its mean, over its length, is largest.
    """
    side = means.shape[1]
    low, high = (0.0, side - _FIRST) if grid.periodic else (-grid.sigma, side - 1 + grid.sigma)
    trials = np.tile(np.arange(low, high + 1e-9, _FIRST), (len(means), 1))
    reach = _FIRST
    for _ in range(_ROUNDS):
        best = _overlaps(means, trials, grid).argmax(axis=1)
        place = trials[np.arange(len(means)), best]
        trials = place[:, None] + reach * _TRIALS
        trials = trials if grid.periodic else np.clip(trials, low, high)
        reach /= 4
    return np.asarray(place)


def _overlaps(means: Array, places: Array, grid: ImageGrid) -> Array:
    """Overlap with stripes at some places, shape (n, places), over the length of a stripe, each less its mean."""
    side = means.shape[1]
    away = np.arange(side) - places[..., None]
    if grid.periodic:
        away -= side * np.rint(away / side)
    stripe = np.asarray(compile_formula("bump_profile", target="numpy")(away, grid.sigma))
    stripe = stripe - stripe.mean(axis=-1, keepdims=True)
    overlap = (stripe @ means[:, :, None])[..., 0]
    return np.asarray(overlap / np.sqrt((stripe**2).sum(axis=-1)))
