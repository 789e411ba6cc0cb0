"""Statistics of blocks of probes from all points: at once, or a part of them after another where they do not fit."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import reduce
from typing import Any, NamedTuple

import numpy as np
from numba import get_num_threads
from numpy.typing import NDArray

from regimes.numerics.compiled.threads import in_threads, one_blas_thread
from regimes.numerics.interface.data_checks import Points
from regimes.numerics.posterior.kernel import posterior_rows
from regimes.numerics.posterior.kernel_arrays import DEAD, Block, Columns, Data
from regimes.numerics.posterior.layout import Plan, Size, arrange_columns, plan_sweep
from regimes.numerics.posterior.part_kernel import add_part, merge_sums, summarise_parts
from regimes.numerics.posterior.summary import STATISTICS, Sums
from regimes.numerics.posterior.vectors import LANES

__all__ = ["Layout", "Sweep"]

Array = NDArray[np.float64]

_PIECE = 1024  # points at a time of a product, whose copies stay in the cache

# Share of the squared norms below which the product has lost too many digits: its error is some 1e-7 (1e-16) of them.
_NEAR = {"f4": 1e-2, "f8": 1e-6}


@dataclass(frozen=True, eq=False)
class Layout:
    """Class and group of each point and how many there are of each; with ``singles`` class 0 is of single points."""

    members: NDArray[np.int64]
    group: NDArray[np.int64]
    classes: int
    groups: int
    singles: bool

    @property
    def cells(self) -> tuple[int, int, bool]:
        """As the kernel takes them."""
        return self.classes, self.groups, self.singles


class _Part(NamedTuple):
    """Points in the order of their columns, centred and in units of the extent, with their squared norms."""

    columns: Columns
    a: NDArray[Any]
    norms: NDArray[Any]


class _Probes(NamedTuple):
    """Number of the point of each probe, the point as it is given, the noise, and class and group of the point."""

    mu: NDArray[np.int64]
    given: NDArray[Any]
    Z: NDArray[Any]
    cell: NDArray[np.int64]


class _Task(NamedTuple):
    """What probes are swept with, whichever they are: ``factors`` are those of D and of W."""

    layout: Layout
    factors: tuple[Array, Array]
    extent: float
    dtype: np.dtype[Any]
    plan: Plan

    def scaled(self, points: Points, values: NDArray[Any]) -> NDArray[Any]:
        """Values about the mean of the points, in units of the extent."""
        return np.asarray((values - points.mean) / self.extent)

    def part(self, points: Points, values: NDArray[Any], columns: Columns) -> _Part:
        """Values of some points in the order of the columns."""
        order, d = columns.order, points.mean.size
        a, norms = np.zeros((order.size, d), self.dtype), np.full(order.size, DEAD, self.dtype)
        step = max(1, self.plan.copy // (8 * d))
        held = np.flatnonzero(order >= 0)
        for start in range(0, held.size, step):
            some = held[start : start + step]
            block = self.scaled(points, values[order[some]])
            a[some] = block
            norms[some] = np.einsum("ij,ij->i", block, block)
        return _Part(columns, a, norms)

    def data(self, part: _Part, values: NDArray[Any]) -> Data:
        """The same as the kernel takes it."""
        return Data(values, self.extent, part.norms, _NEAR[self.dtype.str[1:]])

    def sums(self, probes: int) -> Sums:
        """Of no points yet."""
        shape = probes, 2 * self.factors[1].size, -(-self.layout.classes * self.layout.groups // LANES) * LANES
        return Sums(*(np.zeros(shape) for _ in range(3)))


class Sweep:
    """What follows for probes, given by the numbers of their points and their noise.

    ``factor`` is the square root of snr at each time, in units of the extent. Results depend on the parts by rounding.
    Workers of the points share parts, or probes where all points are swept at once.
    """

    def __init__(
        self, points: Points, layout: Layout, factor: Array, dtype: np.dtype[Any], probes: int, memory: int
    ) -> None:
        self._points, self._workers = points, points.workers
        columns = arrange_columns(layout.members, layout.group)
        size = Size(len(points.values), points.mean.size, factor.size, layout.classes, layout.groups, probes)
        plan = plan_sweep(columns, size, dtype.itemsize, get_num_threads(), memory, held=points.held)
        self._task = _Task(layout, (factor**2 / 2, factor), points.extent(points.mean) or 1.0, dtype, plan)
        self._sent, self._whole = self._workers.put(self._task), None
        if plan.points is None:
            self._whole = self._workers.put(self._task.part(points, points.values, columns))

    @property
    def probes(self) -> int:
        """How many are best given at once."""
        return self._task.plan.probes

    def __call__(
        self, mu: NDArray[np.int64], Z: NDArray[Any], told: Callable[[float], None] = lambda share: None
    ) -> Iterator[Array]:
        """Statistics, shape (B, T, STATISTICS, 1 + groups), of some probes after others.

        Where the points are taken in parts, it is ``told`` what share of the work is done.
        """
        layout, plan, put = self._task.layout, self._task.plan, self._workers.put
        cell = np.column_stack([layout.members[mu], layout.group[mu]])
        probes = _Probes(mu, self._points.values[mu], Z, cell)
        rows = [slice(start, min(start + plan.rows, mu.size)) for start in range(0, mu.size, plan.rows)]
        if plan.points is None:
            sent = self._points.sent, self._sent, self._whole, put(probes)
            yield from self._workers.map(_statistics, rows, *sent)
            return
        n, report = len(self._points.values), lambda done, total: told(done / total)
        sums = reduce(merge_sums, self._points.map(_sums, n, plan.points, self._sent, put(probes), report=report))
        slot_cell = np.full((sums.first.shape[2], 2), -1)
        slot_cell[: layout.classes * layout.groups] = np.indices((layout.classes, layout.groups)).reshape(2, -1).T
        for some in rows:
            of_some = Sums(*(each[some] for each in sums))
            out = np.empty((len(of_some.first), self._task.factors[1].size, STATISTICS, 1 + layout.groups))
            summarise_parts(of_some, slot_cell, cell[some], layout.cells, out)
            yield out


def _statistics(some: slice, points: Points, task: _Task, whole: _Part, probes: _Probes) -> Array:
    """Statistics of some probes from all points."""
    mu, given, Z, cell = (each[some] for each in probes)
    own = whole.columns.place[mu]
    gram, noise = _products(whole.a[own], Z, whole.a, np.empty(2 * own.size * len(whole.a), task.dtype))
    along = noise[np.arange(own.size), own]
    block = Block(gram, noise, own, whole.norms[own], along, cell, given, Z)
    out = np.empty((own.size, task.factors[1].size, STATISTICS, 1 + task.layout.groups))
    posterior_rows(block, task.data(whole, points.values), whole.columns, *task.factors, task.layout.cells, out)
    return out


def _sums(shard: slice, points: Points, task: _Task, probes: _Probes) -> Sums:
    """Sums of the cells of all probes over some points, a part of these after another."""
    layout, plan = task.layout, task.plan
    mu, given, Z, cell = probes
    queries = task.scaled(points, given).astype(task.dtype)
    sums, products = task.sums(mu.size), np.empty(0, task.dtype)
    for first in range(shard.start, shard.stop, plan.points or 1):
        place = slice(first, min(first + (plan.points or 1), shard.stop))
        values = points.values[place]
        part = task.part(points, values, arrange_columns(layout.members[place], layout.group[place]))
        inside = (mu >= place.start) & (mu < place.stop)
        own = np.full(mu.size, -1)
        own[inside] = part.columns.place[mu[inside] - place.start]
        size = 2 * min(plan.rows, mu.size) * len(part.a)
        products = products if products.size >= size else np.empty(size, task.dtype)
        for start in range(0, mu.size, plan.rows):
            some = slice(start, start + plan.rows)
            q, z = queries[some], Z[some]
            gram, noise = _products(q, z, part.a, products)
            norm, along = np.einsum("ij,ij->i", q, q), np.einsum("ij,ij->i", z, q)
            block = Block(gram, noise, own[some], norm, along, cell[some], given[some], z)
            of_some = Sums(*(each[some] for each in sums))
            add_part(block, task.data(part, values), part.columns, *task.factors, layout.groups, of_some)
        points.report("", place.stop - shard.start, shard.stop - shard.start)
    return sums


def _products(queries: NDArray[Any], Z: NDArray[Any], a: NDArray[Any], held: NDArray[Any]) -> NDArray[Any]:
    """Products of points and of noise with all columns, in memory that is held for them.

    In pieces that do not depend on the threads: those of BLAS add up in another order than one of them.
    """
    products = held[: 2 * len(queries) * len(a)].reshape(2, len(queries), len(a))

    def multiply(piece: tuple[NDArray[Any], NDArray[Any], int]) -> None:
        left, out, first = piece
        np.matmul(left, a[first : first + _PIECE].T, out=out[:, first : first + _PIECE])

    pairs = zip((queries, Z), products, strict=True)
    with one_blas_thread():
        for _ in in_threads(multiply, [(*pair, first) for pair in pairs for first in range(0, len(a), _PIECE)]):
            pass
    return products
