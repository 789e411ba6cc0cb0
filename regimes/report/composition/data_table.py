"""Table of percolation of a data set: components, the overlaps that connect it, and the curve in brief."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from rich.console import Group
from rich.text import Text

from regimes.numerics.composition.overlap_kinds import OVERLAPS
from regimes.numerics.interface.checks import as_given
from regimes.report.composition.shown import rows_near_round
from regimes.report.composition.titles import count_words
from regimes.report.parts.columns import columns
from regimes.report.parts.data_lines import data_lines
from regimes.report.parts.rounding import curve_entry, rounded

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table

    from regimes.numerics.interface.number import Number
    from regimes.prediction.composition.data import DataPercolationPrediction

__all__ = ["data_table"]

_LARGEST_SHOWN = 5
_ABSENT = "-"
_PARTS = 100  # of a data set, in a curve that nobody chose


def _overlap(tau: Number) -> str:
    """As it was given, or rounded where it was chosen."""
    value = tau.value or 0.0
    return f"{value:.6g}" if tau.covers else as_given(value)


def data_table(result: DataPercolationPrediction) -> RenderableType:
    """Components of a data set, the overlaps that connect it, and the curve of its random parts in brief."""
    points, tau, half = result.problem.points, result["connecting.tau"], result["components.half_fraction"]
    chosen = f", {tau.covers}" if tau.covers else ""
    missing = [] if half.value is not None else [Text(f"no such fraction: {half.reason}", style="dim")]
    return Group(
        *data_lines(points),
        Text(f"{OVERLAPS[result.problem.overlap]} of {_overlap(tau)} or more connects{chosen}", style="bold"),
        _pieces(result),
        *(Text(f"note: {warning}") for warning in result.warnings),
        _curve(result),
        *missing,
    )


def _pieces(result: DataPercolationPrediction) -> Table:
    sizes, n = result.sizes, result.problem.points.n
    first = ", ".join(str(size) for size in sizes[:_LARGEST_SHOWN])
    of_sizes = f"of size{'' if len(sizes) == 1 else 's'} {first}{', ...' if len(sizes) > _LARGEST_SHOWN else ''}"
    number = result.numbers
    count, largest, isolated = (number[f"components.{key}"] for key in ("count", "largest", "isolated"))
    degree, half = number["links.mean_degree"], number["components.half_fraction"]
    table = columns("all points", "value", "")
    table.add_row(count.label, str(count.value), of_sizes)
    table.add_row(largest.label, f"{largest.value:.4f}", f"{sizes[0]} of {n} points")
    table.add_row(isolated.label, str(isolated.value), "")
    pairs = f"{number['links.count'].value} pairs, {number['links.share'].value:.3g} of all"
    table.add_row(degree.label, f"{degree.value:.4g}", pairs)
    for overlap in (number["connecting.whole"], number["connecting.half"]):
        if overlap.value is not None:
            table.add_row(overlap.label, f"{overlap.value:.4g}", "the largest")
    orders = count_words(result.settings["orders"], "random order")
    if half.value is None:
        table.add_row(half.label, _ABSENT, "see below")
    else:
        table.add_row(half.label, rounded(half.value, half.error), f"kept fraction; {orders}")
    table.columns[-1].justify = "left"
    return table


def _curve(result: DataPercolationPrediction) -> Table:
    table = columns("kept fraction", "points kept", "share in the largest component")
    x, kept = result.curves["lambda"], result.curves["kept"]
    parts = np.rint(np.arange(1, _PARTS + 1) / _PARTS * result.problem.points.n)
    by_default = np.array_equal(np.unique(np.maximum(1, parts)), kept)
    for row in rows_near_round(x, [result["components.half_fraction"].value]) if by_default else range(x.size):
        share = curve_entry(result.curves["largest_share"], result.curves["largest_share_se"], row)
        table.add_row(f"{x[row]:.4g}", f"{kept[row]:.0f}", share)
    return table
