"""Checks of data arrays, so that no kernel ever sees bad data."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from regimes.numerics.interface.checkpoints import Arrays, Checkpoints
from regimes.numerics.interface.progress import Progress, silent
from regimes.numerics.interface.workers import Here, Workers, places

__all__ = ["Points", "checked_labels", "checked_points"]


@dataclass(frozen=True, eq=False)
class Points:
    """Data points that have been checked: C-contiguous, finite, the caller's array where it is that already.

    Those that stay in a file look like an array too, to who asks for some rows, and ``held`` says that they are none.
    What takes passes over them is ``kept`` for all who are given these points, and in the store, which is a folder if
    it is to outlast the process. Passes are done by the workers, and long ones ``report`` how far they are.
    """

    values: NDArray[np.float32] | NDArray[np.float64]
    mean: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    kept: dict[str, Arrays] = field(default_factory=dict)
    store: Checkpoints = field(default_factory=lambda: Checkpoints(None, {}))
    workers: Workers = field(default_factory=Here)
    report: Progress = silent

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        return np.array(self.values, dtype, copy=copy)

    @property
    def held(self) -> bool:
        """Whether all values are in memory."""
        return isinstance(self.values, np.ndarray)

    def keep(self, name: str, compute: Callable[[], Arrays]) -> Arrays:
        """Arrays that are computed once, not to be changed."""
        if name not in self.kept:
            self.kept[name] = self.store.piece(name, compute)
        return self.kept[name]

    def map(
        self, function: Callable[..., Any], total: int, step: int, *arguments: Any, report: Callable[[int, int], None]
    ) -> Iterator[Any]:
        """What a function gives of a piece of ``range(total)``, of these points and of arguments, for all pieces.

        How much of the total is done is reported after each piece, or by the function where it works in this process.
        """
        pieces = places(total, step, self.workers.shards)
        if isinstance(self.workers, Here):
            told = replace(self, report=lambda part, done, total: report(done, total))
            yield from self.workers.map(function, pieces, told, *arguments)
            return
        for piece, found in zip(pieces, self.workers.map(function, pieces, self.sent, *arguments), strict=True):
            report(piece.stop, total)
            yield found

    @property
    def sent(self) -> Any:
        """What stands for these points in what workers are given."""
        return self if isinstance(self.workers, Here) else self._put

    @cached_property
    def _put(self) -> Any:
        return self.workers.put(Points(self.values, self.mean, self.low, self.high))

    def bytes_held(self) -> int:
        """Of the values and of all arrays that are kept."""
        return int(self.values.nbytes + sum(array.nbytes for arrays in self.kept.values() for array in arrays.values()))

    def extent(self, origin: NDArray[np.float64]) -> float:
        """A bound on the distance of a point from the origin, at most sqrt(d) times the largest; 0 if all lie there."""
        reach = float(np.maximum(np.abs(self.high - origin), np.abs(origin - self.low)).max())
        return float(np.sqrt(origin.size) * reach)


def checked_points(
    function: str,
    X: ArrayLike,
    store: Checkpoints | None = None,
    report: Progress = silent,
    workers: Workers | None = None,
) -> Points:
    """At least two points in rows, real and finite, with the range of each coordinate; checked points as they are."""
    if isinstance(X, Points):
        return X
    store = Checkpoints(None, {}) if store is None else store
    workers = Here() if workers is None else workers
    stored: Any = X
    if hasattr(stored, "range_and_mean"):
        low, high, mean = stored.range_and_mean()
        return Points(stored, np.clip(mean, low, high), low, high, store=store, workers=workers, report=report)
    try:
        values: NDArray[Any] = np.asarray(X)
    except ValueError:
        raise ValueError(f"{function}: X must be a 2-d array of shape (n, d), got rows of unequal length") from None
    if values.ndim != 2:
        raise ValueError(f"{function}: X must be 2-d, of shape (n, d), got shape {values.shape}; flatten each point")
    if values.dtype.kind not in "fiub":
        raise ValueError(f"{function}: X must hold real numbers, got {values.dtype}")
    n, d = values.shape
    if n < 2 or d < 1:
        raise ValueError(f"{function}: X needs at least 2 points of dimension at least 1, got shape {values.shape}")
    if values.dtype not in (np.float32, np.float64):
        values = values.astype(np.float64)
    values = np.ascontiguousarray(values)
    low, high = (reduce(values, axis=0).astype(np.float64) for reduce in (np.min, np.max))
    if not (np.isfinite(low).all() and np.isfinite(high).all()):
        row, column = np.argwhere(~np.isfinite(values))[0]
        raise ValueError(
            f"{function}: X must be finite, got {values[row, column]} in row {row}, column {column}; drop or fill such "
            "points"
        )
    # Rounding can carry the mean of equal coordinates past them; they must come out as exactly equal.
    mean = np.clip(values.mean(axis=0, dtype=np.float64), low, high)
    return Points(values, mean, low, high, store=store, workers=workers, report=report)


def checked_labels(function: str, labels: ArrayLike | None, n: int) -> tuple[int, NDArray[np.int64]]:
    """Number of classes, 1 without labels, and the class of each point; every class 0 to K - 1 must have one."""
    if labels is None:
        return 1, np.zeros(n, dtype=np.int64)
    given = np.asarray(labels)
    if given.shape != (n,):
        raise ValueError(f"{function}: labels must be one per point, shape ({n},), got shape {given.shape}")
    advice = "relabel with numpy.unique(labels, return_inverse=True)[1]"
    if given.dtype.kind not in "iub":
        raise ValueError(f"{function}: labels must be integers 0 to K - 1, got {given.dtype}; {advice}")
    members = given.astype(np.int64)
    present = np.unique(members)
    classes = present.size
    if present[0] != 0 or present[-1] != classes - 1:
        missing = int(np.setdiff1d(np.arange(classes), present)[0])
        raise ValueError(
            f"{function}: labels must be 0 to K - 1 with a point in every class, got labels from {present[0]} to "
            f"{present[-1]} and none equal to {missing}; {advice}"
        )
    return classes, members
