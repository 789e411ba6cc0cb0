"""Folders of tables: those that ``save_to_disk`` of the library datasets writes, and folders of Parquet files."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from regimes.datasets.files.arrow import read_arrow, read_parquet
from regimes.datasets.files.frames import Frame, class_label_names, joined
from regimes.datasets.files.parts import are_parts, part
from regimes.datasets.files.unreadable import refusing_damage

__all__ = ["is_table_folder", "read_table_folder", "table_files"]

_READERS = {".parquet": read_parquet, ".arrow": read_arrow}


def is_table_folder(path: Path) -> bool:
    """Whether a folder holds tables, at any depth, or says that it does."""
    if (path / "state.json").is_file() or (path / "dataset_dict.json").is_file():
        return True
    return any(next(path.rglob(f"*{suffix}"), None) is not None for suffix in _READERS)


def read_table_folder(path: Path) -> Frame:
    """All tables of a folder, one below the other, in the order of their names or in that of ``state.json``."""
    if (path / "dataset_dict.json").is_file():
        parts = _described(path / "dataset_dict.json").get("splits", [])
        if len(parts) != 1:
            raise _several(path, [str(part) for part in parts], "{}")
        return read_table_folder(_inside(path, parts[0]))
    if (path / "state.json").is_file():
        state = _described(path / "state.json")
        if state.get("_indices_data_files"):
            raise ValueError(
                f"load_dataset: a folder must hold its rows in order, got {path} with a file of their order beside "
                "them; call flatten_indices() and save it again"
            )
        files = [_inside(path, each["filename"]) for each in state["_data_files"]]
    else:
        files = sorted(each for each in path.rglob("*") if each.suffix in _READERS and not each.name.startswith("."))
        parts = sorted({found for each in files if (found := part(each.relative_to(path).as_posix()))})
        if are_parts(parts):
            raise _several(path, parts, "**/{}-*" + files[0].suffix)
    frame = table_files(files, str(path))
    described = path / "dataset_info.json"
    if frame.class_names or not described.is_file():
        return frame
    return replace(frame, class_names=class_label_names(_described(described).get("features")))


def table_files(files: list[Path], where: str) -> Frame:
    """Tables of several files, one below the other."""
    return joined([_READERS[each.suffix.lower()](each) for each in files], where)


def _several(path: Path, parts: list[str], form: str) -> ValueError:
    one = f"{path}/{form.format('train' if 'train' in parts else parts[0])}" if parts else str(path)
    return ValueError(
        f"load_dataset: one part of a data set must be given, got {', '.join(parts) or 'none'} in {path}; give one, "
        f"such as {one}"
    )


def _described(path: Path) -> dict[str, Any]:
    with refusing_damage("a description in JSON", path):
        found = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(found, dict):
            raise ValueError("it holds no names")
        return found


def _inside(folder: Path, name: Any) -> Path:
    """A file that a description names, which must lie in its folder."""
    path = folder / str(name)
    if not path.resolve().is_relative_to(folder.resolve()) or not path.exists():
        raise ValueError(f"load_dataset: a description must name what lies beside it, got {name!r} in {folder}")
    return path
