"""Results on disk: a file is written whole or not at all."""

from __future__ import annotations

import json
import tempfile
import warnings
from pathlib import Path
from typing import Any

from regimes.numerics.interface.result import plain
from regimes.numerics.interface.whole_file import check_place, replacing

__all__ = ["FIGURE_SUFFIXES", "check_destination", "json_text", "save_figure", "write_text"]

FIGURE_SUFFIXES = (".png", ".pdf", ".svg")


def json_text(result: Any) -> str:
    """Serialise a result's dictionary.

    Examples
    --------
    >>> print(json_text({"t_C": 1.5, "bound": float("inf")}), end="")
    {
      "t_C": 1.5,
      "bound": null
    }
    """
    return json.dumps(plain(result), indent=2, allow_nan=False) + "\n"


def write_text(path: str | Path, text: str) -> None:
    """Write a text file whole or not at all."""
    with replacing("output", Path(path)) as temporary:
        temporary.write_text(text, encoding="utf-8")


def save_figure(figure: Any, path: str | Path) -> None:
    """Save a figure whole or not at all."""
    destination = Path(path)
    check_destination(destination, figure=True)
    with replacing("output", destination) as temporary, warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing")  # a letter that the font lacks is drawn as a box
        figure.savefig(temporary, format=destination.suffix[1:].lower(), dpi=200)


def check_destination(path: str | Path, *, figure: bool = False) -> None:
    """Refuse a place that cannot be written, before the work is done whose result it is to hold."""
    destination = Path(path)
    if figure and destination.suffix.lower() not in FIGURE_SUFFIXES:
        raise ValueError(f"figure: the file must end in {', '.join(FIGURE_SUFFIXES)}, got {destination.name!r}")
    check_place("output", destination)
    if destination.exists() and not destination.is_file():
        return
    try:
        with tempfile.TemporaryFile(dir=destination.resolve().parent):
            pass
    except OSError as error:
        raise ValueError(
            f"output: cannot write to folder {destination.parent} ({error.strerror}); choose another"
        ) from None
