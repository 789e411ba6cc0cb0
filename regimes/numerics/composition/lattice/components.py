"""Components of the kept points of a grid: labels, winding around a torus, distances to the nearest kept point."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from regimes.numerics.compiled.kernels import kernel
from regimes.numerics.composition.lattice.neighbourhood import Neighbourhood

__all__ = ["join_grid", "kept_distance", "labels_by_size"]

_DIMENSIONS = 3


def labels_by_size(roots: NDArray[Any]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Label components by decreasing size; of one size the one with the earliest point is first. Labels, and sizes."""
    _, first, member, sizes = np.unique(roots, return_index=True, return_inverse=True, return_counts=True)
    order = np.lexsort((first, -sizes))
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    return place[member], sizes[order].astype(np.int64)


def join_grid(
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


def kept_distance(pattern: NDArray[np.bool_], steps: tuple[float, ...], periodic: bool) -> NDArray[np.float64]:
    """Distance of each point to the nearest kept one, in pixels."""
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
