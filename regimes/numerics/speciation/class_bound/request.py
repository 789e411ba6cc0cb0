"""What is asked of held-out class posteriors, checked: points with their folds, classes and times."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.estimation.streams import Stream, generator
from regimes.numerics.interface.checks import as_given, check_memory, positive_times, whole_number
from regimes.numerics.interface.data_checks import checked_labels, checked_points
from regimes.numerics.speciation.class_bound.probes import FEWEST_KEPT, Used, draw_used

__all__ = ["Request", "checked_request"]

Array = NDArray[np.float64]

_LARGEST = 1e15


@dataclass(frozen=True, eq=False)
class Request:
    """Points and probes, the share of each class among all ``n`` points, times, and what may be used up."""

    used: Used
    share: Array
    times: Array
    n: int
    folds: int
    memory: int
    drawn: np.random.Generator


def checked_request(
    function: str,
    X: ArrayLike,
    labels: ArrayLike,
    t: ArrayLike,
    *,
    groups: ArrayLike | None,
    folds: int,
    rng: int | np.random.Generator,
    memory: int,
    each_class: int = 0,
    kept: Callable[[int, int], int] | None = None,
) -> Request:
    """Check what a caller of ``function`` gave, and draw folds and probes.

    ``kept`` gives the bytes that are kept of each probe and time, of so many classes and folds.
    """
    data = checked_points(function, X)
    n = len(data.values)
    classes, members = checked_labels(function, labels, n)
    if classes < 2:
        raise ValueError(f"{function}: labels must hold at least 2 classes, got 1; one class is decided at every time")
    group = _checked_groups(function, groups, n)
    times = positive_times(function, t)
    _check_scale(function, times, data.extent(data.mean))
    folds = min(whole_number(function, "folds", "of the points", folds, at_least=3), np.unique(group).size)
    if folds < 3:
        raise ValueError(f"{function}: there must be at least 3 groups of near copies, got {folds}; add points")
    memory = whole_number(function, "memory", "bytes", memory, at_least=2**20)
    drawn = generator(Stream.CLASS_BOUND, rng)
    each = 0 if kept is None else times.size * kept(classes, folds)
    least = 2 * FEWEST_KEPT * each
    advice = "leave out classes, or make fewer of them by merging some"
    what = f"{FEWEST_KEPT} noised points with posteriors of {classes} classes and room to make them"
    check_memory(function, what, least, memory, advice)
    used = draw_used(data, members, group, folds, memory, drawn, each_class=each_class, kept=each)
    return Request(used, np.bincount(members, minlength=classes) / n, times, n, folds, memory, drawn)


def _check_scale(function: str, times: Array, extent: float) -> None:
    """Exponents must lie within the range of single precision."""
    with np.errstate(over="ignore"):
        largest = np.sqrt(compile_formula("snr", target="numpy")(times)) * extent
    worst = int(np.argmax(np.maximum(largest, extent)))
    if not max(largest[worst], extent) <= _LARGEST:
        raise ValueError(
            f"{function}: the extent of the data ({extent:.3g}), times sqrt(snr) too, must stay below {_LARGEST:g}, "
            f"got t = {as_given(times[worst])}; ask for larger times or rescale the data"
        )


def _checked_groups(function: str, groups: ArrayLike | None, n: int) -> NDArray[np.int64]:
    if groups is None:
        return np.arange(n)
    given = np.asarray(groups)
    if given.shape != (n,) or given.dtype.kind not in "iu":
        raise ValueError(
            f"{function}: groups must be one whole number per point, shape ({n},), got {given.dtype} of shape "
            f"{given.shape}"
        )
    return given.astype(np.int64)
