"""BibTeX of the software and of exactly the papers behind some formulas."""

from __future__ import annotations

import re
import textwrap
import unicodedata
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from regimes import __version__
from regimes.theory.catalogue import formula
from regimes.theory.formula.written import written

__all__ = ["citation", "references"]

_FILE = Path(__file__).with_name("references.bib")
_ENTRY = re.compile(r"^@\w+\{(\w+),\n.*?^\}$", re.DOTALL | re.MULTILINE)
# As in CITATION.cff; a test holds them equal.
_SOFTWARE = """@software{regimes,
  author = {{The regimes developers}},
  title = {regimes: when a diffusion model commits},
  version = {%s},
  license = {BSD-3-Clause},
}"""
_ACCENTS = {"\u0300": "`", "\u0301": "'", "\u0302": "^", "\u0303": "~", "\u0308": '"', "\u0327": "c "}


def citation(formula_names: Iterable[str], sources: Iterable[str] = ()) -> str:
    """BibTeX of the software, of these sources, and of the papers behind these formulas, in the order of the file.

    A formula that is derived from another one rests on the papers of that one.
    """
    names = dict.fromkeys(formula_names)
    keys = {*sources, *(key for name in names for key in _cited(name))}
    entries = [_SOFTWARE % __version__, *(text for key, text in references().items() if key in keys)]
    return "\n\n".join(map(_ascii, entries)) + "\n" + _formulas(names)


def _formulas(names: Iterable[str]) -> str:
    """What the papers are cited for, and how to see it; outside of an entry BibTeX ignores text."""
    if not names:
        return ""
    lines = textwrap.wrap(", ".join(names), 100, initial_indent="  ", subsequent_indent="  ")
    said = ["formulas, each shown by `regimes derive NAME`, in Python regimes.formula(NAME):", *lines]
    return "\n" + "".join(f"% {line}\n" for line in said)


@cache
def references() -> dict[str, str]:
    """Text of each entry of the references by its key, in the order of the file."""
    return {entry[1]: entry[0] for entry in _ENTRY.finditer(_FILE.read_text(encoding="utf-8"))}


def _cited(name: str) -> Iterator[str]:
    """Keys in the source of a formula, and in those of the formulas that it is derived from."""
    waiting, seen = [name], {name}
    while waiting:
        words = re.findall(r"\w+", formula(waiting.pop()).source)
        yield from (word for word in words if word in references())
        origins = {word for word in words if word in written()} - seen
        seen |= origins
        waiting += sorted(origins)


def _ascii(text: str) -> str:
    """Accents as LaTeX writes them: every console can show these, and every BibTeX read them."""
    written_out = ""
    for character in text:
        base, *marks = list(unicodedata.normalize("NFD", character))
        written_out += f"{{\\{_ACCENTS[marks[0]]}{base}}}" if marks and marks[0] in _ACCENTS else character
    return written_out
