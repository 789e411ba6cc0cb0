"""All formulas by name."""

from __future__ import annotations

import difflib
from functools import cache

from regimes.theory.collapse import excess_entropy, information, random_energy
from regimes.theory.composition import bump, bump_overlap, percolation, pixel_overlap
from regimes.theory.formula.formula import Formula
from regimes.theory.hierarchy import correlations, maps, transition, uturns
from regimes.theory.process import clocks, denoisers, forward, samplers
from regimes.theory.speciation import clones, criteria, order_parameter_steps, points, sign_clones

__all__ = ["catalogue", "formula"]

_MODULES = (
    forward,
    clocks,
    criteria,
    order_parameter_steps,
    clones,
    sign_clones,
    points,
    information,
    excess_entropy,
    random_energy,
    maps,
    transition,
    correlations,
    uturns,
    denoisers,
    samplers,
    bump,
    bump_overlap,
    pixel_overlap,
    percolation,
)


@cache
def catalogue() -> tuple[Formula, ...]:
    """All formulas, in the order in which the theory builds them.

    Returns
    -------
    tuple of Formula
        Names are unique.
    """
    return tuple(value for module in _MODULES for name, value in vars(module).items() if name in module.__all__)


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
    >>> from regimes import formula
    >>> formula("snr").title
    'Signal-to-noise ratio per unit of data variance'
    """
    known = {entry.name: entry for entry in catalogue()}
    if name not in known:
        close = difflib.get_close_matches(name, known, n=3)
        hint = f"did you mean {' or '.join(close)}?" if close else "`regimes derive --list` lists all"
        raise ValueError(f"formula: there is no formula called {name!r}; {hint}")
    return known[name]
