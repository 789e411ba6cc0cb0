"""Table of layers under U-turns: where each changes, and how sharply."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group
from rich.text import Text

from regimes.report.parts.columns import columns, with_error

if TYPE_CHECKING:
    from rich.console import RenderableType

    from regimes.numerics.interface.number import Number
    from regimes.prediction.hierarchy.features.result import FeatureTransitions

__all__ = ["table"]


def table(result: FeatureTransitions) -> RenderableType:
    """A row a layer, then what the last does against the first."""
    given, numbers = result.problem, result.numbers
    rows = columns("layer", "channels", "half kept at t", "width in log sigma", "width in t")
    for place, (name, channels) in enumerate(zip(given.layers, given.channels, strict=True), start=1):
        found = (_shown(numbers[f"features.{key}.{place}"]) for key in ("time", "width", "width_time"))
        rows.add_row(name, str(channels), *found)
    parts: list[RenderableType] = [Text(f"{given.source}: U-turns of {given.points} points"), rows]
    both = columns("last layer against first", "value")
    for key in ("shift", "sharpening", "sharpening_time"):
        number = numbers.get(f"features.{key}")
        if number is not None:
            both.add_row(number.label, _shown(number))
    parts += [both] if both.row_count else []
    parts += [Text(text, style="bold") for text in result.sentences]
    parts += [Text(f"assumes: {text}", style="dim") for text in result.assumes]
    parts += [Text(f"warning: {text}", style="yellow") for text in result.warnings]
    return Group(*parts)


def _shown(number: Number) -> str:
    if number.value is None:
        return "-"
    return f"{number.value:.4f}" if number.error is None else with_error(number.value, number.error)
