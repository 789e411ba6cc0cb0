"""Pieces of a long computation on disk, so that one that was killed goes on where it was."""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from regimes.numerics.interface.whole_file import check_place, replacing
from regimes.theory.formula.record import note, recorded

__all__ = ["Arrays", "Checkpoints", "Partial", "check_folder", "kept_pieces"]

_SETTINGS = "settings.json"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._=,+-]*")
_LEFTOVER = re.compile(rf"\.({re.escape(_SETTINGS)}|{_NAME.pattern}\.npz)\.[a-z0-9_]{{8}}")  # of a kill
_WRITTEN = 600.0  # seconds after which no file is still being written
_PARTIAL = ".partial.npz"
_EVERY = 20.0
_FORMULAS = "formulas"  # kept with a piece, so that what made a number is known after an interruption too

Arrays = dict[str, NDArray[Any]]


class Checkpoints:
    """A folder that holds what one computation has finished so far.

    Parameters
    ----------
    folder : path or None
        Where; made if it does not exist, its parent must. None keeps nothing.
    settings : mapping
        What the results depend on, as JSON knows it. A folder goes on with the same settings only.

    Raises
    ------
    ValueError
        If the folder belongs to other settings, holds something else, or cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> with tempfile.TemporaryDirectory() as parent:
    ...     folder = Path(parent) / "run"
    ...     first = Checkpoints(folder, {"seed": 0}).piece("mean", lambda: {"value": 0.5})
    ...     again = Checkpoints(folder, {"seed": 0}).piece("mean", lambda: {"value": 1 / 0})
    >>> float(first["value"]), float(again["value"])
    (0.5, 0.5)
    """

    def __init__(self, folder: str | Path | None, settings: Mapping[str, Any]) -> None:
        self.folder = None if folder is None else Path(folder)
        self.every = _EVERY
        if self.folder is None:
            return
        text = json.dumps(dict(settings), indent=2, sort_keys=True) + "\n"
        check_folder(self.folder)
        described = self.folder / _SETTINGS
        if described.is_file():
            found = described.read_text(encoding="utf-8", errors="replace")
            if found != text:
                raise ValueError(
                    f"checkpoint: {self.folder} belongs to a run with other settings ({_difference(found, text)}); "
                    "choose another folder, or delete it to start anew"
                )
            check_place("checkpoint", described)  # now, rather than when the first piece is finished
        else:
            try:
                self.folder.mkdir(exist_ok=True)
            except OSError as error:
                raise ValueError(f"checkpoint: cannot make {self.folder} ({error.strerror}); choose another") from None
            with replacing("checkpoint", described) as temporary:
                temporary.write_text(text, encoding="utf-8")
        for entry in self.folder.iterdir():
            if _LEFTOVER.fullmatch(entry.name) and _is_old(entry):
                entry.unlink(missing_ok=True)

    def piece(self, name: str, compute: Callable[[], Mapping[str, ArrayLike]]) -> Arrays:
        """Compute the arrays of a piece, or read them back if it was finished before.

        Raises
        ------
        ValueError
            If the name cannot be that of a file (letters, digits and ``._=,+-``), the file of the piece is damaged, or
            the folder cannot be written.
        """
        place = self._place(name, ".npz")
        if place is None:
            return {key: np.asarray(value) for key, value in compute().items()}
        found = _read(place)
        if found is None:
            with recorded() as used:
                found = {key: np.asarray(value) for key, value in compute().items()}
            _write(place, found | {_FORMULAS: np.array(list(used), dtype=str)})
            self.partial(name).clear()
            return found
        note(*found.pop(_FORMULAS).tolist())
        return found

    def partial(self, name: str) -> Partial:
        """Where the state of a piece is kept that is not finished yet."""
        return Partial(self._place(name, _PARTIAL), self.every)

    def _place(self, name: str, suffix: str) -> Path | None:
        if not _NAME.fullmatch(name):
            raise ValueError(f"checkpoint: a piece's name must be letters, digits and ._=,+-, got {name!r}")
        return None if self.folder is None else self.folder / (name + suffix)


def _is_old(path: Path) -> bool:
    """Whether it cannot be what another process is writing at this moment."""
    try:
        return time.time() - path.stat().st_mtime > _WRITTEN
    except OSError:
        return False


def check_folder(folder: str | Path) -> None:
    """Refuse a place that cannot be the folder of a computation, before anything is computed."""
    folder = Path(folder)
    if folder.exists() and not folder.is_dir():
        raise ValueError(f"checkpoint: {folder} is a file; give the name of a folder")
    if not folder.parent.is_dir():
        raise ValueError(f"checkpoint: folder {folder.parent} does not exist; make it or choose another")
    # What a kill before the settings were written leaves behind is no obstacle.
    others = (entry.name for entry in folder.iterdir()) if folder.is_dir() else iter(())
    if not (folder / _SETTINGS).is_file() and not all(name.startswith(f".{_SETTINGS}.") for name in others):
        raise ValueError(f"checkpoint: {folder} holds other files; choose a new or an empty folder")


def kept_pieces(folder: str | Path) -> tuple[int, int]:
    """How many pieces of a computation a folder holds, those of its parts too: finished, and in part."""
    held = [place.parent.rglob("*.npz") for place in Path(folder).glob(_SETTINGS)]
    names = [path.name for paths in held for path in paths if not path.name.startswith(".")]
    begun = sum(name.endswith(_PARTIAL) for name in names)
    return len(names) - begun, begun


class Partial:
    """State of an unfinished piece: written at most once in a while, whole or not at all."""

    def __init__(self, path: Path | None, every: float = _EVERY) -> None:
        self.path, self.every = path, every
        self._last = time.monotonic()

    def load(self) -> Arrays | None:
        """Read the last state."""
        return None if self.path is None else _read(self.path)

    def due(self) -> bool:
        """Whether :meth:`save` would write, for states that cost something to collect."""
        return self.path is not None and time.monotonic() - self._last >= self.every

    def save(self, arrays: Mapping[str, ArrayLike], *, force: bool = False) -> None:
        """Keep a state in place of the last one."""
        if self.path is None or not (force or self.due()):
            return
        _write(self.path, {key: np.asarray(value) for key, value in arrays.items()})
        self._last = time.monotonic()

    def clear(self) -> None:
        """Forget the state."""
        if self.path is not None:
            self.path.unlink(missing_ok=True)


def _difference(found: str, wanted: str) -> str:
    """Which settings differ, by name."""
    try:
        one, other = json.loads(found), json.loads(wanted)
        names = [name for name in sorted(one.keys() | other.keys()) if one.get(name) != other.get(name)]
    except (ValueError, AttributeError):
        return f"{_SETTINGS} cannot be read"
    return ", ".join(names)


def _read(path: Path) -> Arrays | None:
    if not path.is_file():
        return None
    try:
        with path.open("rb") as raw:
            raw.seek(-12, os.SEEK_END)  # a damaged archive may hide arrays, but here it counts them
            count = int.from_bytes(raw.read(2), "little")
            raw.seek(0)
            with np.load(raw, allow_pickle=False) as file:
                found = {name: file[name] for name in file.files}
        if len(found) != count:
            raise ValueError(f"{len(found)} of {count} arrays found")
        return found
    except Exception as error:  # zipfile raises whatever a wrong byte leads it to
        what = f"{type(error).__name__}: {error}"
        raise ValueError(f"checkpoint: {path} cannot be read ({what}); delete it to compute this piece anew") from None


def _write(path: Path, arrays: Arrays) -> None:
    with replacing("checkpoint", path) as temporary, temporary.open("wb") as file:
        np.savez(file, allow_pickle=False, **arrays)
