"""Lines and labels that figures share, told apart by dashes as well, so that nothing is lost in greyscale."""

from __future__ import annotations

from typing import Any

__all__ = [
    "CLASS",
    "CLASS_HELD_OUT",
    "CLASS_LEFT_OUT",
    "EMPIRICAL",
    "INDEX",
    "LOWEST_SHOWN",
    "POPULATION",
    "TIME_LABEL",
]

CLASS: dict[str, Any] = {"color": "#0b3c5d", "linestyle": "-", "linewidth": 1.8}
CLASS_HELD_OUT: dict[str, Any] = {"color": "#d18a1f", "linestyle": "-", "linewidth": 1.4}
CLASS_LEFT_OUT: dict[str, Any] = {"color": "#4d8fbf", "linestyle": ":", "linewidth": 1.8}
INDEX: dict[str, Any] = {"color": "#b5382a", "linestyle": "--", "linewidth": 1.8}
EMPIRICAL = INDEX
POPULATION: dict[str, Any] = {"color": "#1b6b45", "linestyle": "-", "linewidth": 1.8}

LOWEST_SHOWN = -1.0
"""Of an excess entropy in units of alpha, which falls without end."""

TIME_LABEL = "Ornstein-Uhlenbeck time t  (sampling runs from right to left)"
