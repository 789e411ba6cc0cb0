"""Folds of points: each class spread evenly over them, near copies together."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["stratified_folds"]

Counts = NDArray[np.int64]


def stratified_folds(members: Counts, groups: Counts, folds: int, generator: np.random.Generator) -> Counts:
    """Fold of each point; points of one group share theirs, and classes are spread as evenly as groups allow.

    A fold that holds more of a class than its share leaves fewer to learn from, which makes the prior a worse guess
    there than it is.
    """
    names, first, group, sizes = np.unique(groups, return_index=True, return_inverse=True, return_counts=True)
    order = generator.permutation(names.size)
    # Large groups first, then by class: dealt in turn, they fill the folds evenly within each class.
    order = order[np.lexsort((members[first[order]], -sizes[order]))]
    place = np.empty(names.size, dtype=np.int64)
    load = np.zeros(folds, dtype=np.int64)
    start = int(np.count_nonzero(sizes > 1))
    for one in order[:start]:
        place[one] = np.argmin(load)
        load[place[one]] += sizes[one]
    # Single points continue where the emptiest folds are.
    turns = np.argsort(np.argsort(load, kind="stable"), kind="stable")
    dealt = np.argsort(turns)[np.arange(names.size - start) % folds]
    place[order[start:]] = dealt
    return place[group]
