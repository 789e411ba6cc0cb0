"""Rules of the random hierarchy model, drawn without replacement."""

from __future__ import annotations

from dataclasses import astuple

import numpy as np
from numpy.typing import NDArray

from regimes.datasets.hierarchy.checks import MEMORY
from regimes.numerics.estimation.streams import Stream, generator
from regimes.numerics.hierarchy.problem import Hierarchy, checked_hierarchy
from regimes.numerics.hierarchy.rules import HierarchyRules
from regimes.numerics.interface.checks import check_memory

__all__ = ["random_hierarchy"]

_MOST_SYMBOLS = 2**31


def random_hierarchy(
    hierarchy: Hierarchy, *, rng: int | np.random.Generator = 0, memory: int = MEMORY
) -> HierarchyRules:
    """Draw the rules of a random hierarchy model.

    Each level draws v m different tuples of s symbols (n_c m at the top), uniformly among all v^s and without
    replacement, and gives m of them to each symbol at random. Every tuple therefore has one parent at most, and
    leaves determine all symbols above them.

    Parameters
    ----------
    hierarchy : Hierarchy
        The model.
    rng : int or numpy.random.Generator
        Seed or generator.
    memory : int
        Bytes that the rules may take.

    Returns
    -------
    HierarchyRules
        The rules.

    Notes
    -----
    sclocchi2024 (random hierarchy model).

    Examples
    --------
    >>> from regimes import Hierarchy
    >>> random_hierarchy(Hierarchy(32, 8), rng=1)
    HierarchyRules(v=32, m=8, s=2, L=8, classes=32)
    """
    checked_hierarchy("random_hierarchy", hierarchy)
    v, m, s, L, top = astuple(hierarchy)
    if v > _MOST_SYMBOLS:
        raise ValueError(f"random_hierarchy: v (number of symbols) must be at most 2^31 = {_MOST_SYMBOLS}, got {v}")
    size = m * s * (top + (L - 1) * v)
    # Tuples are drawn, sorted and copied: four arrays of eight bytes a symbol.
    check_memory(
        "random_hierarchy", f"rules of {size} symbols", 32 * size, memory, "take fewer symbols, rules or levels"
    )
    source = generator(Stream.HIERARCHY_RULES, rng, "random_hierarchy")
    parents = [top, *[v] * (L - 1)]
    return HierarchyRules([_distinct_tuples(n * m, v, s, source).reshape(n, m, s) for n in parents], v)


def _distinct_tuples(count: int, v: int, s: int, source: np.random.Generator) -> NDArray[np.int64]:
    """Different tuples in random order, every ordered choice equally likely."""
    total = v ** min(s, 128)  # more than any count
    if total <= 4 * count:
        numbers = source.permutation(total)[:count]
        return np.stack([numbers // v**child % v for child in range(s)], axis=1)
    drawn = np.empty((0, s), dtype=np.int64)
    while len(drawn) < count:  # a repeated tuple is drawn again: one in four at most
        drawn = np.concatenate([drawn, source.integers(0, v, (count - len(drawn), s))])
        first = np.unique(drawn, axis=0, return_index=True)[1]
        drawn = drawn[np.sort(first)]
    return drawn
