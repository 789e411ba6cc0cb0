"""Subsets all over the grid: random positions, and coarser steps."""

from __future__ import annotations

import numpy as np

from regimes.datasets.composition.grid import ImageGrid, checked_grid
from regimes.datasets.composition.subset import GridSubset
from regimes.numerics.estimation.streams import Stream, generator
from regimes.numerics.interface.checks import positive_number, whole_number

__all__ = ["random_subset", "thinned_subset"]


def random_subset(
    grid: ImageGrid,
    fraction: float | None = None,
    *,
    count: int | None = None,
    rng: int | np.random.Generator = 0,
) -> GridSubset:
    """Keep random positions of a grid, an exact number of them.

    All sets of that size are equally likely. Positions are taken from one random order, so that one seed gives
    subsets that grow with the fraction: each contains the smaller ones.

    Parameters
    ----------
    grid : ImageGrid
        All positions.
    fraction : float
        Share lambda of the positions, in (0, 1]; the nearest whole number of them is kept, the even one of two that
        are equally near.
    count : int, optional
        Number of positions instead, from 0 (single stripes without compositions) to all.
    rng : int or numpy.random.Generator
        Seed or generator.

    Returns
    -------
    GridSubset
        The positions.

    Notes
    -----
    liang2024b (percentage of the data in the training set). In site percolation every position is kept with
    probability lambda on its own; the number of them then scatters by sqrt(lambda (1 - lambda) n).

    Examples
    --------
    >>> from regimes.composition import image_grid
    >>> random_subset(image_grid(32, 1), 0.3, rng=1)
    GridSubset(307 of 1024 positions: random, seed 1)
    >>> random_subset(image_grid(32, 1), count=5).n
    5
    """
    grid = checked_grid("random_subset", grid)
    if (fraction is None) == (count is None):
        given = "neither" if fraction is None else "both"
        raise ValueError(f"random_subset: give either fraction (share of the positions) or count, got {given}")
    if fraction is not None:
        chosen = _number(fraction, grid.n)
    else:
        chosen = whole_number("random_subset", "count", "number of positions", count, at_least=0)
        if chosen > grid.n:
            raise ValueError(
                f"random_subset: count (number of positions) must be at most {grid.n}, all of the grid, got {chosen}"
            )
    kept = np.zeros(grid.n, dtype=bool)
    kept[generator(Stream.COMPOSITION_SUBSETS, rng, "random_subset").permutation(grid.n)[:chosen]] = True
    seed = "" if isinstance(rng, np.random.Generator) else f", seed {rng}"
    return GridSubset(grid, kept.reshape(grid.grid_shape), f"random{seed}")


def thinned_subset(grid: ImageGrid, kx: int, ky: int) -> GridSubset:
    """Keep every kx-th column and every ky-th row of a grid: steps that differ between the directions.

    Parameters
    ----------
    grid : ImageGrid
        All positions.
    kx, ky : int
        Columns 0, kx, 2 kx, ... and rows 0, ky, 2 ky, ... are kept.

    Returns
    -------
    GridSubset
        The positions, steps kx dx and ky dy apart.

    Notes
    -----
    liang2024a (imbalanced data).

    Examples
    --------
    >>> from regimes.composition import image_grid
    >>> thinned_subset(image_grid(32, 1), 1, 4)
    GridSubset(256 of 1024 positions: every column, every 4th row)
    """
    grid = checked_grid("thinned_subset", grid)
    n_y, n_x = grid.grid_shape
    words = []
    for name, k, count, what in (("kx", kx, n_x, "column"), ("ky", ky, n_y, "row")):
        k = whole_number("thinned_subset", name, f"one {what} out of so many is kept", k, at_least=1)
        if k > count:
            raise ValueError(f"thinned_subset: {name} must be at most the number of {what}s, got {k} for {count}")
        if grid.periodic and count % k:
            raise ValueError(
                f"thinned_subset: with periodic edges {name} must divide the number of {what}s, so that all steps are "
                f"equal, got {k} for {count}; take a divisor, or a grid with open edges"
            )
        words.append(f"every {what}" if k == 1 else f"every {_ordinal(k)} {what}")
    kept = np.zeros(grid.grid_shape, dtype=bool)
    kept[::ky, ::kx] = True
    return GridSubset(grid, kept, ", ".join(words))


def _number(fraction: float, n: int) -> int:
    share = positive_number("random_subset", "fraction", "share lambda of the positions", fraction)
    if share > 1:
        raise ValueError(f"random_subset: fraction (share lambda of the positions) must be at most 1, got {share:g}")
    chosen = round(share * n)
    if chosen == 0:
        raise ValueError(
            f"random_subset: at least one position must be kept, got fraction = {share:g} of {n} positions; take "
            f"{1 / n:.3g} or more"
        )
    return chosen


def _ordinal(k: int) -> str:
    return f"{k}{'th' if 10 <= k % 100 <= 20 else {1: 'st', 2: 'nd', 3: 'rd'}.get(k % 10, 'th')}"
