"""Curves of means over trainings, and images side by side."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from regimes.validation.outcome.panels import Curve, curve

__all__ = ["mean_curves", "mean_line", "mean_points", "mesh", "ruled"]

Array = NDArray[np.float64]


def mean_points(label: str, x: ArrayLike, values: Iterable[Sequence[float] | Array], group: int) -> Curve:
    """Points with errors by their scatter; ``values`` of all trainings, place by place."""
    found = [np.asarray(each, dtype=np.float64) for each in values]
    se = [float(each.std(ddof=1) / np.sqrt(len(each))) if len(each) > 1 else 0.0 for each in found]
    return curve(label, "simulation", x, [float(each.mean()) for each in found], se, group=group)


def mean_line(label: str, x: ArrayLike, values: Iterable[Sequence[float] | Array], group: int) -> Curve:
    """The same means as a line."""
    return curve(label, "reference", x, [float(np.mean(each)) for each in values], group=group)


def mean_curves(label: str, x: ArrayLike, values: Iterable[Sequence[float] | Array], group: int) -> list[Curve]:
    """Both, the line to lead the eye."""
    found = list(values)
    return [mean_points(label, x, found, group), mean_line("", x, found, group)]


def ruled(mosaic: Array, side: int, shade: float) -> Array:
    """Square images in rows and columns, with lines between them."""
    for axis in (0, 1):
        mosaic = np.insert(mosaic, np.arange(side, mosaic.shape[axis], side), shade, axis=axis)
    return mosaic


def mesh(positions: Array, plane: Array, step: float, *, torn: float = np.inf) -> list[Curve]:
    """Lines that join neighbours of a grid in a plane, mean over what has one position; not those longer than torn."""
    at, place = np.unique(positions, axis=0, return_inverse=True)
    count = np.bincount(place.ravel())
    mean = np.column_stack([np.bincount(place.ravel(), column) / count for column in plane.T])
    lines = []
    for axis in (0, 1):
        for value in np.unique(at[:, axis]):
            row = np.flatnonzero(at[:, axis] == value)
            row = row[np.argsort(at[row, 1 - axis])]
            apart = np.diff(at[row, 1 - axis]) > 1.5 * step
            apart |= np.linalg.norm(np.diff(mean[row], axis=0), axis=1) > torn
            for part in np.split(row, np.flatnonzero(apart) + 1):
                if len(part) > 1:
                    lines += [curve("", "path", mean[part, 0], mean[part, 1], group=axis)]
    return lines
