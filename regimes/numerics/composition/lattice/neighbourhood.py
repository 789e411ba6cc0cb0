"""The points of a grid that a grid point connects to."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from regimes.numerics.interface.checks import check_memory, positive_number

__all__ = ["TIE", "Neighbourhood", "checked_steps", "disc_neighbourhood"]

_MEMORY = 2**30
TIE = 1e-12
"""A grid point this close to the radius, relatively, lies on it: overlap equal to the threshold connects."""


@dataclass(frozen=True, eq=False)
class Neighbourhood:
    """The displacements, in steps of the grid, at which two kept grid points connect.

    Attributes
    ----------
    offsets : integer ndarray, shape (z, dimensions)
        All displacements but 0, in lexicographic order; with each its opposite.
    steps : tuple of float
        Distance between neighbouring grid points along each axis, in pixels.
    radius : float or None
        Distance in pixels up to which points connect, the point on the radius included; None where connection is
        not a matter of distance alone.

    Raises
    ------
    ValueError
        If offsets are not whole numbers of shape (z, dimensions), one of them is 0 or occurs twice, an opposite is
        missing, or the steps do not fit.

    Examples
    --------
    >>> square = Neighbourhood([[0, 1], [0, -1], [1, 0], [-1, 0]])
    >>> square.z, square.reach
    (4, (1, 1))
    """

    offsets: NDArray[np.int64]
    steps: tuple[float, ...] = ()
    radius: float | None = None

    def __post_init__(self) -> None:
        offsets = _checked_offsets(self.offsets)
        offsets.flags.writeable = False
        steps = checked_steps("Neighbourhood", self.steps or (1.0,) * offsets.shape[1])
        if len(steps) != offsets.shape[1]:
            raise ValueError(
                f"Neighbourhood: steps must be one for each of the {offsets.shape[1]} dimensions, got {len(steps)}"
            )
        object.__setattr__(self, "offsets", offsets)
        object.__setattr__(self, "steps", steps)

    def __repr__(self) -> str:
        radius = "" if self.radius is None else f", radius={self.radius:.6g}"
        return f"Neighbourhood(z={self.z}, dimensions={self.dimensions}{radius}, steps={self.steps})"

    @property
    def z(self) -> int:
        """Number of neighbours of a point inside the grid."""
        return len(self.offsets)

    @property
    def dimensions(self) -> int:
        """Number of axes of the grid."""
        return int(self.offsets.shape[1])

    @property
    def reach(self) -> tuple[int, ...]:
        """Most steps from a point to a neighbour along each axis."""
        return tuple(np.abs(self.offsets).max(axis=0, initial=0).tolist())


def checked_steps(function: str, steps: float | Sequence[float]) -> tuple[float, ...]:
    """Check the steps of a grid."""
    given = (steps, steps) if np.ndim(steps) == 0 else tuple(steps)  # type: ignore[arg-type]
    if not given:
        raise ValueError(f"{function}: steps (of the grid, in pixels) must be one for each axis, got none")
    return tuple(positive_number(function, "steps", "of the grid, in pixels", step) for step in given)


def disc_neighbourhood(
    radius: float, *, steps: float | Sequence[float] = (1.0, 1.0), memory: int = _MEMORY
) -> Neighbourhood:
    """All grid points within a distance of a grid point.

    Parameters
    ----------
    radius : float
        Distance in pixels; points at exactly this distance belong to it.
    steps : float or sequence of float
        Distance between grid points along each axis, in pixels; their number is the dimension.
    memory : int
        Bytes that the search for the points may take.

    Returns
    -------
    Neighbourhood
        Empty (z = 0) if the radius is below every step.

    Examples
    --------
    >>> disc_neighbourhood(1).z, disc_neighbourhood(2**0.5).z, disc_neighbourhood(4).z
    (4, 8, 48)
    >>> disc_neighbourhood(2, steps=(1, 2)).offsets.tolist()
    [[-2, 0], [-1, 0], [0, -1], [0, 1], [1, 0], [2, 0]]
    >>> disc_neighbourhood(1, steps=(1, 1, 1)).z
    6
    """
    radius = positive_number("disc_neighbourhood", "radius", "distance up to which points connect, in pixels", radius)
    widths = checked_steps("disc_neighbourhood", steps)
    reach = [math.floor(radius * (1 + TIE) / step) for step in widths]
    box = math.prod(2 * r + 1 for r in reach)
    check_memory(
        "disc_neighbourhood", f"a box of {box:.3g} grid points", 24 * len(widths) * box, memory, "take a smaller radius"
    )
    places = np.stack(np.meshgrid(*(np.arange(-r, r + 1) for r in reach), indexing="ij"), axis=-1).reshape(
        -1, len(widths)
    )
    distance = np.sqrt(np.sum((places * np.array(widths)) ** 2, axis=1))
    return Neighbourhood(places[(distance <= radius * (1 + TIE)) & places.any(axis=1)], widths, radius)


def _checked_offsets(offsets: ArrayLike) -> NDArray[np.int64]:
    try:
        array = np.array(offsets)
    except ValueError:
        raise ValueError(
            "Neighbourhood: offsets must have shape (z, dimensions), got rows of different lengths"
        ) from None
    if array.ndim != 2 or array.shape[1] == 0 or array.dtype.kind not in "iu":
        raise ValueError(
            f"Neighbourhood: offsets must be whole numbers of shape (z, dimensions), got {array.dtype} of shape "
            f"{array.shape}"
        )
    distinct = np.unique(array.astype(np.int64), axis=0)
    if len(distinct) != len(array) or not array.any(axis=1).all():
        raise ValueError("Neighbourhood: offsets must differ from each other and from 0")
    if not np.array_equal(-distinct[::-1], distinct):
        raise ValueError("Neighbourhood: offsets must hold the opposite of each, since connection goes both ways")
    return distinct
