"""Table of a phase diagram."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group
from rich.text import Text

from regimes.report.parts.columns import columns

if TYPE_CHECKING:
    from rich.console import RenderableType

    from regimes.numerics.hierarchy.phase_diagram import PhaseDiagram

__all__ = ["table"]


def table(result: PhaseDiagram) -> RenderableType:
    """Fewest and most rules with a transition, at the largest number of symbols."""
    rows = columns("mean field, average over random rules", "value")
    for number in result.numbers.values():
        rows.add_row(number.label, f"{number.value:.4f}")
    return Group(
        Text(f"transitions of random hierarchies up to {result.problem.largest_v:g} symbols", style="bold"), rows
    )
