"""Percolation of a grid: the clusters of kept grid points at every fraction that is kept."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from regimes.numerics.composition.lattice.canonical import add_block, canonical_weights, weight_bytes
from regimes.numerics.composition.lattice.first_spanning import first_spanning
from regimes.numerics.composition.lattice.growth import Forest, on_forests, threads_in_memory
from regimes.numerics.composition.lattice.lattice import Lattice
from regimes.numerics.composition.lattice.spanning import spanning_probability, spanning_quantile
from regimes.numerics.composition.lattice.stencil import make_stencil
from regimes.numerics.estimation.jackknife import jackknife_error
from regimes.numerics.estimation.streams import Stream, generator
from regimes.numerics.interface.checks import kept_fractions, whole_number

__all__ = ["LatticePercolation", "lattice_percolation"]

Array = NDArray[np.float64]

_MEMORY = 2**31
_GRID, _NEAR = 100, 40


@dataclass(frozen=True, eq=False)
class LatticePercolation:
    """Clusters of kept grid points, averaged over ``runs`` random orders in which the points are kept.

    Curves are over ``lambdas``, the fractions of kept points; ``_se`` are standard errors over orders, None for one
    order. ``largest`` is the share of all grid points in the largest cluster. ``mean_size`` is ``sum s^2 / sum s`` over
    the other clusters, sums and their averages over orders first: a kept point outside the largest cluster lies in one
    of that size in the mean; 0 where there is none. ``spanning`` is the probability that a cluster spans; where it is
    below about ``1/runs``, or as close to 1, its error is not to be trusted.

    ``spanning_fraction`` holds the fraction at which each order first spans; None if not even the full grid does.
    ``threshold`` is where the probability to span is 1/2: the median over orders, each of which crosses at a random
    fraction around its own since the number of kept points is random; it has no error for fewer than 8 orders, which do
    not tell it. ``width`` is the standard deviation of ``spanning_fraction``.
    """

    lattice: Lattice
    runs: int
    lambdas: Array
    largest: Array
    largest_se: Array | None
    mean_size: Array
    mean_size_se: Array | None
    spanning: Array
    spanning_se: Array | None
    spanning_fraction: Array | None
    threshold: float | None
    threshold_se: float | None
    width: float | None

    @property
    def largest_share(self) -> Array:
        """Share of the kept points that the largest cluster holds; 0 where none is kept."""
        return np.divide(self.largest, self.lambdas, out=np.zeros_like(self.largest), where=self.lambdas > 0)

    @property
    def largest_share_se(self) -> Array | None:
        """Standard error of the share; None for one order."""
        if self.largest_se is None:
            return None
        return np.divide(self.largest_se, self.lambdas, out=np.zeros_like(self.largest_se), where=self.lambdas > 0)

    @property
    def half_fraction(self) -> float | None:
        """Fraction from which on the largest cluster holds half of the kept points, on the averaged curve.

        Interpolated between ``lambdas``; None if it does not hold half at the largest of them.
        """
        order = np.argsort(self.lambdas)
        fractions, share = self.lambdas[order], self.largest_share[order]
        below = np.flatnonzero(share < 0.5)
        if below.size == 0 or below[-1] == share.size - 1:
            return None if below.size else float(fractions[0])
        last = int(below[-1])
        return float(np.interp(0.5, share[last : last + 2], fractions[last : last + 2]))


def lattice_percolation(
    lattice: Lattice,
    *,
    runs: int = 32,
    lambdas: ArrayLike | None = None,
    rng: int | np.random.Generator = 0,
    threads: int | None = None,
    memory: int = _MEMORY,
    progress: Callable[[int, int], None] | None = None,
) -> LatticePercolation:
    """Site percolation of a grid with any neighbourhood, at every fraction of kept points.

    The points are kept one by one in a random order and their clusters are followed by union-find, which gives every
    number of kept points at once; a binomial average then keeps each point with probability lambda. A run costs
    about as much as labelling the clusters once or twice.

    Parameters
    ----------
    lattice : Lattice
        The grid, which of its points connect, and what it means to span it.
    runs : int
        Number of random orders.
    lambdas : array_like, optional
        Fractions of kept points, in [0, 1]; steps of .01 if not given, and finer ones where the first order spans.
    rng : int or numpy.random.Generator
        Of the orders. The result does not depend on the number of threads.
    threads : int, optional
        Orders at a time; one a processor if not given, fewer where memory is short.
    memory : int
        Bytes that may be taken: about 10 a grid point and thread, 14 with periodic edges.
    progress : callable, optional
        Called with the orders done and their number after each.

    Returns
    -------
    LatticePercolation
        Curves with standard errors, and the fraction at which a cluster spans.

    Raises
    ------
    ValueError
        If a fraction lies outside [0, 1], runs is below 1, or memory does not suffice for one run.

    Notes
    -----
    newman2001 (the algorithm, its binomial average, and the detection of winding clusters). Each grid point is kept
    independently of the others.

    Examples
    --------
    >>> from regimes.composition import Lattice, disc_neighbourhood
    >>> curve = lattice_percolation(Lattice(64, disc_neighbourhood(1)), lambdas=[0.4, 0.8], runs=8)
    >>> curve.spanning.round(3).tolist(), curve.largest.round(2).tolist()
    ([0.0, 1.0], [0.01, 0.8])
    """
    name = "lattice_percolation"
    runs = whole_number(name, "runs", "number of orders", runs, at_least=1)
    fractions = None if lambdas is None else kept_fractions(name, "fractions of kept grid points", lambdas)
    allowed = whole_number(name, "memory", "bytes", memory, at_least=1)
    n, count = lattice.points, _GRID + _NEAR + 2 if fractions is None else fractions.size
    workers = threads_in_memory(
        name,
        lattice,
        threads,
        allowed,
        others=weight_bytes(n, count) + 5 * 24 * runs * count,
        advice="take a smaller grid, fewer runs or fewer lambdas",
    )
    stencil = make_stencil(lattice)
    keys = generator(Stream.COMPOSITION_GRID_ORDERS, rng, name).integers(0, 2**64, size=runs, dtype=np.uint64)
    if fractions is None:
        fractions = _default_lambdas(int(first_spanning(stencil, keys[:1], 1)[0]), n)
    weights = canonical_weights(n, fractions)
    sums = np.zeros((runs, fractions.size, 3))

    def work(forest: Forest, run: int) -> int:
        def consume(start: int, biggest: NDArray[np.int64], squares: NDArray[np.int64]) -> None:
            add_block(start, biggest, squares, weights.low, weights.starts, weights.weights, forest.scratch, sums[run])

        return forest.run(int(keys[run]), consume)

    first = np.zeros(runs, np.int64)
    for run, found in enumerate(on_forests(stencil, range(runs), workers, work)):
        first[run] = found
        if progress is not None:
            progress(run + 1, runs)
    largest, largest_se = _mean_and_error(sums[:, :, 0] / n)
    mean_size, mean_size_se = _ratio_and_error(sums[:, :, 1], sums[:, :, 2])
    spans = bool(first[0])  # the full grid does or does not, in any order
    probability = spanning_probability(first, n, fractions) if spans else np.zeros((runs, fractions.size))
    spanning, spanning_se = _mean_and_error(probability)
    threshold, threshold_se = spanning_quantile(first, n) if spans else (None, None)
    return LatticePercolation(
        lattice=lattice,
        runs=runs,
        lambdas=fractions,
        largest=largest,
        largest_se=largest_se,
        mean_size=mean_size,
        mean_size_se=mean_size_se,
        spanning=spanning,
        spanning_se=spanning_se,
        spanning_fraction=first / n if spans else None,
        threshold=threshold,
        threshold_se=threshold_se,
        width=float((first / n).std(ddof=1)) if spans and runs > 1 else None,
    )


def _default_lambdas(first: int, n: int) -> Array:
    """Steps of .01, and finer ones around where one order spans; the transition is about n^(-3/8)/2 wide."""
    grid = np.arange(_GRID + 1) / _GRID
    if not first:
        return grid
    centre = first / n
    reach = min(centre, 1 - centre, 0.1, 2 * n**-0.375)
    return np.unique(np.concatenate([grid, centre + reach * np.linspace(-1, 1, _NEAR + 1)]))


def _mean_and_error(values: Array) -> tuple[Array, Array | None]:
    runs = len(values)
    return values.mean(axis=0), values.std(axis=0, ddof=1) / math.sqrt(runs) if runs > 1 else None


def _ratio_and_error(over: Array, under: Array) -> tuple[Array, Array | None]:
    """Ratio of means over runs, 0 where nothing is counted; its jackknife error."""

    def ratio(a: Array, b: Array) -> Array:
        return np.divide(a, b, out=np.zeros_like(a), where=b > 0)

    value = ratio(over.sum(axis=0), under.sum(axis=0))
    if len(over) == 1:
        return value, None
    return value, jackknife_error(ratio(over.sum(axis=0) - over, under.sum(axis=0) - under))
