"""When classes part, in a terminal: pairs as a matrix, merges from the root down, and what they say in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.console import Group
from rich.text import Text

from regimes.prediction.speciation.class_rows import group_text
from regimes.report.parts.columns import columns
from regimes.report.parts.data_lines import data_lines
from regimes.report.parts.step_columns import StepColumns

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table

    from regimes.prediction.speciation.classes import ClassTree

__all__ = ["table"]

_MATRIX = 12  # classes at most
_PAIRS, _MERGES = 10, 12
_NAME = 12


def table(result: ClassTree) -> RenderableType:
    """Pairs, merges, sentences and warnings."""
    data = result.problem
    names = data.classes
    parts: list[RenderableType] = [*data_lines(data, f", {len(names)} classes")]
    if len(names) <= _MATRIX:
        parts.append(Text("t (OU) at which two classes part: bound above the diagonal, Gaussian classes below"))
        parts.append(_matrix(result.curves["pairs"], names))
    else:
        parts.append(Text(f"the {_PAIRS} pairs of classes that part last, of {len(result.curves['pairs'])}"))
        parts.append(_last_pairs(result.curves["pairs"]))
    parts.append(_merges(result))
    parts += StepColumns.of(result).notes(result.sentences)
    parts += [Text(f"assumes: {text}", style="dim") for text in result.assumes]
    parts += [Text(f"warning: {text}", style="yellow") for text in result.warnings]
    return Group(*parts)


def _matrix(pairs: list[dict[str, Any]], names: list[str]) -> Table:
    by_names = {tuple(pair["classes"]): pair for pair in pairs}
    shown = columns("", *(_short(name) for name in names))
    for i, row in enumerate(names):
        cells = []
        for j, column in enumerate(names):
            pair = by_names.get((row, column) if i < j else (column, row))
            cells.append("" if pair is None else _time(pair["bound" if i < j else "overlap"]["time"]))
        shown.add_row(_short(row), *cells)
    return shown


def _last_pairs(pairs: list[dict[str, Any]]) -> Table:
    shown = columns("classes", "bound", "at least (97.5%)", "Gaussian classes", "of one covariance")
    for pair in sorted(pairs, key=lambda each: each["bound"]["time"] or 0.0)[:_PAIRS]:
        bound = pair["bound"]
        forms = (_time(pair[name]["time"]) for name in ("overlap", "means"))
        shown.add_row(" | ".join(pair["classes"]), _time(bound["time"]), _low(bound["interval"]), *forms)
    return shown


def _merges(result: ClassTree) -> Table:
    """From the root, where a sample begins, to the classes that part last."""
    names, merges = result.problem.classes, result.curves["merges"]
    number = {name: place for place, name in enumerate(names)}
    places = StepColumns.of(result)
    shown = columns("as noise falls, part", "t (OU)", "at least (97.5%)", *places.heads)
    kept = range(len(merges)) if len(merges) <= _MERGES else [*range(_MERGES // 2), *range(-_MERGES // 2, 0)]
    for place in reversed([place % len(merges) for place in kept]):
        merge = merges[place]
        groups = (group_text([number[name] for name in group], names) for group in merge["classes"])
        steps = places.cells(result.numbers[f"classes.merge.{place + 1}"])
        shown.add_row(" | ".join(groups), _time(merge["time"]), _low(merge["interval"]), *steps)
        if len(merges) > _MERGES and place == len(merges) - _MERGES // 2:
            shown.add_row(f"... {len(merges) - _MERGES} more", "", "", *("" for _ in places.heads))
    return shown


def _low(interval: list[float | None] | None) -> str:
    return "-" if interval is None else _time(interval[0])


def _time(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _short(name: str) -> str:
    return name if len(name) <= _NAME else f"{name[: _NAME - 1]}."
