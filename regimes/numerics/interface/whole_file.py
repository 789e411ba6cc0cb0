"""A file is written whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["check_place", "replacing"]


def check_place(what: str, path: Path) -> None:
    """Refuse a folder, and a path whose folder does not exist or cannot be written."""
    if path.is_dir():
        raise ValueError(f"{what}: {path} is a folder; give the name of a file in it")
    if not path.parent.is_dir():
        raise ValueError(f"{what}: cannot write to folder {path.parent} (it does not exist); choose another")
    if (path.is_file() or not path.exists()) and not os.access(path.resolve().parent, os.W_OK | os.X_OK):
        raise ValueError(f"{what}: cannot write to folder {path.parent} (permission denied); choose another")


@contextmanager
def replacing(what: str, path: Path) -> Iterator[Path]:
    """Give a temporary file that takes the place of the path when the block ends well, and vanishes otherwise.

    What a link points to is replaced, not the link; a pipe or a device is written to.
    """
    check_place(what, path)
    path = path.resolve()
    if path.exists() and not path.is_file():
        yield path
        return
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as error:
        raise ValueError(f"{what}: cannot write to folder {path.parent} ({error.strerror}); choose another") from None
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        umask = os.umask(0)
        os.umask(umask)
        temporary.chmod(0o666 & ~umask)  # mkstemp makes private files; a result is an ordinary one
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
