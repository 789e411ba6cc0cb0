"""One error for a file that a library cannot read, whatever the library says."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["refusing_damage"]


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
        place = f"{path}, key {key}" if key else str(path)
        raise ValueError(
            f"load_dataset: this must be {what}, whole and not altered, got {place}, which cannot be read"
            f"{_reason(error)}"
        ) from None


def _reason(error: Exception) -> str:
    """First line of what a reader says of the file, cut where it grows long; nothing of what went wrong inside."""
    lines = str(error).strip().splitlines() if isinstance(error, ValueError | OSError) else []
    return f": {lines[0][:120]}" if lines else ""
