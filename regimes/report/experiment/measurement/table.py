"""Tables of measurements: times measured and predicted, and their ratios."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group
from rich.text import Text

from regimes.report.parts.columns import columns

if TYPE_CHECKING:
    from rich.console import RenderableType

    from regimes.validation.measurement.result import TransitionMeasurement

__all__ = ["table"]


def table(result: TransitionMeasurement) -> RenderableType:
    """Every row, the missing ones with their reasons."""
    data = result.problem.dataset
    rows = columns("number", "value", "s.e.", "key")
    for key, number in result.numbers.items():
        value = "none" if number.value is None else f"{number.value:.4g}"
        error = "" if number.error is None else f"{number.error:.2g}"
        rows.add_row(number.label, value, error, key)
    lines: list[RenderableType] = [
        Text(f"{result.problem.model} on {data['name']}: {data['n']} points in {data['d']} dimensions"),
        Text(", ".join(f"{name} {value}" for name, value in result.settings.items())),
        Text(""),
        rows,
    ]
    missing = [f"{key}: {each.reason}" for key, each in result.numbers.items() if each.value is None and each.reason]
    for said in (missing, [f"warning: {each}" for each in result.warnings]):
        lines += [Text(""), *map(Text, said)] if said else []
    return Group(*lines)
