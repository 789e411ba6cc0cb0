"""Files of the cache carry a checksum of their content: a damaged or foreign one is as good as none."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import os
import tempfile
import time
from pathlib import Path

from regimes.numerics.compiled.cache_folder import make_private

__all__ = ["digest", "read_sealed", "seal", "unseal", "write_sealed"]

_SEAL = b"# regimes sha256="
_DAY = 86400
_UNUSED = 90 * _DAY


def digest(*parts: bytes) -> str:
    """Twenty hexadecimal digits that tell these parts from any others."""
    result = hashlib.sha256()
    for part in parts:
        result.update(len(part).to_bytes(8, "little") + part)
    return result.hexdigest()[:20]


def seal(content: bytes) -> bytes:
    """The content below a line with its checksum, which is a comment to Python."""
    return _SEAL + hashlib.sha256(content).hexdigest().encode() + b"\n" + content


def unseal(data: bytes) -> bytes | None:
    """The content, None unless it is what was sealed."""
    _, _, content = data.partition(b"\n")
    return content if seal(content) == data else None


def read_sealed(path: Path, *, own: bool = True) -> bytes | None:
    """Content of a file; None where it is missing, damaged, or (if it must be our own) another user can write it."""
    try:
        with path.open("rb") as file:
            found = os.fstat(file.fileno())
            if own and hasattr(os, "geteuid") and (found.st_uid != os.geteuid() or found.st_mode & 0o022):
                return None
            content = unseal(file.read())
        if own and content is not None and time.time() - found.st_mtime > _DAY:
            with contextlib.suppress(OSError):
                os.utime(path)  # for what tidies up: it was used
        return content
    except OSError:
        return None


def write_sealed(path: Path, content: bytes) -> None:
    """Create or replace a file whole; a disk that is full or read-only costs the next process time and nothing else."""
    with contextlib.suppress(OSError):
        make_private(path.parent)
        handle, temporary = tempfile.mkstemp(dir=path.parent, suffix=".tmp")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(seal(content))
            os.replace(temporary, path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
        _remove_unused(path.parent)


@functools.cache
def _remove_unused(folder: Path) -> None:
    """Remove sealed files of a folder that nobody read for three months, once a process; others are not ours."""
    for path in folder.iterdir():
        with contextlib.suppress(OSError):
            if path.is_file() and time.time() - path.stat().st_mtime > _UNUSED:
                with path.open("rb") as file:
                    sealed = file.read(len(_SEAL)) == _SEAL
                if sealed:
                    path.unlink()
