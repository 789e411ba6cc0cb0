"""Paths that a user gives: the home directory, what no file can be called, and ``-``, standard input."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

__all__ = ["exists", "expanded", "is_standard_input"]

_NO_FILE = (errno.ENOENT, errno.ENOTDIR, errno.EACCES)


def expanded(function: str, path: str | os.PathLike[str]) -> Path:
    """The path with ``~`` as the home directory; an error where no file can have this name."""
    try:
        place = Path(path).expanduser()
        place.stat()
    except RuntimeError:
        raise ValueError(f"{function}: there is no such user in {os.fspath(path)!r}; write the folder out") from None
    except OSError as error:
        if error.errno not in _NO_FILE:
            raise ValueError(f"{function}: {os.fspath(path)} cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise ValueError(f"{function}: no file can be called {os.fspath(path)!r}: {error}") from None
    return place


def exists(path: str | os.PathLike[str]) -> bool:
    """Whether there is something of this name; False where there can be nothing."""
    try:
        return Path(path).expanduser().exists()
    except (OSError, RuntimeError, ValueError):
        return False


def is_standard_input(source: Any) -> bool:
    """Whether a source is ``-``, or ``-:key``."""
    return isinstance(source, str) and (source == "-" or source.startswith("-:"))
