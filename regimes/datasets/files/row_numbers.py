"""Columns that count, number or name the rows: left out where that is certain, otherwise pointed out."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from regimes.datasets.files.cells import cell_advice, cell_number, cell_unit
from regimes.datasets.files.column_roles import as_option, is_few, is_label_name, listed, whole

if TYPE_CHECKING:
    from regimes.datasets.files.columns import Table

__all__ = ["RowNumbers", "counts_rows", "order_notes", "row_numbers"]

_NAMES = {
    *("id", "index", "idx", "row", "rows", "rowname", "rownames", "rowid", "rowno", "rownr", "rownum", "rownumber"),
    *("sno", "srno", "slno", "serialno", "serialnumber", "lfdnr", "uid", "uuid", "guid", "recordid", "identifier"),
}
_NAMELESS = re.compile(r"(?:unnamed\w*|level\d+|indexlevel\d+)?")
"""Names that pandas gives to what has none, without signs between."""

_ID = re.compile(r"(?i:.*[\W_]id)|.*[a-z](?:Id|ID)")

_MEASURED = re.compile(r"[(<>~\u2248].*\d.*|\d.*[\xb1\xb0'].*")
"""Numbers with bounds, errors, feet and degrees."""

_COUNTED = 10
"""Rows from which a column that counts them is no feature, whatever its name."""

_UNITS, _MOSTLY, _KEYS = 3, 0.9, 1000
_CLASSES_BEGIN = (-1, 0, 1)

_CHANCE, _LONGEST = 1e-5, 0.75
"""Rows in no order show blocks more seldom than this; pixels are 0 in a larger share of them."""


@dataclass(frozen=True)
class RowNumbers:
    """Columns that are left out, in words why, and those that are kept though they may number the rows.

    ``recurring`` are those of them that may as well be classes in order.
    """

    places: tuple[int, ...] = ()
    said: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    perhaps: tuple[int, ...] = ()
    recurring: tuple[int, ...] = ()


def counts_rows(column: NDArray[Any], *, at_least: int = _COUNTED) -> bool:
    """Whether a column reads 0, 1, 2, ... or 1, 2, 3, ... for so many rows."""
    n = len(column)
    first = float(column[0]) if n >= max(at_least, 1) else np.nan
    return first in (0, 1) and column[-1] == first + n - 1 and np.array_equal(column, np.arange(first, first + n))


@np.errstate(invalid="ignore", over="ignore")  # infinite values are refused later
def row_numbers(table: Table, places: Sequence[int]) -> RowNumbers:
    """Judge these columns by their names and by what stands in them."""
    if table.shape[1] < 2:
        return RowNumbers()
    left_out: dict[int, str] = {}
    perhaps: list[int] = []
    rising: list[int] = []
    recurring: list[int] = []
    odd = ""
    for place in places:
        if table.names is not None and is_label_name(str(table.names[place])):
            continue
        if place in table.texts:
            if place == 0 and _names_rows(table):
                left_out[place], odd = "names the rows", _odd_name(table)
            continue
        why = _why_left_out(table, place, counted=any("counts" in each for each in left_out.values()))
        if why:
            left_out[place] = why
        elif _may_number(table, place):
            perhaps.append(place)
        elif _rises(table.values[:, place]):
            rising.append(place)
        elif (blocks := _in_blocks(table.values[:, place])) or _in_cycles(table.values[:, place]):
            within = not blocks and place - 1 in rising  # as quarters beside years
            classes = table.values[:, place].min() in _CLASSES_BEGIN and not within
            (recurring if classes else rising).append(place)
    if len(rising) + len(recurring) < len(places) - len(left_out):  # otherwise it is what the points do
        perhaps += rising
    else:
        recurring = []
    if not perhaps and 0 in places and 0 not in left_out and _is_key(table, places):
        perhaps = [0]
    said = tuple(f"{_called(table, place)} left out: it {why}" for place, why in left_out.items())
    return RowNumbers(tuple(left_out), said, (odd,) if odd else (), tuple(perhaps), tuple(recurring))


def _why_left_out(table: Table, place: int, *, counted: bool) -> str:
    """Why a column of numbers is certainly no feature; ``counted`` where another one counts the rows."""
    column, named = table.values[:, place], _named(table, place)
    if np.isnan(column[:_COUNTED]).all() and np.isnan(column).all():
        last = table.names is None and place == table.shape[1] - 1
        return "is empty" if last or named == "" else ""
    if (named is not None and _is_distinct(column)) or (not counted and counts_rows(column)):
        return f"{'counts' if counts_rows(column, at_least=2) else 'numbers'} the rows"
    if named == "" and _counts_parts(column):
        return "counts the rows of several tables"
    filtered = table.names is None and place == 0 and _rises(column) and whole(column) and np.ptp(np.diff(column)) > 0
    return "numbers the rows" if filtered else ""


def _may_number(table: Table, place: int) -> bool:
    column, named = table.values[:, place], _named(table, place)
    if place == 0 and counts_rows(column, at_least=2):
        return True
    if place == 0 and table.names is None and _counts_parts(column) and not is_few(column):
        return True
    return counts_rows(column) or (named is not None and whole(column))


def _named(table: Table, place: int) -> str | None:
    """Empty for a column without a name in a table with names, id for one that is named so, None for others."""
    if table.names is None:
        return None
    name = str(table.names[place]).strip()
    plain = re.sub(r"[\W_]+", "", name.casefold())
    if _NAMELESS.fullmatch(plain):
        return ""
    return "id" if plain in _NAMES or _ID.fullmatch(name) else None


def _names_rows(table: Table) -> bool:
    """Whether the first column is text that is another in each row, and not numbers of some spelling."""
    texts = table.texts[0]
    units = {cell_unit(text) for text in texts}
    if (None not in units and len(units) <= _UNITS) or all(map(_MEASURED.fullmatch, texts)):
        return False
    words = _named(table, 0) is not None or all(cell_number(text) is None and not cell_advice(text) for text in texts)
    return words and len(set(table.cells(0).tolist())) == len(table.values) > 1


def _odd_name(table: Table) -> str:
    """What to know about a row with a word where others have numbers, as sums and means have."""
    texts = table.texts[0]
    words = [code for code, text in enumerate(texts) if cell_number(text) is None]
    if not 0 < 2 * len(words) < len(texts):
        return ""
    row = int(np.argmax(table.values[:, 0] == words[0]))
    called = f"{table.place(row, 0)} is {texts[words[0]]!r} among numbers"
    return f"{called}: if this row is no point, such as a sum, delete it or begin it with #"


def _is_distinct(column: NDArray[np.float64]) -> bool:
    return whole(column) and len(np.unique(column)) == len(column) > 1


def _rises(column: NDArray[np.float64]) -> bool:
    """Whether whole numbers, or numbers evenly apart, rise from row to row, or fall, as years do."""
    start = np.sign(np.diff(column[:_COUNTED]))
    if len(column) < _COUNTED or not start[0] or not (start == start[0]).all():
        return False
    steps = np.diff(column) * start[0]
    return bool((steps > 0).all()) and (whole(column) or np.allclose(steps, steps[0], rtol=1e-6, atol=0))


def _in_blocks(column: NDArray[np.float64]) -> bool:
    """Whether whole numbers stay or rise from row to row, or fall, as the year of several rows does, and not bits."""
    for part in (column[:_KEYS], column):
        steps = np.diff(part)
        if len(column) < _COUNTED or not ((steps >= 0).all() or (steps <= 0).all()) or not whole(part):
            return False
    values, counts = np.unique(column, return_counts=True)
    if max(counts) > _LONGEST * len(column) or values.tolist() == [0, 1]:
        return False
    chance = sum(math.lgamma(count + 1) for count in counts) - math.lgamma(len(column) + 1)
    return chance < math.log(_CHANCE)


def _in_cycles(column: NDArray[np.float64]) -> bool:
    """Whether whole numbers count to three or more and begin anew, all along, as quarters and months do."""
    start = column[:_COUNTED]
    if len(column) < _COUNTED or not whole(start) or not np.isin(np.diff(start), (1, start.min() - start.max())).all():
        return False
    low, period = column.min(), np.ptp(column) + 1
    if not 3 <= period <= len(column) / 2:
        return False
    return np.array_equal(column - low, (column[0] - low + np.arange(len(column))) % period)


def _counts_parts(column: NDArray[np.float64]) -> bool:
    """Whether whole numbers rise and begin anew, but seldom: as where tables were put one below the other."""
    falls = np.count_nonzero(np.diff(column[: 2**10]) <= 0)
    if len(column) < _COUNTED or 5 * falls > len(column) or not whole(column):
        return False
    return bool(0 < np.count_nonzero(np.diff(column) <= 0) <= len(column) // 5)


def _is_key(table: Table, places: Sequence[int]) -> bool:
    """Whether, in a table without names, the first column alone has another whole number in nearly every row."""
    start = table.values[:_KEYS]
    keys = [place for place in places if place not in table.texts and whole(start[:, place])]
    keys = [place for place in keys if len(np.unique(start[:, place])) >= _MOSTLY * len(start)]
    return table.names is None and len(start) >= _COUNTED and keys == [0] and len(places) > 1


def _called(table: Table, place: int) -> str:
    name = table.names[place] if table.names else ""
    return f"first column{f' {name!r}' if name else ''}" if place == 0 else f"column {table.name(place)!r}"


def order_notes(table: Table, places: Sequence[int]) -> tuple[str, ...]:
    """What to do about features that may number the rows."""
    if not places:
        return ()
    names, given = [table.name(place) for place in places], listed(table, places)
    what = f"{_called(table, places[0])} was read as a feature: if it numbers"
    if len(names) > 1:
        what = f"columns {', '.join(names)} were read as features: if they number"
    return (f"{what} the rows, give --drop {as_option(given)} (drop={given!r})",)
