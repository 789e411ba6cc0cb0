"""Whether the first line of a text table is a point or holds names, judged from the lines below it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from regimes.datasets.files.cells import cell_advice, cell_number, is_missing, quoted

__all__ = ["has_header"]

_CERTAIN = 10  # numbers in progression that no point shows by chance
_ORDERED = 7  # numbers in order, which one point in 2500 is by chance
_FEW = 3  # names, which may as well be where a path begins
_FAR = 5.0  # ranges of the others
_SELDOM = 0.2  # share of the others
_ROWS = 3  # from which a way of writing is one


def has_header(rows: Sequence[Sequence[str]], *, comma: bool, where: str) -> bool:
    """Whether the first of these rows holds names: text, or numbers that count, or that are unlike those below.

    Raises ``ValueError`` with the option to give where either may be true.
    """
    first, below = rows[0], [row for row in rows[1:] if len(row) == len(rows[0])]
    columns = [_Column(first[place], [row[place] for row in below], comma) for place in range(len(first))]
    texts = [column for column in columns if column.text]
    numbers = [column for column in columns if column.number is not None]
    if not numbers:
        return bool(texts)
    if (
        any(column.first in column.below for column in texts) or columns[0].counts_on
    ):  # classes, which recur; row numbers
        return False
    above_numbers = [column for column in texts if column.values]
    unnamed = not first[0] and bool(below) and all(row[0] for row in below)
    if (unnamed and texts) or 2 * len(above_numbers) > len(columns):
        return True
    verdict = _numbers_are_names(numbers, named=unnamed or (len(numbers) > 1 and bool(above_numbers)))
    if verdict is None or (not verdict and above_numbers):
        shown = ", ".join(map(quoted, first[:4])) + (", ..." if len(first) > 4 else "")
        raise ValueError(
            f"load_dataset: whether the first line holds names cannot be told, got {shown} in {where}; "
            "give --header if it does, --no-header if it is a point (header=True or False)"
        )
    return verdict


@dataclass(frozen=True)
class _Column:
    """The first cell of a column, and those below it."""

    first: str
    below: list[str]
    comma: bool

    @cached_property
    def number(self) -> float | None:
        return None if is_missing(self.first) else cell_number(self.first, comma=self.comma)

    @property
    def text(self) -> bool:
        return not is_missing(self.first) and self.number is None and not cell_advice(self.first)

    @cached_property
    def values(self) -> list[float]:
        found = (cell_number(cell, comma=self.comma) for cell in self.below if not is_missing(cell))
        return [value for value in found if value is not None]

    @property
    def apart(self) -> bool:
        """Whether the first number lies outside all others."""
        values = self.values
        return len(values) >= _ROWS and self.number is not None and not min(values) <= self.number <= max(values)

    @property
    def counts_on(self) -> bool:
        """Whether the first number and those below it count one by one."""
        values = self.values
        first = self.number if self.number is not None and len(values) >= _ROWS else None
        return first is not None and values == [first + place for place in range(1, len(values) + 1)]

    @property
    def far(self) -> bool:
        """Whether the first number lies far outside all others."""
        low, high = min(self.values, default=0.0), max(self.values, default=0.0)
        away = max(low - (self.number or 0.0), (self.number or 0.0) - high)
        return self.apart and away > _FAR * (high - low)

    @property
    def only_first_whole(self) -> bool:
        """Whether the first is written without decimals, and nearly every other with them."""
        wholes = sum(map(_whole, self.below))
        return len(self.below) >= _ROWS and _whole(self.first) and wholes <= _SELDOM * len(self.below)


def _whole(cell: str) -> bool:
    return cell.lstrip("+-").isdecimal()


def _numbers_are_names(columns: list[_Column], *, named: bool) -> bool | None:
    """Whether the numbers of a first line are names, as others may be (``named``); None where that cannot be told."""
    columns = [column for column in columns if column.values] or columns
    numbers = [column.number or 0.0 for column in columns]
    width, counts = len(numbers), any(numbers == [*range(at, at + len(numbers))] for at in (0, 1))
    below = list(zip(*(column.values[:_ROWS] for column in columns), strict=False))
    if not below or (width > 1 and all(_progress(row) == _progress(numbers) != 0 for row in below)):
        return False  # rows that go on like the first
    if named and (counts or (width > 2 and _progress(numbers))):
        return True
    apart, unlike = all(column.apart for column in columns), all(column.only_first_whole for column in columns)
    distinct = len(set(numbers)) == width
    if apart and width > 2 and (_progress(numbers) or (unlike and distinct and _ordered(numbers))):
        return True if width > _FEW else None
    if width >= _ORDERED and _ordered(numbers) and not any(map(_ordered, below)):
        return True if _progress(numbers) else None  # years, wavelengths
    evenly = _progress(numbers) and not counts and not any(map(_progress, below))
    far = all(column.far for column in columns)
    if far or (width > _FEW and evenly):
        return None
    if unlike and distinct and (width > 1 or apart or counts):  # a path may begin there
        return True if counts and width > _FEW else None
    if not counts or width <= 2:
        return False
    fractions = all(any(value % 1 for value in column.values) for column in columns)
    return True if width >= _CERTAIN or (width > _FEW and fractions) else None


def _ordered(numbers: Sequence[float]) -> bool:
    """Whether numbers rise, or fall, all along."""
    steps = [b - a for a, b in pairwise(numbers)]
    return all(step > 0 for step in steps) or all(step < 0 for step in steps)


def _progress(numbers: Sequence[float]) -> float:
    """The step between numbers that are evenly apart; 0 for others."""
    steps = {round(b - a, 9) for a, b in pairwise(numbers)}
    return steps.pop() if len(steps) == 1 else 0.0
