"""Titles of percolation: the grid, what connects, how many random orders."""

from __future__ import annotations

from typing import TYPE_CHECKING

from regimes.numerics.composition.overlap_kinds import OVERLAPS
from regimes.numerics.interface.checks import as_given

if TYPE_CHECKING:
    from collections.abc import Sequence

    from regimes.numerics.composition.bumps.bump_grid import BumpGrid
    from regimes.prediction.composition.grid import PercolationPrediction

__all__ = ["common_grid", "connection_words", "count_words", "grid_words"]


def count_words(number: int, what: str) -> str:
    """A number of things, with an s where there is not one."""
    return f"{number} {what}{'' if number == 1 else 's'}"


def grid_words(problem: BumpGrid) -> str:
    """The grid: points, steps, edges."""
    rows, columns = problem.steps
    if rows != columns:
        steps = f", rows {as_given(rows)} px apart, columns {as_given(columns)} px"
    else:
        steps = "" if rows == 1.0 else f", steps of {as_given(rows)} px"
    return f"grid of {' x '.join(map(str, problem.grid))}{steps}, {'periodic' if problem.periodic else 'open'} edges"


def common_grid(predictions: Sequence[PercolationPrediction]) -> str:
    """Grid and number of random orders of several predictions, where they are the same."""
    grids = {" x ".join(map(str, each.problem.grid)) for each in predictions}
    runs = {each.settings["runs"] for each in predictions if each.settings["runs"]}
    words = [f"grid of {grids.pop()}"] if len(grids) == 1 else []
    return ", ".join([*words, *([count_words(runs.pop(), "random order")] if len(runs) == 1 else [])])


def connection_words(problem: BumpGrid) -> str:
    """What connects two points: width of the bumps, overlap, threshold."""
    overlap, pixels = problem.overlap, " on pixels" if problem.pixels else ""
    article, unit = "an" if overlap == "coefficient" else "a", " per px^2" if overlap == "product" else ""
    return (
        f"bumps of sigma = {as_given(problem.sigma)} px{pixels} connect from {article} {OVERLAPS[overlap]} of "
        f"{as_given(problem.tau)}{unit} on"
    )
