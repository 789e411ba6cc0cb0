"""The one door to reports: table, figure and page of a result, found by its kind when they are asked for."""

from __future__ import annotations

import html as markup
import io
from importlib import import_module
from typing import TYPE_CHECKING, Any

from regimes.report.parts.shown_text import printable

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from rich.console import RenderableType

    from regimes.numerics.interface.result import Result

__all__ = ["figure", "html", "table", "text"]

_ROOMS = {
    "clock": "process",
    "speciation": "speciation",
    "class tree": "speciation.class_tree",
    "collapse": "collapse",
    "dataset": "dataset",
    "advice": "decisions",
    "training clock": "learning",
    "hierarchy": "hierarchy",
    "hierarchy transition": "hierarchy.transition",
    "phase diagram": "hierarchy.phase_diagram",
    "layer transitions": "hierarchy.features",
    "grid percolation": "composition",
    "data percolation": "composition",
    "percolation staircase": "composition",
    "experiment": "experiment",
    "measurement": "experiment.measurement",
}
"""Where the report of each kind of result stands: ``table.table`` and ``figure.figure`` of that room."""

_WIDTH = 110
_LINES = 30


def table(result: Result) -> RenderableType:
    """Rows of numbers and an excerpt of the curves, for a terminal."""
    made: RenderableType = _module(result, "table").table(result)
    return made


def figure(result: Result, ax: Any = None) -> Figure:
    """Curves with the numbers marked."""
    drawn: Figure = _module(result, "figure").figure(result, ax)
    return drawn


def text(result: Result) -> str:
    """The table as text of at most 30 lines."""
    from rich.console import Console

    stream = io.StringIO()
    console = Console(file=stream, width=_WIDTH, highlight=False, markup=False, emoji=False, color_system=None)
    console.print(table(result))
    lines = [printable(line.rstrip()) for line in stream.getvalue().splitlines()]
    if len(lines) > _LINES:
        lines = [*lines[: _LINES - 1], f"... {len(lines) - _LINES + 1} lines more: print the table, or to_dict()"]
    return "\n".join(lines)


def html(result: Result) -> str:
    """Rows of numbers as a table of HTML."""
    rows = "".join(
        f"<tr><td>{markup.escape(number.label)}</td><td><code>{markup.escape(key)}</code></td>"
        f"<td>{'' if number.value is None else format(number.value, '.6g')}</td>"
        f"<td>{_interval(number.interval)}</td><td>{markup.escape(number.reason or number.covers or '')}</td></tr>"
        for key, number in result.numbers.items()
    )
    head = "".join(f"<th>{name}</th>" for name in ("number", "key", "value", "95% interval", ""))
    return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"


def _interval(ends: tuple[float | None, float | None] | None) -> str:
    if ends is None:
        return ""
    low, high = ("" if end is None else format(end, ".6g") for end in ends)
    return f"{low} to {high}" if low and high else f"above {low}" if low else f"below {high}"


def _module(result: Result, what: str) -> Any:
    return import_module(f"regimes.report.{_ROOMS[result.kind]}.{what}")
