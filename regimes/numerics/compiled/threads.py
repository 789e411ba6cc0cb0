"""Independent pieces of compiled work on all threads."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from contextvars import copy_context
from typing import Any, TypeVar

from numba import get_num_threads

__all__ = ["blas_threads", "in_threads", "one_blas_thread", "share_out"]

_SMALL = 10**6  # products of messages, some 2 ms
_FEW = 2**20  # values of a data set whose products take some 30 ms at a time on one thread

Item = TypeVar("Item")
Result = TypeVar("Result")


def in_threads(
    function: Callable[[Item], Result], items: Sequence[Item], threads: int | None = None
) -> Iterator[Result]:
    """Apply a function that releases the interpreter lock to all items; results come in their order.

    At most ``threads`` at a time, as many as numba may use by default. Each item sees the records of formulas that its
    caller has opened. What has not begun is dropped if the caller stops early.
    """
    workers = min(get_num_threads() if threads is None else threads, len(items))
    if workers <= 1:
        yield from map(function, items)
        return
    pool = ThreadPoolExecutor(workers)
    try:
        contexts = [copy_context() for _ in items]
        yield from pool.map(lambda context, item: context.run(function, item), contexts, items)
    finally:
        pool.shutdown(cancel_futures=True)


def share_out(function: Callable[[int, int], None], count: int, work: int) -> None:
    """Call ``function(first, step)`` on every thread, which does the items first, first + step, ... of ``count``.

    One thread where the work, counted in products of messages, is so small that threads would wait for each other, on a
    busy machine above all. Only for kernels that release the interpreter lock, whose result does not depend on who does
    what. Threads of numba's own take eight seconds more to compile, and their first start changes those of torch.
    """
    threads = 1 if work < _SMALL else min(get_num_threads(), count)
    for _ in in_threads(lambda first: function(first, threads), range(threads), threads):
        pass


def blas_threads(values: int) -> AbstractContextManager[Any]:
    """One thread of BLAS while work is done on so few values: its threads spin while they wait, and save less."""
    return one_blas_thread() if values <= _FEW else nullcontext()


def one_blas_thread() -> AbstractContextManager[Any]:
    """One thread of BLAS, as where pieces of work have threads of their own."""
    from threadpoolctl import threadpool_limits

    limits: AbstractContextManager[Any] = threadpool_limits(1, user_api="blas")
    return limits
