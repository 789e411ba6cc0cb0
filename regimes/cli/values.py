"""Values of options that several subcommands read alike."""

from __future__ import annotations

__all__ = ["names", "scale_value"]


def names(text: str | None) -> list[str] | None:
    """Split a list of names at its commas.

    Parameters
    ----------
    text : str or None
        What was given.

    Returns
    -------
    list of str or None
        None if the option was not given.
    """
    if text is None:
        return None
    return [name.strip() for name in text.split(",") if name.strip()]


def scale_value(text: str) -> str | float:
    """Read how to scale data: a word, or a number.

    Parameters
    ----------
    text : str
        What was given.

    Returns
    -------
    str or float
        A float where the text is one.
    """
    try:
        return float(text)
    except ValueError:
        return text
