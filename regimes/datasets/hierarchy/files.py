"""Rules of a hierarchy in a file: JSON text that says what it is, written whole or not at all."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from regimes.datasets.hierarchy.checks import MEMORY
from regimes.numerics.hierarchy.problem import Hierarchy
from regimes.numerics.hierarchy.rules import HierarchyRules, checked_rules
from regimes.numerics.interface.standard_input import read_bounded
from regimes.numerics.interface.whole_file import replacing

__all__ = ["load_rules", "save_rules"]

_SCHEMA, _VERSION = "regimes.hierarchy-rules", 1
_BYTES_A_BYTE = 24  # of a list in Python, at most, for one of its text


def save_rules(rules: HierarchyRules, path: str | os.PathLike[str]) -> Path:
    """Write rules to a file.

    The file is JSON text: ``schema`` ("regimes.hierarchy-rules"), ``version`` (1), ``v``, ``m``, ``s``, ``L``,
    ``classes``, and ``tables``, one for each level from the root down, as nested lists (symbol, rule, child).

    Parameters
    ----------
    rules : HierarchyRules
        Rules.
    path : path
        Destination, replaced if it exists; until the new file is whole the old one stays.

    Returns
    -------
    pathlib.Path
        The destination.

    Examples
    --------
    >>> import tempfile
    >>> from regimes.numerics.hierarchy.rules import HierarchyRules
    >>> rules = HierarchyRules([[[[0, 1]], [[1, 0]]]], v=2)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     print(save_rules(rules, f"{folder}/rules.json").read_text(), end="")
    {"schema": "regimes.hierarchy-rules", "version": 1,
     "v": 2, "m": 1, "s": 2, "L": 1, "classes": 2,
     "tables": [
      [[[0, 1]], [[1, 0]]]
     ]}
    """
    rules = checked_rules("save_rules", rules)
    place = _checked_path("save_rules", path)
    header = asdict(rules.hierarchy)
    tables = ",\n".join(f"  {json.dumps(table.tolist())}" for table in rules.tables)
    named = json.dumps({"schema": _SCHEMA, "version": _VERSION})[1:-1]
    text = f'{{{named},\n {json.dumps(header)[1:-1]},\n "tables": [\n{tables}\n ]}}\n'
    with replacing("save_rules", place) as temporary:
        temporary.write_text(text, encoding="utf-8")
    return place


def load_rules(path: str | os.PathLike[str], *, memory: int = MEMORY) -> HierarchyRules:
    """Read rules from a file that :func:`save_rules` wrote, or that was written by hand in the same form.

    Parameters
    ----------
    path : path
        The file; ``-`` is standard input.
    memory : int
        Bytes that reading may take; a file that would take more is refused.

    Returns
    -------
    HierarchyRules
        The rules, checked.

    Raises
    ------
    ValueError
        If the file is missing, damaged or not a rules file, was written by a later version, contradicts itself, or
        holds rules that are ambiguous or out of range.

    Notes
    -----
    Every symbol must be a whole number of JSON: true and 1.0 are refused.
    """
    content = _content(_checked_path("load_rules", path), memory)
    header = {field.name: content.get(field.name) for field in fields(Hierarchy)}
    for key, value in header.items():
        if type(value) is not int:
            raise ValueError(f"load_rules: {path}: {key} must be a whole number, got {value!r}")
    tables = content.get("tables")
    if not isinstance(tables, list):
        raise ValueError(
            f"load_rules: {path}: tables must be a list with one table a level, got {type(tables).__name__}"
        )
    stray = _no_symbol(tables)
    if stray is not None:
        raise ValueError(f"load_rules: {path}: the symbols in tables must be whole numbers, got {stray}")
    try:
        rules = HierarchyRules(tables, header["v"])
    except (ValueError, TypeError, OverflowError) as error:
        raise ValueError(f"load_rules: {path}: {error}") from None
    found = asdict(rules.hierarchy)
    for key, value in header.items():
        if value != found[key]:
            raise ValueError(
                f"load_rules: {path}: the header must describe the tables, got {key} = {value} for tables with {key} = "
                f"{found[key]}"
            )
    return rules


def _checked_path(function: str, path: Any) -> Path:
    if not isinstance(path, str | os.PathLike):
        raise ValueError(f"{function}: path must be the path of a rules file, got {path!r}")
    return Path(path)


def _no_symbol(tables: list[Any]) -> str | None:
    """What stands first among the symbols and is no whole number, as JSON."""
    waiting = [tables]
    while waiting:
        entries = waiting.pop()
        for entry in entries:
            if type(entry) is not int and type(entry) is not list:
                return json.dumps(entry)
        waiting.extend(entry for entry in reversed(entries) if type(entry) is list)
    return None


def _content(path: Path, memory: int) -> dict[str, Any]:
    try:
        read = read_bounded("load_rules", path, memory // _BYTES_A_BYTE)
        text = read.decode("utf-8-sig")  # some editors put a mark at the beginning
    except UnicodeDecodeError:
        raise ValueError(f"load_rules: {path} is not a rules file (no text); save_rules writes one") from None
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise ValueError(f"load_rules: {path} cannot be read ({reason}); give the path of a rules file") from None
    try:
        content = json.loads(text, parse_float=_no_fraction, parse_constant=_no_fraction)
    except (ValueError, RecursionError) as error:
        if f'"{_SCHEMA}"' in text[:200]:
            raise ValueError(f"load_rules: {path} is a damaged rules file ({error}); save the rules again") from None
        raise ValueError(f"load_rules: {path} is not a rules file ({error}); save_rules writes one") from None
    if not isinstance(content, dict) or content.get("schema") != _SCHEMA:
        raise ValueError(
            f'load_rules: {path} is not a rules file (its schema is not "{_SCHEMA}"); save_rules writes one'
        )
    if content.get("version") != _VERSION or isinstance(content["version"], bool):
        raise ValueError(
            f"load_rules: {path} has version {content.get('version')!r}, and this release reads version {_VERSION}; "
            "save the rules again, or use the release that wrote them"
        )
    return content


def _no_fraction(text: str) -> int:
    raise ValueError(f"whole numbers are expected, got {text}")
