"""Whether points and commas are decimal signs, separate thousands, or cells: judged over a whole file."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from regimes.datasets.files.cells import quoted

__all__ = ["commas_between", "one_column", "points_group"]

_GROUPED = re.compile(r"[-+]?[1-9]\d{0,2}\.\d{3}")
_SHORT = re.compile(r"[-+]?\d{1,3}")
_POINT = re.compile(r"[-+]?\d*\.\d*(?:[eE][-+]?\d+)?|[-+]?\d{4,}")  # with digits that no group has, too
_PAIR = re.compile(r"[-+]?\d+,\d+")

_TOLD = "give --decimal . or --decimal , (decimal=)"


def points_group(rows: Iterable[Sequence[str]], where: str) -> str:
    """What to know where all points have three digits behind them, as separators of thousands have; empty if not all.

    A column that has numbers without points as well is refused, since nobody writes 1.234 beside 987 with decimals.
    """
    first, grouped, short = "", set[int](), set[int]()
    for row in rows:
        for place, cell in enumerate(row):
            if _GROUPED.fullmatch(cell):
                grouped.add(place)
                first = first or cell
            elif _SHORT.fullmatch(cell):
                short.add(place)
            elif _POINT.fullmatch(cell):
                return ""
    if not grouped:
        return ""
    if grouped & short:
        raise ValueError(
            f"load_dataset: whether points are decimal signs or separate thousands cannot be told, got {quoted(first)} "
            f"beside numbers without a point in {where}; {_TOLD}"
        )
    return (
        f"the points of numbers such as {first} were read as decimal signs: if they separate thousands, give "
        "--decimal , (decimal=','), otherwise --decimal ."
    )


def one_column(lines: Sequence[str]) -> bool:
    """Whether a name without a comma stands above numbers with one, before which no rows are counted."""
    first, *below = (line.strip() for line in lines)
    counts = [line.split(",")[0] for line in below] == [str(place) for place in range(1, len(below) + 1)]
    return "," not in first and len(below) > 0 and all(map(_PAIR.fullmatch, below)) and not counts


def commas_between(rows: Sequence[Sequence[str]], where: str) -> str:
    """What to know where each line has two whole numbers with a comma between, which one number may be as well.

    Refused where the second is none that people write, but decimals, as in 0,05.
    """
    pairs = [",".join(row) for row in rows]
    if not pairs or not all(map(_PAIR.fullmatch, pairs)):
        return ""
    decimals = next((pair for pair in pairs if re.search(r"^-0,|,0\d", pair)), None)
    if decimals is not None:
        raise ValueError(
            f"load_dataset: whether commas separate cells or decimals cannot be told, got {quoted(decimals)} in "
            f"{where}; {_TOLD}"
        )
    return (
        "the comma of each line was read as one between two columns: if it is a decimal sign, give --decimal , "
        "(decimal=','), otherwise --decimal ."
    )
