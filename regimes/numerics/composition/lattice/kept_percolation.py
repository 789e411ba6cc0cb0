"""Connected pieces of a given pattern of kept grid points, and how far the held-out points are from them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from regimes.numerics.composition.lattice.components import join_grid, kept_distance, labels_by_size
from regimes.numerics.composition.lattice.lattice import checked_axis, checked_depth
from regimes.numerics.composition.lattice.neighbourhood import Neighbourhood

__all__ = ["KeptComponents", "kept_percolation"]

_DIMENSIONS = 3


@dataclass(frozen=True, eq=False)
class KeptComponents:
    """Components of the kept points of a grid.

    ``labels`` hold the component of each kept point, its place in ``sizes``, and -1 where nothing is kept; of
    components of one size the one with the earliest point, in the order of the array, is first. ``largest`` is the
    share of the ``kept`` points in the largest. ``spanning`` are the labels of those that join the bands of ``depth``
    points at both ends of ``axis``, or, with periodic edges and depth None, wind around the grid.

    ``kept_neighbours`` counts for each point the kept ones that it connects to, or would if it were kept;
    ``held_out_distance`` is its distance in pixels to the nearest kept point, ``farthest`` the largest of them.
    ``out_of_reach`` held-out points have no kept neighbour.
    """

    labels: NDArray[np.int64]
    sizes: NDArray[np.int64]
    kept: int
    held_out: int
    largest: float
    axis: int
    periodic: bool
    depth: int | None
    spanning: NDArray[np.int64]
    kept_neighbours: NDArray[np.int64]
    held_out_distance: NDArray[np.float64]
    out_of_reach: int
    farthest: float

    @property
    def spans(self) -> bool:
        """Whether a component spans."""
        return self.spanning.size > 0

    def __repr__(self) -> str:
        return (
            f"KeptComponents(kept={self.kept}, held_out={self.held_out}, components={len(self.sizes)}, "
            f"largest={self.largest:.4g}, spans={self.spans}, out_of_reach={self.out_of_reach})"
        )


def kept_percolation(
    kept: ArrayLike,
    neighbourhood: Neighbourhood,
    *,
    periodic: bool = False,
    axis: int = 0,
    depth: int | None = None,
) -> KeptComponents:
    """Find the components of the kept points of a grid, whatever their pattern.

    Parameters
    ----------
    kept : array_like of bool
        Which points of the grid are kept, at least one; in one to three dimensions.
    neighbourhood : Neighbourhood
        The displacements at which two kept points connect. With open edges it may reach beyond the grid: components
        are then still well defined, while :func:`regimes.composition.lattice_percolation`, whose threshold would mean
        nothing, says no.
    periodic : bool
        Join opposite edges. Each axis must then be longer than twice the reach, so that no two points connect in two
        ways.
    axis : int
        Along which to look for a component that spans.
    depth : int, optional
        Depth of the bands at the two ends of the axis, in grid points, at most half of the axis. By default half the
        connection radius, ``floor(radius/step/2)``, or half the reach where there is no radius, within 1 and half
        of the axis.

    Returns
    -------
    KeptComponents
        Components, what spans, and the reach of the kept points into those held out.

    Raises
    ------
    ValueError
        If kept is no pattern, nothing is kept, or the neighbourhood, axis or depth do not fit it.

    Notes
    -----
    The grid is that of liang2024b, with any pattern in place of random points. That kept points connect, or reach a
    point held out, is a geometric statement; it does not say what a model does there.

    Examples
    --------
    >>> import numpy as np
    >>> from regimes.numerics.composition.lattice.neighbourhood import disc_neighbourhood
    >>> kept = np.ones((7, 7), dtype=bool)
    >>> kept[:, 2:5] = False
    >>> result = kept_percolation(kept, disc_neighbourhood(1.5))
    >>> result.sizes.tolist(), result.spans, result.out_of_reach, result.farthest
    ([14, 14], True, 7, 2.0)
    >>> kept_percolation(kept, disc_neighbourhood(1.5), axis=1).spans
    False
    """
    pattern = _checked_pattern(kept, neighbourhood)
    if periodic and any(size <= 2 * r for size, r in zip(pattern.shape, neighbourhood.reach, strict=True)):
        raise ValueError(
            "kept_percolation: with periodic edges each axis must be longer than twice the reach of the neighbourhood, "
            f"got shape {pattern.shape} and reach {neighbourhood.reach}; take open edges or a smaller radius"
        )
    axis = checked_axis("kept_percolation", axis, pattern.ndim)
    band = checked_depth("kept_percolation", depth, neighbourhood, axis, pattern.shape[axis], periodic)
    roots, winds, neighbours = join_grid(pattern, neighbourhood, bool(periodic), axis)
    labels = np.full(pattern.shape, -1, dtype=np.int64)
    labels[pattern], sizes = labels_by_size(roots[pattern])
    if band is None:
        spanning = np.unique(labels[winds])
    else:
        along = np.moveaxis(labels, axis, 0)
        spanning = np.intersect1d(along[:band], along[-band:])
    distance = kept_distance(pattern, neighbourhood.steps, bool(periodic))
    count = int(sizes.sum())
    return KeptComponents(
        labels=labels,
        sizes=sizes,
        kept=count,
        held_out=pattern.size - count,
        largest=float(sizes[0] / count),
        axis=axis,
        periodic=bool(periodic),
        depth=band,
        spanning=spanning[spanning >= 0],
        kept_neighbours=neighbours,
        held_out_distance=distance,
        out_of_reach=int(np.count_nonzero((neighbours == 0) & ~pattern)),
        farthest=float(distance.max()),
    )


def _checked_pattern(kept: ArrayLike, neighbourhood: Neighbourhood) -> NDArray[np.bool_]:
    if not isinstance(neighbourhood, Neighbourhood):
        raise ValueError(
            f"kept_percolation: neighbourhood must be a Neighbourhood, got {type(neighbourhood).__name__}; "
            "disc_neighbourhood makes one of a radius"
        )
    try:
        pattern = np.asarray(kept)
    except ValueError:
        raise ValueError("kept_percolation: kept must be a regular array, got rows of different lengths") from None
    if pattern.dtype != np.bool_ or not 1 <= pattern.ndim <= _DIMENSIONS:
        raise ValueError(
            "kept_percolation: kept must be an array of True and False in one to three dimensions, got "
            f"{pattern.dtype} of shape {pattern.shape}"
        )
    if pattern.ndim != neighbourhood.dimensions:
        raise ValueError(
            f"kept_percolation: the neighbourhood must have as many dimensions as kept, {pattern.ndim}, got "
            f"{neighbourhood.dimensions}"
        )
    if not pattern.any():
        raise ValueError(f"kept_percolation: kept must keep at least one point, got none of {pattern.size}")
    return pattern
