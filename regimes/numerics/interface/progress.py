"""How far long work has come."""

from __future__ import annotations

from collections.abc import Callable

__all__ = ["ESTIMATE", "Progress", "silent"]

Progress = Callable[[str, int, int], None]
"""Called with the name of a part of the work, how much of it is done, and how much there is: nothing done at its start,
when its share is not known yet."""

ESTIMATE = "estimate: "
"""How a part begins that is none: what is to be expected, in words, with the seconds as a total."""


def silent(part: str, done: int, total: int) -> None:
    """Nobody watches."""
