"""A prediction held against its reference, as one row of the table."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

from panel.crossings import Reference

TOLERANCE = 0.1
"""How far a lower bound may lie below the crossing of the reference classifier."""

NEAR = 0.2
"""How far a time may be off to be of use as the time of the classes."""


@dataclass
class Row:
    """One number of one set, as it was predicted and as it was found."""

    what: str
    value: float | None = None
    estimate: float | None = None
    interval: list[float | None] | None = None
    reference: float | None = None
    error: float | None = None
    verdict: str = ""
    reason: str | None = None


@dataclass
class Entry:
    """One set: what it is, its rows, and what the command said about it."""

    name: str
    about: str = ""
    n: int = 0
    d: int = 0
    classes: int = 0
    version: str = ""
    seconds: float = 0.0
    rows: list[Row] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def plain(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def read(cls, stored: dict[str, Any]) -> Entry:
        return cls(**{**stored, "rows": [Row(**row) for row in stored["rows"]]})


def point(row: Row) -> float:
    """Point estimate: of a one-sided bound it stands beside the limit that is printed."""
    return row.value if row.estimate is None else row.estimate


def spread(row: Row) -> float:
    """Standard error that a 95% interval means, of a one-sided bound too (its limit is at 97.5%)."""
    if row.interval is None:
        return 0.0
    low, high = row.interval
    if low is None or high is None:
        return abs(point(row) - (high if low is None else low)) / 1.96
    return (high - low) / (2 * 1.96)


def missing(row: Row) -> str | None:
    """Verdict where one side has no time."""
    if row.value is None and row.reference is None:
        return "both: no time"
    if row.value is None:
        return "no time, reference has one"
    return "reference has no time" if row.reference is None else None


def agrees(row: Row) -> str:
    """The same within three joint standard errors, or within 2%."""
    joint = math.hypot(spread(row), row.error)
    off = row.value / row.reference - 1
    if abs(row.value - row.reference) <= 3 * joint:
        return "agrees"
    return "within 2%" if abs(off) <= 0.02 else f"off by {off:+.0%}"


def not_below(row: Row) -> str:
    """A lower bound that is not below another lower bound by more than a tenth or their joint error."""
    joint = 1.96 * math.hypot(spread(row), row.error)
    found, known = point(row), row.reference
    if found < known - max(TOLERANCE * known, joint):
        return f"below by {1 - found / known:.0%}"
    return "higher" if found > known * (1 + TOLERANCE) + joint else "agrees"


def bound_holds(row: Row) -> str:
    """An upper bound that is one."""
    return (
        "holds" if row.value >= row.reference - 1.96 * row.error else f"too low by {1 - row.value / row.reference:.1%}"
    )


def useful(row: Row) -> str:
    """A time that is within a fifth of another."""
    off = row.value / row.reference - 1
    return "within 20%" if abs(off) <= NEAR else f"off by {off:+.0%}"


def row(what: str, number: Any, reference: Reference | None, judge: Callable[[Row], str]) -> Row:
    """Row of a number of a result, or of None where the result has no such number."""
    found = Row(what)
    if number is not None:
        found.value = None if number.value is None else float(number.value)
        found.estimate = None if number.estimate is None else float(number.estimate)
        found.interval = None if number.interval is None else list(number.interval)
        found.reason = number.reason
    if reference is None:
        found.verdict = "no reference"
        return found
    found.reference, found.error = reference.value, reference.error
    found.verdict = "not predicted" if number is None else missing(found) or judge(found)
    return found


def table(entries: list[Entry]) -> str:
    """Markdown of all sets, and how often each verdict was reached."""
    head = ["set", "n x d, classes", "time", "prediction", "95% interval", "reference", "ratio", "verdict"]
    lines = [head, ["---"] * len(head)]
    for entry in entries:
        for place, each in enumerate(entry.rows):
            name = [entry.name, f"{entry.n} x {entry.d}, {entry.classes}"] if place == 0 else ["", ""]
            ratio = f"{each.value / each.reference:.2f}" if each.value and each.reference else "-"
            error = "" if each.error is None else f" ± {each.error:.3f}"
            known = "-" if each.reference is None else f"{each.reference:.3f}{error}"
            shown = text(each.value) + ("" if each.estimate is None else f" ({each.estimate:.3f})")
            lines.append([*name, each.what, shown, ends(each.interval), known, ratio, each.verdict])
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + f"\n\n{counts(entries)}\n{wide(entries)}"


def counts(entries: list[Entry]) -> str:
    """How often a time agreed, by kind of time."""
    found: dict[str, dict[str, int]] = {}
    for each in (each for entry in entries for each in entry.rows):
        word = each.verdict if each.verdict[:3] not in ("off", "bel", "too") else each.verdict.split(" by ")[0]
        found.setdefault(each.what, {}).setdefault(word, 0)
        found[each.what][word] += 1
    return "\n".join(
        f"- {what}: " + ", ".join(f"{word} {number}" for word, number in sorted(words.items(), key=lambda of: -of[1]))
        for what, words in found.items()
    )


def wide(entries: list[Entry]) -> str:
    """Class times of many points whose interval is wide."""
    found = [
        entry.name
        for entry in entries
        for each in entry.rows
        if each.what == "class" and each.value and entry.n >= 500 and 1.96 * spread(each) > 0.15 * point(each)
    ]
    return f"- half width of the class time above 15% where n >= 500: {', '.join(found) or 'none'}"


def text(value: float | None) -> str:
    return "none" if value is None else f"{value:.3f}"


def ends(interval: list[float | None] | None) -> str:
    if interval is None:
        return "-"
    low, high = interval
    if high is None:
        return f"above {low:.3f}"
    return f"below {high:.3f}" if low is None else f"{low:.3f} to {high:.3f}"
