"""What belief propagation starts from, checked: messages of the leaves, prior of the root, levels that are wanted."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from regimes.numerics.hierarchy.rules import HierarchyRules
from regimes.numerics.interface.checks import real_array, whole_number

__all__ = ["checked_levels", "checked_messages", "checked_prior", "exponentials", "refuse_invalid"]

Array = NDArray[np.float64]


def checked_messages(function: str, rules: HierarchyRules, messages: ArrayLike) -> Array:
    """Messages of the shape that the rules ask for; their values are checked where they do harm."""
    given = real_array(function, "messages", messages)
    if given.ndim != 3 or given.shape[0] == 0 or given.shape[1:] != (rules.leaves, rules.v):
        raise ValueError(
            f"{function}: messages must have shape (n, {rules.leaves}, {rules.v}): samples, leaves and symbols; got "
            f"{given.shape}"
        )
    return given


def checked_prior(function: str, rules: HierarchyRules, prior: ArrayLike | None, n: int) -> Array:
    """Rows that sum to one: a single one where all samples share it."""
    if prior is None:
        return np.full((1, rules.classes), 1 / rules.classes)
    weights = real_array(function, "prior", prior)
    if weights.shape not in {(rules.classes,), (n, rules.classes)}:
        raise ValueError(
            f"{function}: prior must have shape ({rules.classes},) or ({n}, {rules.classes}), got {weights.shape}"
        )
    rows = np.atleast_2d(weights)
    if not (np.isfinite(rows) & (rows >= 0)).all() or not (rows.sum(axis=1) > 0).all():
        raise ValueError(f"{function}: prior must be finite, not negative and not all zero")
    rows = rows / rows.max(axis=1, keepdims=True)
    return np.ascontiguousarray(rows / rows.sum(axis=1, keepdims=True))


def checked_levels(rules: HierarchyRules, levels: Any) -> list[int]:
    """Levels of the tree, increasing; all for None."""
    if levels is None:
        return list(range(rules.L + 1))
    if isinstance(levels, str | bytes) or np.ndim(levels) == 0:
        raise ValueError(
            f"belief_propagation: levels must be a sequence of levels of the tree, such as [0], got {levels!r}"
        )
    levels = list(levels)
    wanted = sorted(
        {whole_number("belief_propagation", "levels", "level of the tree", level, at_least=0) for level in levels}
    )
    if not wanted or wanted[-1] > rules.L:
        raise ValueError(f"belief_propagation: levels must be some of 0 (root) to {rules.L} (leaves), got {levels}")
    return wanted


def exponentials(function: str, logarithms: Array) -> tuple[Array, Array]:
    """Likelihoods scaled to a largest of one at each leaf, and the sum of what was taken out of each sample."""
    largest = logarithms.max(axis=2, keepdims=True)
    for sample in np.flatnonzero(~np.isfinite(largest).all(axis=(1, 2))).tolist():
        refuse_invalid(function, logarithms[sample], sample, log=True)
        leaf = int(np.flatnonzero(~np.isfinite(largest[sample, :, 0]))[0])
        raise ValueError(
            f"{function}: the evidence of sample {sample} is contradictory: its message at leaf {leaf} allows no symbol"
        )
    return np.exp(logarithms - largest), largest.sum(axis=(1, 2))


def refuse_invalid(function: str, messages: Array, sample: int, *, log: bool) -> None:
    """Name the first message of a sample that is no likelihood."""
    wrong = np.isnan(messages) | (messages == np.inf) | (False if log else messages < 0)
    if wrong.any():
        leaf, symbol = np.argwhere(wrong)[0]
        rule = "numbers or -inf" if log else "finite and not negative"
        raise ValueError(
            f"{function}: messages must be {rule}, got {messages[leaf, symbol]:g} at sample {sample}, leaf {leaf}, "
            f"symbol {symbol}"
        )
