"""Near copies in a data set, found from the gap in the distances to the nearest neighbours.

A model that has memorised cannot tell two close points apart until little noise is left: they commit together. What
tells a copy from a close neighbour is a gap. In order of growing distance points are joined (single linkage); where a
distance is followed by one that is at least twice as large, all joined pairs below it are copies if

- none of them is longer than a fifth of the spacing, the median distance of a group to the nearest other one;
- no group has more than ten different points: a larger one is a cluster, with a spacing of its own;
- chance does not make such a gap. Of points without structure in D dimensions, the volumes of the balls that reach to
  the nearest neighbour grow like the arrival times of a Poisson process, so that i distances below the next one by the
  factor r have the probability r^{-i D}, which must be below 0.001; for caution D is half of the dimension that the
  ratio of the distances to first and second neighbour shows, at most d/2: data have parts of fewer dimensions.

Equal points are the limit of zero distance, up to the step in which coarse values come: 150 flowers measured to the
millimetre coincide by chance.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.estimation.streams import Stream, generator
from regimes.numerics.interface.checks import whole_number
from regimes.numerics.interface.data_checks import Points, checked_points
from regimes.numerics.posterior.neighbours import nearest_neighbours
from regimes.theory.formula.record import recorded

__all__ = ["MOST_COMPARED", "NearCopies", "near_copies"]

Array = NDArray[np.float64]
Labels = NDArray[np.int64]

_MOST = 10
_FACTOR = 2.0
_SHARE = 0.2
_CHANCE = 1e-3
_VALUES = 2**20  # that are hashed together
MOST_COMPARED = 65536
"""Different points that are compared, in half a minute; of more some are drawn."""


@dataclass(frozen=True, eq=False)
class NearCopies:
    """Groups of near copies.

    Attributes
    ----------
    labels : ndarray of int64, shape (n,)
        Group of each point, 0 to K - 1; equal points always share one.
    groups, points : int
        Number of groups with more than one point, and of points in them; 0 without copies.
    ties : int
        Points that equal an earlier one although there are no copies: the values are coarse.
    within : float or None
        Largest distance at which points were joined to a group; None without copies.
    between : float or None
        Smallest distance between groups; None where no two points differ.
    spacing : float or None
        Median distance of a group to the nearest other one.
    plateau_end : float or None
        Ornstein-Uhlenbeck time down to which two copies at the distance ``within`` are not told apart: below it the
        probability that clones share a training point leaves its plateau. 0 for exact copies.
    formulas : tuple of str
        Formulas behind ``plateau_end``.
    compared : int
        Different points that were compared: all, or 65536 drawn of more. Equal points are found among all.
    apart, beyond : ndarray, shape (n,)
        Distance of each point to the nearest outside its group, and to the nearest outside the group of that one as
        well; infinite where there is none, nan where the point was not compared.
    neighbour : ndarray of int64, shape (n,)
        Number of the nearest outside its group; -1 where it is not known.
    """

    labels: Labels
    groups: int
    points: int
    ties: int
    within: float | None
    between: float | None
    spacing: float | None
    plateau_end: float | None
    formulas: tuple[str, ...] = ()
    compared: int = 0
    apart: Array = field(default_factory=lambda: np.empty(0))
    beyond: Array = field(default_factory=lambda: np.empty(0))
    neighbour: Labels = field(default_factory=lambda: np.empty(0, np.int64))

    @property
    def nbytes(self) -> int:
        """Of all arrays."""
        return int(self.labels.nbytes + self.apart.nbytes + self.beyond.nbytes + self.neighbour.nbytes)

    @property
    def as_classes(self) -> Labels:
        """0 for a point on its own, 1, 2 and so on for the groups: ``labels`` of ``posterior_curves`` with ``singles``.

        Without a point on its own the groups are counted from 0, as classes must be, and ``singles`` is to be False.
        """
        several = np.bincount(self.labels) > 1
        rank = np.where(several, np.cumsum(several) - several.all(), 0)
        return np.asarray(rank[self.labels], dtype=np.int64)

    @property
    def singles(self) -> bool:
        """Whether some point is on its own."""
        return bool((np.bincount(self.labels) == 1).any())

    @property
    def margin(self) -> float | None:
        """Factor between the largest distance within groups and the smallest between them: infinite if exact."""
        if self.within is None or self.between is None:
            return None
        return self.between / self.within if self.within else float("inf")


def near_copies(X: ArrayLike, *, memory: int = 2 * 2**30) -> NearCopies:
    """Find points that are copies of each other, exact or nearly so.

    Parameters
    ----------
    X : array_like, shape (n, d)
        Data points.
    memory : int
        Bytes for working arrays, beyond X.

    Returns
    -------
    NearCopies
        Group of each point, the gap that makes the groups, and until when copies are not told apart.

    Raises
    ------
    ValueError
        If X is unusable, or the memory does not hold a copy of the points and a row of distances.

    Notes
    -----
    Derived; how is said at the head of the module, with ``near_copies_part`` for the end of the plateau. A distance up
    to a tenth of the spacing is found whatever it is; from a fifth on points are neighbours.

    Examples
    --------
    >>> X = np.random.default_rng(0).normal(size=(100, 8))
    >>> found = near_copies(np.concatenate([X, X[:20] + 1e-3]))
    >>> found.groups, found.points, near_copies(X).groups
    (20, 40, 0)
    """
    points = checked_points("near_copies", X)
    memory = whole_number("near_copies", "memory", "bytes", memory, at_least=1)
    first, place = _different(points)
    n, different = place.size, first.size
    if different == 1:
        none = np.full(n, np.inf)
        return NearCopies(place, 1, n, 0, 0.0, None, None, 0.0, (), 1, none, none, np.full(n, -1))
    some = _compared(different)
    compared, count = some.size, min(_MOST, some.size - 1)
    neighbours = points.store.piece("neighbours", lambda: nearest_neighbours(points, first[some], count, memory))
    nearest, distance = neighbours["nearest"], neighbours["distance"]
    joins, pairs = _linkage(nearest, distance)
    equal = np.full(n - different, _step(points) if n > different else 0.0)
    around = partial(_around, nearest=nearest, distance=distance, some=some, first=first, place=place)
    for stop in _gaps(np.sort(np.concatenate([equal, joins]))):
        below = np.concatenate([equal, joins]) <= stop
        groups = _components(compared, pairs[below[equal.size :]])
        found = _isolation(groups, nearest, distance)
        if found is not None and _holds(stop, int(below.sum()), found, points.mean.size):
            of_all = groups.max() + 1 + np.arange(different)  # what is not compared is on its own
            of_all[some] = groups
            labels = np.unique(of_all, return_inverse=True)[1][place]
            return _result(labels, joins[joins <= stop].max(initial=0.0), found[0], compared, around(groups))
    found = _isolation(np.arange(compared), nearest, distance)
    apart = np.array([joins[0]]) if found is None else found[0]
    between, spacing = float(apart.min()), float(np.median(apart))
    each = around(np.arange(compared))
    of_each = each.apart, each.beyond, each.neighbour
    return NearCopies(place, 0, 0, equal.size, None, between, spacing, None, (), compared, *of_each)


def _compared(different: int) -> NDArray[np.int64]:
    """The different points, or as many as are compared in half a minute."""
    if different <= MOST_COMPARED:
        return np.arange(different)
    return np.sort(generator(Stream.NEIGHBOURS, 0).permutation(different)[:MOST_COMPARED])


class _Around(NamedTuple):
    """As in :class:`NearCopies`."""

    apart: Array
    beyond: Array
    neighbour: Labels


def _around(
    groups: Labels, nearest: NDArray[np.int64], distance: Array, some: Labels, first: Labels, place: Labels
) -> _Around:
    """Of all points, the nearest outside the group, the nearest outside of two groups, and the number of the former.

    Where no neighbour that is known is outside of two groups, the furthest known is less than that, if there are more.
    """
    of, rows = groups[nearest], np.arange(len(nearest))
    outside = of != groups[:, None]
    at = outside.argmax(axis=1)
    known = outside.any(axis=1)
    further = outside & (of != of[rows, at][:, None])
    rest = distance[:, -1] if nearest.shape[1] < len(nearest) - 1 else np.full(len(nearest), np.inf)
    beyond = np.where(further.any(axis=1), distance[rows, further.argmax(axis=1)], rest)
    shown = np.full((3, first.size), np.nan)
    shown[:, some] = np.where(known, distance[rows, at], rest), beyond, np.where(known, nearest[rows, at], -1)
    neighbour = np.full(place.size, -1)
    told = shown[2][place] >= 0
    neighbour[told] = first[some[shown[2][place][told].astype(np.int64)]]
    return _Around(shown[0][place], shown[1][place], neighbour)


def _result(labels: Labels, within: float, apart: Array, compared: int, around: _Around) -> NearCopies:
    sizes = np.bincount(labels)
    end = 0.0
    with recorded() as used:
        if within > 0:
            end = float(compile_formula("near_copies_part", target="numpy")(within))
    several = sizes > 1
    between, spacing = float(apart.min()), float(np.median(apart))
    found = int(several.sum()), int(sizes[several].sum())
    about = labels, *found, 0, float(within), between, spacing, end, tuple(used), compared
    return NearCopies(*about, apart=around.apart, beyond=around.beyond, neighbour=around.neighbour)


def _different(points: Points) -> tuple[Labels, Labels]:
    """First of each set of equal points, and to which of these each point belongs (64-bit hashes of the rows)."""
    values = points.values
    hashes, step = np.empty(len(values), dtype=np.int64), max(1, _VALUES // values.shape[1])
    for start in range(0, len(values), step):
        block = values[start : start + step] + 0.0  # -0.0 equals 0.0, but its bytes differ
        hashes[start : start + len(block)] = [hash(row.tobytes()) for row in block]
        points.report("equal points", start + len(block), len(values))
    _, first, place = np.unique(hashes, return_index=True, return_inverse=True)
    order = np.argsort(first)
    rank = np.empty_like(order)
    rank[order] = np.arange(order.size)
    return first[order], rank[place]


def _step(points: Points) -> float:
    """The step in which the values come, from some of them: the smallest difference within a coordinate."""
    n, d = points.values.shape
    some = points.values[:: -(-n // 2048), :: -(-d // 64)].astype(np.float64)
    steps = np.diff(np.sort(some, axis=0), axis=0)
    scale = np.maximum(np.abs(points.low), np.abs(points.high)).max()
    steps = steps[steps > 1e-14 * scale]
    return float(steps.min()) if steps.size else 0.0


def _linkage(nearest: NDArray[np.int64], distance: Array) -> tuple[Array, NDArray[np.int64]]:
    """Single linkage over pairs of neighbours: the distances that join two groups, ascending, and their pairs."""
    n, count = nearest.shape
    one, other = np.repeat(np.arange(n), count), nearest.ravel()
    order = np.argsort(distance, axis=None, kind="stable")
    root = list(range(n))
    used = []
    for edge, i, j in zip(order.tolist(), one[order].tolist(), other[order].tolist(), strict=True):
        while root[i] != i:
            root[i] = root[root[i]]
            i = root[i]
        while root[j] != j:
            root[j] = root[root[j]]
            j = root[j]
        if i != j:
            root[i] = j
            used.append(edge)
            if len(used) == n - 1:
                break
    kept = np.array(used)
    return distance.ravel()[kept], np.stack([one[kept], other[kept]], axis=1)


def _gaps(joins: Array) -> Array:
    """Distances that are followed by one at least twice as large, the largest first."""
    wide = np.flatnonzero(joins[1:] >= _FACTOR * np.maximum(joins[:-1], np.finfo(float).tiny))
    return joins[wide[::-1]]


def _components(n: int, pairs: NDArray[np.int64]) -> Labels:
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    graph = coo_array((np.ones(len(pairs), np.int8), (pairs[:, 0], pairs[:, 1])), shape=(n, n))
    return np.asarray(connected_components(graph, directed=False)[1], dtype=np.int64)


def _isolation(groups: Labels, nearest: NDArray[np.int64], distance: Array) -> tuple[Array, float] | None:
    """Distance of each group to the nearest other one, and the dimension that first and second neighbour show.

    None where a group has more points than neighbours are known.
    """
    if np.bincount(groups).max() > max(2, min(nearest.shape[1], groups.size // 4)):
        return None
    of = groups[nearest]
    outside = of != groups[:, None]
    if not outside.any(axis=1).all():
        return None
    rows = np.arange(len(of))
    first = outside.argmax(axis=1)
    apart = np.full(groups.max() + 1, np.inf)
    np.minimum.at(apart, groups, distance[rows, first])
    further = outside & (of != of[rows, first][:, None])
    known = further.any(axis=1)
    ratio = np.log(distance[rows, further.argmax(axis=1)][known] / distance[rows, first][known])
    # The log ratio is exponential with mean 1/D; its upper half tells of the parts with the fewest dimensions.
    excess = float(np.maximum(ratio - np.median(ratio), 0.0).sum()) if ratio.size else 0.0
    return apart, (ratio.size / (2 * excess) if excess > 0 else np.inf)


def _holds(stop: float, count: int, found: tuple[Array, float], d: int) -> bool:
    apart, dimension = found
    if stop > _SHARE * float(np.median(apart)):
        return False
    with np.errstate(divide="ignore"):
        log_factor = np.log(apart.min()) - np.log(max(stop, np.finfo(float).tiny))
    return bool(count * min(dimension, d) / 2 * log_factor > -np.log(_CHANCE))
