"""Which points are used, and which of them are noised: all of a small set, a sample of a large one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from regimes.numerics.interface.data_checks import Points
from regimes.numerics.speciation.class_bound.folds import stratified_folds
from regimes.numerics.speciation.class_bound.subspace import AXES

__all__ = ["FEWEST_KEPT", "MOST_POINTS", "Used", "draw_used", "noised_points"]

Counts = NDArray[np.int64]
Single = NDArray[np.float32]

MOST_POINTS = 20_000
"""Points that are used; of more a sample is drawn."""
_MOST_PROBES, _FEWEST_PROBES, _PAIRS = 2048, 1024, 4_000_000
FEWEST_KEPT = 128
"""Noised points at least, where what is kept of each takes so much that the memory does not hold it of all."""
_REPEATED = 256  # noised points at least, of which a small set gives several each


@dataclass(frozen=True, eq=False)
class Used:
    """Points in single precision and centred, and the probes made from them.

    ``own`` is the row of the point of each probe, in increasing order of fold.
    """

    points: Single
    members: Counts
    group: Counts
    fold: Counts
    own: Counts
    noise: Single

    @property
    def spare(self) -> NDArray[np.bool_]:
        """Points of which no probe is made."""
        spare = np.ones(len(self.points), dtype=bool)
        spare[self.own] = False
        return spare


def noised_points(n: int) -> int:
    """How many of n points are noised."""
    return min(n, _MOST_PROBES, max(_FEWEST_PROBES, _PAIRS // n))


def draw_used(
    data: Points,
    members: Counts,
    groups: Counts,
    folds: int,
    memory: int,
    generator: np.random.Generator,
    *,
    each_class: int = 0,
    kept: int = 0,
) -> Used:
    """Draw points, folds, probes and noise; with ``each_class`` as many probes of every class, if it has them.

    ``kept`` bytes of each probe are to fit into the memory: where they do not, as many are made as half of it holds.
    """
    n, d = data.values.shape
    # Their copies in single precision, and eight in double of what a model is fitted to.
    most = max(2, min(MOST_POINTS, memory // (12 * d + 64 * min(d, AXES))))
    rows = np.arange(n) if n <= most else np.sort(generator.choice(n, most, replace=False))
    points = np.asarray(data.values[rows] - data.mean, dtype=np.float32)
    used_members, used_groups = members[rows], groups[rows]
    fold = stratified_folds(used_members, used_groups, folds, generator)
    count = len(rows)
    wanted = noised_points(count)
    chosen = generator.permutation(count)
    if each_class:
        chosen = chosen[np.argsort(_turns(used_members[chosen]) // each_class, kind="stable")]
        wanted = max(wanted, min(count, each_class * int(members.max() + 1)))
    repeats = max(1, -(-_REPEATED // wanted))
    if kept * repeats * wanted > memory:
        wanted = max(1, memory // (2 * kept * repeats))
    chosen = chosen[:wanted]
    own = np.repeat(chosen, repeats)
    own = own[np.argsort(fold[own], kind="stable")]
    noise = generator.standard_normal((len(own), d), dtype=np.float32)
    return Used(points, used_members, used_groups, fold, own, noise)


def _turns(members: Counts) -> Counts:
    """How many of the same class stand before each."""
    order = np.argsort(members, kind="stable")
    sizes = np.bincount(members)
    turns = np.empty(members.size, dtype=np.int64)
    turns[order] = np.arange(members.size) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    return turns
