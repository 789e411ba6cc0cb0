"""Rendered derivations, kept between processes: printing one again needs no sympy."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path

from regimes.numerics.compiled.formula_files import theory_cache
from regimes.numerics.compiled.sealed_file import digest, read_sealed, write_sealed

__all__ = ["kept_text"]


def kept_text(what: str, make: Callable[[], str]) -> str:
    """The text of that name, made if the package has changed since: a derivation tells lines and uses in all of it."""
    path = theory_cache() / "texts" / digest(what.encode(), _package().encode())
    content = read_sealed(path)
    if content is not None:
        return content.decode()
    text = make()
    write_sealed(path, text.encode())
    return text


@functools.cache
def _package() -> str:
    folder = Path(__file__).parents[2]
    kinds = {".py", ".json", ".bib"}
    files = (path for path in sorted(folder.rglob("*")) if path.suffix in kinds and "shipped" not in path.parts)
    return digest(*(part for path in files for part in (str(path.relative_to(folder)).encode(), path.read_bytes())))
