"""What every subcommand shares: numbers as options, errors with exit code 2, results to the right place."""

from __future__ import annotations

import functools
import math
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from regimes.cli.destinations import check_destinations
from regimes.report.parts.shown_text import printable

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from regimes.numerics.interface.result import Result

__all__ = [
    "Output",
    "emit",
    "interrupted",
    "memory_bytes",
    "memory_option",
    "numbers",
    "output_options",
    "progress_line",
    "scale_option",
    "time_option",
    "user_errors",
]

_TABLE_WIDTH = 110
_UNBOUNDED = 10_000
_MOST = 2.0**32  # GiB, four times what 64 bits count: more is no limit


class _UserError(click.ClickException):
    exit_code = 2


def user_errors(
    function: Callable[..., None], *, advice: str = "use fewer points or a smaller --memory"
) -> Callable[..., None]:
    """Turn an error of the user's into a message and exit code 2: no traceback for bad input, memory, an interrupt."""

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
            raise _UserError(str(error)) from None
        except OSError as error:
            if error.filename is None:
                raise  # of standard output
            raise _UserError(f"{error.strerror or error}: {error.filename}") from None
        except MemoryError:
            raise _UserError(f"the data do not fit into memory; {advice}") from None
        except KeyboardInterrupt as interrupt:
            click.echo(f"interrupted; {str(interrupt) or 'no file was changed'}", err=True)
            raise SystemExit(130) from None

    return wrapped


def interrupted(checkpoint: str | None) -> KeyboardInterrupt:
    """The interrupt of a command, which says what is kept."""
    if checkpoint is None:
        return KeyboardInterrupt("nothing is kept: --checkpoint FOLDER would keep what is finished")
    from regimes.numerics.interface.checkpoints import kept_pieces

    finished, begun = kept_pieces(checkpoint)
    if not finished and not begun:
        return KeyboardInterrupt(f"nothing is kept yet in {checkpoint}")
    pieces = f"{finished} finished piece{'s' * (finished != 1)}" + (f" and {begun} in part" if begun else "")
    return KeyboardInterrupt(f"{checkpoint} keeps {pieces}, the same command goes on there")


def numbers(context: click.Context, parameter: click.Parameter, values: tuple[str, ...]) -> tuple[float, ...] | None:
    """Parse a repeatable option that holds numbers separated by commas or spaces; None if it was not given."""
    if not values:
        return None
    texts = [text for value in values for text in value.replace(",", " ").split()]
    try:
        return tuple(float(text) for text in texts)
    except ValueError:
        raise click.BadParameter(f"takes numbers, separated by commas, got {' '.join(values)!r}") from None


time_option = click.option(
    "--time",
    "times",
    multiple=True,
    callback=numbers,
    metavar="T[,T...]",
    help="Ornstein-Uhlenbeck times of the curves; may be repeated.",
)
scale_option = click.option(
    "--scale", metavar="HOW", help="none, range, standard, feature, or a factor; default: none, of 8-bit values range."
)
memory_option = click.option(
    "--memory",
    type=float,
    default=2.0,
    show_default=True,
    metavar="GIB",
    help="Memory that may be used, with that of DATASET, in GiB.",
)


def memory_bytes(command: str, gib: float) -> int:
    """Working memory in bytes, from GiB."""
    if not 0 < gib < math.inf:
        raise ValueError(f"{command}: memory must be a positive number of GiB, got {gib:g}")
    return round(min(gib, _MOST) * 2**30)


@dataclass(frozen=True)
class Output:
    """Where a result goes: JSON or a table to standard output, files for JSON and figure, citations instead."""

    as_json: bool = False
    cite: bool = False
    output: str | None = None
    plot: str | None = None


def output_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add ``--plot``, ``--json``, ``--cite`` and ``-o``; the command gets a checked :class:`Output` as ``output``."""

    @functools.wraps(command)
    def wrapped(*, as_json: bool, cite: bool, output: str | None, plot: str | None = None, **given: Any) -> Any:
        if output == "-":
            as_json, output = True, None
        if as_json and cite:
            raise click.UsageError("give either --json (or -o -) or --cite, not both")
        if output is not None or plot is not None or any(str(each).startswith("-") for each in given.values()):
            check_destinations(output, plot, given)
        return command(output=Output(as_json, cite, output, plot), **given)

    for option in (
        click.option("-o", "--output", metavar="FILE", help="Write the result as JSON to FILE, - for standard output."),
        click.option("--cite", is_flag=True, help="Print BibTeX of what the numbers rest on instead of tables."),
        click.option("--json", "as_json", is_flag=True, help="Print JSON instead of tables."),
        click.option("--plot", metavar="FILE", help="Draw the result to FILE (.png, .pdf or .svg)."),
    ):
        wrapped = option(wrapped)
    return wrapped


@contextmanager
def progress_line() -> Iterator[Callable[[str, int, int], None]]:
    """A line on standard error, where someone watches: the part at work, its share and the time left. It vanishes.

    An estimate of the whole is a line that stays, whoever watches.
    """
    from regimes.numerics.interface.progress import ESTIMATE

    if sys.stderr is None or not sys.stderr.isatty():
        yield lambda part, done, work: click.echo(part, err=True) if part.startswith(ESTIMATE) else None
        return
    from rich.console import Console
    from rich.progress import Progress, TaskID

    with Progress(console=Console(stderr=True), transient=True) as bar:
        tasks: dict[str, TaskID] = {}
        shown = ""

        def report(part: str, done: int, work: int) -> None:
            nonlocal shown
            if part.startswith(ESTIMATE):
                bar.console.print(part, highlight=False, markup=False)
                return
            if part not in tasks:
                tasks[part] = bar.add_task(part, total=None)
            if part != shown:
                for each, task in tasks.items():
                    bar.update(task, visible=each == part)
                shown = part
            if done > 0:  # before the first piece is done, its share is unknown
                bar.update(tasks[part], completed=done, total=work)

        yield report


def emit(result: Result, to: Output) -> None:
    """Write files first, then print; no table is cut, however narrow the terminal."""
    if to.plot is not None:
        from regimes.report.parts.files import save_figure

        save_figure(result.plot(), to.plot)
    if to.as_json or to.output is not None:
        from regimes.report.parts.files import json_text, write_text

        text = json_text(result.to_dict())
        if to.output is not None:
            write_text(to.output, text)
        if to.as_json:
            click.echo(text, nl=False)
    if to.cite:
        from regimes.report.formula.citation import citation

        shown = result.numbers.values()
        formulas = (name for number in shown for name in number.formulas)
        click.echo(citation(formulas, (key for number in shown for key in number.sources)), nl=False)
    elif not to.as_json:
        from rich.console import Console

        from regimes.report.views import table

        _print(
            Console(width=None if sys.stdout.isatty() else _TABLE_WIDTH, highlight=False, markup=False, emoji=False),
            table(result),
        )


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
            shown = [Segment(printable(piece.text), piece.style, piece.control) for piece in line]
            console.print(Segments([*shown, Segment.line()]), end="", crop=False, soft_wrap=True)
