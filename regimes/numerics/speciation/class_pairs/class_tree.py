"""The tree in which classes part as noise falls: from single classes up, the two groups that part last join first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from regimes.numerics.speciation.class_pairs.held_out_pairs import ClassGroup, GroupBound, HeldOutClasses
from regimes.numerics.speciation.criteria import normalised_clone_level

__all__ = ["Merge", "class_tree", "pair_bounds"]

Array = NDArray[np.float64]

Pairs = dict[tuple[int, int], GroupBound]


@dataclass(frozen=True, eq=False)
class Merge:
    """Two groups of classes, and the time below which they are apart.

    Attributes
    ----------
    groups : tuple of two tuples of int
        Numbers of the classes of each.
    bound : GroupBound
        Of one group against the other.
    height : float
        Its time, or that of a group's own parting where that is higher: heights never fall towards the root. 0 for
        groups that held-out points do not tell apart.
    """

    groups: tuple[tuple[int, ...], tuple[int, ...]]
    bound: GroupBound
    height: float


def pair_bounds(held: HeldOutClasses, progress: Callable[[str, int, int], None] | None = None) -> Pairs:
    """The bound of every pair of classes."""
    classes = len(held.groups)
    found: Pairs = {}
    for i in range(classes):
        for j in range(i + 1, classes):
            found[i, j] = held.parting(held.groups[i], held.groups[j])
        if progress is not None:
            progress("pairs of classes", len(found), classes * (classes - 1) // 2)
    return found


def class_tree(held: HeldOutClasses, pairs: Pairs) -> tuple[Merge, ...]:
    """Join the two groups with the smallest time until one is left.

    Two groups part at one time, not class by class: their posteriors are summed and scored anew after every joining.
    """
    groups: dict[int, ClassGroup] = dict(enumerate(held.groups))
    heights = dict.fromkeys(groups, 0.0)
    bounds = dict(pairs)
    merges = []
    while len(groups) > 1:
        one, other = min(bounds, key=lambda pair: _order(bounds[pair]))
        bound = bounds[one, other]
        height = max(bound.parted.value or 0.0, heights[one], heights[other])
        merges.append(Merge((groups[one].classes, groups[other].classes), bound, height))
        joined, new = groups.pop(one).with_other(groups.pop(other)), len(held.groups) + len(merges)
        bounds = {pair: each for pair, each in bounds.items() if not {one, other} & set(pair)}
        bounds |= {(place, new): held.parting(group, joined) for place, group in groups.items()}
        groups[new], heights[new] = joined, height
    return tuple(merges)


def _order(bound: GroupBound) -> tuple[float, float]:
    """Groups that are never told apart come first, the most alike of them before the others."""
    curve = bound.normalised[np.isfinite(bound.normalised)]
    if bound.parted.value is None and curve.size and curve[-1] > normalised_clone_level():
        return (np.inf, 0.0)  # still apart at the largest time
    return (bound.parted.value or 0.0, float(curve.max(initial=-1.0)))
