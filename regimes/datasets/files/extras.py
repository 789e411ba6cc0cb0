"""Libraries that only some formats need, imported when such a file comes."""

from __future__ import annotations

import importlib
from typing import Any

__all__ = ["library"]


def library(name: str, what: str, *, of: str | None = None) -> Any:
    """A library of the extra ``formats``; without it an error names the command that installs it."""
    try:
        return importlib.import_module(name)
    except ImportError:
        raise ValueError(
            f'load_dataset: {what} are read with {of or name}, which is not installed; pip install "regimes[formats]"'
        ) from None
