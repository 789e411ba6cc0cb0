"""Table of percolation on a grid: thresholds, and the curves in brief."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from rich.console import Group
from rich.text import Text

from regimes.report.composition.shown import default_lambdas, rows_near_round, shown_lambdas
from regimes.report.composition.titles import connection_words, grid_words
from regimes.report.parts.columns import columns
from regimes.report.parts.rounding import curve_entry, rounded

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table

    from regimes.prediction.composition.grid import PercolationPrediction

__all__ = ["grid_table"]

_ABSENT = "-"
_MISSED = ("percolation.threshold_infinite", "percolation.threshold_grid")
"""Numbers whose absence is explained."""


def grid_table(result: PercolationPrediction) -> RenderableType:
    """Radius, neighbours and thresholds of a grid, its curves in brief, and the reasons for what is missing."""
    parts: list[RenderableType] = [
        Text(grid_words(result.problem), style="bold"),
        Text(connection_words(result.problem), style="bold"),
        _thresholds(result),
    ]
    if result.curves:
        parts += [Text("largest cluster, as a share of the grid and of what is kept:"), _curves(result)]
    return Group(*parts, *map(Text, result.sentences), *_missing(result))


def _thresholds(result: PercolationPrediction) -> Table:
    rows = {key.removeprefix("percolation."): number for key, number in result.numbers.items()}
    points = f"of {result.problem.points}"
    table = columns("threshold", "value", "")
    radius, infinite = rows["radius"], rows["threshold_infinite"]
    reach = _ABSENT if radius.value is None else f"{radius.value:.4g}"
    table.add_row(radius.label, reach, radius.reason or radius.unit)
    table.add_row(rows["neighbours"].label, str(rows["neighbours"].value), "")
    value = _ABSENT if infinite.value is None else rounded(infinite.value, infinite.error)
    table.add_row(infinite.label, value, infinite.covers or "see below")
    if rows["images_infinite"].value is not None:
        table.add_row("  in images", f"{rows['images_infinite'].value:.0f}", points)
    grid, images, width = rows["threshold_grid"], rows["images_grid"], rows["width"]
    if grid.value is not None and images.value is not None:
        table.add_row(grid.label, rounded(grid.value, grid.error), grid.covers)
        table.add_row("  in images", f"{images.value:.0f}", points)
        if width.value is not None:
            table.add_row(f"  {width.label}", rounded(width.value), width.unit)
    half, limit = rows["half_fraction"], rows["disc_limit"]
    if half.value is not None:
        table.add_row(half.label, f"{half.value:.4g}", half.unit)
    if limit.value is not None:
        table.add_row(limit.label, rounded(limit.value), limit.covers)
    table.columns[-1].justify = "left"
    return table


def _curves(result: PercolationPrediction) -> Table:
    curves, x = result.curves, result.curves["lambda"]
    infinite, found = (result[f"percolation.threshold_{of}"].value for of in ("infinite", "grid"))
    spans = "winds" if result.problem.periodic else "spans"
    table = columns("kept fraction", "of grid", "of kept", "mean size of others", spans)
    order = np.argsort(x, kind="stable")
    if default_lambdas(x):
        order = order[shown_lambdas(x, found)[order] & (x[order] > 0)]
        order = order[rows_near_round(x[order], [found, infinite])]
    lines: dict[str, list[str]] = {}
    for row in order:
        entries = [curve_entry(curves[name], curves[f"{name}_se"], row) for name in ("largest", "largest_share")]
        entries.append(curve_entry(curves["mean_size"], curves["mean_size_se"], row))
        entries.append(curve_entry(curves["spanning"], curves["spanning_se"], row, digits=0))
        lines[f"{x[row]:.4g}"] = entries  # two fractions that print alike are one
    for fraction, entries in lines.items():
        table.add_row(fraction, *entries)
    return table


def _missing(result: PercolationPrediction) -> list[Text]:
    absent = [result[key] for key in _MISSED if result[key].value is None]
    return [Text(f"no {number.label}: {number.reason}", style="dim") for number in absent]
