"""``regimes hierarchy``: the noise at which each level of a hierarchy is forgotten."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import click

from regimes.cli.output import check_outputs, emit, numbers, output_options, schedule_option, user_errors

__all__ = ["command"]

_CHILDREN, _DEPTH = 2, 8


@click.command("hierarchy", short_help="Noise at which each level of a hierarchy is forgotten.")
@click.option("--symbols", "v", type=int, metavar="V", help="Symbols of every level.")
@click.option("--rules", "m", type=int, metavar="M", help="Rules of a symbol.")
@click.option("--children", "s", type=int, metavar="S", help=f"Children of a symbol.  [default: {_CHILDREN}]")
@click.option("--depth", "L", type=int, metavar="L", help=f"Levels of rules.  [default: {_DEPTH}]")
@click.option("--classes", type=int, metavar="N", help="Symbols of the root; V if not given.")
@click.option(
    "--noise", default="epsilon", show_default=True, metavar="NOISE", help="epsilon, masking, uniform or gaussian."
)
@click.option(
    "--level", "levels", multiple=True, callback=numbers, metavar="X[,X...]",
    help="Noise levels of the curves, increasing: epsilon, the masked or replaced fraction, or the Ornstein-Uhlenbeck "
    "time; may be repeated.",
)  # fmt: skip
@click.option("--exact", is_flag=True, help="Add exact curves by belief propagation, averaged over sets of rules.")
@click.option("--instances", type=int, default=8, show_default=True, metavar="I", help="Sets of rules for --exact.")
@click.option("--samples", type=int, default=64, show_default=True, metavar="N", help="Samples of each set of rules.")
@click.option(
    "--rules-file", metavar="FILE",
    help="One set of rules, as save_rules writes it: the parameters are those of the file, the exact curves its own.",
)  # fmt: skip
@click.option(
    "--population", type=int, default=10000, show_default=True, metavar="N",
    help="Messages in a population of density evolution for the threshold.",
)  # fmt: skip
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Seed of everything random.")
@schedule_option
@output_options
@user_errors
def command(
    v: int | None, m: int | None, s: int | None, L: int | None, classes: int | None, noise: Any,
    levels: tuple[float, ...] | None, exact: bool, instances: int, samples: int, rules_file: str | None,
    population: int, seed: int, schedule: str, plot: str | None, as_json: bool, output: str | None,
) -> None:  # fmt: skip
    """Predict at which noise each level of a random hierarchy stops being reconstructed.

    \b
    regimes hierarchy --symbols 32 --rules 8
    regimes hierarchy --symbols 16 --rules 4 --depth 6 --noise masking --population 2000
    regimes hierarchy --symbols 16 --rules 4 --depth 6 --exact --instances 4 --samples 32 --level 0.7,0.8
    """
    from regimes.numerics.schedules import noise_schedule

    steps = noise_schedule(schedule)
    check_outputs(output, plot)
    rules = None
    if rules_file is not None:
        from regimes.datasets.hierarchy import load_rules

        rules = load_rules(rules_file)
        v, m, s, L = (
            own if given is None else given
            for given, own in ((v, rules.v), (m, rules.m), (s, rules.s), (L, rules.depth))
        )
        classes = rules.classes if classes is None else classes
    if v is None or m is None:
        raise ValueError("hierarchy: give --symbols and --rules, or a --rules-file that holds them")
    from regimes.prediction.hierarchy import predict_hierarchy

    with _progress() as report:
        result = predict_hierarchy(
            v, m, _CHILDREN if s is None else s, _DEPTH if L is None else L, classes=classes, noise=noise,
            noise_levels=levels, rules=rules, exact=exact, instances=instances, samples=samples,
            population=population, rng=seed, progress=report,
        )  # fmt: skip

    def table() -> Any:
        from regimes.report.hierarchy_table import hierarchy_table

        return hierarchy_table(result, steps)

    emit(result, table, as_json=as_json, output=output, plot=plot)


@contextmanager
def _progress() -> Iterator[Callable[[str, int, int], None] | None]:
    """A bar for each part on standard error, where someone watches; they vanish when the work is done."""
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
