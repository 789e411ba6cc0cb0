"""How often the most probable data point is the right one, by probes and in float64, without a score."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.estimation.streams import Stream, generator
from regimes.numerics.interface.checks import check_memory, positive_times, whole_number
from regimes.numerics.interface.data_checks import checked_points

__all__ = ["most_probable_point"]

Array = NDArray[np.float64]

_ARRAYS = 4  # distances, products, log-weights, and what sums their exponentials


def most_probable_point(
    X: ArrayLike, t: ArrayLike, *, probes: int = 20_000, rng: int | np.random.Generator = 0, memory: int = 2**28
) -> tuple[Array, Array]:
    """Mean probability of the most probable data point, ``M(t) = E max_nu P(nu | x_t)``.

    Given x_t, the data point at which a backward path ends is a draw from P(nu | x_t), and the most probable one is the
    nearest. So M(t) is the probability that the nearest point at t is the one at which the path ends.

    Derived here; biroli2024 for the posterior. Equal points count as one, of their joint weight: then M is the mean
    probability of the nearest, which need not be the most probable.

    Examples
    --------
    >>> mean, error = most_probable_point([[-2.0], [2.0]], [0.1, 1.0, 8.0], probes=4000)
    >>> mean.round(2).tolist()
    [1.0, 0.78, 0.5]
    """
    points = checked_points("most_probable_point", X)
    data, copies = np.unique(points.values.astype(np.float64) - points.mean, axis=0, return_counts=True)
    times = positive_times("most_probable_point", t)
    count = whole_number("most_probable_point", "probes", "number of noised points", probes, at_least=2)
    a_row = 8 * (_ARRAYS * len(data) + 2 * data.shape[1])
    check_memory("most_probable_point", "one probe", a_row, memory, "thin the data")
    rows, drawn = max(1, memory // a_row), generator(Stream.MOST_PROBABLE, rng, "most_probable_point")
    snr = compile_formula("snr", target="numpy")(times)
    squares = np.einsum("ij,ij->i", data, data)
    found = np.empty((times.size, count))
    for first in range(0, count, rows):
        size = min(rows, count - first)
        own = np.searchsorted(np.cumsum(copies), drawn.integers(copies.sum(), size=size), side="right")
        noise = drawn.standard_normal((size, data.shape[1])) @ data.T
        distance = squares[own, None] + squares - 2 * data[own] @ data.T
        noise -= np.take_along_axis(noise, own[:, None], axis=1)
        for place, ratio in enumerate(snr):
            weight = np.sqrt(ratio) * noise - ratio / 2 * distance
            weight -= weight.max(axis=1, keepdims=True)
            nearest = copies[weight.argmax(axis=1)]
            found[place, first : first + size] = nearest / (np.exp(weight) @ copies)
    return found.mean(axis=1), found.std(axis=1, ddof=1) / np.sqrt(count)
