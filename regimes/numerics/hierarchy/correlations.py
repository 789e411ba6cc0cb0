"""Correlations of the leaves of a hierarchy in mean field, and where they are estimated from samples.

The spin of a leaf is +1 where a posterior sample leaves it unchanged and -1 where it changes it.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.hierarchy.mean_field import hierarchy_mean_field
from regimes.numerics.hierarchy.problem import Hierarchy, checked_epsilon, checked_hierarchy

__all__ = ["HierarchyCorrelations", "hierarchy_correlations"]

Array = NDArray[np.float64]

_SMALLEST = 1e-15  # below it the belief of a leaf rounds to 1, and no leaf ever changes


@dataclass(frozen=True, eq=False)
class HierarchyCorrelations:
    """Correlations of the leaves of a random hierarchy model in mean field, for each ``epsilon``.

    ``distance`` counts the levels r = 1 to L from two leaves up to their lowest common ancestor; ``correlation`` (L, E)
    is the covariance C(r) of the spins of two leaves at that distance, ``variance`` C(0), and ``susceptibility`` chi,
    the sum of all covariances over the sum of all variances.
    """

    hierarchy: Hierarchy
    epsilon: Array
    distance: NDArray[np.int64]
    correlation: Array
    variance: Array
    susceptibility: Array


def hierarchy_correlations(hierarchy: Hierarchy, epsilon: ArrayLike) -> HierarchyCorrelations:
    """Correlation of the leaves' spins by their distance in the tree, and their susceptibility, in mean field.

    Down the tree, right and wrong symbols form a chain of two states. The two children of the common ancestor are
    correlated through it and through its rule; the product of the chain's eigenvalues carries that to the leaves.

    Parameters
    ----------
    hierarchy : Hierarchy
        The model.
    epsilon : array_like
        One noise level of the leaves or several, in [1e-15, 1]; without noise no leaf changes and nothing correlates.

    Returns
    -------
    HierarchyCorrelations
        C(r) and ``chi = 1 + sum_r (s-1) s^(r-1) C(r)/C(0)``.

    Notes
    -----
    Derived: ``hierarchy_sibling_covariance`` and its neighbours; the observable is that of sclocchi2025.

    Examples
    --------
    >>> from regimes import Hierarchy
    >>> hierarchy_correlations(Hierarchy(16, 4), [0.7, 0.775, 0.8, 0.9]).susceptibility.round(2).tolist()
    [2.45, 4.25, 4.33, 1.73]
    """
    levels = checked_epsilon("hierarchy_correlations", epsilon, at_least=_SMALLEST)
    checked_hierarchy("hierarchy_correlations", hierarchy)
    field = hierarchy_mean_field(hierarchy, levels)
    v, m, s, L, classes = astuple(hierarchy)
    if m == 1 and classes == 1:
        raise ValueError(
            "hierarchy_correlations: with one class and one rule a symbol there is a single data point, and no leaf "
            "can change; take more classes or rules"
        )
    siblings, eigenvalue, pair, spin_variance, pairs = (compile_formula(name, target="numpy") for name in _FORMULAS)
    # The chain needs p < 1; its limits at 1 are reached at the number next to it.
    belief = np.minimum(field.upward, np.nextafter(1.0, 0.0))
    correlation = np.empty((L, levels.size))
    carried = np.ones(levels.size)
    for distance in range(1, L + 1):
        ancestor = L - distance
        covariance = siblings(field.reconstruction[ancestor], belief[ancestor + 1], v, m, s)
        correlation[distance - 1] = pair(covariance, carried)
        carried = carried * eigenvalue(belief[ancestor + 1], v, m, s)
    variance = spin_variance(field.upward[L], field.downward[L], v)
    distances = np.arange(1, L + 1)
    with np.errstate(invalid="ignore", divide="ignore"):  # nan where rounding leaves no variance
        susceptibility = 1 + pairs(distances, s) @ correlation / variance
    return HierarchyCorrelations(hierarchy, levels, distances, correlation, variance, susceptibility)


_FORMULAS = (
    "hierarchy_sibling_covariance",
    "hierarchy_chain_eigenvalue",
    "hierarchy_leaf_correlation",
    "hierarchy_spin_variance",
    "hierarchy_pairs_at_distance",
)
