"""Statistics of blocks of probes from all points: at once, or a part of them after another where they do not fit."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import get_num_threads
from numpy.typing import NDArray

from regimes.numerics.interface.data_checks import Points
from regimes.numerics.posterior.kernel import posterior_rows
from regimes.numerics.posterior.kernel_arrays import DEAD, Block, Columns, Data
from regimes.numerics.posterior.layout import Size, arrange_columns, plan_sweep
from regimes.numerics.posterior.part_kernel import add_part, summarise_parts
from regimes.numerics.posterior.summary import STATISTICS, Sums
from regimes.numerics.posterior.vectors import LANES

__all__ = ["Layout", "Sweep"]

Array = NDArray[np.float64]

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


@dataclass(frozen=True, eq=False)
class _Part:
    """Some of the points in the order of their columns, and the same as they are given."""

    columns: Columns
    a: NDArray[Any]
    data: Data


class Sweep:
    """What follows for probes, given by the numbers of their points and their noise.

    ``factor`` is the square root of snr at each time, in units of the extent. Results depend on the parts by rounding.
    """

    def __init__(
        self, points: Points, layout: Layout, factor: Array, dtype: np.dtype[Any], probes: int, memory: int
    ) -> None:
        self._points, self._layout, self._dtype = points, layout, dtype
        self._factors = factor**2 / 2, factor  # of D and of W
        self._extent = points.extent(points.mean) or 1.0
        columns = arrange_columns(layout.members, layout.group)
        size = Size(len(points.values), points.mean.size, factor.size, layout.classes, layout.groups, probes)
        self._plan = plan_sweep(columns, size, dtype.itemsize, get_num_threads(), memory, held=points.held)
        self._whole = self._part(slice(None), columns) if self._plan.points is None else None
        self._out = np.empty((self._plan.rows, factor.size, STATISTICS, 1 + layout.groups))
        self._products = np.empty(0, dtype)

    @property
    def probes(self) -> int:
        """How many are best given at once."""
        return self._plan.probes

    def __call__(
        self, mu: NDArray[np.int64], Z: NDArray[Any], told: Callable[[float], None] = lambda share: None
    ) -> Iterator[Array]:
        """Statistics, shape (B, T, STATISTICS, 1 + groups), of some probes after others; the next take their place.

        Where the points are taken in parts, it is ``told`` what share of the work is done.
        """
        given = self._points.values[mu]
        layout = self._layout
        cell = np.column_stack([layout.members[mu], layout.group[mu]])
        rows = [slice(start, start + self._plan.rows) for start in range(0, mu.size, self._plan.rows)]
        if self._whole is not None:
            for some in rows:
                own = self._whole.columns.place[mu[some]]
                block = self._block(self._whole, self._whole.a[own], Z[some], own, given[some], cell[some])
                out = self._out[: own.size]
                posterior_rows(block, self._whole.data, self._whole.columns, *self._factors, layout.cells, out)
                yield out
            return
        queries = self._scaled(given)
        sums = self._sums(mu.size)
        for start in range(0, len(self._points.values), self._plan.points or 1):
            if start:
                told(start / len(self._points.values))
            self._add(slice(start, start + (self._plan.points or 1)), mu, queries, Z, given, cell, sums)
        slot_cell = np.full((sums.first.shape[2], 2), -1)
        slot_cell[: layout.classes * layout.groups] = np.indices((layout.classes, layout.groups)).reshape(2, -1).T
        for some in rows:
            of_some = Sums(*(each[some] for each in sums))
            out = self._out[: len(of_some.first)]
            summarise_parts(of_some, slot_cell, cell[some], layout.cells, out)
            yield out

    def _sums(self, probes: int) -> Sums:
        shape = probes, 2 * self._factors[1].size, -(-self._layout.classes * self._layout.groups // LANES) * LANES
        return Sums(*(np.zeros(shape) for _ in range(3)))

    def _add(
        self,
        place: slice,
        mu: NDArray[np.int64],
        queries: NDArray[Any],
        Z: NDArray[Any],
        given: NDArray[Any],
        cell: NDArray[np.int64],
        sums: Sums,
    ) -> None:
        """Add one part of the points to the sums of all probes."""
        layout = self._layout
        part = self._part(place, arrange_columns(layout.members[place], layout.group[place]))
        inside = (mu >= place.start) & (mu < place.stop)
        own = np.full(mu.size, -1)
        own[inside] = part.columns.place[mu[inside] - place.start]
        for start in range(0, mu.size, self._plan.rows):
            some = slice(start, start + self._plan.rows)
            block = self._block(part, queries[some], Z[some], own[some], given[some], cell[some])
            of_some = Sums(*(each[some] for each in sums))
            add_part(block, part.data, part.columns, *self._factors, layout.groups, of_some)

    def _block(
        self,
        part: _Part,
        queries: NDArray[Any],
        Z: NDArray[Any],
        own: NDArray[np.int64],
        given: NDArray[Any],
        cell: NDArray[np.int64],
    ) -> Block:
        size = own.size * len(part.a)
        if self._products.size < 2 * size:
            self._products = np.empty(2 * size, self._dtype)
        gram, noise = self._products[: 2 * size].reshape(2, own.size, len(part.a))
        np.matmul(queries, part.a.T, out=gram)
        np.matmul(Z, part.a.T, out=noise)
        if self._whole is not None:
            norm, along = part.data.norms[own], noise[np.arange(own.size), own]
        else:
            norm, along = np.einsum("ij,ij->i", queries, queries), np.einsum("ij,ij->i", Z, queries)
        return Block(gram, noise, own, norm, along, cell, given, Z)

    def _scaled(self, values: NDArray[Any]) -> NDArray[Any]:
        return ((values - self._points.mean) / self._extent).astype(self._dtype)

    def _part(self, place: slice, columns: Columns) -> _Part:
        """Some points centred and in units of the extent, in the order of the columns, with their squared norms."""
        values = self._points.values[place]
        order, d = columns.order, self._points.mean.size
        a, norms = np.zeros((order.size, d), self._dtype), np.full(order.size, DEAD, self._dtype)
        step = max(1, self._plan.copy // (8 * d))
        held = np.flatnonzero(order >= 0)
        for start in range(0, held.size, step):
            some = held[start : start + step]
            block = (values[order[some]] - self._points.mean) / self._extent
            a[some] = block
            norms[some] = np.einsum("ij,ij->i", block, block)
        return _Part(columns, a, Data(values, self._extent, norms, _NEAR[self._dtype.str[1:]]))
