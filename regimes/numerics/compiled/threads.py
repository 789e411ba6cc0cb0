"""Independent pieces of compiled work on all threads."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from numba import get_num_threads

__all__ = ["in_threads"]

Item = TypeVar("Item")
Result = TypeVar("Result")


def in_threads(
    function: Callable[[Item], Result], items: Sequence[Item], threads: int | None = None
) -> Iterator[Result]:
    """Apply a function that releases the interpreter lock to all items.

    Parameters
    ----------
    function : callable
        Of one item.
    items : sequence
        The items.
    threads : int, optional
        At most so many at a time; as many as numba may use by default.

    Yields
    ------
    result
        In the order of the items. What has not begun is dropped if the caller stops early.
    """
    workers = min(get_num_threads() if threads is None else threads, len(items))
    if workers <= 1:
        yield from map(function, items)
        return
    pool = ThreadPoolExecutor(workers)
    try:
        yield from pool.map(function, items)
    finally:
        pool.shutdown(cancel_futures=True)
