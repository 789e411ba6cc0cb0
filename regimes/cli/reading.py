"""Options of every command that takes a DATASET: what is read of it."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import click

from regimes.datasets.files.reading import ReadingOptions

__all__ = ["READING", "reading_options"]

_OPTIONS = (
    click.option(
        "--labels", metavar="WHERE", help="Labels: a column (name or index), a key, a file, or file.csv:column."
    ),
    click.option("--columns", metavar="A,B,5-20", help="Features: names, indices from 0, ranges; all by default."),
    click.option("--drop", metavar="A,B,5-20", help="Columns to leave out."),
    click.option("--header/--no-header", default=None, help="First line holds names, or a point; judged by default."),
    click.option("--decimal", type=click.Choice([".", ","]), help="Decimal sign of a text table; judged by default."),
    click.option(
        "--missing",
        type=click.Choice(["error", "drop"]),
        default="error",
        show_default=True,
        help="With drop, points that lack a value or a label are left out.",
    ),
    click.option("--resize", metavar="N|HxW", help="Crop images about the centre and resize them."),
    click.option("--skip-broken", is_flag=True, help="Leave out images that are damaged or of another size."),
)
READING = tuple(ReadingOptions.__annotations__)
"""Parameters that travel together."""


def reading_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add ``--labels`` and what says how DATASET is read; the command gets ``labels``, and the rest as ``reading``."""

    @functools.wraps(command)
    def wrapped(**given: Any) -> Any:
        return command(reading={name: given.pop(name) for name in READING}, **given)

    for option in reversed(_OPTIONS):
        wrapped = option(wrapped)
    return wrapped
