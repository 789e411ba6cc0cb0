"""How many threads torch uses, kept from what changes it and chosen where it matters."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numba
import torch

__all__ = ["one_torch_thread", "torch_threads_kept"]


@contextmanager
def torch_threads_kept() -> Iterator[None]:
    """Put the number of torch's threads back: the first start of compiled kernels may change it by OpenMP.

    They are started here, so that none does within: with two threads on a busy machine operations of 10 us took 7 ms.
    """
    threads = torch.get_num_threads()
    numba.get_num_threads()
    torch.set_num_threads(threads)  # also stops libraries below torch from choosing a number for each product
    try:
        yield
    finally:
        torch.set_num_threads(threads)


@contextmanager
def one_torch_thread() -> Iterator[None]:
    """Let torch use one thread: over small blocks threads wait for each other, beside other programs for long."""
    with torch_threads_kept():
        torch.set_num_threads(1)
        yield
