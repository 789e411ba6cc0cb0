"""Subsets with a region held out: a band, a square, a cross."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regimes.datasets.composition.grid import ImageGrid, checked_grid
from regimes.datasets.composition.subset import GridSubset
from regimes.numerics.interface.checks import positive_number, real_array

__all__ = ["hold_out_band", "hold_out_cross", "hold_out_square"]

_TIE = 1e-9  # of a step: a position this close to the edge of the region lies on it


def hold_out_band(grid: ImageGrid, width: float, *, axis: str = "x", center: float | None = None) -> GridSubset:
    """Hold out a band: all positions within width/2 of its middle line, edges included.

    Parameters
    ----------
    grid : ImageGrid
        All positions.
    width : float
        Width of the band in pixels.
    axis : {"x", "y"}
        A band of columns (of x values) or of rows.
    center : float, optional
        Middle of the band in pixels; the middle of the positions by default, so that a band of k steps holds k
        columns where k and their number are both even or both odd.

    Returns
    -------
    GridSubset
        The positions outside the band. Across periodic edges the band goes on at the other side.

    Notes
    -----
    liang2024b (figure 11: interpolation across a lesion).

    Examples
    --------
    >>> from regimes.composition import image_grid
    >>> hold_out_band(image_grid(32, 1), 6).held_out.positions[:6, 0].tolist()
    [13.0, 14.0, 15.0, 16.0, 17.0, 18.0]
    """
    grid = checked_grid("hold_out_band", grid)
    if axis not in ("x", "y"):
        raise ValueError(f"hold_out_band: axis must be x (a band of columns) or y (of rows), got {axis!r}")
    band, middle, width = _band("hold_out_band", grid, axis, width, center)
    region = np.broadcast_to(band if axis == "x" else band[:, None], grid.grid_shape)
    return _without("hold_out_band", grid, region, f"a band {width:g} wide around {axis} = {middle:g}")


def hold_out_square(grid: ImageGrid, side: float, *, center: Sequence[float] | None = None) -> GridSubset:
    """Hold out a square: all positions within side/2 of its centre along x and along y, edges included.

    Parameters
    ----------
    grid : ImageGrid
        All positions.
    side : float
        Side of the square in pixels.
    center : (float, float), optional
        Middle (x_c, y_c) of the square in pixels; the middle of the positions by default. In a corner of the grid
        the square is cut off, or goes on at the other side where edges are periodic.

    Returns
    -------
    GridSubset
        The positions outside the square.

    Notes
    -----
    liang2024b (figure 12: interior and exterior test regions).

    Examples
    --------
    >>> from regimes.composition import image_grid
    >>> hold_out_square(image_grid(32, 1), 6).held_out
    GridSubset(36 of 1024 positions: complement of all but a square of side 6 around (15.5, 15.5))
    """
    return _hold_out("hold_out_square", grid, side, center)


def hold_out_cross(grid: ImageGrid, width: float, *, center: Sequence[float] | None = None) -> GridSubset:
    """Hold out a cross: all positions within width/2 of its centre along x or along y, edges included.

    A band of columns and a band of rows are held out together, so that no training image has such an x or such a y:
    single stripes alone can tell a model of them (:func:`regimes.composition.with_stripes`). The test regions are the
    arms, where one coordinate is new, and the square in which they meet, where both are; that square alone is
    :func:`regimes.composition.hold_out_square`, in which only the combination is new.

    Parameters
    ----------
    grid : ImageGrid
        All positions.
    width : float
        Width of both bands in pixels.
    center : (float, float), optional
        Middle (x_c, y_c) of the cross in pixels; the middle of the positions by default.

    Returns
    -------
    GridSubset
        The positions outside the cross.

    Notes
    -----
    liang2024b (figure 4: all x and y but those from 13 to 19, tested in the two arms and where they meet).

    Examples
    --------
    >>> from regimes.composition import image_grid
    >>> cross = hold_out_cross(image_grid(32, 1, kind="sos"), 6, center=(16, 16))
    >>> cross.held_out.n == 2 * 7 * 32 - 7 * 7
    True
    """
    return _hold_out("hold_out_cross", grid, width, center)


def _hold_out(function: str, grid: ImageGrid, width: float, center: Sequence[float] | None) -> GridSubset:
    grid = checked_grid(function, grid)
    cross = function == "hold_out_cross"
    x_c, y_c = (None, None) if center is None else _checked_center(function, center, 2)
    columns, x_c, width = _band(function, grid, "x", width, x_c, "width" if cross else "side")
    rows, y_c, _ = _band(function, grid, "y", width, y_c)
    region = rows[:, None] | columns if cross else rows[:, None] & columns
    what = f"a cross {width:g} wide" if cross else f"a square of side {width:g}"
    return _without(function, grid, region, f"{what} around ({x_c:g}, {y_c:g})")


def _band(
    function: str, grid: ImageGrid, axis: str, width: Any, center: Any, name: str = "width"
) -> tuple[NDArray[np.bool_], float, float]:
    """Which positions along an axis lie in a band, the middle of the band, and its width."""
    width = positive_number(function, name, "of what is held out, in pixels", width)
    places, pixels, step = (grid.x, grid.shape[1], grid.dx) if axis == "x" else (grid.y, grid.shape[0], grid.dy)
    middle = (places[0] + places[-1]) / 2 if center is None else _checked_center(function, [center], 1)[0]
    distance = places - middle
    if grid.periodic:
        distance -= pixels * np.rint(distance / pixels)
    return np.abs(distance) <= width / 2 + _TIE * step, float(middle), width


def _checked_center(function: str, center: Any, count: int) -> list[float]:
    middle = real_array(function, "center", center)
    if middle.shape != (count,) or not np.isfinite(middle).all():
        what = "(x, y)" if count == 2 else "one number"
        raise ValueError(f"{function}: center must be {what}, finite, in pixels, got {center}")
    return [float(value) for value in middle]


def _without(function: str, grid: ImageGrid, region: NDArray[np.bool_], words: str) -> GridSubset:
    held = int(np.count_nonzero(region))
    if held in (0, grid.n):
        which, advice = ("no position", "larger") if held == 0 else (f"all {grid.n} positions", "smaller")
        raise ValueError(
            f"{function}: some positions must be held out and some kept, but {words} holds {which}; take a {advice} one"
            + (", or move its centre" if held == 0 else "")
        )
    return GridSubset(grid, ~region, f"all but {words}")
