"""A grid whose clusters can be followed: its points, which of them connect, and what it means to span it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from regimes.numerics.composition.lattice.neighbourhood import TIE, Neighbourhood
from regimes.numerics.interface.checks import whole_number

__all__ = ["Lattice", "block_length", "checked_axis", "checked_depth"]

_POINTS = 2**29  # sizes are kept in 29 bits
_BLOCK = 2**18
_PARTS = 16  # blocks at least, so that the forest can be flattened


@dataclass(frozen=True)
class Lattice:
    """Grid of points, of which each connects to those of its neighbourhood.

    Attributes
    ----------
    shape : tuple of int
        Points along each axis; one number is taken for every axis.
    neighbourhood : Neighbourhood
        Which points connect, in 1, 2 or 3 dimensions; it must lie inside the grid.
    periodic : bool
        Connect opposite edges; each axis must then be longer than twice the reach of the neighbourhood.
    axis : int
        Along which a cluster spans.
    depth : int or None
        Open edges: a spanning cluster joins the bands of so many points at both ends of the axis; half the radius along
        the axis if not given, and at least 1. None with periodic edges, where it winds around the grid along the axis.

    Raises
    ------
    ValueError
        If no two points connect, the neighbourhood reaches beyond the grid (or around it, with periodic edges), the
        dimensions differ, there are more than 2^29 points, or axis or depth do not fit.

    Examples
    --------
    >>> from regimes.composition import disc_neighbourhood
    >>> grid = Lattice(64, disc_neighbourhood(4))
    >>> grid.shape, grid.points, grid.depth
    ((64, 64), 4096, 2)
    """

    shape: tuple[int, ...]
    neighbourhood: Neighbourhood
    periodic: bool = field(default=False, kw_only=True)
    axis: int = field(default=0, kw_only=True)
    depth: int | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        neighbours, periodic = self.neighbourhood, bool(self.periodic)
        if not isinstance(neighbours, Neighbourhood):
            raise ValueError(f"Lattice: neighbourhood must be a Neighbourhood, got {type(neighbours).__name__}")
        if neighbours.z == 0:
            raise ValueError(
                "Lattice: no two grid points connect (z = 0)"
                + ("" if neighbours.radius is None else f": the radius {neighbours.radius:g} is below every step of ")
                + ("" if neighbours.radius is None else f"{neighbours.steps}; take a larger radius")
            )
        if neighbours.dimensions > 3:
            raise ValueError(
                f"Lattice: grids have 1, 2 or 3 dimensions, got a neighbourhood with {neighbours.dimensions}"
            )
        shape = _lengths(self.shape, neighbours.dimensions)
        axis = checked_axis("Lattice", self.axis, neighbours.dimensions)
        _check_reach(shape, neighbours, periodic)
        depth = checked_depth("Lattice", self.depth, neighbours, axis, shape[axis], periodic)
        for name, value in {"shape": shape, "periodic": periodic, "axis": axis, "depth": depth}.items():
            object.__setattr__(self, name, value)
        if self.points > _POINTS or self.padded >= 2**31:
            raise ValueError(
                f"Lattice: at most 2^29 grid points (2^31 with the margins), got {self.points:.4g} "
                f"({self.padded:.4g} with margins of {neighbours.reach}); take a smaller grid"
            )

    @property
    def points(self) -> int:
        """Number of grid points."""
        return math.prod(self.shape)

    @property
    def padded(self) -> int:
        """Number of grid points with margins as wide as the neighbourhood reaches."""
        return math.prod(size + 2 * steps for size, steps in zip(self.shape, self.neighbourhood.reach, strict=True))

    @property
    def stencil_bytes(self) -> int:
        """Bytes that all threads share."""
        return self.padded + 4 * self.points

    @property
    def forest_bytes(self) -> int:
        """Bytes of the working arrays of one thread."""
        each = 8 if self.periodic else 4
        return each * self.padded + self.padded // 8 + 4 * self.points + 48 * block_length(self.points)


def checked_axis(function: str, axis: int, dimensions: int) -> int:
    """Axis along which a cluster spans."""
    number = whole_number(function, "axis", "along which a cluster spans", axis, at_least=0)
    if number >= dimensions:
        raise ValueError(
            f"{function}: axis (along which a cluster spans) must be one of {tuple(range(dimensions))}, got {axis}"
        )
    return number


def checked_depth(
    function: str, depth: int | None, neighbourhood: Neighbourhood, axis: int, size: int, periodic: bool
) -> int | None:
    """Depth of the bands at open edges that a spanning cluster joins; None with periodic ones.

    Where none is asked for, half the connection radius in steps, or half the reach where there is no radius, rounded
    down; at least 1 and at most half of the axis.
    """
    if periodic:
        if depth is not None:
            raise ValueError(
                f"{function}: depth is of the bands at open edges, got {depth} with periodic ones; leave it out"
            )
        return None
    most = max(1, size // 2)
    if depth is None:
        radius = neighbourhood.radius
        along = neighbourhood.reach[axis] if radius is None else radius * (1 + TIE) / neighbourhood.steps[axis]
        return min(max(1, math.floor(along / 2)), most)
    chosen = whole_number(function, "depth", "of the bands at the edges, in grid points", depth, at_least=1)
    if chosen > most:
        raise ValueError(
            f"{function}: depth (of the bands at the edges) must be at most half of the {size} points along axis "
            f"{axis}, got {chosen}"
        )
    return chosen


def block_length(n: int) -> int:
    """Points, at most 2^18, that are occupied between two looks at what has grown."""
    return min(_BLOCK, max(-(-n // _PARTS), 2**12), n)


def _lengths(shape: int | Sequence[int], dimensions: int) -> tuple[int, ...]:
    several = np.iterable(shape) and not isinstance(shape, str)
    given = tuple(shape) if several else (shape,) * dimensions  # type: ignore[arg-type]
    if len(given) != dimensions:
        raise ValueError(
            f"Lattice: shape (of the grid) must have the {dimensions} dimensions of the neighbourhood, got "
            f"{len(given)}: {given}"
        )
    sizes = tuple(whole_number("Lattice", "shape", "grid points along an axis", size, at_least=1) for size in given)
    if math.prod(sizes) < 2:
        raise ValueError(f"Lattice: a grid must have at least 2 points, got shape {sizes}")
    return sizes


def _check_reach(shape: tuple[int, ...], neighbourhood: Neighbourhood, periodic: bool) -> None:
    for axis, (size, steps) in enumerate(zip(shape, neighbourhood.reach, strict=True)):
        radius = "" if neighbourhood.radius is None else f"radius {neighbourhood.radius:g}, "
        reach = f"{radius}a reach of {steps} steps{radius and ','} on {size} points along axis {axis}"
        if steps >= size:
            raise ValueError(
                f"Lattice: the neighbourhood must lie inside the grid, got {reach}: a radius larger than the lattice; "
                "take a larger grid or a smaller radius"
            )
        if periodic and 2 * steps >= size:
            raise ValueError(
                f"Lattice: with periodic edges an axis must be longer than twice the reach, got {reach}; take at least "
                f"{2 * steps + 1} points"
            )
