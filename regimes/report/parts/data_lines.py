"""The first lines about a data set: what was taken of what, and how it was scaled."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

if TYPE_CHECKING:
    from regimes.prediction.dataset.result import GivenData

__all__ = ["data_lines"]


def data_lines(data: GivenData, classes: str = "") -> list[Text]:
    """Name, size, classes in words and what was taken of the source; below it the preprocessing."""
    dimensions = f"{data.d} dimension{'' if data.d == 1 else 's'}"
    taken = f"; {data.taken}" if data.taken else ""
    return [
        Text(f"{data.name}: {data.n} points in {dimensions}{classes}{taken}", style="bold"),
        Text(data.preprocessing["description"]),
    ]
