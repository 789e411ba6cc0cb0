"""The file of a schedule: where it is, and its JSON."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

__all__ = ["LARGEST", "checked_size", "pipeline_of", "read_mapping", "scheduler_path"]

SUFFIXES = (".json", ".csv", ".txt", ".npy", ".npz")
_NAME = "scheduler_config.json"
_PIPELINE = "model_index.json"
LARGEST = 16 * 2**20
"""Bytes of a file: a million levels in text, where a schedule has some thousands."""


def scheduler_path(text: str | os.PathLike[str]) -> Path | None:
    """The file that a path leads to, in a folder or a pipeline's folder too; None if nothing is there.

    Raises
    ------
    ValueError
        If a folder holds no configuration, or the file is of no type that is read.
    """
    if not os.fspath(text):
        return None  # not the working folder
    try:
        path = Path(text).expanduser()
        if path.name == _PIPELINE:
            path = path.parent
        if path.is_dir():
            found = [each for each in (path / _NAME, path / "scheduler" / _NAME) if each.is_file()]
            if not found:
                raise ValueError(f"noise_schedule: a folder must hold {_NAME}, or scheduler/{_NAME}, got {path}")
            return found[0]
        if not path.exists():
            return None
    except (OSError, RuntimeError):  # a name too long, a home that is not known
        return None
    if not path.is_file() or path.suffix.lower() not in SUFFIXES:
        raise ValueError(f"noise_schedule: a file of a schedule must end in {', '.join(SUFFIXES)}, got {path}")
    return path


def pipeline_of(path: Path) -> str | None:
    """Class of the pipeline in whose folder a configuration lies; None if it lies alone."""
    index = path.parent.parent / _PIPELINE
    content = read_mapping(index) if path.parent.name == "scheduler" and index.is_file() else None
    name = content.get("_class_name") if isinstance(content, Mapping) else None
    return name if isinstance(name, str) else None


def checked_size(path: Path) -> Path:
    """Refuse a file that is no schedule before it is read."""
    size = path.stat().st_size
    if size > LARGEST:
        raise ValueError(
            f"noise_schedule: a file of a schedule must have at most {LARGEST // 2**20} MiB, got {path} with "
            f"{size / 2**20:.0f} MiB; give the noise levels of its steps alone"
        )
    return path


def read_mapping(path: Path) -> Mapping[str, Any] | list[Any]:
    """The object or the list that a JSON file holds.

    Raises
    ------
    ValueError
        If it is no JSON, or repeats a key.
    """
    try:
        with checked_size(path).open(encoding="utf-8-sig") as stream:
            found = json.load(stream, object_pairs_hook=_without_repeats)
    except (OSError, UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        reason = str(error).partition("\n")[0] or type(error).__name__
        raise ValueError(f"noise_schedule: the file must be JSON, got {path}, which cannot be read: {reason}") from None
    if not isinstance(found, dict | list):
        raise ValueError(f"noise_schedule: the file must hold a configuration or a list, got {path} with neither")
    return found


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise ValueError(f"noise_schedule: a key must stand once, got {key[:40]!r} twice; delete one")
        found[key] = value
    return found
