"""How far a simulation has come."""

from __future__ import annotations

from collections.abc import Callable

__all__ = ["Progress", "counter", "renamed", "silent"]

Progress = Callable[[str, int, int], None]
"""Called with the name of a part of the work, how much of it is done, and how much there is."""


def silent(part: str, done: int, total: int) -> None:
    """Nobody watches."""


def counter(report: Progress, part: str, total: int) -> Callable[[int], None]:
    """A function that is told how much was done since it was last called."""
    done = 0

    def advance(more: int) -> None:
        nonlocal done
        done += more
        report(part, done, total)

    return advance


def renamed(report: Progress, name: str) -> Progress:
    """The same report, whatever a part of the work calls itself."""

    def told(part: str, done: int, total: int) -> None:
        report(name, done, total)

    return told
