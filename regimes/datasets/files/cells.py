"""One cell of a text table: a number in any usual spelling, missing, or text."""

from __future__ import annotations

import re

__all__ = ["cell_advice", "cell_number", "decimal_comma", "is_missing", "looks_numeric", "may_be_thousands", "quoted"]

_MISSING = {"", "na", "n/a", "#n/a", "<na>", "nan", "null", "none", "nil", "missing", "?", "-", "--", "."}
_LONG = 40
_FORTRAN = re.compile(r"([-+]?(?:\d+\.?\d*|\.\d+))[dDqQ]([-+]?\d+)")
_COMMA = re.compile(r"[-+]?(?:\d+,\d*|,\d+)(?:[eEdDqQ][-+]?\d+)?")
_GROUPED = re.compile(r"[-+]?\d{1,3}(?:([,.' \u00a0\u202f])\d{3})(?:\1\d{3})*(?:[.,]\d*)?")


def quoted(cell: str) -> str:
    """A cell in a message: on one line, and cut where it is long, as what follows an open quote is."""
    return repr(cell if len(cell) <= _LONG else f"{cell[:_LONG]}...")


def is_missing(cell: str) -> bool:
    """Whether a cell says that there is no value: empty, NA, nan, null, ? and the like."""
    return cell.casefold() in _MISSING


def decimal_comma(cell: str) -> bool:
    """Whether a cell is a number if its one comma is the decimal sign."""
    return _COMMA.fullmatch(cell) is not None


def may_be_thousands(cell: str) -> bool:
    """Whether the comma of a cell may as well separate thousands, as in 1,234."""
    return re.fullmatch(r"[-+]?[1-9]\d{0,2},\d{3}", cell) is not None


def cell_number(cell: str, *, comma: bool = False) -> float | None:
    """The number that a cell holds, with the exponents of Fortran as well; None for anything else.

    >>> cell_number("-1.5D+02"), cell_number("0,5", comma=True), cell_number("0x1F")
    (-150.0, 0.5, None)
    """
    if comma and decimal_comma(cell):
        cell = cell.replace(",", ".")
    try:
        return None if "_" in cell else float(cell)  # float() takes 1_0 for ten
    except ValueError:
        pass
    fortran = _FORTRAN.fullmatch(cell)
    return float("e".join(fortran.groups())) if fortran else None


def looks_numeric(cell: str, *, comma: bool = False) -> bool:
    """Whether a cell is a number, or would be one without its separators of thousands."""
    return cell_number(cell, comma=comma) is not None or _GROUPED.fullmatch(cell) is not None


def cell_advice(cell: str) -> str:
    """What is wrong with a cell that looks like a number and is not read as one; empty for text."""
    if re.fullmatch(r"[-+]?0[xX][0-9a-fA-F.]+(?:[pP][-+]?\d+)?", cell):
        return "hexadecimal is not read; write decimals"
    if _GROUPED.fullmatch(cell):
        return "separators of thousands are not read, since they may be decimal signs; write the digits without them"
    if decimal_comma(cell):
        return "decimal commas beside decimal points; write all decimals with a point"
    return ""
