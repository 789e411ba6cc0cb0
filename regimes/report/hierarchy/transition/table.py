"""Table of a transition in mean field."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group
from rich.text import Text

from regimes.report.parts.columns import columns

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table

    from regimes.numerics.hierarchy.transition import HierarchyTransition
    from regimes.numerics.interface.number import Number

__all__ = ["table", "transition_rows"]


def table(result: HierarchyTransition) -> RenderableType:
    """Fixed point, threshold, slopes and exponent, and the condition that fails where there is none."""
    model = result.problem
    title = Text(f"random hierarchy: {model.v} symbols, {model.m} rules a symbol, {model.s} children", style="bold")
    reason = result["transition.p_star"].reason
    notes = [] if reason is None else [Text(f"no transition: {reason}", style="dim")]
    return Group(title, transition_rows(result.numbers, "average over random rules"), *notes)


def transition_rows(numbers: dict[str, Number], average: str) -> Table:
    """Rows of the keys ``transition.*``, with what they mean for there to be one."""
    rows = columns(f"transition (mean field, {average})", "value", "")
    for key, number in numbers.items():
        if not key.startswith("transition."):
            continue
        if number.value is not None:
            rows.add_row(number.label, f"{number.value:.4f}", _meaning(key, number.value))
        elif key != "transition.susceptibility_growth":
            rows.add_row(number.label, "-", "")
    rows.columns[-1].justify = "left"
    return rows


def _meaning(key: str, value: float) -> str:
    if key == "transition.susceptibility_growth":
        return "above 1: chi diverges" if value > 1 else "not above 1: chi stays finite"
    if key in ("transition.slope_at_one", "transition.slope_at_uniform"):
        return "below 1" if value < 1 else "not below 1: no transition"
    return ""
