"""The symbols above given leaves: rules are unambiguous, so leaves determine them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from regimes.datasets.hierarchy.parse import read_upwards
from regimes.numerics.hierarchy.rules import HierarchyRules

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
    lowest level; :func:`regimes.hierarchy.parse_leaves` reads such leaves as far as they obey the rules.

    Examples
    --------
    >>> rules = HierarchyRules([[[[0, 1]], [[1, 0]]], [[[0, 0]], [[1, 1]]]])
    >>> [symbols.tolist() for symbols in latent_symbols(rules, [[1, 1, 0, 0]])]
    [[[1]], [[1, 0]], [[1, 1, 0, 0]]]
    """
    tree = read_upwards("latent_symbols", rules, leaves)
    # What breaks a rule has no root.
    for sample in np.flatnonzero(tree[0][:, 0] < 0)[:1].tolist():
        level = max(level for level, symbols in enumerate(tree) if (symbols[sample] < 0).any())
        node = int(np.flatnonzero(tree[level][sample] < 0)[0])
        children = tree[level + 1][sample].reshape(-1, rules.s)[node].tolist()
        raise ValueError(
            f"latent_symbols: a rule must produce every node, but none does in sample {sample} for node {node} of "
            f"level {level}, whose children are {tuple(children)}; these leaves were not drawn from these rules"
        )
    return tree
