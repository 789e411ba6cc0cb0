"""The percolation threshold of the infinite grid, from finite ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from regimes.numerics.composition.lattice.finite_size import fit_shift, fit_width
from regimes.numerics.composition.lattice.first_spanning import first_spanning
from regimes.numerics.composition.lattice.growth import threads_in_memory
from regimes.numerics.composition.lattice.lattice import Lattice
from regimes.numerics.composition.lattice.neighbourhood import Neighbourhood
from regimes.numerics.composition.lattice.offset_shape import sublattice_index
from regimes.numerics.composition.lattice.spanning import ORDERS_FOR_ERROR, spanning_quantile, spanning_width
from regimes.numerics.composition.lattice.stencil import make_stencil
from regimes.numerics.estimation.streams import Stream, generator
from regimes.numerics.interface.checks import whole_number

__all__ = ["ThresholdExtrapolation", "extrapolated_threshold"]

Array = NDArray[np.float64]

_MEMORY = 2**31
_WRAPPING = 0.521058290
"""Probability at the threshold that a cluster winds around a square torus along one axis (pinson1994)."""
_SHIFTS = {"universal": (2.0, 3.5), "median": (1.0, 2.5), "shifted": (0.75, 0.75)}


@dataclass(frozen=True, eq=False)
class ThresholdExtrapolation:
    """Threshold of the infinite grid, and how finite ones approach it.

    ``threshold`` is the fraction of kept points at which the infinite grid percolates; its error holds that of the
    shift's exponent. ``fractions`` are those at which grids of ``sizes`` points along each axis span with probability
    ``level``, in ``runs`` random orders each.

    The shift is ``fraction(N) - threshold = shift N^(-shift_exponent)``; the error of the exponent is what theory and
    data together leave open, ``chi_square`` that of the best shift, with ``degrees`` of freedom.

    ``widths`` are standard deviations of the fraction at which each grid spans, each point being kept with that
    probability; ``width_amplitude N^(-3/4)`` is fitted to all of them, with one degree of freedom less than sizes.
    Corrections to scaling are not in it: with many orders small grids make ``width_chi_square`` large.
    ``width_exponent`` is the exponent where it is fitted as well; its error is that of the orders.
    """

    neighbourhood: Neighbourhood
    periodic: bool
    level: float
    threshold: float
    threshold_se: float
    sizes: NDArray[np.int64]
    runs: NDArray[np.int64]
    fractions: Array
    fractions_se: Array
    shift: float
    shift_se: float
    shift_exponent: float
    shift_exponent_se: float
    chi_square: float
    degrees: int
    widths: Array
    widths_se: Array
    width_amplitude: float
    width_chi_square: float
    width_exponent: float
    width_exponent_se: float
    assumes: tuple[str, ...]


def extrapolated_threshold(
    neighbourhood: Neighbourhood,
    *,
    sizes: Sequence[int] = (64, 128, 256, 512),
    runs: int = 400,
    periodic: bool = True,
    rng: int | np.random.Generator = 0,
    threads: int | None = None,
    memory: int = _MEMORY,
    progress: Callable[[int, int], None] | None = None,
) -> ThresholdExtrapolation:
    """Percolation threshold of the infinite plane grid, from square grids of several sizes.

    On each size random orders are followed until a cluster spans, and the fraction ``fraction(N)`` is read at which
    the probability to span has a given value: with periodic edges the value that it has at the threshold of every
    infinite torus, if the neighbourhood treats both axes alike, else 1/2. The threshold is what remains of
    ``fraction(N) = threshold + b N^(-x)`` by weighted least squares for each x in the range that theory leaves open,
    averaged over x with weights ``exp(-chi^2/2)``; its error holds the spread over x.

    Parameters
    ----------
    neighbourhood : Neighbourhood
        Which points connect, in the plane.
    sizes : sequence of int
        Points along each axis, two at least, increasing; the first should exceed the reach ten times or more.
    runs : int
        Random orders on the largest grid, at least 8; smaller ones get more, so that all take the same time.
    periodic : bool
        Follow clusters around a torus, where finite sizes matter least, rather than from edge to edge.
    rng : int or numpy.random.Generator
        Of the orders. The result does not depend on the number of threads.
    threads : int, optional
        Orders at a time; one a processor if not given.
    memory : int
        Bytes that may be taken.
    progress : callable, optional
        Called with the orders done and their number.

    Returns
    -------
    ThresholdExtrapolation
        The threshold, and how sizes, shifts and widths agree with scaling.

    Raises
    ------
    ValueError
        If the neighbourhood is not one of the plane or does not connect the whole of it, there are fewer than two
        sizes, one of them is too small for it, or not even a full grid spans.

    Notes
    -----
    newman2001; pinson1994 for the probability 0.521058 to wind around a torus. Range of x: from edge to edge the
    median shifts with x = 1 + 3/4 (ziff1992), taken as 1 to 2.5; on a torus at the universal value with x = 2 + 3/4,
    taken as 2 to 3.5. Where the neighbourhood does not treat both axes alike neither value is known, and the shift at
    1/2 has x = 3/4; with open edges further terms then weigh more than on a torus.

    Examples
    --------
    >>> from regimes.numerics.composition.lattice.neighbourhood import disc_neighbourhood
    >>> found = extrapolated_threshold(disc_neighbourhood(1), sizes=(32, 64), runs=100)
    >>> abs(found.threshold - 0.592746) < 3 * found.threshold_se, found.threshold_se < 0.004
    (True, True)
    """
    name = "extrapolated_threshold"
    if getattr(neighbourhood, "dimensions", 2) != 2:
        raise ValueError(
            f"{name}: the exponents are those of the plane, got a neighbourhood with {neighbourhood.dimensions} "
            "dimensions"
        )
    largest_runs = whole_number(name, "runs", "orders on the largest grid", runs, at_least=ORDERS_FOR_ERROR)
    allowed = whole_number(name, "memory", "bytes", memory, at_least=1)
    lattices = [Lattice((size, size), neighbourhood, periodic=periodic) for size in _sizes(name, sizes)]
    lengths = np.array([lattice.shape[0] for lattice in lattices])
    each = np.ceil(largest_runs * (lengths[-1] / lengths) ** 2).astype(np.int64)
    workers = threads_in_memory(name, lattices[-1], threads, allowed, advice="take smaller sizes")
    if (index := sublattice_index(neighbourhood)) > 1:
        raise ValueError(
            f"{name}: the neighbourhood must connect the whole grid, got {neighbourhood}, which connects only every "
            f"{index}{_ordinal(index)} point; take its offsets in steps from one such point to the next"
        )
    level, kind = _level(neighbourhood, periodic)
    drawn = generator(Stream.COMPOSITION_THRESHOLD_ORDERS, rng, name)
    rows, done = [], 0
    for lattice, count in zip(lattices, each.tolist(), strict=True):
        stencil = make_stencil(lattice)
        keys = drawn.integers(0, 2**64, size=count, dtype=np.uint64)
        first = first_spanning(stencil, keys, workers, _after(progress, done, int(each.sum())))
        done += count
        if not first[0]:
            raise ValueError(
                f"{name}: a cluster must be able to span, got {neighbourhood}, whose points do not connect the ends of "
                f"a full grid of {lattice.shape}; take one that connects along both axes"
            )
        rows.append((*spanning_quantile(first, lattice.points, level), *spanning_width(first, lattice.points)))
    fractions, fractions_se, widths, widths_se = np.array(rows, dtype=np.float64).T
    if not (np.all(fractions_se > 0) and np.all(widths_se > 0)):
        raise ValueError(
            f"{name}: the orders must differ in where they span, got no spread; take larger sizes or more runs"
        )
    return ThresholdExtrapolation(
        neighbourhood=neighbourhood,
        periodic=periodic,
        level=level,
        sizes=lengths,
        runs=each,
        fractions=fractions,
        fractions_se=fractions_se,
        widths=widths,
        widths_se=widths_se,
        assumes=("nu = 4/3: two-dimensional percolation", f"shift exponent in {_SHIFTS[kind]}"),
        **fit_shift(lengths, fractions, fractions_se, _SHIFTS[kind]),
        **fit_width(lengths, widths, widths_se),
    )


def _sizes(function: str, sizes: Sequence[int]) -> list[int]:
    given = [whole_number(function, "sizes", "points along an axis", size, at_least=2) for size in sizes]
    if len(given) < 2 or given != sorted(set(given)):
        raise ValueError(f"{function}: sizes (points along an axis) must be two or more, increasing, got {given}")
    return given


def _level(neighbourhood: Neighbourhood, periodic: bool) -> tuple[float, str]:
    """Probability at which fractions are read, and how they shift: by 1/nu where it is not that of the infinite grid.

    The values of a square, 1/2 from edge to edge and that of Pinson around the torus, belong to neighbourhoods for
    which exchange and reflection of the axes change nothing. Others see a grid of another shape, on which these are not
    known.
    """
    offsets = {tuple(offset) for offset in neighbourhood.offsets.tolist()}
    alike = all((x, y) in offsets and (y, -x) in offsets for y, x in offsets)
    if periodic:
        return (_WRAPPING, "universal") if alike else (0.5, "shifted")
    return 0.5, "median" if alike else "shifted"


def _ordinal(number: int) -> str:
    return "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")


def _after(progress: Callable[[int, int], None] | None, done: int, total: int) -> Callable[[int, int], None] | None:
    return None if progress is None else lambda now, _: progress(done + now, total)
