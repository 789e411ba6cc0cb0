"""The production rules of a hierarchy: which children a symbol of each level can have."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from regimes.numerics.hierarchy.problem import Hierarchy
from regimes.numerics.interface.checks import whole_number

__all__ = ["HierarchyRules", "checked_rules"]


@dataclass(frozen=True, eq=False)
class HierarchyRules:
    """Rules of a hierarchical data model, checked.

    A symbol of level l (0 is the root, the class) becomes one of its m tuples of s symbols of level l + 1, each with
    probability 1/m; after L levels there are s^L leaves.

    Parameters
    ----------
    tables : sequence of L integer array_like
        ``tables[l][a, k]`` is the tuple of rule k of symbol a of level l: shape (n_c, m, s) at level 0 with n_c
        classes, (v, m, s) below; kept read-only.
    v : int, optional
        Number of symbols of every level but the root's; taken from the tables where there are two levels or more.

    Attributes
    ----------
    hierarchy : Hierarchy
        The parameters v, m, s, L and classes, which are attributes of the rules too.

    Raises
    ------
    ValueError
        If a shape is wrong, a symbol is out of range, or the rules are ambiguous: every tuple of a level may belong
        to one rule only, so that leaves determine all symbols above them.

    Notes
    -----
    sclocchi2024 (random hierarchy model).

    Examples
    --------
    >>> HierarchyRules([[[[0, 1]], [[1, 0]]], [[[0, 0]], [[1, 1]]]])
    HierarchyRules(v=2, m=1, s=2, L=2, classes=2)
    """

    tables: tuple[NDArray[np.int64], ...]
    hierarchy: Hierarchy

    def __init__(self, tables: Sequence[ArrayLike], v: int | None = None) -> None:
        try:
            tables = list(tables)
        except TypeError:
            raise ValueError(f"HierarchyRules: tables must be a sequence, one table a level, got {tables!r}") from None
        arrays = [_whole_numbers(level, table) for level, table in enumerate(tables)]
        if not arrays:
            raise ValueError("HierarchyRules: at least one level of rules is needed, got none")
        if v is None:
            if len(arrays) == 1:
                raise ValueError("HierarchyRules: with one level of rules the number of symbols v must be given")
            v = arrays[1].shape[0]
        v = whole_number("HierarchyRules", "v", "number of symbols", v, at_least=2)
        classes, m, s = arrays[0].shape
        for level, table in enumerate(arrays):
            _check_table(level, table, v, m, s)
            table.setflags(write=False)
        object.__setattr__(self, "tables", tuple(arrays))
        object.__setattr__(self, "hierarchy", Hierarchy(v, m, s, len(arrays), classes))

    def __repr__(self) -> str:
        return f"HierarchyRules{str(self.hierarchy).removeprefix('Hierarchy')}"

    @property
    def v(self) -> int:
        """Number of symbols of every level but the root's."""
        return self.hierarchy.v

    @property
    def m(self) -> int:
        """Rules of a symbol."""
        return self.hierarchy.m

    @property
    def s(self) -> int:
        """Children of a symbol."""
        return self.hierarchy.s

    @property
    def L(self) -> int:
        """Levels of rules."""
        return self.hierarchy.L

    @property
    def classes(self) -> int:
        """Symbols of the root."""
        return self.hierarchy.classes

    @property
    def leaves(self) -> int:
        """Number s^L of leaves."""
        return self.hierarchy.leaves

    def symbols(self, level: int) -> int:
        """Number of symbols of a level: ``classes`` at the root, ``v`` below."""
        return self.hierarchy.symbols(level)


def checked_rules(function: str, rules: Any) -> HierarchyRules:
    """Rules, where they are some and not the tables of some."""
    if isinstance(rules, HierarchyRules):
        return rules
    if isinstance(rules, list | tuple | np.ndarray):
        raise ValueError(
            f"{function}: rules must be HierarchyRules, got {type(rules).__name__}; make them of the tables: "
            "HierarchyRules(tables)"
        )
    raise ValueError(
        f"{function}: rules must be HierarchyRules, got {type(rules).__name__}; random_hierarchy draws them, and "
        "load_rules reads them"
    )


def _kind(array: NDArray[Any]) -> str:
    return {"U": "text", "S": "text", "O": "other objects"}.get(array.dtype.kind, str(array.dtype))


def _whole_numbers(level: int, table: ArrayLike) -> NDArray[np.int64]:
    try:
        array = np.array(table)
    except ValueError:
        raise ValueError(
            f"HierarchyRules: the table of level {level} must be a regular array (symbol, rule, child)"
        ) from None
    if array.ndim != 3 or array.size == 0:
        raise ValueError(
            f"HierarchyRules: the table of level {level} must have shape (symbols, rules, children), got {array.shape}"
        )
    if array.dtype.kind not in "iu" and not (array.dtype.kind == "f" and np.all(array == np.floor(array))):
        raise ValueError(f"HierarchyRules: the table of level {level} must hold whole numbers, got {_kind(array)}")
    return array.astype(np.int64)


def _check_table(level: int, table: NDArray[np.int64], v: int, m: int, s: int) -> None:
    if table.shape[1:] != (m, s) or (level > 0 and table.shape[0] != v):
        wanted = f"({'n_c' if level == 0 else v}, {m}, {s})"
        raise ValueError(f"HierarchyRules: the table of level {level} must have shape {wanted}, got {table.shape}")
    if s < 2:
        raise ValueError(f"HierarchyRules: s (children of a symbol) must be at least 2, got {s}")
    if table.min() < 0 or table.max() >= v:
        bad = table.min() if table.min() < 0 else table.max()
        raise ValueError(
            f"HierarchyRules: the symbols in the table of level {level} must lie between 0 and {v - 1}, got {bad}"
        )
    tuples = table.reshape(-1, s)
    distinct, first = np.unique(tuples, axis=0, return_index=True)
    if len(distinct) < len(tuples):
        repeated = tuples[np.setdiff1d(np.arange(len(tuples)), first)[0]]
        owners = np.unique(np.flatnonzero((tuples == repeated).all(axis=1)) // m)
        whose = f"of the symbols {', '.join(map(str, owners))}" if len(owners) > 1 else f"twice of symbol {owners[0]}"
        raise ValueError(
            f"HierarchyRules: the rules of level {level} are ambiguous: the tuple {tuple(repeated.tolist())} is a rule "
            f"{whose}; every tuple may occur once in a level"
        )
