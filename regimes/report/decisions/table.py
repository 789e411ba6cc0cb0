"""Answers about a data set, in a terminal: sentences, then their numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.console import Group
from rich.padding import Padding
from rich.text import Text

from regimes.numerics.interface.number import TIME
from regimes.report.parts.columns import columns
from regimes.report.parts.data_lines import data_lines
from regimes.report.parts.step_columns import StepColumns

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import RenderableType
    from rich.table import Table

    from regimes.numerics.interface.number import Number
    from regimes.prediction.decisions.result import Advice

__all__ = ["table"]

_INDENT, _ROWS = 2, 10
_MEMORISED, _STRENGTH = "_memorised", "_strength"
_LISTS = {
    "points": "points that a model with the exact score returns to first (their place in the source, counted from 0)",
    "copies.points": "points that are copied (their place in the source, counted from 0)",
    "copies.by_checkpoint": "copies against training",
}
_SIDES = {(True, False): "at most ", (False, True): "at least "}
_BOUNDS = ("limit", "one-sided")
"""Words of what the interval of a bound covers; of an estimate an end may be open as well."""


def table(result: Advice) -> RenderableType:
    """What is answered in words, times with their steps, other numbers, points by name, warnings, what is assumed."""
    parts: list[RenderableType] = [*data_lines(result.problem)]
    for text in result.sentences:
        question, _, answer = text.partition(": ")
        parts += [Text(question, style="bold"), Padding(Text(answer), (0, 0, 0, _INDENT))]
    shown = {key: number for key, number in result.numbers.items() if number.value is not None}
    parts += _times(result, shown)
    parts += _others(shown)
    for name, title in _LISTS.items():
        if result.curves.get(name):
            parts += [Text(title), _rows(result.curves[name])]
    parts += [Text(f"warning: {text}", style="yellow") for text in result.warnings]
    parts += [Text(text, style="dim") for text in _missing(result)]
    parts += [Text(f"assumed: {text}", style="dim") for text in result.assumes]
    return Group(*parts)


def _missing(result: Advice) -> list[str]:
    """What has a reason in place of a value, those of one question and reason together."""
    reasons: dict[tuple[str, str], list[str]] = {}
    for key, number in result.numbers.items():
        if number.value is None and not key.endswith(_STRENGTH):
            reasons.setdefault((key.split(".")[0], number.reason or ""), []).append(_name(key, number))
    return [
        f"{names[0]}: none, {reason}" if len(names) == 1 else f"{question}, {len(names)} numbers: none, {reason}"
        for (question, reason), names in reasons.items()
    ]


def _name(key: str, number: Number) -> str:
    return number.label + (", memorised" if _MEMORISED in key else "")


def _times(result: Advice, shown: dict[str, Number]) -> list[RenderableType]:
    """Times with their steps, and where there is one the strength of image to image."""
    times = {key: number for key, number in shown.items() if number.unit == TIME}
    if not times:
        return []
    strengths = {key: shown[f"{key}{_STRENGTH}"].value for key in times if f"{key}{_STRENGTH}" in shown}
    steps = StepColumns.of(result)
    rows = columns("time", "t", "95%", *steps.heads, *(["strength"] if strengths else []))
    for key, number in times.items():
        strength = [f"{strengths[key]:.2f}" if key in strengths else ""] if strengths else []
        rows.add_row(_name(key, number), _value(number), _interval(number), *steps.cells(number), *strength)
    return [rows, *steps.notes()]


def _others(shown: dict[str, Number]) -> list[Table]:
    others = {key: each for key, each in shown.items() if each.unit != TIME and not key.endswith(_STRENGTH)}
    if not others:
        return []
    rows = columns("number", "value", "95%")
    for key, number in others.items():
        rows.add_row(_name(key, number), _value(number), _interval(number))
    return [rows]


def _is_bound(number: Number) -> bool:
    return any(word in (number.covers or "") for word in _BOUNDS)


def _value(number: Number) -> str:
    low, high = number.interval or (0.0, 0.0)
    side = _SIDES.get((low is None, high is None), "") if _is_bound(number) else ""
    unit = "" if number.unit in (None, TIME) else f" {number.unit}"
    return f"{side}{_digits(number.value)}{unit}"


def _interval(number: Number) -> str:
    if number.interval is None:
        return ""
    low, high = number.interval
    if _is_bound(number) and (low is None or high is None):
        sure = high if low is None else low
        return "" if sure is None or sure == number.value else f"sure {_digits(sure)}"
    return f"({_digits(low) or '...'}, {_digits(high) or '...'})"


def _digits(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else "" if value is None else str(value)


def _rows(listed: Sequence[dict[str, Any]]) -> Table:
    """The first rows of a list, without columns of which all are empty."""
    first = listed[:_ROWS]
    heads = [head for head in first[0] if any(row[head] is not None for row in first)]
    rows = columns(*(head.replace("_", " ") for head in heads))
    for row in first:
        rows.add_row(*(_digits(row[head]) for head in heads))
    return rows
