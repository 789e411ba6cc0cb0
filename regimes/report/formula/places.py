"""Where a formula is written, what compiles it, and which tests hold it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from regimes.theory.formula.written import written

__all__ = ["PACKAGE", "callers_of", "compiled_at", "held_by", "links", "written_at"]

PACKAGE = Path(__file__).parents[2]
_LINKS = Path(__file__).with_name("links.json")
_SOURCES = ("datasets", "numerics", "prediction", "validation")
# A formula is compiled by its name: the first argument of a call, or among the names that a kernel notes when it is
# called, or that something lists. Where a module does neither, what it quotes is shown.
_CALL = re.compile(r'\b(?:compile_formula|torch_formula|note|kernel|_[a-z]\w*)\(\s*"(\w+)"')
_LISTED = re.compile(r"(?:\bnote\(|\bformulas=\(|^ *\w+(?:: [^\n=]*)? = (?:[({]|(?=\")))([^()=]*)", re.MULTILINE)
_STRING = re.compile(r'"(\w+)"(?!:)')
_QUOTED = re.compile(r'(?:"|``)(\w+)(?:"|``)')


def written_at(name: str) -> str:
    """File and line of a formula."""
    place = written()[name]
    return f"{_shown(place.file)}:{place.line}"


def compiled_at(name: str) -> tuple[str, ...]:
    """Files and lines, above the theory, that compile a formula or embody it in a kernel."""
    return tuple(_compiled().get(name, ()))


def held_by(name: str) -> tuple[str, ...]:
    """Tests that evaluate a formula, the most particular first."""
    return tuple(links()["formulas"].get(name, ()))


def callers_of(place: str) -> tuple[str, ...]:
    """Tests that call a solver given as ``file::function``, those that hold it closest first."""
    return tuple(links()["solvers"].get(place, ()))


@cache
def links() -> dict[str, Any]:
    """What ``pytest --links write`` found."""
    found: dict[str, Any] = json.loads(_LINKS.read_text(encoding="utf-8"))
    return found


@cache
def _compiled() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    quoted: set[tuple[str, Path, int]] = set()
    for path in (path for folder in _SOURCES for path in sorted((PACKAGE / folder).rglob("*.py"))):
        text = path.read_text(encoding="utf-8")
        quoted |= {(name, path, line) for name, line in _lines(text, _QUOTED.finditer(text))}
        for name, line in sorted(_lines(text, _named(text))):
            found.setdefault(name, []).append(f"{_shown(path)}:{line}")
    for name, path, line in sorted(quoted):
        if name not in found:
            found[name] = [f"{_shown(path)}:{line}"]
    return found


def _lines(text: str, names: Iterable[re.Match[str]]) -> set[tuple[str, int]]:
    """Formulas among the names that were found in a text, with their lines."""
    return {(name[1], text.count("\n", 0, name.start(1)) + 1) for name in names if name[1] in written()}


def _named(text: str) -> Iterator[re.Match[str]]:
    yield from _CALL.finditer(text)
    for listed in _LISTED.finditer(text):
        strings = list(_STRING.finditer(text, *listed.span(1)))
        if all(string[1] in written() for string in strings):
            yield from strings


def _shown(path: Path) -> str:
    return path.relative_to(PACKAGE.parent).as_posix()
