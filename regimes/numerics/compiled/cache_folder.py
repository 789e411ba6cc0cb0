"""Where generated code is kept between processes: a folder that nobody else can write to."""

from __future__ import annotations

import functools
import os
import sys
import tempfile
from pathlib import Path

__all__ = ["cache_directory", "is_kept"]


def cache_directory() -> Path:
    """``REGIMES_CACHE_DIR`` if set, else the platform's; a private temporary folder where that one will not do."""
    chosen = os.environ.get("REGIMES_CACHE_DIR")
    return _usable(chosen if chosen else _platform_cache())


def is_kept(folder: Path) -> bool:
    """Whether what lies in that folder is there in the next process too."""
    return not _temporary_directory.cache_info().currsize or folder != _temporary_directory()


def _platform_cache() -> str:
    import platformdirs

    return platformdirs.user_cache_dir("regimes", appauthor=False)


@functools.cache
def _usable(chosen: str) -> Path:
    path = Path(chosen).expanduser()
    try:
        make_private(path)
        fault = _fault(path)
        if fault is None:
            with tempfile.TemporaryFile(dir=path):
                pass
    except OSError:
        return _temporary_directory()
    if fault is None:
        return path
    print(
        f"regimes: the cache folder {path} {fault}: nothing in it is run\n"
        "regimes: a private temporary folder is used, and code is compiled again in every process;\n"
        "regimes: take the folder back (chown, chmod go-w) or name another in REGIMES_CACHE_DIR",
        file=sys.stderr,
    )
    return _temporary_directory()


def make_private(path: Path) -> None:
    """Create a folder and those above it that are missing, for this user alone."""
    if not path.is_dir():
        if path.parent != path:
            make_private(path.parent)
        path.mkdir(mode=0o700, exist_ok=True)


def _fault(path: Path) -> str | None:
    """Why code in this folder may be somebody else's."""
    if not hasattr(os, "geteuid"):
        return None
    found = path.resolve().stat()
    if found.st_uid != os.geteuid():
        return "belongs to another user"
    if found.st_mode & 0o022:
        return "can be written by others"
    return None


@functools.cache
def _temporary_directory() -> Path:
    import atexit
    import shutil

    path = tempfile.mkdtemp(prefix="regimes-")
    atexit.register(shutil.rmtree, path, ignore_errors=True)
    return Path(path)
