"""Tables of percolation: thresholds and curves of a grid, components of a data set."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from rich.console import Group
from rich.text import Text

from regimes.report.composition.figure import default_lambdas, shown_lambdas
from regimes.report.composition.text import (
    OVERLAP_NAMES,
    capped,
    connection_words,
    count_words,
    grid_words,
    no_threshold_words,
    rounded,
    spanning_words,
    threshold_words,
)
from regimes.report.parts.columns import columns

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from rich.console import RenderableType
    from rich.table import Table

    from regimes.numerics.composition.data.connecting_overlaps import ConnectingOverlaps
    from regimes.numerics.composition.data.random_parts import DataPercolation
    from regimes.numerics.composition.lattice.lattice import LatticePercolation
    from regimes.numerics.composition.lattice.threshold import PercolationThreshold
    from regimes.prediction.composition.data import DataPercolationPrediction
    from regimes.prediction.composition.grid_result import PercolationPrediction

__all__ = ["data_percolation_table", "percolation_table"]

_ROWS = 12
_LARGEST_SHOWN = 5
_ABSENT = "-"
_NOTHING = 5e-8
_PARTS = 100  # of a data set, in a curve that nobody chose


def percolation_table(prediction: PercolationPrediction) -> RenderableType:
    """Radius, neighbours and thresholds of a grid, its curves in brief, and the reasons for what is missing.

    Parameters
    ----------
    prediction : PercolationPrediction
        The result.

    Returns
    -------
    rich renderable
        For a terminal.
    """
    found, infinite = prediction.simulation, prediction.threshold
    parts: list[RenderableType] = [
        Text(grid_words(prediction), style="bold"),
        Text(connection_words(prediction), style="bold"),
        *([Text(no_threshold_words(prediction))] if infinite.method == "exact" else []),
        _thresholds(prediction),
    ]
    if infinite.method == "fit":
        parts.append(Text("the fit is to the number of neighbours z alone, 4 eta_c/(z + 3.3)"))
    if found is not None:
        parts += [
            Text("largest cluster, as a share of the grid and of what is kept:"),
            _curves(found, infinite.value),
            Text(spanning_words(found)),
        ]
    return Group(*parts, *_missing(prediction.reasons))


def data_percolation_table(result: DataPercolationPrediction | DataPercolation) -> RenderableType:
    """Components of a data set, the overlaps that connect it, and the curve of its random parts in brief.

    Parameters
    ----------
    result : DataPercolationPrediction or DataPercolation
        The result, with what was done to the data and the overlaps that connect them, or without.

    Returns
    -------
    rich renderable
        For a terminal.
    """
    from regimes.numerics.composition.data.random_parts import DataPercolation

    whole = None if isinstance(result, DataPercolation) else result
    found = result if isinstance(result, DataPercolation) else result.percolation
    connects = f"{OVERLAP_NAMES[found.overlap]} of {found.tau:.6g} or more connects"
    parts: list[RenderableType] = [Text(f"{found.n} points in {count_words(found.d, 'dimension')}", style="bold")]
    if whole is not None:
        parts[0] = Text(f"{whole.data['name']}: {parts[0]}", style="bold")
        parts.append(Text(whole.data["preprocessing"]["description"]))
        if whole.tau_chosen:
            connects += ", the largest at which all points are connected"
    parts += [Text(connects, style="bold"), _pieces(found, None if whole is None else whole.connecting)]
    if found.half_fraction is None:
        return Group(*parts, _data_curve(found), *_missing({"half_fraction": found.half_note}))
    notes = [Text(f"note: {found.half_note}")] if found.half_note else []
    return Group(*parts, *notes, _data_curve(found))


def _pieces(found: DataPercolation, connecting: ConnectingOverlaps | None) -> Table:
    sizes, half = found.components, found.half_fraction
    first = ", ".join(str(size) for size in sizes[:_LARGEST_SHOWN])
    of_sizes = f"of size{'' if len(sizes) == 1 else 's'} {first}{', ...' if len(sizes) > _LARGEST_SHOWN else ''}"
    of_all = f"{found.links / (found.n * (found.n - 1) / 2):.3g} of all"
    table = columns("all points", "value", "")
    table.add_row("components", str(len(sizes)), of_sizes)
    table.add_row("largest component", f"{found.largest:.4f}", f"{sizes[0]} of {found.n} points")
    table.add_row("points that connect to no other", str(found.isolated), "")
    table.add_row("neighbours of a point, mean", f"{found.mean_degree:.4g}", f"{found.links} pairs, {of_all}")
    if connecting is not None:
        for what, overlap in (("all", connecting.whole), ("half", connecting.half)):
            table.add_row(f"overlap that connects {what}", f"{overlap:.4g}", "the largest")
    table.add_row(
        "largest component holds half from",
        _ABSENT if half is None else rounded(half, found.half_fraction_se),
        "see below" if half is None else f"kept fraction; {count_words(found.orders, 'random order')}",
    )
    return _notes(table)


def _data_curve(found: DataPercolation) -> Table:
    table = columns("kept fraction", "points kept", "share in the largest component")
    parts = np.rint(np.arange(1, _PARTS + 1) / _PARTS * found.n)
    by_default = np.array_equal(np.unique(np.maximum(1, parts)), found.kept)
    for row in _rows(found.lambdas, [found.half_fraction]) if by_default else range(found.lambdas.size):
        table.add_row(f"{found.lambdas[row]:.4g}", str(found.kept[row]), _entry(found.curve, found.curve_se, row))
    return table


def _thresholds(prediction: PercolationPrediction) -> Table:
    infinite, found, points = prediction.threshold, prediction.simulation, prediction.model["points"]
    reach = _ABSENT if prediction.radius is None else f"{prediction.radius:.4g}"
    table = columns("threshold", "value", "")
    table.add_row("connection radius", reach, "the direction counts as well" if prediction.radius is None else "pixels")
    table.add_row("neighbours of a point", str(prediction.neighbours), "")
    table.add_row("lambda_c, infinite grid", *_infinite(infinite))
    if infinite.value is not None and infinite.method != "exact":
        table.add_row("  in images", f"{infinite.value * points:.0f}", f"of {points}")
    if found is not None and found.threshold is not None:
        orders = count_words(found.runs, "random order")
        table.add_row("lambda_c, this grid", rounded(found.threshold, found.threshold_se), f"median of {orders}")
        table.add_row("  in images", f"{found.threshold * points:.0f}", f"of {points}")
        if found.width is not None:
            table.add_row("  standard deviation", rounded(found.width), "of single orders")
    if found is not None and found.half_fraction is not None:
        table.add_row("half of what is kept hangs together", f"{found.half_fraction:.4g}", "from this fraction on")
    if infinite.disc_limit is not None and infinite.disc_limit_holds:
        off = "" if infinite.disc_limit_error is None else f", off by at most {100 * infinite.disc_limit_error:g}%"
        table.add_row("limit of many neighbours", rounded(infinite.disc_limit), f"discs{off}")
    return _notes(table)


def _infinite(threshold: PercolationThreshold) -> tuple[str, str]:
    """Value, and where it comes from."""
    if threshold.value is None:
        return _ABSENT, "see below"
    if threshold.method == "table":
        measured = threshold.source.startswith("measured")
        return threshold_words(threshold), "simulated, standard error" if measured else threshold.source
    if threshold.method == "exact":
        return rounded(threshold.value), "exact: any gap cuts a line"
    if not threshold.error:
        return rounded(threshold.value), "fit, a guess for so few neighbours"
    return rounded(threshold.value), f"fit, off by at most {100 * threshold.error / threshold.value:.2g}%"


def _curves(found: LatticePercolation, infinite: float | None) -> Table:
    table = columns(
        "kept fraction", "of grid", "of kept", "mean size of others", "winds" if found.periodic else "spans"
    )
    share, share_se = found.largest_share, None
    if found.largest_se is not None:
        share_se = np.divide(found.largest_se, found.lambdas, out=np.zeros_like(share), where=found.lambdas > 0)
    x = found.lambdas
    order = np.argsort(x, kind="stable")
    if default_lambdas(found):
        order = order[shown_lambdas(found)[order] & (x[order] > 0)]
        order = order[_rows(x[order], [found.threshold, infinite])]
    for row in order:
        table.add_row(
            f"{x[row]:.4g}",
            _entry(found.largest, found.largest_se, row),
            _entry(share, share_se, row),
            _entry(found.mean_size, found.mean_size_se, row),
            _entry(found.spanning, found.spanning_se, row, digits=0),
        )
    return table


def _rows(x: NDArray[np.float64], places: Sequence[float | None]) -> list[int]:
    """Those of increasing fractions that are nearest to round ones, about ten, and on both sides of some places."""
    step = _round_step((x[-1] - x[0]) / _ROWS)
    levels = step * np.arange(math.ceil(x[0] / step), math.floor(x[-1] / step * (1 + 1e-9)) + 1)
    chosen = {int(np.argmin(np.abs(x - level))) for level in levels}
    for place in places:
        if place is not None and x[0] <= place <= x[-1]:
            after = int(np.searchsorted(x, place))
            chosen |= {row for row in (after - 1, after) if 0 <= row < x.size}
    return sorted(chosen)


def _round_step(least: float) -> float:
    """Smallest of 1, 2 and 5 times a power of ten that is not less."""
    if not least > 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(least))
    return next(digit * power for digit in (1, 2, 5, 10) if digit * power >= least * (1 - 1e-9))


def _entry(values: NDArray[np.float64], errors: NDArray[np.float64] | None, row: int, *, digits: int = 3) -> str:
    value = float(values[row])
    return "0" if value < _NOTHING else capped(value, None if errors is None else float(errors[row]), digits=digits)


def _notes(table: Table) -> Table:
    table.columns[-1].justify = "left"
    return table


def _missing(reasons: dict[str, str]) -> list[Text]:
    """One line for each reason, whatever it leaves out."""
    names: dict[str, list[str]] = {}
    for name, text in reasons.items():
        names.setdefault(text, []).append(name)
    return [
        Text(f"{' and '.join(left_out)} {'is' if len(left_out) == 1 else 'are'} missing: {text}", style="dim")
        for text, left_out in names.items()
    ]
