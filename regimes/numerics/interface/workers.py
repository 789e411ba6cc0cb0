"""Who works through the points: this process, or others that are given a function and which of the rows are theirs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol

__all__ = ["Here", "Workers", "places"]


class Workers(Protocol):
    """What passes over the points ask of those who do them."""

    @property
    def shards(self) -> int:
        """How many pieces at most a pass is cut into; what they give is put together in their order."""
        ...

    def put(self, value: Any) -> Any:
        """What stands for a value in the arguments of :meth:`map`, so that it is sent once."""
        ...

    def map(self, function: Callable[..., Any], items: Sequence[Any], *arguments: Any) -> Iterator[Any]:
        """What a function of a module, which changes nothing, gives of each item and the arguments, in their order."""
        ...


class Here:
    """Work done by this process, at once."""

    shards = 1

    def put(self, value: Any) -> Any:
        """The value itself."""
        return value

    def map(self, function: Callable[..., Any], items: Sequence[Any], *arguments: Any) -> Iterator[Any]:
        """One after another."""
        return (function(item, *arguments) for item in items)


def places(total: int, step: int, shards: int) -> list[slice]:
    """At most so many pieces of ``total`` things, each of whole steps but for the last.

    >>> places(10, 3, 2), places(10, 3, 1)
    ([slice(0, 6, None), slice(6, 10, None)], [slice(0, 10, None)])
    """
    size = step * -(-total // (step * shards))
    return [slice(start, min(start + size, total)) for start in range(0, total, size)]
