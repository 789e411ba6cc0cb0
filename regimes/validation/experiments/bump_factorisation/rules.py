"""What a code is called, by thresholds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["RULES", "called"]

_ERRORS = 2.0  # a threshold is passed by so many standard errors, where there are several trainings

RULES = {
    "factorised": ("parallel", ">", 0.75),
    "coupled": ("parallel", "<", 0.75),
    "orthogonal": ("crossing", "<", 0.25),
    "not orthogonal": ("crossing", ">", 0.25),
    "continuous": ("next", ">", 0.5),
    "discontinuous": ("next", "<", 0.1),
}
"""Word, and the number that has to lie above or below a threshold; ideal codes lie well off all of them.

Factorised lies half way between a sum (1) and the torus in three dimensions (.47). Where x and y share all directions
the squared cosine of x on y is 1/D: a quarter of it is half of the cosine. Neighbours have .92 on a circle, .72 in the
images, -.07 in directions of their own.
"""


def called(found: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Words that hold for estimates: by two standard errors, or by the value alone where there is one training."""
    words = []
    for word, (name, side, threshold) in RULES.items():
        value, se = found[name]["value"], found[name]["se"] or 0.0
        if value is None:
            continue
        beyond = value - threshold if side == ">" else threshold - value
        if beyond > _ERRORS * se:
            words.append(word)
    return words
