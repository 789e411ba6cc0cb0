"""Passes over the points by the processes of a Dask cluster; nothing here knows what is computed."""

from __future__ import annotations

import importlib
import logging
import re
import signal
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any

from numba import set_num_threads

from regimes.numerics.interface.workers import Here, Workers

__all__ = ["dask_setup", "workers_of"]

_SHARDS = 32
"""Pieces of a pass: so many processes at most share one, and so little of it is lost with a process."""
_LOCAL = re.compile(r"local:([1-9]\d{0,3})")
_ADDRESS = re.compile(r"[a-z]+://\S+|(?!local:)[^\s:/]+:\d+")
_ANSWER = 30.0  # seconds that a scheduler has to answer
_WAIT = 60.0  # seconds that it has to find a process, the first or, after all were lost, a new one
_TRIES, _PAUSE = 30, 1.0


def workers_of(scheduler: Any) -> AbstractContextManager[Workers]:
    """Workers of a local cluster that is started and ended, of the scheduler at an address, or of a given client."""
    if scheduler is None:
        return nullcontext(Here())
    if isinstance(scheduler, str) and not (_LOCAL.fullmatch(scheduler) or _ADDRESS.fullmatch(scheduler)):
        raise ValueError(
            f"predict: scheduler must be local:N, N processes here, or the address of one, got {scheduler!r}; give "
            "local:2 or tcp://host:8786"
        )
    try:
        distributed = importlib.import_module("distributed")
    except ImportError:
        raise ValueError(
            'predict: a scheduler is one of Dask, which is not installed; pip install "regimes[distributed]"'
        ) from None
    if not isinstance(scheduler, str | distributed.Client):
        raise ValueError(
            f"predict: scheduler must be local:N, an address or a distributed.Client, got {type(scheduler).__name__}; "
            "give one of these"
        )
    return _opened(distributed, scheduler)


@contextmanager
def _opened(distributed: Any, scheduler: Any) -> Iterator[Workers]:
    if not isinstance(scheduler, str):
        yield _DaskWorkers(distributed, scheduler)
        return
    local = _LOCAL.fullmatch(scheduler)
    if local is None:
        try:
            client = distributed.Client(scheduler, timeout=_ANSWER, set_as_default=False)
        except (OSError, ValueError) as error:  # or an address of an unknown kind
            raise ValueError(f"predict: no scheduler of Dask answers at {scheduler} ({error}); start one") from None
        with client:
            yield _DaskWorkers(distributed, client)
        return
    # Memory is planned by those who use it: Dask need not watch, spill or end processes for it.
    options = {"threads_per_worker": 1, "memory_limit": None, "dashboard_address": ":0", "preload": [__name__]}
    quiet = {"silence_logs": logging.CRITICAL}  # a process that is lost costs time, and no more
    with (
        distributed.LocalCluster(n_workers=int(local[1]), **options, **quiet) as cluster,
        distributed.Client(cluster, set_as_default=False, direct_to_workers=True) as client,
    ):
        yield _DaskWorkers(distributed, client)


@dataclass(eq=False)
class _Sent:
    """A value that all processes hold, and what stands for it there."""

    value: Any
    future: Any


class _DaskWorkers:
    """Processes of a cluster. Each has one piece at a time, whose result leaves it before it gets the next."""

    shards = _SHARDS

    def __init__(self, distributed: Any, client: Any) -> None:
        self._distributed, self._client = distributed, client

    def put(self, value: Any) -> _Sent:
        """Send a value to all."""
        return _Sent(value, self._scattered(value))

    def map(self, function: Callable[..., Any], items: Sequence[Any], *arguments: Any) -> Iterator[Any]:
        """Results in the order of the items, whoever is first: sums of them always have the same bytes."""
        waiting, running = deque(items), deque[tuple[Any, Any]]()
        most = self._processes()
        while waiting or running:
            while waiting and len(running) < most:
                item = waiting.popleft()
                running.append((item, self._submit(function, item, arguments)))
            item, future = running.popleft()
            try:
                with _answering():
                    found = future.result()
            except CancelledError:  # what was sent, with the last who held it: send it again
                waiting.extendleft(reversed([item, *(each for each, _ in running)]))
                running.clear()
                for each in (each for each in arguments if isinstance(each, _Sent)):
                    each.future = self._scattered(each.value)
                continue
            except self._distributed.KilledWorker:
                raise ValueError(
                    "predict: a piece of work must not end its process, got one that ended several, for lack of memory "
                    "perhaps; give a smaller memory, or the processes more"
                ) from None
            del future
            yield found
            del found

    def _processes(self) -> int:
        """Threads of all processes, once there are any."""
        with _answering():
            try:
                self._client.wait_for_workers(1, timeout=_WAIT)
            except TimeoutError:
                raise ValueError(
                    f"predict: the scheduler must have processes, got none in {_WAIT:g} seconds; start dask workers"
                ) from None
            return sum(self._client.nthreads().values())

    def _scattered(self, value: Any) -> Any:
        tries = 0
        while True:
            self._processes()
            try:
                return self._client.scatter([value], broadcast=True, hash=False)[0]  # whole, whatever it is
            except OSError as error:  # a process was lost while it was sent
                tries += 1
                if tries == _TRIES:
                    raise ValueError(f"predict: points cannot be sent to the processes of Dask: {error}") from None
                time.sleep(_PAUSE)

    def _submit(self, function: Callable[..., Any], item: Any, arguments: Sequence[Any]) -> Any:
        given = [each.future if isinstance(each, _Sent) else each for each in arguments]
        return self._client.submit(_on_one_thread, function, item, *given, pure=False)


@contextmanager
def _answering() -> Iterator[None]:
    """Say so where the scheduler is lost; what a process says of a file passes."""
    try:
        yield
    except OSError as error:
        if error.filename is not None:
            raise
        raise ValueError(
            f"predict: the scheduler of Dask must go on to the end, got no more answers ({error}); start it anew, and "
            "keep what is finished with --checkpoint (checkpoint=)"
        ) from None


def dask_setup(worker: Any) -> None:
    """Leave Ctrl-C to the command; a process here calls this, by its name, when it begins."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _on_one_thread(function: Callable[..., Any], *arguments: Any) -> Any:
    set_num_threads(1)
    return function(*arguments)
