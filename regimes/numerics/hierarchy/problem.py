"""Parameters of the random hierarchy model, checked once for all who take them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from regimes.numerics.interface.checks import as_given, whole_number

__all__ = ["Hierarchy", "check_formula_range", "checked_epsilon", "checked_hierarchy"]

_MOST = 1e100
_LARGEST = 100  # decimal digits: the square of v^s, and a sum over all leaves, stay finite in float64


@dataclass(frozen=True)
class Hierarchy:
    """Parameters of a random hierarchy model: a symbol of a level becomes one of its m tuples of s symbols below.

    Parameters
    ----------
    v : int
        Number of symbols, at least 2.
    m : int
        Rules of a symbol, from 1 to v^(s-1): more cannot be drawn without ambiguity below v symbols.
    s : int
        Children of a symbol, at least 2.
    L : int
        Levels of rules, at least 1; symbols are at the levels 0, the root, to L, the leaves.
    classes : int, optional
        Symbols of the root, from 1 to v^s/m; v by default.

    Raises
    ------
    ValueError
        If one is no whole number or out of its range.

    Notes
    -----
    sclocchi2024 (random hierarchy model).

    Examples
    --------
    >>> Hierarchy(32, 8)
    Hierarchy(v=32, m=8, s=2, L=8, classes=32)
    """

    v: int
    m: int
    s: int = 2
    L: int = 8
    classes: int = None  # type: ignore[assignment]  # never None once it is made

    def __post_init__(self) -> None:
        classes = self.v if cast("int | None", self.classes) is None else self.classes
        for name, meaning, value, least in (
            ("v", "number of symbols", self.v, 2),
            ("m", "rules of a symbol", self.m, 1),
            ("s", "children of a symbol", self.s, 2),
            ("L", "levels of rules", self.L, 1),
            ("classes", "number of symbols of the root", classes, 1),
        ):
            object.__setattr__(
                self, name, whole_number("Hierarchy", name, meaning, value, at_least=least, at_most=_MOST)
            )
        # A single level below few classes has room for more. Powers beyond 2^700 exceed all that they are held against.
        below, tuples = self.v ** min(self.s - 1, 700), self.v ** min(self.s, 700)
        if self.m > below and (self.L > 1 or self.classes >= self.v):
            raise ValueError(
                f"Hierarchy: m (rules of a symbol) must be at most v^(s-1) = {below}, for no tuple "
                f"serves two rules, got {self.m}; take fewer rules, or more symbols or children"
            )
        if self.classes * self.m > tuples:
            raise ValueError(
                f"Hierarchy: classes times m must be at most v^s = {tuples}, for no tuple serves two rules, "
                f"got {self.classes} times {self.m}; take fewer classes or rules"
            )

    @property
    def leaves(self) -> int:
        """Number s^L of leaves."""
        return int(self.s**self.L)

    @property
    def nodes(self) -> int:
        """Number of nodes of all levels."""
        return (self.leaves * self.s - 1) // (self.s - 1)

    def symbols(self, level: int) -> int:
        """Number of symbols of a level: ``classes`` at the root, ``v`` below."""
        return self.classes if level == 0 else self.v


def checked_hierarchy(function: str, hierarchy: Any) -> Hierarchy:
    """The problem, where it is one and not its numbers."""
    if isinstance(hierarchy, Hierarchy):
        return hierarchy
    raise ValueError(
        f"{function}: hierarchy must be a Hierarchy, got {type(hierarchy).__name__}; make it of v, m, s, L and "
        "classes: Hierarchy(32, 8)"
    )


def check_formula_range(function: str, hierarchy: Hierarchy, *, depth: bool = True) -> None:
    """Refuse trees whose number of tuples, or of leaves where the depth matters, leaves the range of float64."""
    v, s = hierarchy.v, hierarchy.s
    for name, base, exponent in (("v^s", v, s), ("s^L", s, hierarchy.L if depth else 1)):
        if exponent * math.log10(base) > _LARGEST:
            raise ValueError(
                f"{function}: {name} must be at most 1e{_LARGEST}, got {base}^{exponent}: the formulas would leave the "
                "range of float64; take fewer symbols, children or levels"
            )


def checked_epsilon(function: str, epsilon: ArrayLike, *, at_least: float = 0.0) -> NDArray[np.float64]:
    """Noise levels of the epsilon-process, one or a 1-d sequence, from ``at_least`` to 1."""
    what = f"{function}: epsilon (noise of the leaves) must"
    try:
        levels = np.atleast_1d(np.asarray(epsilon, dtype=np.float64))
    except (TypeError, ValueError):
        raise ValueError(f"{what} be a number or a 1-d sequence of numbers, got {epsilon!r}") from None
    if levels.ndim != 1 or levels.size == 0:
        raise ValueError(f"{what} be a number or a 1-d sequence of numbers, got shape {levels.shape}")
    good = (levels >= at_least) & (levels <= 1)
    if not np.all(good):
        raise ValueError(f"{what} lie in [{at_least:g}, 1], got {as_given(levels[~good][0])}")
    return levels
