"""The command ``regimes``: one module a subcommand, loaded when it is called."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any

import click

from regimes import __version__
from regimes.cli.streams import show_error, silence_output, standard_streams

__all__ = ["main"]

_COMMANDS = {
    "predict": "regimes.cli.predict",
    "advise": "regimes.cli.advise",
    "training": "regimes.cli.training",
    "classes": "regimes.cli.classes",
    "speciation": "regimes.cli.speciation",
    "collapse": "regimes.cli.collapse",
    "hierarchy": "regimes.cli.hierarchy",
    "percolation": "regimes.cli.percolation",
    "features": "regimes.cli.features",
    "validate": "regimes.cli.validate",
    "clock": "regimes.cli.clock",
    "derive": "regimes.cli.derive",
    "claims": "regimes.cli.claims",
    "doctor": "regimes.cli.doctor",
}


_SPIN = "12"  # 2^12 ticks of waiting before a thread of OpenBLAS sleeps, for 2^26: they cost .2 s at each start


class _LazyGroup(click.Group):
    """Imports a subcommand's module only when the subcommand is looked up; every error is a message and exit code 2."""

    def main(self, args: Sequence[str] | None = None, *, standalone_mode: bool = True, **extra: Any) -> Any:  # type: ignore[override]
        if not standalone_mode:
            return super().main(args, standalone_mode=False, **extra)
        os.environ.setdefault("OPENBLAS_THREAD_TIMEOUT", _SPIN)  # read when NumPy is imported
        try:
            standard_streams()
            code = super().main(args, standalone_mode=False, **extra)
            sys.stdout.flush()
        except click.ClickException as error:
            show_error(error)
            code = error.exit_code
        except click.Abort:
            code = 130
        except SystemExit as leaving:
            code = 2 if leaving.code == 1 else leaving.code  # 1 is click's for a reader that went away
        except OSError as error:
            silence_output()
            if error.errno != errno.EPIPE:
                click.echo(f"Error: {error.strerror or error}: standard output", err=True)
            code = 2
        sys.exit(code)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name, command, rest = super().resolve_command(ctx, args)
        return name, command, rest if command is None else _keys_last(command, rest)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        command: click.Command = import_module(_COMMANDS[cmd_name]).command
        return command


def _keys_last(command: click.Command, args: list[str]) -> list[str]:
    """Arguments ``-:key`` behind ``--``, where click takes them for no option."""
    options = [each for each in command.params if isinstance(each, click.Option) and not (each.is_flag or each.count)]
    valued = {name for option in options for name in option.opts}
    end = args.index("--") if "--" in args else len(args)
    moved = [at for at in range(end) if args[at].startswith("-:") and (at == 0 or args[at - 1] not in valued)]
    if not moved:
        return args
    kept = [each for at, each in enumerate(args[:end]) if at not in moved]
    return [*kept, "--", *(args[at] for at in moved), *args[end + 1 :]]


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="regimes")
def main() -> None:
    """Predict, from theory, when a diffusion model makes up its mind.

    \b
    regimes predict digits                       transition times of a data set
    regimes advise digits                        where to guide, step, start, stop
    regimes training digits                      when random features begin to memorise it
    regimes classes digits                       when each pair of classes parts, and their tree
    regimes speciation --dim 256 --mu 1 --sigma 1
    regimes collapse --dim 256 --samples 20000 --sigma 1
    regimes hierarchy --symbols 32 --rules 8     noise at which each level is forgotten
    regimes percolation --grid 64 --sigma 0.7    share of a grid of images that connects them
    regimes features FOLDER                      which layers of a network change at which noise
    regimes validate mixture-clones --quick      theory against simulation
    regimes clock --time 1
    regimes derive collapse_time                 where a number comes from
    regimes claims biroli2024                    what a paper claims, and what came out
    regimes doctor                               versions and threads, for a report of a fault
    """
