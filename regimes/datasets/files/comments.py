"""Lines of a text table that are no rows of it: comments and empty lines."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from regimes.datasets.files.cells import ERROR, cell_number, is_missing, quoted

__all__ = ["content", "is_comment", "passed_over", "refuse_row"]

_COMMENT = re.compile(rf"\s*(?!{ERROR}(?:[\s,;|]|$))[#%]")


def is_comment(line: str) -> bool:
    """Whether a line begins with # or %, and not with an error of a spreadsheet, such as #N/A."""
    return (line[:1] in "#%" or line[:1].isspace()) and _COMMENT.match(line) is not None


def content(lines: Iterator[str]) -> Iterator[tuple[int, str]]:
    """Lines that are neither blank nor comments, with their number in the file."""
    for number, line in enumerate(lines, 1):
        if line.strip() and not is_comment(line):
            yield number, line


def refuse_row(line: str, row: Sequence[str], like: Sequence[str] | None, where: str) -> None:
    """Refuse a comment of as many cells as rows have, where text begins these and numbers stand in the same places."""
    if len(row) < 2 or (like is not None and (len(row) != len(like) or not _is_text(like[0]))):
        return
    alike = any(map(_is_number, row[1:])) if like is None else [*map(_is_number, row)] == [*map(_is_number, like)]
    if alike:
        raise ValueError(
            f"load_dataset: a line that begins with # or % is a comment, got {quoted(line.strip())} in {where}, which "
            f'may be a row; if it is, put its first cell in quotes, as "{row[0]}", otherwise delete it'
        )


def passed_over(comments: int, empty: int) -> tuple[str, ...]:
    """How many lines are no rows, in words."""
    found = (
        (comments, "beginning with # or % as a comment", "beginning with # or % as comments"),
        (empty, "without a cell left out", "without a cell left out"),
    )
    return tuple(
        f"{count} line{'s' * (count > 1)} {one if count == 1 else more}" for count, one, more in found if count
    )


def _is_number(cell: str) -> bool:
    return is_missing(cell) or cell_number(cell) is not None or cell_number(cell, comma=True) is not None


def _is_text(cell: str) -> bool:
    return not _is_number(cell)
