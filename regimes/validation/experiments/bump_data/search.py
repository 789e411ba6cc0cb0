"""The number at which a share passes a level, by doubling and halving, and how it grows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from regimes.validation.experiments.runner.along_training import Estimate, mean_of

__all__ = ["Search", "growth", "order_of", "search"]

_ERRORS = 2
_ORDERS = {1.0: "N", 2.0: "N^2"}


@dataclass(frozen=True)
class Search:
    """What was tried, in this order, and where the level lies."""

    counts: tuple[int, ...]
    shares: tuple[float | None, ...]
    needed: float | None
    reason: str | None = None  # why there is no number


def search(share: Callable[[int], float | None], first: int, *, most: int, level: float, trainings: int) -> Search:
    """Double the number until the share reaches a level, or halve it until the share no longer does.

    The number is interpolated in its logarithm between the last two. A share of None, of a training that has not
    learned, ends the search.
    """
    found: dict[int, float | None] = {}
    count: int | None = min(first, most)
    while count is not None and len(found) < trainings:
        found[count] = value = share(count)
        if value is None:
            return _ended(found, f"the training on {count} has not learned")
        below, above = _sides(found, level)
        if below and above:
            shares = [float(found[each] or 0) for each in (max(below), min(above))]
            at = np.interp(level, shares, np.log([max(below), min(above)]))
            return Search(tuple(found), tuple(found.values()), float(np.exp(at)))
        count = _next(below, above, most)
    below, _ = _sides(found, level)
    return _ended(found, f"not with {max(below)}" if below else f"already with {min(found)}")


def growth(sizes: Sequence[int], needed: Sequence[Sequence[float | None]]) -> Estimate:
    """Slope of the logarithm of the number against that of N: a line for each seed, ``needed`` by N and seed."""
    slopes: list[float | None] = []
    for each in zip(*needed, strict=True):
        values = [value for value in each if value is not None]
        whole = len(values) == len(sizes) > 1
        slopes.append(float(np.polyfit(np.log(sizes), np.log(values), 1)[0]) if whole else None)
    return mean_of(slopes)


def order_of(slope: Estimate) -> str:
    """Which of N and N^2 a slope is within two errors of; "both" or "neither"; "undecided" without an error."""
    if slope.value is None or slope.se is None:
        return "undecided"
    near = [name for power, name in _ORDERS.items() if abs(slope.value - power) <= _ERRORS * slope.se]
    return near[0] if len(near) == 1 else "both" if near else "neither"


def _sides(found: dict[int, float | None], level: float) -> tuple[list[int], list[int]]:
    reached = {count: value is not None and value >= level for count, value in found.items()}
    return [count for count in reached if not reached[count]], [count for count in reached if reached[count]]


def _next(below: Sequence[int], above: Sequence[int], most: int) -> int | None:
    if below:
        return None if max(below) == most else min(2 * max(below), most)
    return min(above) // 2 or None


def _ended(found: dict[int, float | None], reason: str) -> Search:
    return Search(tuple(found), tuple(found.values()), None, reason)
