"""Standard streams: closed, unable to show a character, or a terminal that some characters would steer."""

from __future__ import annotations

import codecs
import contextlib
import io
import os
import sys
import unicodedata

import click

from regimes.report.parts.shown_text import printable, written_out

__all__ = ["show_error", "silence_output", "standard_streams"]

_FIRST, _LAST = 2000, 500  # characters of a message that are shown, of one that quotes something long


def standard_streams() -> None:
    """Make the streams fit for any text; standard output has to be open."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the next file would take the number, and what libraries print with it
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=_ERRORS)
    if sys.stdout is None:
        raise _NoOutput("standard output is closed; redirect it to a file, or to /dev/null")


def show_error(error: click.ClickException) -> None:
    """One message on standard error, with the way to help where the command was wrong: three lines at most."""
    if isinstance(error, getattr(click.exceptions, "NoArgsIsHelpError", ())):  # since click 8.2
        error.show()
        return
    text = printable(" ".join(error.format_message().split("\n")))
    if len(text) > _FIRST + _LAST:
        text = f"{text[:_FIRST]} ... {text[-_LAST:]}"
    click.echo(f"Error: {text}", err=True)
    context = getattr(error, "ctx", None)
    if isinstance(context, click.Context):
        click.echo(f"Try '{context.command_path} {context.help_option_names[-1]}' for help.", err=True)


def silence_output() -> None:
    """Nobody reads any more: let what is still in the buffer go nowhere, without a word."""
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())


class _NoOutput(click.ClickException):
    exit_code = 2


def _in_ascii(error: UnicodeError) -> tuple[str, int]:
    """What a console cannot show, in characters that it can: without its accent, or by number."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    missing = error.object[error.start : error.end]
    plain: list[str] = []
    for character in missing:
        simple = unicodedata.normalize("NFKD", character).encode("ascii", "ignore").decode()
        plain.append(simple or written_out(character))
    return "".join(plain), error.end


_ERRORS = "regimes.in_ascii"
codecs.register_error(_ERRORS, _in_ascii)
