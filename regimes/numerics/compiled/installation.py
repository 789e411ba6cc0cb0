"""What this installation is: versions, extras, threads, and where compiled code is kept."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Iterator
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import Any

from regimes.numerics.compiled.cache_folder import cache_directory, is_kept

__all__ = ["installation"]

_NAME = re.compile(r"[A-Za-z0-9._-]+")
_EXTRA = re.compile(r"extra == ['\"]([\w-]+)['\"]")
_OF_DEVELOPERS = ("test", "docs")


def installation() -> dict[str, Any]:
    """Versions of what is required and of what extras bring, None where it is missing; processors, threads, cache.

    Examples
    --------
    >>> found = installation()
    >>> found["packages"]["numpy"] is not None, found["cache"]["kept"]
    (True, True)
    """
    packages: dict[str, str | None] = {}
    extras: dict[str, dict[str, str | None]] = {}
    for name, extra in _required():
        (packages if extra is None else extras.setdefault(extra, {}))[name] = _version(name)
    return {
        "folder": str(Path(__file__).parents[2]),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "processors": _processors(),
        "threads": _threads(),
        "torch": _version("torch"),
        "packages": packages,
        "extras": extras,
        "cache": _cache(),
    }


def _required() -> Iterator[tuple[str, str | None]]:
    """Names of what the package asks for, each with its extra, without what developers need."""
    try:
        asked = requires("regimes") or []
    except PackageNotFoundError:  # a folder on the path, which was not installed
        return
    for each in asked:
        name, extra = _NAME.match(each), _EXTRA.search(each)
        if name is not None and (extra is None or extra[1] not in _OF_DEVELOPERS):
            yield name[0], None if extra is None else extra[1]


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _processors() -> int:
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity is not None else os.cpu_count() or 1


def _threads() -> dict[str, int]:
    """Of numba, and of each library of linear algebra."""
    import numba
    import numpy  # noqa: F401  its library is listed once it is loaded
    from threadpoolctl import threadpool_info

    found = {"numba": int(numba.get_num_threads())}
    for each in threadpool_info():
        name = f"{each['internal_api']} {each['version'] or ''}".strip()
        found[name] = max(found.get(name, 0), int(each["num_threads"]))
    return found


def _cache() -> dict[str, Any]:
    folder = cache_directory()
    sizes = []
    for each in folder.rglob("*"):
        with suppress(OSError):  # another process may be replacing it
            if each.is_file():
                sizes.append(each.stat().st_size)
    return {"folder": str(folder), "kept": is_kept(folder), "files": len(sizes), "bytes": sum(sizes)}
