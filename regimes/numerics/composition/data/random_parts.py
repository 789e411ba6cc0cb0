"""Percolation of a data set: which of its points overlap, and what part of it must be kept to stay one piece."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from regimes.numerics.compiled.threads import in_threads
from regimes.numerics.composition.data.overlap_graph import LinkBits, LinkLists, overlap_graph
from regimes.numerics.composition.data.overlap_rows import overlap_rows
from regimes.numerics.composition.data.random_orders import join_points
from regimes.numerics.composition.lattice.components import labels_by_size
from regimes.numerics.composition.overlap_kinds import checked_overlap
from regimes.numerics.estimation.streams import Stream, generator
from regimes.numerics.interface.checks import as_given, kept_fractions, positive_number, whole_number

__all__ = ["DataPercolation", "data_percolation"]

Array = NDArray[np.float64]

_DEFAULT_FRACTIONS = 100


@dataclass(frozen=True, eq=False)
class DataPercolation:
    """Connected pieces of a data set, and of random parts of it.

    Of the whole: ``links`` pairs of the ``n`` points connect, ``mean_degree`` a point on average, ``isolated`` points
    to no other. ``components`` are the sizes of the pieces, decreasing, ``labels`` the place in them of the piece of
    each point; of pieces of one size the one with the earliest point is first. ``largest`` is the share of the points
    in the largest.

    Of random parts: ``curve`` is the share of the ``kept`` points (``lambdas`` of all) that is in their largest piece,
    a mean over ``orders`` random orders, with its standard error over them, None for one order. At few kept points it
    is large for a trivial reason: one point is all of itself. ``half_fraction`` is the share from which on the largest
    piece holds at least half of what is kept, averaged over the orders; None if it holds less than half of the whole
    data. ``half_note`` says why, or that half is held from the first point on.
    """

    n: int
    d: int
    tau: float
    overlap: str
    links: int
    mean_degree: float
    isolated: int
    components: NDArray[np.int64]
    labels: NDArray[np.int64]
    largest: float
    orders: int
    kept: NDArray[np.int64]
    lambdas: Array
    curve: Array
    curve_se: Array | None
    half_fraction: float | None
    half_fraction_se: float | None
    half_note: str

    def __repr__(self) -> str:
        held = "None" if self.half_fraction is None else f"{self.half_fraction:.4g}"
        return (
            f"DataPercolation(n={self.n}, d={self.d}, tau={self.tau!r}, overlap={self.overlap!r}, "
            f"components={len(self.components)}, largest={self.largest:.4g}, half_fraction={held})"
        )


def data_percolation(
    X: ArrayLike,
    tau: float,
    *,
    overlap: str = "cosine",
    orders: int = 32,
    lambdas: ArrayLike | None = None,
    rng: int | np.random.Generator = 0,
    memory: int = 2**31,
    progress: Callable[[int, int], None] | None = None,
) -> DataPercolation:
    """Find the connected pieces of a data set in which points connect that overlap by at least tau.

    Percolation of data is a statement about its geometry: which points have a chain of similar ones between them, and
    how many may be left out at random before it breaks. That a diffusion model trained on the kept points fills in
    those left out is a hypothesis of its own, which this does not test. There is no threshold that suits all data: at
    0.005, fit for localised images, almost any photographs connect. :func:`regimes.composition.connecting_overlaps`
    gives the thresholds at which a data set falls apart.

    Parameters
    ----------
    X : array_like, shape (n, ...)
        Data points, at least two; further axes, of images say, are flattened. The cosine depends on where the origin
        is: centre the data or not, on purpose.
    tau : float
        Threshold, positive and, but for the product, at most 1. An overlap within 1e-12 of tau, relatively, equals it
        and connects.
    overlap : {"cosine", "coefficient", "product"}
        ``x.y/(|x| |y|)``; or, of the densities ``p = x/sum(x)`` of values that are not negative, ``sum min(p, q)`` or
        ``sum p q`` (per pixel, so that it depends on the resolution).
    orders : int
        Number of random orders of the points; each gives the components of all its beginnings.
    lambdas : array_like, optional
        Fractions of the points to keep, above 0 and at most 1, rounded to whole numbers of points, at least one; by
        default 0.01 to 1 in steps of 0.01.
    rng : int or numpy.random.Generator
        Seed or generator of the orders. The result does not depend on the number of threads.
    memory : int
        Bytes for a copy of the points and for the links, which take n^2/8 at most, or 8 a link in few dimensions. The
        result does not depend on it.
    progress : callable, optional
        Called with the percentage done and 100.

    Returns
    -------
    DataPercolation
        Components of the whole, curve of its random parts, and the fraction at which half of them hold together.

    Raises
    ------
    ValueError
        If an argument is out of range, a point is 0, a value is negative where a density is needed, or the links do not
        fit in memory.

    Notes
    -----
    Kept are exactly k of the n points. For one order, ``half_fraction`` is the smallest k/n such that the largest of
    the components of the first j points holds at least j/2 for every j from k to n. The first k with half of k would
    always be 1, and soon after a chance of a few points. Errors are those of drawing orders, not of drawing data: a
    larger data set of the same kind is denser and holds together at a smaller fraction.

    Source: liang2024b (overlap of training images); union-find over a random order is newman2001's algorithm.

    Examples
    --------
    >>> chain = [[1, 0, 0], [1, 1, 0], [0, 1, 0], [0, 0, 1], [0, 0, 2]]
    >>> result = data_percolation(chain, 0.7)
    >>> result.components.tolist(), result.labels.tolist(), result.links
    ([3, 2], [0, 0, 0, 1, 1], 3)
    >>> data_percolation(chain, 0.8).half_note
    'the largest component holds 0.4 of all points, less than half; lower tau to the overlap that connects half'
    """
    name = "data_percolation"
    overlap = checked_overlap(name, overlap)
    tau = positive_number(name, "tau", "overlap from which two points connect", tau)
    if tau > 1 and overlap != "product":
        raise ValueError(f"{name}: tau (overlap from which two points connect) must be at most 1, got {as_given(tau)}")
    orders = whole_number(name, "orders", "number of random orders", orders, at_least=1)
    memory = whole_number(name, "memory", "bytes", memory, at_least=1)
    fractions = None if lambdas is None else kept_fractions(name, "fractions kept", lambdas, zero=False)
    seeds = generator(Stream.COMPOSITION_DATA_ORDERS, rng, name).integers(2**63, size=orders)

    rows = overlap_rows(name, X, overlap, memory)
    n, d = rows.values.shape
    graph = overlap_graph(name, rows, tau, memory, _share(progress, 0, 90))
    del rows

    labels, components = labels_by_size(join_points(graph, np.arange(n))[1])
    if fractions is None:
        fractions = np.arange(1, _DEFAULT_FRACTIONS + 1) / _DEFAULT_FRACTIONS
    kept = np.unique(np.clip(np.rint(fractions * n), 1, n).astype(np.int64))
    curves, halves = _random_parts(graph, n, seeds, kept, _share(progress, 90, 100))
    half, half_error, note = _half_fraction(halves, n, int(components[0]))
    return DataPercolation(
        n=n,
        d=d,
        tau=tau,
        overlap=overlap,
        links=graph.links,
        mean_degree=2 * graph.links / n,
        isolated=int(np.count_nonzero(components == 1)),
        components=components,
        labels=labels,
        largest=float(components[0] / n),
        orders=orders,
        kept=kept,
        lambdas=kept / n,
        curve=curves.mean(axis=0),
        curve_se=_error(curves),
        half_fraction=half,
        half_fraction_se=half_error,
        half_note=note,
    )


def _random_parts(
    graph: LinkBits | LinkLists,
    n: int,
    seeds: NDArray[np.int64],
    kept: NDArray[np.int64],
    progress: Callable[[int, int], None] | None,
) -> tuple[Array, NDArray[np.int64]]:
    """For each order the part that the largest component holds at each number kept, and from which number on half."""
    sizes = np.arange(1, n + 1)

    def join(seed: int) -> tuple[Array, int]:
        largest, _ = join_points(graph, np.random.default_rng(seed).permutation(n))
        below = np.flatnonzero(2 * largest.astype(np.int64) < sizes)
        return largest[kept - 1] / kept, int(below[-1]) + 2 if below.size else 1

    curves, halves = np.empty((len(seeds), len(kept))), np.empty(len(seeds), dtype=np.int64)
    for order, (curve, half) in enumerate(in_threads(join, seeds.tolist())):
        curves[order], halves[order] = curve, half
        if progress is not None:
            progress(order + 1, len(seeds))
    return curves, halves


def _half_fraction(halves: NDArray[np.int64], n: int, largest: int) -> tuple[float | None, float | None, str]:
    if 2 * largest < n:
        return (
            None,
            None,
            f"the largest component holds {largest / n:.3g} of all points, less than half; lower tau "
            "to the overlap that connects half",
        )
    note = ""
    if halves.max() == 1:
        note = "in every order the largest component holds half or more from the first point on: tau is too low to tell"
    error = _error(halves / n)
    return float(halves.mean() / n), None if error is None else float(error), note


def _error(values: Array) -> Any:
    return None if len(values) < 2 else values.std(axis=0, ddof=1) / np.sqrt(len(values))


def _share(progress: Callable[[int, int], None] | None, low: int, high: int) -> Callable[[int, int], None] | None:
    """Progress of one part of the work as a percentage of all of it."""
    if progress is None:
        return None
    return lambda done, work: progress(low + (high - low) * done // work, 100)
