"""How far a simulation has come."""

from __future__ import annotations

from collections.abc import Callable

from regimes.numerics.interface.progress import Progress, silent

__all__ = ["Progress", "counter", "renamed", "silent"]


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
