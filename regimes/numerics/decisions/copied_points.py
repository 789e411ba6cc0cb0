"""Which samples are copies of which points: nearest point, and nearest outside the group of near copies of that one."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numba import get_num_threads
from numpy.typing import ArrayLike, NDArray

from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.compiled.threads import in_threads, one_blas_thread
from regimes.numerics.interface.checks import whole_number
from regimes.numerics.interface.data_checks import Points, checked_points
from regimes.numerics.posterior.layout import choose_products
from regimes.theory.formula.record import recorded

__all__ = ["COPY", "CopiedPoints", "are_copies", "copied_points"]

Array = NDArray[np.float64]

COPY = 1 / 3
"""Ratio of distances below which a sample is a copy (gu2023)."""

_ROWS, _FEWEST = 64, 64
_FEW_DIMENSIONS = 32  # in which many points are so close that single precision does not tell them apart


@dataclass(frozen=True, eq=False)
class CopiedPoints:
    """Of each sample: the nearest point, how far it is, and how far the nearest outside its group of near copies.

    Attributes
    ----------
    nearest : ndarray of int64, shape (S,)
        Number of the nearest point.
    distance, outside : ndarray, shape (S,)
        The two distances; ``outside`` is infinite where all points are one group.
    copied : ndarray of bool, shape (S,)
        Whether their ratio is below one third.
    formulas : tuple of str
        Formulas behind it.
    """

    nearest: NDArray[np.int64]
    distance: Array
    outside: Array
    copied: NDArray[np.bool_]
    formulas: tuple[str, ...]


class _Found(NamedTuple):
    """Nearest point and nearest outside its group: squared distances, about, and numbers."""

    first: Array
    which: NDArray[np.int64]
    second: Array
    other: NDArray[np.int64]


class _Part(NamedTuple):
    """Some points about the mean in units of the extent, their squared norms, groups, and the points of each group."""

    a: NDArray[Any]
    norms: NDArray[Any]
    of: NDArray[np.int64]
    order: NDArray[np.int64]
    first: NDArray[np.int64]
    mean: Array
    extent: float
    start: int


def copied_points(
    X: ArrayLike, samples: ArrayLike, *, groups: ArrayLike | None = None, memory: int = 2 * 2**30
) -> CopiedPoints:
    """Find which samples are copies of which points.

    A sample is a copy of the nearest point where its distance is below a third of that to the nearest point outside
    the group of near copies of that point.

    Parameters
    ----------
    X : array_like, shape (n, d)
        Data points.
    samples : array_like, shape (S, d)
        Samples on the scale of the points.
    groups : array_like of int, shape (n,), optional
        Group of near copies of each point, as ``near_copies(X).labels``; each point is its own by default.
    memory : int
        Bytes for working arrays, beyond X and the samples.

    Returns
    -------
    CopiedPoints
        Nearest points, distances, and which samples are copies.

    Raises
    ------
    ValueError
        If the points or the samples are unusable, or the memory does not hold a block of distances.

    Notes
    -----
    ``copy_ratio``. Candidates are found from products, their distances measured in double precision.

    Examples
    --------
    >>> X = np.random.default_rng(0).normal(size=(100, 8))
    >>> samples = np.concatenate([X[:3] + 1e-3, np.random.default_rng(1).normal(size=(5, 8))])
    >>> found = copied_points(X, samples)
    >>> found.nearest[:3].tolist(), found.copied.tolist()
    ([0, 1, 2], [True, True, True, False, False, False, False, False])
    """
    name = "copied_points"
    points = checked_points(name, X)
    n, d = points.values.shape
    given = np.asarray(samples, dtype=np.float64)
    if given.ndim != 2 or given.shape[1] != d or not len(given) or not np.isfinite(given).all():
        raise ValueError(
            f"{name}: samples must be finite, of shape (S, {d}) as points are, got shape {given.shape} with "
            f"{np.count_nonzero(~np.isfinite(given))} that are not finite; leave these out"
        )
    labels = np.arange(n) if groups is None else np.asarray(groups, dtype=np.int64)
    if labels.shape != (n,) or labels.min() < 0:
        raise ValueError(f"{name}: groups must be a number from 0 for each of {n} points, got shape {labels.shape}")
    memory = whole_number(name, "memory", "bytes", memory, at_least=1)
    double = d <= _FEW_DIMENSIONS or choose_products(n, d, len(given)) == "double"
    dtype: np.dtype[Any] = np.dtype("f8" if double else "f4")
    columns, rows, threads = _plan(name, points, dtype.itemsize, memory)
    starts = range(0, len(given), rows)
    found: list[_Found | None] = [None] * len(starts)
    for start in range(0, n, columns):
        part = _part(points, labels, slice(start, min(start + columns, n)), dtype)
        nearest_of = partial(_two_nearest, part, given, rows)
        with one_blas_thread():
            for k, nearest in enumerate(in_threads(nearest_of, starts, threads)):
                before = found[k]
                found[k] = nearest if before is None else _merged(before, nearest, labels)
    which = np.concatenate([each.which for each in found if each is not None])
    other = np.concatenate([each.other for each in found if each is not None])
    distance, outside = _distances(points, given, which), _distances(points, given, other)
    swapped = outside < distance  # products do not tell points that are much closer than they are far from the mean
    which = np.where(swapped, other, which)
    distance, outside = np.sort([distance, outside], axis=0)
    copied, formulas = are_copies(distance, outside)
    return CopiedPoints(which, distance, outside, copied, formulas)


def are_copies(distance: Array, outside: Array) -> tuple[NDArray[np.bool_], tuple[str, ...]]:
    """Whether samples at these two distances are copies, and the formulas that say so."""
    with recorded() as used:
        ratio = compile_formula("copy_ratio", target="numpy")(distance, outside)
    return np.asarray(ratio < COPY), tuple(used)


def _plan(name: str, points: Points, itemsize: int, memory: int) -> tuple[int, int, int]:
    """How many points are scaled at once, of how many samples the distances to them are held, on how many threads."""
    n, d = points.values.shape
    a_point = (itemsize + 16) * (d + 2)
    columns = min(n, int(memory // (2 * a_point)))
    rows = min(_ROWS, int((memory - columns * a_point) // (3 * itemsize * max(columns, 1) + 24 * d)))
    if columns < min(n, _FEWEST) or rows < 1:
        needed = 2 * min(n, _FEWEST) * (a_point + 3 * itemsize) + 24 * d
        raise ValueError(
            f"{name}: memory must hold some points and their distances to a sample, {needed} bytes for n = {n}, "
            f"d = {d}, got {memory}; allow more memory"
        )
    a_block = rows * (3 * itemsize * columns + 24 * d)
    threads = max(1, min(get_num_threads(), int((memory - columns * a_point) // a_block)))
    return columns, rows, threads


def _part(points: Points, labels: NDArray[np.int64], place: slice, dtype: np.dtype[Any]) -> _Part:
    extent = points.extent(points.mean) or 1.0
    a = np.asarray((points.values[place] - points.mean) / extent, dtype=dtype)
    of = labels[place]
    first = np.append(0, np.cumsum(np.bincount(of)))
    return _Part(
        a, np.einsum("ij,ij->i", a, a), of, np.argsort(of, kind="stable"), first, points.mean, extent, place.start
    )


def _two_nearest(part: _Part, samples: Array, count: int, start: int) -> _Found:
    """Of so many samples from one on, among some points."""
    x = (samples[start : start + count] - part.mean) / part.extent
    apart = part.norms - 2 * (x.astype(part.a.dtype) @ part.a.T)
    own, rows = np.einsum("ij,ij->i", x, x), np.arange(len(x))
    which = apart.argmin(axis=1)
    near = apart[rows, which] + own
    for i, label in enumerate(part.of[which].tolist()):
        apart[i, part.order[part.first[label] : part.first[label + 1]]] = np.inf
    other = apart.argmin(axis=1)
    far = apart[rows, other] + own
    return _Found(near, part.start + which, far, np.where(np.isfinite(far), part.start + other, -1))


def _merged(one: _Found, two: _Found, labels: NDArray[np.int64]) -> _Found:
    """The same among the points of both: what was second in a part may be of the group that is first now."""
    closer = two.first < one.first
    which, first = np.where(closer, two.which, one.which), np.where(closer, two.first, one.first)
    rivals = np.stack([one.which, two.which, one.other, two.other])
    apart = np.stack([one.first, two.first, one.second, two.second])
    apart[(rivals < 0) | (labels[rivals] == labels[which])] = np.inf
    best, rows = apart.argmin(axis=0), np.arange(which.size)
    second = apart[best, rows]
    return _Found(first, which, second, np.where(np.isfinite(second), rivals[best, rows], -1))


def _distances(points: Points, samples: Array, which: NDArray[np.int64]) -> Array:
    """Distances of samples to one point each, infinite where there is none."""
    result, step = np.full(len(samples), np.inf), max(1, 2**18 // samples.shape[1])
    there = np.flatnonzero(which >= 0)
    for start in range(0, there.size, step):
        some = there[start : start + step]
        between = samples[some] - points.values[which[some]]
        result[some] = np.sqrt(np.einsum("ij,ij->i", between, between))
    return result
