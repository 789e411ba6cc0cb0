"""What a grid must fulfil for its clusters to be followed."""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from regimes.numerics.composition.lattice.neighbourhood import TIE, Neighbourhood
from regimes.numerics.interface.checks import whole_number

__all__ = ["Lattice", "band_depth", "block_length", "checked_lattice"]

_POINTS = 2**29  # sizes are kept in 29 bits
_BLOCK = 2**18
_PARTS = 16  # blocks at least, so that the forest can be flattened


@dataclass(frozen=True)
class Lattice:
    """A grid whose clusters can be followed.

    Attributes
    ----------
    shape : tuple of int
        Of the grid.
    axis, depth : int
        Along which a cluster spans, and depth of the bands.
    padded : int
        Grid points with margins.
    periodic : bool
        Kind of edges.
    """

    shape: tuple[int, ...]
    axis: int
    depth: int
    padded: int
    periodic: bool

    @property
    def points(self) -> int:
        """Number of grid points."""
        return math.prod(self.shape)

    @property
    def stencil_bytes(self) -> int:
        """Bytes that all threads share."""
        return self.padded + 4 * self.points

    @property
    def forest_bytes(self) -> int:
        """Bytes of the working arrays of one thread."""
        each = 8 if self.periodic else 4
        return each * self.padded + self.padded // 8 + 4 * self.points + 48 * block_length(self.points)


def checked_lattice(
    function: str,
    shape: int | Sequence[int],
    neighbourhood: Neighbourhood,
    *,
    periodic: bool,
    axis: int,
    depth: int | None,
) -> Lattice:
    """Check a grid against a neighbourhood.

    Parameters
    ----------
    function : str
        For the error.
    shape, neighbourhood, periodic, axis, depth
        As for :func:`regimes.numerics.composition.lattice.lattice.lattice_percolation`.

    Returns
    -------
    Lattice
        With the depth filled in.

    Raises
    ------
    ValueError
        If they do not fit together.
    """
    if not isinstance(neighbourhood, Neighbourhood):
        raise ValueError(f"{function}: neighbourhood must be a Neighbourhood, got {type(neighbourhood).__name__}")
    dimensions, reach = neighbourhood.dimensions, neighbourhood.reach
    if neighbourhood.z == 0:
        raise ValueError(
            f"{function}: no two grid points connect (z = 0)"
            + ("" if neighbourhood.radius is None else f": the radius {neighbourhood.radius:g} is below every step of ")
            + ("" if neighbourhood.radius is None else f"{neighbourhood.steps}; take a larger radius")
        )
    if dimensions > 3:
        raise ValueError(f"{function}: grids have 1, 2 or 3 dimensions, got a neighbourhood with {dimensions}")
    lengths = _lengths(function, shape, dimensions)
    axis = _axis(function, axis, dimensions)
    for own, (size, steps) in enumerate(zip(lengths, reach, strict=True)):
        if steps >= size:
            raise ValueError(
                f"{function}: the neighbourhood must lie inside the grid, got {_reach(neighbourhood, own)} on {size} "
                f"points along axis {own}: a radius larger than the lattice; take a larger grid or a smaller radius"
            )
        if periodic and 2 * steps >= size:
            raise ValueError(
                f"{function}: with periodic edges an axis must be longer than twice the reach, got "
                f"{_reach(neighbourhood, own)} on {size} points along axis {own}; take at least {2 * steps + 1} points"
            )
    padded = math.prod(size + 2 * steps for size, steps in zip(lengths, reach, strict=True))
    if math.prod(lengths) > _POINTS or padded >= 2**31:
        raise ValueError(
            f"{function}: at most 2^29 grid points (2^31 with the margins), got {math.prod(lengths):.4g} "
            f"({padded:.4g} with margins of {reach}); take a smaller grid"
        )
    return Lattice(lengths, axis, _depth(function, neighbourhood, lengths, axis, depth, periodic), padded, periodic)


def band_depth(neighbourhood: Neighbourhood, axis: int, size: int) -> int:
    """Depth of the bands at open edges that a spanning cluster joins, where none is asked for.

    Parameters
    ----------
    neighbourhood : Neighbourhood
        Which points connect.
    axis : int
        Along which a cluster spans.
    size : int
        Points along it.

    Returns
    -------
    int
        Half the connection radius in steps, or half the reach where there is no radius, rounded down; at least 1 and at
        most half of the axis.
    """
    radius, step = neighbourhood.radius, neighbourhood.steps[axis]
    along = neighbourhood.reach[axis] if radius is None else radius * (1 + TIE) / step
    return min(max(1, math.floor(along / 2)), max(1, size // 2))


def _lengths(function: str, shape: int | Sequence[int], dimensions: int) -> tuple[int, ...]:
    try:
        given = (operator.index(shape),) * dimensions  # type: ignore[arg-type]
    except TypeError:
        lengths: Any = shape
        if isinstance(lengths, str) or not np.iterable(lengths):
            raise ValueError(
                f"{function}: shape (of the grid) must be a whole number or one for each axis, got {shape!r}"
            ) from None
        given = tuple(lengths)
    if len(given) != dimensions:
        raise ValueError(
            f"{function}: shape (of the grid) must have the {dimensions} dimensions of the neighbourhood, got "
            f"{len(given)}: {given}"
        )
    sizes = tuple(whole_number(function, "shape", "grid points along an axis", size, at_least=1) for size in given)
    if math.prod(sizes) < 2:
        raise ValueError(f"{function}: a grid must have at least 2 points, got shape {sizes}")
    return sizes


def _axis(function: str, axis: int, dimensions: int) -> int:
    try:
        number = operator.index(axis)
    except TypeError:
        number = dimensions
    if isinstance(axis, bool) or not 0 <= number < dimensions:
        raise ValueError(
            f"{function}: axis (along which a cluster spans) must be one of {tuple(range(dimensions))}, got {axis!r}"
        )
    return number


def _depth(
    function: str,
    neighbourhood: Neighbourhood,
    lengths: tuple[int, ...],
    axis: int,
    depth: int | None,
    periodic: bool,
) -> int:
    if depth is None:
        return band_depth(neighbourhood, axis, lengths[axis])
    if periodic:
        raise ValueError(f"{function}: depth (of the bands at the edges) goes with open edges only; leave it out")
    chosen = whole_number(function, "depth", "of the bands at the edges, in grid points", depth, at_least=1)
    if 2 * chosen > lengths[axis]:
        raise ValueError(
            f"{function}: depth (of the bands at the edges) must be at most half of the {lengths[axis]} points along "
            f"axis {axis}, got {chosen}"
        )
    return chosen


def _reach(neighbourhood: Neighbourhood, axis: int) -> str:
    reach = f"a reach of {neighbourhood.reach[axis]} steps"
    return reach if neighbourhood.radius is None else f"radius {neighbourhood.radius:g}, {reach},"


def block_length(n: int) -> int:
    """Points that are occupied between two looks at what has grown.

    Parameters
    ----------
    n : int
        Number of grid points.

    Returns
    -------
    int
        At most 2^18.
    """
    return min(_BLOCK, max(-(-n // _PARTS), 2**12), n)
