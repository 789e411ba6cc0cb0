"""Standard input in place of a file: ``-`` names it, its content says what it is."""

from __future__ import annotations

import os
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from regimes.numerics.interface.checks import gibibytes
from regimes.numerics.interface.paths import expanded

__all__ = ["STANDARD_INPUT", "read_bounded", "standard_input_file"]

STANDARD_INPUT = "standard input"

_BEGINNINGS = {
    b"\x93NUMPY": ".npy",
    b"PK\x05\x06": ".npz",
    b"\x89HDF\r\n\x1a\n": ".h5",
    b"PAR1": ".parquet",
    b"ARROW1": ".arrow",
    b"\x80": ".npy",  # a pickle, refused as one
}
_BLOCK = 2**20


@contextmanager
def standard_input_file(function: str, limit: int, otherwise: str) -> Iterator[Path]:
    """What comes in, as a file whose name ends as its content begins; errors speak of standard input.

    ``otherwise`` is the suffix of what begins like no format known.
    """
    with tempfile.TemporaryDirectory(prefix="regimes-") as folder:
        place = Path(folder) / "input"
        with place.open("wb") as file:
            for block in _blocks(function, limit):
                file.write(block)
        place = place.rename(place.with_suffix(_suffix(place, otherwise)))
        try:
            yield place
        except ValueError as error:
            raise ValueError(str(error).replace(os.fspath(place), STANDARD_INPUT)) from None


def _suffix(place: Path, otherwise: str) -> str:
    """The ending of a file by its content; of a zip archive by what lies in it."""
    with place.open("rb") as file:
        start = file.read(9)
    if start[4:] == b"\0\0\0\0{":  # the length of a header in JSON, and its beginning
        return ".safetensors"
    if not start.startswith(b"PK\x03\x04"):
        return next((each for begin, each in _BEGINNINGS.items() if start.startswith(begin)), otherwise)
    try:
        with zipfile.ZipFile(place) as archive:
            names = archive.namelist()
    except (OSError, ValueError, NotImplementedError, zipfile.BadZipFile):
        return ".npz"  # whose reader says what is wrong with it
    if any(name.endswith(".npy") for name in names):
        return ".npz"
    return ".pt" if any(name.endswith("data.pkl") for name in names) else ".zip"


def read_bounded(function: str, path: Path, limit: int) -> bytes:
    """Content of a file, or of standard input, no longer than the limit in bytes; OSError where it cannot be read."""
    if os.fspath(path) == "-":
        return b"".join(_blocks(function, limit))
    place = expanded(function, path)
    if place.exists() and not place.is_file() and not place.is_dir():
        raise ValueError(f"{function}: {path} is a pipe or a device; give a file, or - for standard input")
    with place.open("rb") as file:
        content = file.read(limit + 1)
    if len(content) > limit:
        raise ValueError(f"{function}: {path} must not be larger than {gibibytes(limit)}; raise memory")
    return content


def _blocks(function: str, limit: int) -> Iterator[bytes]:
    if sys.stdin is None:
        raise ValueError(f"{function}: {STANDARD_INPUT} is closed; redirect a file to it, or name the file")
    taken = 0
    while block := sys.stdin.buffer.read(_BLOCK):
        taken += len(block)
        if taken > limit:
            raise ValueError(f"{function}: {STANDARD_INPUT} must not be larger than {gibibytes(limit)}; raise memory")
        yield block
