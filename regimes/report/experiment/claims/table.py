"""The ledger as text for a terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.console import Group
from rich.table import Table
from rich.text import Text

from regimes.report.experiment.claims.ledger import STATUS, Claim

if TYPE_CHECKING:
    from rich.console import RenderableType

__all__ = ["table"]


def table(ledger: Sequence[Claim]) -> RenderableType:
    """Each claim with what came out, its numbers and the commands that give them, by paper."""
    lines: list[RenderableType] = [Text(_counted(ledger))]
    for paper in dict.fromkeys(each.paper for each in ledger):
        rows = Table(box=None, pad_edge=False, show_header=False, show_edge=False)
        rows.add_column(no_wrap=True)
        rows.add_column(no_wrap=True)
        rows.add_column()
        for each in ledger:
            if each.paper == paper:
                rows.add_row(each.id, each.status, _told(each))
        lines += [Text(""), Text(paper, style="bold"), rows]
    note = "Claims are in our words; numbers in brackets are standard errors of the last digits."
    return Group(*lines, Text(""), Text(note))


def _counted(ledger: Sequence[Claim]) -> str:
    count = Counter(each.status for each in ledger)
    by_status = ", ".join(f"{count[status]} {status}" for status in STATUS if count[status])
    return f"{len(ledger)} {'claim' if len(ledger) == 1 else 'claims'}: {by_status}"


def _told(each: Claim) -> str:
    numbers = "; ".join(number.text for number in each.evidence)
    return "\n".join(
        [
            each.claim,
            f"  published: {each.published}",
            f"  found: {each.found} ({numbers})",
            *([f"  not done: {each.left}"] if each.left else []),
            *(f"  $ {command}" for command in each.commands),
        ]
    )
