"""All formulas by name; each is built, with what it needs, when it is asked for."""

from __future__ import annotations

import difflib
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

from regimes.theory.formula.written import written

if TYPE_CHECKING:
    from regimes.theory.formula.formula import Formula

__all__ = ["catalogue", "formula"]


@cache
def catalogue() -> tuple[Formula, ...]:
    """All formulas, in the order in which the theory builds them.

    Returns
    -------
    tuple of Formula
        Names are unique.
    """
    return tuple(map(formula, written()))


def formula(name: str) -> Formula:
    """Look a formula up by its name.

    Parameters
    ----------
    name : str
        As listed by ``regimes derive --list``.

    Returns
    -------
    Formula
        The formula.

    Raises
    ------
    ValueError
        If no formula has that name; close names are offered.

    Examples
    --------
    >>> from regimes.theory.catalogue import formula
    >>> formula("snr").title
    'Signal-to-noise ratio per unit of data variance'
    """
    if name not in written():
        close = difflib.get_close_matches(name, written(), n=3)
        hint = f"did you mean {' or '.join(close)}?" if close else "`regimes derive --list` lists all"
        raise ValueError(f"formula: there is no formula called {name!r}; {hint}")
    place = written()[name]
    found: Formula = getattr(import_module(place.module), place.constant)
    return found
