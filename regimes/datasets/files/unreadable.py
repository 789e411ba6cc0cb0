"""One error for a file that a library cannot read, whatever the library says, and for what stands in its place."""

from __future__ import annotations

import codecs
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["refuse_stand_in", "refusing_damage"]

_POINTER, _PAGE = b"version https://git-lfs.github.com/spec/", (b"<!doctype html", b"<html")
_START = 1024


def refuse_stand_in(path: Path) -> None:
    """Refuse a pointer of Git LFS and a web page, which a download may leave under the name of any file."""
    if not path.is_file():  # a pipe can be read once
        return
    try:
        with path.open("rb") as stream:
            start = stream.read(_START).removeprefix(codecs.BOM_UTF8).lstrip().lower()
    except OSError:
        return  # of which the reader speaks
    if start.startswith(_POINTER):
        raise ValueError(
            f"load_dataset: a file must hold the data themselves, got {path}: a pointer of Git LFS to them; "
            "fetch them with git lfs pull"
        )
    if start.startswith(_PAGE):
        raise ValueError(
            f"load_dataset: a file must hold the data themselves, got {path}: a web page (HTML), as one that says why "
            "there is no file; download the file anew, or save the table of the page as .csv"
        )


@contextmanager
def refusing_damage(what: str, path: Path, key: str | None = None) -> Iterator[None]:
    """Turn what a library raises into one error; errors of ours, which begin with load_dataset, pass.

    Every exception, since none of the libraries names what its decoders raise on altered bytes.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except Exception as error:
        if str(error).startswith("load_dataset: "):
            raise
        refuse_stand_in(path)
        place = f"{path}, key {key}" if key else str(path)
        raise ValueError(
            f"load_dataset: this must be {what}, whole and not altered, got {place}, which cannot be read"
            f"{_reason(error)}"
        ) from None


def _reason(error: Exception) -> str:
    """First line of what a reader says of the file, cut where it grows long; nothing of what went wrong inside."""
    lines = str(error).strip().splitlines() if isinstance(error, ValueError | OSError) else []
    return f": {lines[0][:120]}" if lines else ""
