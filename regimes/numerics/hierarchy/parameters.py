"""Parameters of the random hierarchy model, checked once for all who take them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from regimes.numerics.interface.checks import whole_number

__all__ = ["check_formula_range", "checked_epsilon", "checked_hierarchy"]

_LARGEST = 100  # decimal digits: the square of v^s, and a sum over all leaves, stay finite in float64


def checked_hierarchy(
    function: str, v: Any, m: Any, s: Any, L: Any = 1, *, classes: Any = None
) -> tuple[int, int, int, int, int]:
    """Check the parameters of a random hierarchy model.

    Parameters
    ----------
    function : str
        For the error.
    v : int
        Number of symbols, at least 2.
    m : int
        Rules of a symbol, from 1 to v^(s-1): more cannot be drawn without ambiguity.
    s : int
        Children of a symbol, at least 2.
    L : int
        Levels of rules, at least 1.
    classes : int, optional
        Symbols of the root, from 1 to v^s/m; v by default.

    Returns
    -------
    tuple of int
        v, m, s, L and the number of classes.

    Raises
    ------
    ValueError
        If one is no whole number or out of its range.

    Examples
    --------
    >>> checked_hierarchy("random_hierarchy", 32, 8, 2, 8)
    (32, 8, 2, 8, 32)
    """
    v = whole_number(function, "v", "number of symbols", v, at_least=2)
    m = whole_number(function, "m", "rules of a symbol", m, at_least=1)
    s = whole_number(function, "s", "children of a symbol", s, at_least=2)
    L = whole_number(function, "L", "levels of rules", L, at_least=1)
    roots = v
    if classes is not None:
        roots = whole_number(function, "classes", "number of symbols of the root", classes, at_least=1)
    if m > v ** (s - 1):
        raise ValueError(
            f"{function}: m (rules of a symbol) must be at most v^(s-1) = {v ** (s - 1)}, for no tuple serves two "
            f"rules, got {m}; take fewer rules, or more symbols or children"
        )
    if roots * m > v**s:
        raise ValueError(
            f"{function}: classes times m must be at most v^s = {v**s}, for no tuple serves two rules, got {roots} "
            f"times {m}; take fewer classes or rules"
        )
    return v, m, s, L, roots


def check_formula_range(function: str, v: int, s: int, L: int = 1) -> None:
    """Refuse trees whose number of tuples or of leaves leaves the range of the formulas in float64.

    Parameters
    ----------
    function : str
        For the error.
    v, s, L : int
        Checked parameters.

    Raises
    ------
    ValueError
        If v^s or s^L exceeds 1e100.

    Examples
    --------
    >>> check_formula_range("hierarchy_mean_field", 32, 2, 8)
    """
    for name, base, exponent in (("v^s", v, s), ("s^L", s, L)):
        if exponent * math.log10(base) > _LARGEST:
            raise ValueError(
                f"{function}: {name} must be at most 1e{_LARGEST}, got {base}^{exponent}: the formulas would leave the "
                "range of float64; take fewer symbols, children or levels"
            )


def checked_epsilon(function: str, epsilon: ArrayLike, *, at_least: float = 0.0) -> NDArray[np.float64]:
    """Check noise levels of the epsilon-process.

    Parameters
    ----------
    function : str
        For the error.
    epsilon : array_like
        One level or a 1-d sequence.
    at_least : float
        Smallest admissible level.

    Returns
    -------
    ndarray, shape (E,)
        The levels as float64.

    Raises
    ------
    ValueError
        If there is none, or one lies outside [at_least, 1].

    Examples
    --------
    >>> checked_epsilon("hierarchy_mean_field", 0.5).tolist()
    [0.5]
    """
    what = f"{function}: epsilon (noise of the leaves) must"
    try:
        levels = np.atleast_1d(np.asarray(epsilon, dtype=np.float64))
    except (TypeError, ValueError):
        raise ValueError(f"{what} be a number or a 1-d sequence of numbers, got {epsilon!r}") from None
    if levels.ndim != 1 or levels.size == 0:
        raise ValueError(f"{what} be a number or a 1-d sequence of numbers, got shape {levels.shape}")
    good = (levels >= at_least) & (levels <= 1)
    if not np.all(good):
        raise ValueError(f"{what} lie in [{at_least:g}, 1], got {levels[~good][0]:g}")
    return levels
