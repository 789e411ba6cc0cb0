"""The number at which a share passes a level, by doubling and halving."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

__all__ = ["Search", "search"]


@dataclass(frozen=True)
class Search:
    """What was tried, in this order, and where the level lies."""

    counts: tuple[int, ...]
    shares: tuple[float | None, ...]
    needed: float | None
    reason: str | None = None  # why there is no number
    at_least: int | None = None  # bounds of a number that is not there
    at_most: int | None = None


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
            return _ended(found, level, f"the training on {count} has not learned")
        below, above = _sides(found, level)
        if below and above:
            shares = [float(found[each] or 0) for each in (max(below), min(above))]
            at = np.interp(level, shares, np.log([max(below), min(above)]))
            return Search(tuple(found), tuple(found.values()), float(np.exp(at)))
        count = _next(below, above, most)
    below, _ = _sides(found, level)
    return _ended(found, level, f"not with {max(below)}" if below else f"already with {min(found)}")


def _sides(found: Mapping[int, float | None], level: float) -> tuple[list[int], list[int]]:
    reached = {count: value is not None and value >= level for count, value in found.items()}
    return [count for count in reached if not reached[count]], [count for count in reached if reached[count]]


def _next(below: Sequence[int], above: Sequence[int], most: int) -> int | None:
    if below:
        return None if max(below) == most else min(2 * max(below), most)
    return min(above) // 2 or None


def _ended(found: dict[int, float | None], level: float, reason: str) -> Search:
    below, above = _sides({count: value for count, value in found.items() if value is not None}, level)
    low, high = max(below, default=None), min(above, default=None)
    return Search(tuple(found), tuple(found.values()), None, reason, low, high)
