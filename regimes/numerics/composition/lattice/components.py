"""Connected pieces of a given pattern of kept grid points, and how far the held-out points are from them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from regimes.numerics.compiled.kernels import kernel
from regimes.numerics.composition.lattice.lattice_checks import band_depth
from regimes.numerics.composition.lattice.neighbourhood import Neighbourhood
from regimes.numerics.interface.checks import whole_number
from regimes.numerics.interface.plain import plain_fields

__all__ = ["KeptComponents", "kept_percolation", "labels_by_size"]

_DIMENSIONS = 3
_MAPS = ("labels", "kept_neighbours", "held_out_distance")


@dataclass(frozen=True, eq=False)
class KeptComponents:
    """Components of the kept points of a grid.

    Attributes
    ----------
    labels : integer ndarray, shape of the grid
        Component of each kept point: its place in ``sizes``; -1 where nothing is kept. Of components of one size the
        one with the earliest point, in the order of the array, is first.
    sizes : integer ndarray
        Number of points of each component, decreasing.
    kept, held_out : int
        Number of points kept and held out.
    largest : float
        Part of the kept points in the largest component.
    axis : int
        Along which a component spans.
    periodic : bool
        Whether opposite edges of the grid are joined.
    depth : int or None
        Depth in grid points of the bands at the two ends of the axis that a spanning component joins; None for periodic
        edges, where a component spans if it winds around the grid.
    spanning : integer ndarray
        Labels of the components that span, increasing.
    kept_neighbours : integer ndarray, shape of the grid
        Number of kept points that each point connects to, or would if it were kept.
    held_out_distance : ndarray, shape of the grid
        Distance in pixels to the nearest kept point; 0 where the point itself is kept.
    out_of_reach : int
        Number of held-out points without a kept neighbour.
    farthest : float
        Largest of the distances.
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

    def to_dict(self) -> dict[str, Any]:
        """Plain dictionary, ready for JSON.

        Returns
        -------
        dict
            The attributes but the three of the shape of the grid, and ``spans``.
        """
        return plain_fields(self, without=_MAPS) | {"spans": self.spans}


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
    axis = whole_number("kept_percolation", "axis", "of the grid", axis, at_least=0)
    if axis >= pattern.ndim:
        raise ValueError(f"kept_percolation: axis must be below the {pattern.ndim} dimensions of kept, got {axis}")
    band = None if periodic else _depth(depth, pattern.shape[axis], neighbourhood, axis)
    if periodic and depth is not None:
        raise ValueError(
            f"kept_percolation: depth is of bands at open edges, got {depth} with periodic ones; leave it out"
        )

    roots, winds, neighbours = _join(pattern, neighbourhood, bool(periodic), axis)
    labels = np.full(pattern.shape, -1, dtype=np.int64)
    labels[pattern], sizes = labels_by_size(roots[pattern])
    if band is None:
        spanning = np.unique(labels[winds])
    else:
        along = np.moveaxis(labels, axis, 0)
        spanning = np.intersect1d(along[:band], along[-band:])
    distance = _distance(pattern, neighbourhood.steps, bool(periodic))
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


