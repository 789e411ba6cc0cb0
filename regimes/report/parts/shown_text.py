"""Text of the user's, such as names of classes, where some characters would do more than be seen."""

from __future__ import annotations

import re

__all__ = ["figure_text", "printable", "written_out"]

_LONGEST = 200  # characters of a line in a figure
# Control characters but the line feed and the tab, those that turn the direction of text, and halves of surrogates.
_STEERING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def printable(text: str) -> str:
    """The text with what could steer a terminal written out by its number."""
    return _STEERING.sub(lambda found: written_out(found[0]), text)


def figure_text(text: str) -> str:
    """The text as matplotlib shows it, a dollar sign included, which would begin a formula."""
    shown = printable(text)
    shown = shown if len(shown) <= _LONGEST else f"{shown[:_LONGEST]}..."
    return shown.replace("$", r"\$")


def written_out(text: str) -> str:
    """One character by its number."""
    return text.encode("ascii", "backslashreplace").decode() if not text.isascii() else f"\\x{ord(text):02x}"
