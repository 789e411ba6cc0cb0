"""When two groups of classes part, from the classes in which clones of known starts end.

A start of known class is noised to t and several clones come back, each to a class. Of two groups A and B two curves
are made, both 1 where the groups are apart and 0 where nothing is left of the start:

- ``clones``: of the starts in A or B of whose clones two or more end in A or B, all pairs of these. With phi the mean
  share of pairs that end in one group, and phi_inf what it would be of independent ends with the shares that these
  have, ``(phi - phi_inf)/(1 - phi_inf)``: what ``regimes classes`` bounds for two classes of one size, and its level.
  More clones come nearer to it: with few, a start counts only if it is likely to end in A or B at all.
- ``turns``: of the starts in A or B that end in A or B, the probabilities ``s_A`` and ``s_B`` to end in the group of
  the start; ``s_A + s_B - 1``, half way between 1 and 0.

Ends are classified with errors. With C the probabilities that a point of A or B, if it is found in either, is found in
A and in B, the tables of found groups are ``C^T P C`` of pairs of clones and ``R C`` of U-turns, and are solved for P
and R. That points of one group leave both more often than those of the other is neglected.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.speciation.criteria import normalised_clone_level

__all__ = ["ESTIMANDS", "Ends", "Groups", "Redraws", "levels", "redraws", "transition_curves"]

Array = NDArray[np.float64]
Integers = NDArray[np.int64]
Groups = tuple[Sequence[int], Sequence[int]]

ESTIMANDS = ("clones", "turns")

_PRIOR = 0.5  # counts in every cell of a confusion matrix that is redrawn: none seen is no proof of none
_HALF = 0.5
_LEAST_TOLD = 0.2
_CERTAIN = 0.999  # shares of ends beyond which there is nothing to tell apart


@dataclass(frozen=True, eq=False)
class Ends:
    """Where clones of starts of known class ended."""

    t: Array  # (T,)
    starts: Integers  # (N,): class
    classes: Integers  # (T, N, m): class found for each clone
    # (K, K): points of known class (row) by the class found, which the classifier had not seen; None where ends are
    # known
    confusion: Integers | None


@dataclass(frozen=True, eq=False)
class Redraws:
    """Weights of starts (R, N) and confusion matrices (R, K, K), the first as they are and the others redrawn, of ends.

    ``counts`` (T, N, K) holds how many clones of each start ended in each class.
    """

    weights: Array
    confusion: Array
    counts: Array


def levels() -> dict[str, float]:
    """Level of each curve at which two groups have parted."""
    return {"clones": normalised_clone_level(), "turns": _HALF}


def redraws(ends: Ends, classes: int, count: int, generator: np.random.Generator) -> Redraws:
    """Starts with replacement, within each class; rows of the confusion matrix as counts of as many points."""
    weights = np.ones((count + 1, ends.starts.size))
    for k in range(classes):
        own = np.flatnonzero(ends.starts == k)
        weights[1:, own] = generator.multinomial(own.size, np.full(own.size, 1 / max(own.size, 1)), size=count)
    counts = np.stack([(ends.classes == k).sum(axis=2) for k in range(classes)], axis=-1).astype(np.float64)
    if ends.confusion is None:
        return Redraws(weights, np.broadcast_to(np.eye(classes), (count + 1, classes, classes)), counts)
    known = ends.confusion.astype(np.float64)
    likely = (known + _PRIOR) / (known + _PRIOR).sum(axis=1, keepdims=True)
    drawn = [generator.multinomial(int(row.sum()), law, size=count) for row, law in zip(known, likely, strict=True)]
    return Redraws(weights, np.concatenate([known[None], np.stack(drawn, axis=1)]), counts)


def transition_curves(ends: Ends, groups: Groups, of: Redraws) -> dict[str, Array]:
    """Both curves (R, T) of two groups, for every redraw."""
    place = np.full(of.confusion.shape[1], -1)
    place[list(groups[0])], place[list(groups[1])] = 0, 1
    rows = np.flatnonzero(place[ends.starts] >= 0)
    sides = np.stack([place == 0, place == 1]).astype(np.float64)
    weights, inverse = of.weights[:, rows], np.linalg.inv(_within(of.confusion, sides))
    inside, begun = of.counts[:, rows] @ sides.T, sides.T[ends.starts[rows]]
    pairs = _tables(weights, _pairs_of_clones(inside))
    turns = _tables(weights, begun[None, :, :, None] * inside[:, :, None])
    both = inverse.swapaxes(1, 2)[:, None] @ pairs @ inverse[:, None]
    chance = np.clip(np.sum(both.sum(axis=3) ** 2, axis=2), _HALF, _CERTAIN)
    kept = (turns / np.maximum(turns.sum(axis=3, keepdims=True), 1e-12)) @ inverse[:, None]
    order_parameter = compile_formula("normalised_clone_probability", target="numpy")
    return {
        "clones": np.asarray(order_parameter(both[..., 0, 0] + both[..., 1, 1], chance)),
        "turns": kept[..., 0, 0] + kept[..., 1, 1] - 1,
    }


def _within(confusion: Array, sides: Array) -> Array:
    """(R, 2, 2): where points of either group are found, if in one of the two."""
    table = sides @ confusion @ sides.T
    law = np.asarray(table / np.maximum(table.sum(axis=2, keepdims=True), 1e-12))
    told = law[:, 0, 0] - law[:, 1, 0]
    if told.min() < _LEAST_TOLD:
        raise ValueError(
            "class-tree: the classifier must tell any two groups of classes apart, got a difference of "
            f"{told.min():.2f} between the shares found in one of them; train it longer"
        )
    return law


def _pairs_of_clones(ends: Array) -> Array:
    """Shares (T, N, 2, 2) of the ordered pairs of clones of a start, of numbers of ends (T, N, 2) in either group."""
    total = ends.sum(axis=2)
    pairs = ends[..., :, None] * ends[..., None, :] - np.eye(2) * ends[..., None]
    return np.asarray(pairs / np.maximum(total * (total - 1), 1)[..., None, None])


def _tables(weights: Array, cells: Array) -> Array:
    """(R, T, 2, 2): shares of all, with weights (R, N), of cells (T, N, 2, 2)."""
    steps, rows = cells.shape[:2]
    table = (weights @ cells.transpose(1, 0, 2, 3).reshape(rows, -1)).reshape(len(weights), steps, 2, 2)
    return np.asarray(table / np.maximum(table.sum(axis=(2, 3), keepdims=True), 1e-12))
