"""When two classes, or two groups of classes, part for a model that generalises: a bound from held-out posteriors.

The posterior of group A against group B, which weigh alike, is q_A/w_A over itself plus q_B/w_B: q_A and w_A are sums
of the posteriors and shares of the classes of A. It was made without the point that is scored, as q was, and so its
quadratic score, averaged over the points of A and those of B, bounds the clone probability of the two.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike, NDArray

from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.speciation.class_bound.crossing import ClassTime, held_out_time
from regimes.numerics.speciation.class_bound.held_out import held_out_scores
from regimes.numerics.speciation.class_bound.request import checked_request
from regimes.numerics.speciation.class_bound.score import class_score
from regimes.theory.formula.record import recorded

__all__ = ["ClassGroup", "GroupBound", "HeldOutClasses", "held_out_classes"]

Array = NDArray[np.float64]
Single = NDArray[np.float32]
Counts = NDArray[np.int64]

_FEWEST, _ENOUGH = 5, 24  # held-out points of a class
_NORMAL = NormalDist().inv_cdf(0.975)
_NOTHING = 1e-30  # of the posterior: it says nothing of two classes that it both excludes


@dataclass(frozen=True, eq=False)
class ClassGroup:
    """Classes taken together: their numbers, the posterior (sign, time, probe) of all, their share of all points.

    ``tested`` is the number of held-out points of theirs, near copies counted once.
    """

    classes: tuple[int, ...]
    posterior: Single
    share: float
    tested: int

    def with_other(self, other: ClassGroup) -> ClassGroup:
        """Both together."""
        posterior = self.posterior + other.posterior
        return ClassGroup(self.classes + other.classes, posterior, self.share + other.share, self.tested + other.tested)


@dataclass(frozen=True, eq=False)
class GroupBound:
    """Bound on the normalised clone probability of one group against another at every time, and when they part."""

    parted: ClassTime
    normalised: Array
    normalised_se: Array

    @property
    def error(self) -> float | None:
        """Standard error of the time, from how far the lower limit lies below."""
        value, low = self.parted.value, self.parted.low
        return None if value is None or low is None else (value - low) / _NORMAL


@dataclass(frozen=True, eq=False)
class HeldOutClasses:
    """Held-out posteriors of probes of known class."""

    t: Array
    groups: tuple[ClassGroup, ...]
    members: Counts
    copies: Counts
    probes: int
    folds: int
    formulas: tuple[str, ...]

    def parting(self, one: ClassGroup, other: ClassGroup) -> GroupBound:
        """Score the posterior of two groups on the probes of both."""
        if min(one.tested, other.tested) < _FEWEST:
            reason = f"{min(one.tested, other.tested)} held-out points of a class are too few"
            return GroupBound(ClassTime(None, None, reason), *np.full((2, self.t.size), np.nan))
        first, second = (np.isin(self.members, group.classes) for group in (one, other))
        rows = np.flatnonzero(first | second)
        side = second[rows].astype(np.int64)
        mine, theirs = (group.posterior[:, :, rows] / np.float32(group.share) for group in (one, other))
        total = mine + theirs
        q = np.where(total > _NOTHING, mine / np.maximum(total, _NOTHING), np.float32(0.5)).astype(np.float64)
        own = np.where(side, 1 - q, q).mean(axis=0)
        squares = (q**2 + (1 - q) ** 2).mean(axis=0)
        scores = np.asarray(compile_formula("class_quadratic_score", target="numpy")(own, squares))
        found = class_score(_balanced(scores, side), np.full(2, 0.5), side, self.copies[rows])
        parted = held_out_time(self.t, found.normalised, found.normalised_se, found.contributions)
        return GroupBound(parted, found.normalised, found.normalised_se)


def held_out_classes(
    X: ArrayLike,
    labels: ArrayLike,
    t: ArrayLike,
    *,
    copies: ArrayLike | None = None,
    folds: int = 5,
    rng: int | np.random.Generator = 0,
    memory: int = 2**30,
    progress: Callable[[str, int, int], None] | None = None,
) -> HeldOutClasses:
    """Held-out posteriors as :func:`class_bound` makes them; ``copies`` are its groups of near copies."""
    given = checked_request(
        "held_out_classes", X, labels, t, groups=copies, folds=folds, rng=rng, memory=memory, each_class=_ENOUGH
    )
    with recorded() as noted:
        found = held_out_scores(given, progress, keep=True)
    used = given.used
    members, copies = used.members[used.own], used.group[used.own]
    tested = np.bincount(members[np.unique(copies, return_index=True)[1]], minlength=given.share.size)
    groups = tuple(
        ClassGroup((k,), np.ascontiguousarray(found.posteriors[..., k]), float(share), int(tested[k]))
        for k, share in enumerate(given.share)
    )
    return HeldOutClasses(given.times, groups, members, copies, len(members), given.folds, tuple(noted))


def _balanced(scores: Array, side: Counts) -> Array:
    """Scores whose mean is that of the two sides' means, and whose scatter is that of either around its own."""
    means = np.stack([scores[:, side == k].mean(axis=1) for k in (0, 1)])
    weight = side.size / (2 * np.bincount(side, minlength=2))
    return np.asarray(means.mean(axis=0)[:, None] + (scores - means[side].T) * weight[side])
