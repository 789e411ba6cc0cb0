"""A file is written whole or not at all."""

from __future__ import annotations

import errno
import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from regimes.numerics.interface.paths import expanded

__all__ = ["check_place", "replacing"]

_LONGEST = 255  # bytes of a name, on every file system in use
_RANDOM = 10  # what a temporary name has more


def check_place(what: str, path: Path) -> None:
    """Refuse a folder, a name that no file can have, and a folder that does not exist or cannot be written."""
    expanded(what, path)
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
    try:
        if _is_special(path):
            yield path
        else:
            with _beside(path.resolve()) as temporary:
                yield temporary
    except OSError as error:
        if error.errno == errno.EPIPE:
            raise
        raise ValueError(f"{what}: cannot write {path} ({error.strerror or error}); choose another place") from None


def _is_special(path: Path) -> bool:
    """Whether there is something that is no file, asked once: another process may remove a file meanwhile."""
    try:
        return not stat.S_ISREG(path.stat().st_mode)
    except OSError:
        return False


@contextmanager
def _beside(path: Path) -> Iterator[Path]:
    name = os.fsdecode(os.fsencode(path.name)[: _LONGEST - _RANDOM])
    handle, found = tempfile.mkstemp(dir=path.parent, prefix=f".{name}.")
    os.close(handle)
    temporary = Path(found)
    try:
        yield temporary
        umask = os.umask(0)
        os.umask(umask)
        temporary.chmod(0o666 & ~umask)  # mkstemp makes private files; a result is an ordinary one
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
