"""Table of a staircase: the widths at which neighbours join, and the thresholds between them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from rich.console import Group
from rich.text import Text

from regimes.numerics.composition.overlap_kinds import OVERLAPS
from regimes.report.parts.columns import columns, shown_rows
from regimes.report.parts.rounding import rounded

if TYPE_CHECKING:
    from rich.console import RenderableType

    from regimes.prediction.composition.staircase import Staircase

__all__ = ["staircase_table"]


def staircase_table(result: Staircase) -> RenderableType:
    """Widths between which bumps connect, and some of the steps."""
    problem, curves = result.problem, result.curves
    where = " on pixels" if problem.pixels else ""
    widths = columns("width of the bumps, in steps", "value", "")
    for number in result.numbers.values():
        widths.add_row(number.label, "-" if number.value is None else f"{number.value:.4f}", number.reason or "")
    steps = columns("wider than", "lambda_c, infinite grid", "")
    value, fitted = curves["threshold"], curves["fitted"]
    starts = np.flatnonzero(np.diff(value, prepend=np.nan) != 0)
    for row in starts[list(shown_rows(starts.size))]:
        error = None if fitted[row] else curves["error"][row]
        steps.add_row(f"{curves['sigma'][row]:.4f}", rounded(value[row], error), "fit" if fitted[row] else "tabulated")
    article = "an" if problem.overlap == "coefficient" else "a"
    title = f"bumps{where} connect from {article} {OVERLAPS[problem.overlap]} of {problem.tau:g} on"
    return Group(Text(title, style="bold"), widths, steps)
