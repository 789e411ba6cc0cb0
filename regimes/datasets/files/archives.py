"""Zip archives: where they end, of which zipfile takes no notice, and what systems add to them."""

from __future__ import annotations

import os
import struct
from pathlib import PurePosixPath
from typing import IO

__all__ = ["check_archive_end", "is_hidden"]

_END, _LAST = b"PK\x05\x06", 22  # how the last record begins, and its bytes before a comment
_LONGEST_COMMENT = 2**16 - 1
_SYSTEM = (("Thumbs.db",), ("desktop.ini",))


def check_archive_end(stream: IO[bytes]) -> None:
    """Refuse an archive whose last record, with the comment that it declares, is not the end of the file."""
    size = stream.seek(0, os.SEEK_END)
    stream.seek(max(0, size - _LAST - _LONGEST_COMMENT))
    tail = stream.read()
    at = tail.rfind(_END)
    if at < 0 or len(tail) - at < _LAST:
        raise ValueError("it is truncated, or goes on behind the archive")
    (comment,) = struct.unpack_from("<H", tail, at + _LAST - 2)
    if at + _LAST + comment != len(tail):
        raise ValueError("it goes on behind the archive")


def is_hidden(name: str) -> bool:
    """Whether a file lies in a folder, or has a name, that systems write and hide."""
    parts = PurePosixPath(name).parts
    return any(part.startswith(".") or part == "__MACOSX" for part in parts) or parts[-1:] in _SYSTEM
