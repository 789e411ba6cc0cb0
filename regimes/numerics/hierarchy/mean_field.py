"""Mean field of the random hierarchy model: reconstruction of every level under the epsilon-process."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.hierarchy.parameters import check_formula_range, checked_epsilon, checked_hierarchy
from regimes.numerics.interface.plain import plain_fields

__all__ = ["HierarchyMeanField", "hierarchy_mean_field"]

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class HierarchyMeanField:
    """Beliefs of every level of a random hierarchy model, averaged over its rules.

    Level 0 is the root, level L the leaves.

    Attributes
    ----------
    v, m, s, L, classes : int
        Symbols, rules of a symbol, children of a symbol, levels of rules, symbols of the root.
    epsilon : ndarray, shape (E,)
        Noise of the leaves.
    upward : ndarray, shape (L+1, E)
        Belief in the true symbol from the leaves below it.
    downward : ndarray, shape (L+1, E)
        Belief in the true symbol from the rest of the tree.
    reconstruction : ndarray, shape (L+1, E)
        Posterior probability of the true symbol.
    assumes : tuple of str
        What is averaged.
    sources : tuple of str
        Formulas used.
    """

    v: int
    m: int
    s: int
    L: int
    classes: int
    epsilon: Array
    upward: Array
    downward: Array
    reconstruction: Array
    assumes: tuple[str, ...]
    sources: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Plain dictionary, ready for JSON.

        Returns
        -------
        dict
            The attributes by name.
        """
        return plain_fields(self)


def hierarchy_mean_field(
    v: int, m: int, s: int, L: int, epsilon: ArrayLike, *, classes: int | None = None
) -> HierarchyMeanField:
    """Reconstruct every level of a random hierarchy model in mean field.

    Upwards ``p <- F(p)`` from the leaves' ``p_L = 1 - epsilon + epsilon/v``, downwards ``q <- G(q, p)`` from the
    root's ``q_0 = 1/n_c``; a level's true symbol has the probability ``p q/(p q + (1-p)(1-q)/(v-1))``.

    Parameters
    ----------
    v : int
        Number of symbols, at least 2.
    m : int
        Rules of a symbol, from 1 to v^(s-1).
    s : int
        Children of a symbol, at least 2.
    L : int
        Levels of rules, at least 1.
    epsilon : array_like
        One noise level of the leaves or several, in [0, 1].
    classes : int, optional
        Symbols n_c of the root, v by default.

    Returns
    -------
    HierarchyMeanField
        Beliefs and reconstruction by level.

    Raises
    ------
    ValueError
        If a parameter is no whole number in its range, or epsilon lies outside [0, 1].

    Notes
    -----
    sclocchi2024 (mean field); derived in docs/theory, ``hierarchy_upward`` and its neighbours. Averages over rules
    replace the rules, in numerator and denominator each for itself; single draws of rules scatter about them near the
    transition.

    Examples
    --------
    >>> hierarchy_mean_field(32, 8, 2, 8, [0.65, 0.7, 0.73, 0.76]).reconstruction[0].round(3).tolist()
    [0.942, 0.766, 0.313, 0.046]
    """
    v, m, s, L, roots = checked_hierarchy("hierarchy_mean_field", v, m, s, L, classes=classes)
    check_formula_range("hierarchy_mean_field", v, s, L)
    levels = checked_epsilon("hierarchy_mean_field", epsilon)
    up, to_class, down, marginal, leaf = (compile_formula(name, target="numpy") for name in _SOURCES)
    upward, downward = np.empty((L + 1, levels.size)), np.empty((L + 1, levels.size))
    upward[L] = leaf(levels, v)
    for level in range(L - 1, 0, -1):
        upward[level] = up(upward[level + 1], v, m, s)
    upward[0] = to_class(upward[1], v, m, s, roots)
    downward[0] = 1 / roots
    for level in range(L):
        downward[level + 1] = down(downward[level], upward[level + 1], v, m, s)
    reconstruction = np.vstack([upward[:1], marginal(upward[1:], downward[1:], v)])
    return HierarchyMeanField(
        v=v,
        m=m,
        s=s,
        L=L,
        classes=roots,
        epsilon=levels,
        upward=upward,
        downward=downward,
        reconstruction=reconstruction,
        assumes=("annealed average over the rules", "epsilon-process on the leaves"),
        sources=_SOURCES,
    )


_SOURCES = (
    "hierarchy_upward",
    "hierarchy_upward_to_class",
    "hierarchy_downward",
    "hierarchy_marginal",
    "hierarchy_leaf_belief",
)
