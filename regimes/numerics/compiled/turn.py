"""One process at a time: the second waits while the first makes what both need."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

from regimes.numerics.compiled.cache_folder import make_private

__all__ = ["turn"]


@contextlib.contextmanager
def turn(path: Path) -> Iterator[None]:
    """Hold the right to make this file; threads of one process are not kept apart.

    One byte of one file stands for each path. The system frees it when the process ends, however it ends, and refuses
    to let two processes wait for each other. Where files cannot be locked both make the file, which is right as well.
    """
    try:
        import fcntl
    except ImportError:  # Windows
        yield
        return
    place = int.from_bytes(hashlib.sha256(path.name.encode()).digest()[:7], "little")
    try:
        handle = _handle(path.parent)
        fcntl.lockf(handle, fcntl.LOCK_EX, 1, place)
    except OSError:
        yield
        return
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            fcntl.lockf(handle, fcntl.LOCK_UN, 1, place)


@functools.cache
def _handle(folder: Path) -> int:
    """Open for the life of the process: closing it once would free every byte that is held."""
    make_private(folder)
    return os.open(folder / "lock", os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o600)
