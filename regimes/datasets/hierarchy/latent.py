"""The symbols above given leaves: rules are unambiguous, so leaves determine them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from regimes.datasets.hierarchy.checks import check_range, symbol_type
from regimes.numerics.hierarchy.rules import HierarchyRules, checked_rules

__all__ = ["latent_symbols"]


def latent_symbols(rules: HierarchyRules, leaves: ArrayLike) -> tuple[NDArray[np.integer[Any]], ...]:
    """Find the symbols above given leaves, which determine them.

    Parameters
    ----------
    rules : HierarchyRules
        Rules.
    leaves : integer array_like, shape (n, s^L)
        Data points.

    Returns
    -------
    tuple of integer ndarray, shape (n, s^l)
        Symbols of all levels, the root's first, the leaves last.

    Notes
    -----
    Where no rule produces some leaves, the error names the first such sample, and in it the first such node of the
    lowest level.

    Examples
    --------
    >>> rules = HierarchyRules([[[[0, 1]], [[1, 0]]], [[[0, 0]], [[1, 1]]]])
    >>> [symbols.tolist() for symbols in latent_symbols(rules, [[1, 1, 0, 0]])]
    [[[1]], [[1, 0]], [[1, 1, 0, 0]]]
    """
    rules = checked_rules("latent_symbols", rules)
    try:
        symbols = np.asarray(leaves)
    except ValueError:
        raise ValueError(
            f"latent_symbols: leaves must be one array of shape (n, {rules.leaves}), got rows of different lengths"
        ) from None
    if symbols.ndim != 2 or symbols.shape[1] != rules.leaves or symbols.dtype.kind not in "iu":
        raise ValueError(
            f"latent_symbols: leaves must be whole numbers of shape (n, {rules.leaves}), got {symbols.dtype} of shape "
            f"{symbols.shape}"
        )
    if len(symbols) == 0:
        raise ValueError("latent_symbols: leaves must hold at least one data point, got none")
    check_range("latent_symbols", "the leaves", symbols, rules.v)
    tree = [symbols.astype(symbol_type(max(rules.v, rules.classes)))]
    orphans: dict[int, str] = {}
    for level in range(rules.L - 1, -1, -1):
        children = tree[0].reshape(len(symbols), -1, rules.s)
        parents = _parents(rules.tables[level], children, rules.v)
        for sample in np.flatnonzero((parents < 0).any(axis=1))[:1].tolist():
            node = int(np.flatnonzero(parents[sample] < 0)[0])
            lowest = f"node {node} of level {level}, whose children are {tuple(children[sample, node].tolist())}"
            orphans.setdefault(sample, lowest)
        # Above what no rule produces any symbol will do: the search for an earlier sample goes on.
        tree.insert(0, np.maximum(parents, 0).astype(tree[0].dtype))
    if orphans:
        sample = min(orphans)
        raise ValueError(
            f"latent_symbols: a rule must produce every node, but none does in sample {sample} for {orphans[sample]}; "
            "these leaves were not drawn from these rules"
        )
    return tuple(tree)


def _parents(table: NDArray[np.int64], children: NDArray[np.integer[Any]], v: int) -> NDArray[np.int64]:
    """Symbol that produces each tuple, -1 where none does; child by child, since v^s may exceed any integer type."""
    tuples = table.reshape(-1, table.shape[2])
    rule = np.zeros(len(tuples), dtype=np.int64)
    place = np.zeros(children.shape[:-1], dtype=np.int64)
    known = np.ones(children.shape[:-1], dtype=bool)
    for child in range(tuples.shape[1]):
        beginnings, rule = np.unique(rule * v + tuples[:, child], return_inverse=True)
        wanted = place * v + children[..., child]
        place = np.minimum(np.searchsorted(beginnings, wanted), len(beginnings) - 1)
        known &= beginnings[place] == wanted
    owner = np.empty(len(tuples), dtype=np.int64)
    owner[rule] = np.arange(len(tuples)) // table.shape[1]
    return np.where(known, owner[place], -1)
