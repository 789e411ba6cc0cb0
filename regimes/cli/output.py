"""What every subcommand shares: numbers as options, errors with exit code 2, results to the right place."""

from __future__ import annotations

import errno
import functools
import math
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

__all__ = [
    "check_outputs",
    "emit",
    "memory_bytes",
    "numbers",
    "output_options",
    "progress_bars",
    "schedule_option",
    "time_option",
    "user_errors",
]

_TABLE_WIDTH = 110
_UNBOUNDED = 10_000


class _UserError(click.ClickException):
    exit_code = 2


def user_errors(
    function: Callable[..., None], *, advice: str = "use fewer points or a smaller --memory"
) -> Callable[..., None]:
    """Turn an error of the user's into a message and exit code 2.

    Parameters
    ----------
    function : callable
        Body of a subcommand.
    advice : str
        What to do where memory is exhausted.

    Returns
    -------
    callable
        The same, without tracebacks for bad input, exhausted memory or an interrupt.
    """

    @functools.wraps(function)
    def wrapped(*arguments: Any, **options: Any) -> None:
        try:
            function(*arguments, **options)
        except ValueError as error:
            raise _UserError(str(error)) from None
        except RuntimeError as error:
            # Told by name and text, not imported: --version must load neither the solvers nor torch.
            if type(error).__name__ == "OutOfMemoryError" or "allocate memory" in str(error):
                raise _UserError(f"memory is exhausted; {advice}") from None
            if type(error).__name__ != "NotConverged":
                raise
            raise click.ClickException(str(error)) from None
        except OSError as error:
            if error.errno == errno.EPIPE:
                raise
            raise click.ClickException(f"{error.strerror or error}: {error.filename or 'output'}") from None
        except MemoryError:
            raise _UserError(f"the data do not fit into memory; {advice}") from None
        except KeyboardInterrupt as interrupt:
            click.echo(f"interrupted; {str(interrupt) or 'no file was changed'}", err=True)
            raise SystemExit(130) from None

    return wrapped


def numbers(context: click.Context, parameter: click.Parameter, values: tuple[str, ...]) -> tuple[float, ...] | None:
    """Parse a repeatable option that holds numbers separated by commas or spaces.

    Parameters
    ----------
    context, parameter
        Of click.
    values : tuple of str
        What was given.

    Returns
    -------
    tuple of float or None
        None if the option was not given.

    Raises
    ------
    click.BadParameter
        If something is not a number.
    """
    if not values:
        return None
    texts = [text for value in values for text in value.replace(",", " ").split()]
    try:
        return tuple(float(text) for text in texts)
    except ValueError:
        raise click.BadParameter(f"takes numbers, separated by commas, got {' '.join(values)!r}") from None


time_option = click.option(
    "--time", "times", multiple=True, callback=numbers, metavar="T[,T...]",
    help="Ornstein-Uhlenbeck times of the curves; may be repeated.",
)  # fmt: skip
schedule_option = click.option(
    "--schedule", default="ddpm-linear", show_default=True, metavar="NAME",
    help="Noise schedule in whose steps times are shown: ddpm-linear, cosine or edm.",
)  # fmt: skip


def memory_bytes(command: str, gib: float) -> int:
    """Working memory in bytes.

    Parameters
    ----------
    command : str
        For the error.
    gib : float
        What was given, in GiB.

    Returns
    -------
    int
        Bytes.

    Raises
    ------
    ValueError
        If it is not a positive number.
    """
    if not 0 < gib < math.inf:
        raise ValueError(f"{command}: memory must be a positive number of GiB, got {gib:g}")
    return round(gib * 2**30)


def output_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add ``--plot``, ``--json`` and ``-o`` to a subcommand.

    Parameters
    ----------
    function : callable
        The subcommand.

    Returns
    -------
    callable
        The same with the options.
    """
    for option in (
        click.option("-o", "--output", metavar="FILE", help="Write the result as JSON to FILE."),
        click.option("--json", "as_json", is_flag=True, help="Print JSON instead of tables."),
        click.option("--plot", metavar="FILE", help="Draw the result to FILE (.png, .pdf or .svg)."),
    ):
        function = option(function)
    return function


def check_outputs(output: str | None, plot: str | None) -> None:
    """Refuse unusable destinations before the work is done.

    Parameters
    ----------
    output, plot : str, optional
        Files for the JSON and the figure.

    Raises
    ------
    ValueError
        If one cannot be written, or both are the same file.
    """
    if output is None and plot is None:
        return
    if output is not None and plot is not None and os.path.realpath(output) == os.path.realpath(plot):
        raise ValueError(f"output: -o (the result as JSON) and --plot (the figure) must differ, got {plot!r} for both")
    from regimes.report.parts.files import check_destination

    if output is not None:
        check_destination(output)
    if plot is not None:
        check_destination(plot, figure=True)


@contextmanager
def progress_bars() -> Iterator[Callable[[str, int, int], None] | None]:
    """A bar for each part of the work on standard error, where someone watches; they vanish when the work is done.

    Yields
    ------
    callable or None
        To be called with the name of a part, the work done and all work; None where nobody watches.
    """
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress, TaskID

    with Progress(console=Console(stderr=True), transient=True) as bar:
        tasks: dict[str, TaskID] = {}

        def report(part: str, done: int, work: int) -> None:
            if part not in tasks:
                tasks[part] = bar.add_task(part, total=None)
            if done > 0:  # before the first piece is done, its share is unknown
                bar.update(tasks[part], completed=done, total=work)

        yield report


def emit(
    result: Any,
    table: Callable[[], RenderableType],
    *,
    as_json: bool,
    output: str | None = None,
    plot: str | None = None,
) -> None:
    """Write files first, then print; no table is cut, however narrow the terminal.

    Parameters
    ----------
    result : dataclass
        With ``to_dict()`` and, for ``plot``, ``plot()``.
    table : callable
        Makes the table, if one is printed.
    as_json : bool
        Print JSON instead.
    output, plot : str, optional
        Files.
    """
    if plot is not None:
        from regimes.report.parts.files import save_figure

        save_figure(result.plot(), plot)
    if as_json or output is not None:
        from regimes.report.parts.files import json_text, write_text

        text = json_text(result.to_dict())
        if output is not None:
            write_text(output, text)
        if as_json:
            click.echo(text, nl=False)
    if not as_json:
        from rich.console import Console

        _print(Console(width=None if sys.stdout.isatty() else _TABLE_WIDTH, highlight=False), table())


def _print(console: Console, renderable: RenderableType) -> None:
    """Text is broken at the width of the console; a table runs over before it loses a digit."""
    from rich.console import Group
    from rich.measure import Measurement
    from rich.segment import Segment, Segments
    from rich.table import Table

    options = console.options
    for part in renderable.renderables if isinstance(renderable, Group) else [renderable]:
        width = console.width
        if isinstance(part, Table):
            width = max(width, Measurement.get(console, options.update(width=_UNBOUNDED), part).maximum)
        for line in console.render_lines(part, options.update(width=width), pad=False):
            while line and not line[-1].text.strip():
                line.pop()
            if line:
                line[-1] = Segment(line[-1].text.rstrip(), line[-1].style)
            console.print(Segments([*line, Segment.line()]), end="", crop=False, soft_wrap=True)