def labels_by_size(roots: NDArray[Any]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Number components by decreasing size.

    Parameters
    ----------
    roots : integer ndarray, shape (n,)
        What stands for the component of each point.

    Returns
    -------
    labels : int64 ndarray, shape (n,)
        Component of each point; of components of one size the one with the earliest point is first.
    sizes : int64 ndarray
        Points of each component, decreasing.

    Examples
    --------
    >>> labels, sizes = labels_by_size(np.array([7, 4, 4, 2]))
    >>> labels.tolist(), sizes.tolist()
    ([1, 0, 0, 2], [2, 1, 1])
    """
    _, first, member, sizes = np.unique(roots, return_index=True, return_inverse=True, return_counts=True)
    order = np.lexsort((first, -sizes))
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    return place[member], sizes[order].astype(np.int64)


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


def _depth(depth: int | None, size: int, neighbourhood: Neighbourhood, axis: int) -> int:
    if depth is None:
        return band_depth(neighbourhood, axis, size)
    most = max(1, size // 2)
    depth = whole_number("kept_percolation", "depth", "of the bands, in grid points", depth, at_least=1)
    if depth > most:
        raise ValueError(
            f"kept_percolation: depth (of the bands, in grid points) must be at most half of the axis, {most}, got "
            f"{depth}"
        )
    return depth


def _join(
    pattern: NDArray[np.bool_], neighbourhood: Neighbourhood, periodic: bool, axis: int
) -> tuple[NDArray[np.int64], NDArray[np.bool_], NDArray[np.int64]]:
    """Root of each point, points at which a component was found to wind, and kept neighbours; each like the grid."""
    missing = _DIMENSIONS - pattern.ndim
    solid = pattern.reshape((1,) * missing + pattern.shape)
    offsets = np.pad(neighbourhood.offsets, ((0, 0), (missing, 0)))
    # Offsets are in lexicographic order, so that the second half holds the opposites of the first.
    half = offsets[len(offsets) // 2 :]
    roots, winds, neighbours = _join_grid(solid, half, periodic, missing + axis)
    shape = pattern.shape
    return roots.reshape(shape), winds.reshape(shape), neighbours.reshape(shape)


def _distance(pattern: NDArray[np.bool_], steps: tuple[float, ...], periodic: bool) -> NDArray[np.float64]:
    from scipy.ndimage import distance_transform_edt

    held_out = ~pattern
    if not periodic:
        return np.asarray(distance_transform_edt(held_out, sampling=steps))
    # No point is farther from the nearest copy of another than half of each axis.
    margins = [size // 2 for size in pattern.shape]
    distance = distance_transform_edt(np.pad(held_out, [(m, m) for m in margins], mode="wrap"), sampling=steps)
    return np.asarray(distance[tuple(slice(m, m + size) for m, size in zip(margins, pattern.shape, strict=True))])


@kernel()
def _find(parents: Any, steps: Any, i: int) -> Any:
    """Root of a point, and the steps along the axis from the point to it."""
    total = 0
    while parents[i] != i:
        above = parents[i]
        if parents[above] != above:
            steps[i] += steps[above]
            parents[i] = parents[above]
        total += steps[i]
        i = parents[i]
    return i, total


@kernel()
def _join_grid(kept: Any, offsets: Any, periodic: bool, axis: int) -> Any:
    """Join neighbours among the kept points; offsets hold one of each pair of opposites.

    With periodic edges a component winds if two ways along bonds, between the same two points, differ in steps along
    the axis.
    """
    shape = kept.shape
    n = kept.size
    flat = kept.ravel()
    parents, steps, sizes = np.arange(n), np.zeros(n, dtype=np.int64), np.ones(n, dtype=np.int64)
    winds, neighbours = np.zeros(n, dtype=np.bool_), np.zeros(n, dtype=np.int64)
    for i in range(n):
        a, b, c = i // (shape[1] * shape[2]), i // shape[2] % shape[1], i % shape[2]
        for o in range(offsets.shape[0]):
            x, y, z = a + offsets[o, 0], b + offsets[o, 1], c + offsets[o, 2]
            if periodic:
                x, y, z = x % shape[0], y % shape[1], z % shape[2]
            elif not (0 <= x < shape[0] and 0 <= y < shape[1] and 0 <= z < shape[2]):
                continue
            j = (x * shape[1] + y) * shape[2] + z
            neighbours[i] += flat[j]
            neighbours[j] += flat[i]
            if not (flat[i] and flat[j]):
                continue
            root, own = _find(parents, steps, i)
            other, way = _find(parents, steps, j)
            way += offsets[o, axis]
            if root == other:
                winds[i] |= own != way
            elif sizes[root] < sizes[other]:
                parents[root], steps[root] = other, way - own
                sizes[other] += sizes[root]
            else:
                parents[other], steps[other] = root, own - way
                sizes[root] += sizes[other]
    for i in range(n):
        parents[i] = _find(parents, steps, i)[0]
    return parents, winds & periodic, neighbours
