"""One cell of a text table: a number in any usual spelling, missing, or text."""

from __future__ import annotations

import re

__all__ = [
    "ERROR",
    "cell_advice",
    "cell_number",
    "cell_unit",
    "decimal_comma",
    "is_missing",
    "looks_numeric",
    "may_be_thousands",
    "quoted",
    "unquoted",
]

_MISSING = {"", "na", "n/a", "<na>", "nan", "null", "none", "nil", "missing", "?", "-", "--", "."}
_LONG = 40
ERROR = r"#(?:N/?A|NV|N/D|[A-Z\u00c0-\u00dd0-9/]+[!?])"
"""Cells in which a spreadsheet says that it has no value: #N/A, #NULL!, #DIV/0!, in any language."""

_ERROR = re.compile(rf"{ERROR}|-?1\.#(?:IND|QNAN|SNAN)0*")  # the latter is nan in C on Windows
_CURRENCY = r"$\u20ac\xa3\xa5"
_UNIT = re.compile(
    rf"[-+]?\d[\d.,]*\s*((?:[^\W\d_]|[%\u2030\xb0{_CURRENCY}]){{1,5}}(?:/[^\W\d_]{{1,5}})?[23\xb2\xb3]?)"
    rf"|[-+]?([{_CURRENCY}])\s*[-+]?\d[\d.,]*"
)
_LIST = re.compile(r"\[\s*(?:[-\[+.\d]|array\(|np\.)")
_FORTRAN = re.compile(r"([-+]?(?:\d+\.\d*|\.\d+))[dDqQ]([-+]?\d+)")  # 1974Q1 is a quarter of a year
_COMMA = re.compile(r"[-+]?(?:\d+,\d*|,\d+)(?:[eEdDqQ][-+]?\d+)?")
_GROUPED = re.compile(r"([-+]?[1-9]\d{0,2}(?:([,.'\u2019 \u00a0\u202f])\d{3})(?:\2\d{3})*)((?:[.,]\d*)?)")


def quoted(cell: str) -> str:
    """A cell in a message: on one line, and cut where it is long, as what follows an open quote is."""
    return repr(cell if len(cell) <= _LONG else f"{cell[:_LONG]}...")


def unquoted(name: str) -> str:
    """A name without the single quotes that some write around it, which the readers of tables keep."""
    return name[1:-1].strip() if len(name) > 2 and name[0] == name[-1] == "'" else name


def is_missing(cell: str) -> bool:
    """Whether a cell says that there is no value: empty, NA, nan, null, ?, an error of a spreadsheet and the like."""
    return cell.casefold() in _MISSING or _ERROR.fullmatch(cell) is not None


def decimal_comma(cell: str) -> bool:
    """Whether a cell is a number if its one comma is the decimal sign."""
    return _COMMA.fullmatch(cell) is not None


def may_be_thousands(cell: str) -> bool:
    """Whether the comma of a cell may as well separate thousands, as in 1,234."""
    return re.fullmatch(r"[-+]?[1-9]\d{0,2},\d{3}", cell) is not None


def cell_number(cell: str, *, comma: bool = False, grouped: bool = False) -> float | None:
    """The number that a cell holds, with the exponents of Fortran as well; None for anything else.

    Where the decimal sign is certain, digits may be ``grouped`` by the other signs.

    >>> cell_number("-1.5D+02"), cell_number("0,5", comma=True), cell_number("0x1F"), cell_number("1974Q1")
    (-150.0, 0.5, None, None)
    >>> cell_number("1.234", comma=True, grouped=True), cell_number("1'234.5", grouped=True)
    (1234.0, 1234.5)
    """
    cell = cell.replace("\u2212", "-")
    if grouped and (found := _GROUPED.fullmatch(cell)):
        sign, rest = (",", ".") if comma else (".", ",")
        if found[2] != sign and rest not in found[3]:
            return float(found[1].replace(found[2], "") + found[3].replace(sign, "."))
    if grouped and comma and "." in cell:
        return None
    if comma and decimal_comma(cell):
        cell = cell.replace(",", ".")
    try:
        return None if "_" in cell else float(cell)  # float() takes 1_0 for ten
    except ValueError:
        pass
    fortran = _FORTRAN.fullmatch(cell)
    return float("e".join(fortran.groups())) if fortran else None


def cell_unit(cell: str) -> str | None:
    """What stands behind a number, or the currency before it, as in 60 kg, 5% and $12; None if nothing does.

    >>> cell_unit("60 kg"), cell_unit("$1,50"), cell_unit("1e5"), cell_unit("kg 60")
    ('kg', '$', None, None)
    """
    found = _UNIT.fullmatch(cell) if cell_number(cell) is None else None
    return found and (found[1] or found[2])


def looks_numeric(cell: str, *, comma: bool = False) -> bool:
    """Whether a cell is a number, or would be one without its separators of thousands."""
    return cell_number(cell, comma=comma) is not None or _GROUPED.fullmatch(cell) is not None


def cell_advice(cell: str) -> str:
    """What is wrong with a cell that looks like a number and is not read as one; empty for text."""
    if re.fullmatch(r"[-+]?0[xX][0-9a-fA-F.]+(?:[pP][-+]?\d+)?", cell):
        return "hexadecimal is not read; write decimals"
    if _LIST.match(cell):
        return "a list in a cell is not read; write a column for each of its numbers, or a Parquet file"
    if _GROUPED.fullmatch(cell):
        return "is it a decimal sign or a separator of thousands? give --decimal . or --decimal , (decimal=)"
    if decimal_comma(cell):
        return "decimal commas beside decimal points; write all decimals with a point, or give --decimal ,"
    return ""
