"""The ledger: claims with the numbers that bear them out or refute them."""

from __future__ import annotations

import json
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from regimes.report.formula.citation import references
from regimes.report.parts.rounding import rounded

__all__ = ["EVIDENCE", "STATUS", "Claim", "Evidence", "claims"]

CLAIMS = Path(__file__).with_name("claims.toml")
EVIDENCE = Path(__file__).with_name("evidence.json")
STATUS = ("reproduced", "refined", "refuted", "undecided", "out of reach")
"""What can come out; undecided is what a rule says that was written down before the run."""


@dataclass(frozen=True)
class Evidence:
    """A number that was measured or computed, or a page of the documentation that shows it.

    Attributes
    ----------
    said : str
        What the number is.
    command : str
        The command that gives it; of a page none.
    key : str
        Of the number in what the command gives.
    value, error : float or None
        The number and its standard error.
    page : str
        Of the documentation, within its folder.
    """

    said: str
    command: str = ""
    key: str = ""
    value: float | None = None
    error: float | None = None
    page: str = ""

    @property
    def text(self) -> str:
        """The number with its error in units of the last digits, and what it is."""
        if self.value is None:
            return self.said
        return f"{self.said}: {rounded(self.value, self.error)}"


@dataclass(frozen=True)
class Claim:
    """What a paper says, in our words, and what came out.

    Attributes
    ----------
    id : str
        A letter of the paper and a number.
    paper : str
        Key of the reference.
    claim, published : str
        What it says, and where or with which number.
    status : str
        One of :data:`STATUS`.
    found : str
        What came out.
    left : str
        What was not done, and why.
    evidence : tuple of Evidence
        At least one.
    """

    id: str
    paper: str
    claim: str
    published: str
    status: str
    found: str
    left: str
    evidence: tuple[Evidence, ...]

    @property
    def commands(self) -> tuple[str, ...]:
        """What to run to see for oneself, each once."""
        return tuple(dict.fromkeys(each.command for each in self.evidence if each.command))


def claims(paper: str | None = None) -> tuple[Claim, ...]:
    """Claims of a paper, or of all.

    Parameters
    ----------
    paper : str, optional
        Key of a reference, as ``biroli2024``.

    Returns
    -------
    tuple of Claim
        In the order of the ledger.

    Raises
    ------
    ValueError
        If the ledger has no claim of that paper.

    Examples
    --------
    >>> [each.id for each in claims("sclocchi2025")]
    ['S8', 'S9', 'S10']
    """
    found = tuple(each for each in _all() if paper in (None, each.paper))
    if not found:
        papers = ", ".join(dict.fromkeys(each.paper for each in _all()))
        known = "a reference without claims" if paper in references() else "no reference"
        raise ValueError(f"claims: {paper!r} is {known}; give one of {papers}")
    return found


@cache
def _all() -> tuple[Claim, ...]:
    kept = json.loads(EVIDENCE.read_text(encoding="utf-8"))
    return tuple(
        Claim(
            **{**row, "left": row.get("left", ""), "evidence": tuple(_evidence(each, kept) for each in row["evidence"])}
        )
        for row in written()
    )


def written() -> list[dict[str, Any]]:
    """Rows of the ledger as they are written, without values."""
    rows: list[dict[str, Any]] = tomllib.loads(CLAIMS.read_text(encoding="utf-8"))["claim"]
    return rows


def place(each: dict[str, str]) -> str:
    """Where a piece of evidence lies: a stored result, or a command."""
    return each["result"] if "result" in each else f"regimes {each['command']}"


def _evidence(each: dict[str, str], kept: dict[str, Any]) -> Evidence:
    if "page" in each:
        return Evidence(each["said"], page=each["page"])
    of = kept[place(each)]
    value, error = of["numbers"][each["key"]]
    return Evidence(each["said"], of["command"], each["key"], value, error)
