"""Where results go: checked before the work, and never a file that is read, nor twice the same."""

from __future__ import annotations

import glob
import os
import stat
import sys
from collections.abc import Iterator, Mapping
from typing import Any

from regimes.numerics.interface.paths import is_standard_input

__all__ = ["check_destinations"]

_READ_FROM_STANDARD_INPUT = ("dataset", "labels", "held_out", "losses", "rules_file", "samples", "schedule")
_WHOLE_FOLDERS = ("dataset", "samples", "checkpoint")  # whatever lies in such a folder is read
_SCHEDULE_FILES = ("scheduler_config.json", "scheduler/scheduler_config.json")

_File = tuple[int, int]


def check_destinations(output: str | None, plot: str | None, given: Mapping[str, Any]) -> None:
    """Refuse unusable destinations: each must be writable, no input, by any name, and not another destination."""
    readers = [_option(name) for name in _READ_FROM_STANDARD_INPUT if is_standard_input(given.get(name))]
    if len(readers) > 1:
        raise ValueError(
            f"input: standard input can be read once, got - for {' and '.join(readers)}; give one of them as a file"
        )
    outputs = {option: path for option, path in (("-o", output), ("--plot", plot)) if path is not None}
    if not outputs:
        return
    from regimes.report.parts.files import check_destination

    for option, path in outputs.items():
        check_destination(path, figure=option == "--plot")
    if output is not None and plot is not None and _same(output, plot):
        raise ValueError(f"output: -o (the result as JSON) and --plot (the figure) must differ, got {plot!r} for both")
    for option, path in outputs.items():
        for name, number in (("standard output", 1), ("standard error", 2), ("standard input", 0)):
            if _identity(path) is not None and _identity(path) == _stream(number):
                raise ValueError(f"output: {option} must not name the file of {name}, got {path!r}; choose another")
        for name, value in given.items():
            for text in value if isinstance(value, tuple) else (value,):
                if isinstance(text, str) and _reads(name, text, path):
                    raise ValueError(
                        f"output: {option} must not replace what is read, got {path!r} with {_option(name)} {text!r}; "
                        "choose another place"
                    )


def _reads(name: str, text: str, path: str) -> bool:
    """Whether what an option names is the file at the path, or a folder that holds it."""
    for place in _places(text):
        if _identity(place) is None:
            if name == "checkpoint" and _same(place, path):
                return True  # it will be a folder
            continue
        if _same(place, path):
            return True
        if not os.path.isdir(place):
            continue
        if name in _WHOLE_FOLDERS:
            folder = os.path.join(os.path.realpath(place), "")
            if os.path.realpath(path).startswith(folder) or _linked(place, path):
                return True
        elif any(_same(os.path.join(place, each), path) for each in _SCHEDULE_FILES):
            return True
    return False


def _places(text: str) -> Iterator[str]:
    """Files that a value of an option can name: itself, without a key of it, and by wildcards."""
    for each in () if "\0" in text else dict.fromkeys((text, text.rsplit(":", 1)[0])):
        place = os.path.expanduser(each)
        yield place
        if glob.has_magic(place):
            yield from glob.iglob(place, recursive=True)


def _linked(folder: str, path: str) -> bool:
    """Whether a file of the folder is the one at the path by another name."""
    wanted = _identity(path)
    if wanted is None or os.stat(path).st_nlink < 2:
        return False
    return any(_identity(os.path.join(where, name)) == wanted for where, _, files in os.walk(folder) for name in files)


def _same(one: str, other: str) -> bool:
    first = _identity(one)
    return os.path.realpath(one) == os.path.realpath(other) if first is None else first == _identity(other)


def _identity(path: str) -> _File | None:
    """Device and number of a file or folder; None where there is none, and of what is not lost by writing to it."""
    try:
        found = os.stat(path)
    except (OSError, ValueError):
        return None
    return (found.st_dev, found.st_ino) if stat.S_ISREG(found.st_mode) or stat.S_ISDIR(found.st_mode) else None


def _stream(number: int) -> _File | None:
    try:
        stream = (sys.__stdin__, sys.__stdout__, sys.__stderr__)[number]
        found = None if stream is None else os.fstat(stream.fileno())
    except (OSError, ValueError):
        return None
    return (found.st_dev, found.st_ino) if found is not None and stat.S_ISREG(found.st_mode) else None


def _option(name: str) -> str:
    return name.upper() if name == "dataset" else f"--{name.replace('_', '-')}"
