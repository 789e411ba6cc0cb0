"""Rules of the random hierarchy model, drawn without replacement."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from regimes.datasets.hierarchy.checks import MEMORY
from regimes.numerics.hierarchy.parameters import checked_hierarchy
from regimes.numerics.hierarchy.rules import HierarchyRules
from regimes.numerics.interface.checks import check_memory, seeded

__all__ = ["random_hierarchy"]

_STREAM = 0x72756C6573  # sets the rules apart from other uses of a seed
_MOST_SYMBOLS = 2**31


def random_hierarchy(
    v: int,
    m: int,
    s: int,
    L: int,
    *,
    classes: int | None = None,
    rng: int | np.random.Generator = 0,
    memory: int = MEMORY,
) -> HierarchyRules:
    """Draw the rules of a random hierarchy model.

    Each level draws v m different tuples of s symbols (n_c m at the top), uniformly among all v^s and without
    replacement, and gives m of them to each symbol at random. Every tuple therefore has one parent at most, and
    leaves determine all symbols above them.

    Parameters
    ----------
    v : int
        Number of symbols, at least 2.
    m : int
        Number of rules of a symbol, at least 1, at most v^(s-1).
    s : int
        Number of children of a symbol, at least 2.
    L : int
        Depth: levels of rules, at least 1.
    classes : int, optional
        Number n_c of symbols of the root, v by default; n_c m is at most v^s.
    rng : int or numpy.random.Generator
        Seed or generator.
    memory : int
        Bytes that the rules may take.

    Returns
    -------
    HierarchyRules
        The rules.

    Raises
    ------
    ValueError
        If a parameter is no whole number or out of its range, or the rules would take more memory.

    Notes
    -----
    sclocchi2024 (random hierarchy model).

    Examples
    --------
    >>> rules = random_hierarchy(32, 8, 2, 8, rng=1)
    >>> rules.v, rules.m, rules.s, rules.depth, rules.leaves
    (32, 8, 2, 8, 256)
    """
    v, m, s, L, top = checked_hierarchy("random_hierarchy", v, m, s, L, classes=classes)
    if v > _MOST_SYMBOLS:
        raise ValueError(f"random_hierarchy: v (number of symbols) must be at most 2^31 = {_MOST_SYMBOLS}, got {v}")
    size = m * s * (top + (L - 1) * v)
    # Tuples are drawn, sorted and copied: four arrays of eight bytes a symbol.
    check_memory(
        "random_hierarchy", f"rules of {size} symbols", 32 * size, memory, "take fewer symbols, rules or levels"
    )
    generator = seeded(rng, _STREAM)
    parents = [top, *[v] * (L - 1)]
    return HierarchyRules([_distinct_tuples(n * m, v, s, generator).reshape(n, m, s) for n in parents], v)


def _distinct_tuples(count: int, v: int, s: int, generator: np.random.Generator) -> NDArray[np.int64]:
    """Different tuples in random order, every ordered choice equally likely."""
    total = v**s
    if total <= 4 * count:
        numbers = generator.permutation(total)[:count]
        return np.stack([numbers // v**child % v for child in range(s)], axis=1)
    drawn = np.empty((0, s), dtype=np.int64)
    while len(drawn) < count:  # a repeated tuple is drawn again: one in four at most
        drawn = np.concatenate([drawn, generator.integers(0, v, (count - len(drawn), s))])
        first = np.unique(drawn, axis=0, return_index=True)[1]
        drawn = drawn[np.sort(first)]
    return drawn
