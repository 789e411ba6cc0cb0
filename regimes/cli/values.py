"""Values of options that several subcommands read alike."""

from __future__ import annotations

__all__ = ["names", "scale_value"]


def names(text: str | None) -> list[str] | None:
    """Split a list of names at its commas."""
    if text is None:
        return None
    return [name.strip() for name in text.split(",") if name.strip()]


def scale_value(text: str) -> str | float:
    """Read how to scale data: a word, or a number."""
    try:
        return float(text)
    except ValueError:
        return text
