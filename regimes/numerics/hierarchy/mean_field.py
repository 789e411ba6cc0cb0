"""Mean field of the random hierarchy model: reconstruction of every level under the epsilon-process."""

from __future__ import annotations

from dataclasses import astuple, dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.hierarchy.problem import Hierarchy, check_formula_range, checked_epsilon, checked_hierarchy

__all__ = ["HierarchyMeanField", "hierarchy_mean_field"]

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class HierarchyMeanField:
    """Beliefs of every level of a random hierarchy model, averaged over its rules.

    Rows are levels of the tree, 0 the root and L the leaves, columns the noise levels ``epsilon``: belief in the true
    symbol from the leaves below it (``upward``) and from the rest of the tree (``downward``), and its posterior
    probability (``reconstruction``).
    """

    hierarchy: Hierarchy
    epsilon: Array
    upward: Array
    downward: Array
    reconstruction: Array


def hierarchy_mean_field(hierarchy: Hierarchy, epsilon: ArrayLike) -> HierarchyMeanField:
    """Reconstruct every level of a random hierarchy model in mean field.

    Upwards ``p <- F(p)`` from the leaves' ``p_L = 1 - epsilon + epsilon/v``, downwards ``q <- G(q, p)`` from the
    root's ``q_0 = 1/n_c``; a level's true symbol has the probability ``p q/(p q + (1-p)(1-q)/(v-1))``.

    Parameters
    ----------
    hierarchy : Hierarchy
        The model.
    epsilon : array_like
        One noise level of the leaves or several, in [0, 1].

    Returns
    -------
    HierarchyMeanField
        Beliefs and reconstruction by level.

    Notes
    -----
    sclocchi2024 (mean field); derived: ``hierarchy_upward`` and its neighbours. Averages over rules
    replace the rules, in numerator and denominator each for itself; single draws of rules scatter about them near the
    transition.

    Examples
    --------
    >>> from regimes import Hierarchy
    >>> hierarchy_mean_field(Hierarchy(32, 8), [0.65, 0.7, 0.73, 0.76]).reconstruction[0].round(3).tolist()
    [0.942, 0.766, 0.313, 0.046]
    """
    checked_hierarchy("hierarchy_mean_field", hierarchy)
    check_formula_range("hierarchy_mean_field", hierarchy)
    levels = checked_epsilon("hierarchy_mean_field", epsilon)
    v, m, s, L, roots = astuple(hierarchy)
    up, to_class, down, marginal, leaf = (compile_formula(name, target="numpy") for name in _FORMULAS)
    upward, downward = np.empty((L + 1, levels.size)), np.empty((L + 1, levels.size))
    upward[L] = leaf(levels, v)
    for level in range(L - 1, 0, -1):
        upward[level] = up(upward[level + 1], v, m, s)
    upward[0] = to_class(upward[1], v, m, s, roots)
    downward[0] = 1 / roots
    for level in range(L):
        downward[level + 1] = down(downward[level], upward[level + 1], v, m, s)
    reconstruction = np.vstack([upward[:1], marginal(upward[1:], downward[1:], v)])
    return HierarchyMeanField(hierarchy, levels, upward, downward, reconstruction)


_FORMULAS = (
    "hierarchy_upward",
    "hierarchy_upward_to_class",
    "hierarchy_downward",
    "hierarchy_marginal",
    "hierarchy_leaf_belief",
)
