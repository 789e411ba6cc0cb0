"""``regimes hierarchy``: the noise at which each level of a hierarchy is forgotten."""

from __future__ import annotations

import functools
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from regimes.cli.output import (
    Output,
    emit,
    memory_bytes,
    numbers,
    output_options,
    progress_line,
    user_errors,
)
from regimes.cli.schedule import schedule_options

if TYPE_CHECKING:
    from regimes.numerics.hierarchy.problem import Hierarchy
    from regimes.numerics.hierarchy.rules import HierarchyRules

__all__ = ["command"]

_CHILDREN, _DEPTH = 2, 8  # for --help; those of Hierarchy, whose import costs numpy


@click.command("hierarchy", short_help="Noise at which each level of a hierarchy is forgotten.")
@click.option("--symbols", "v", type=int, metavar="V", help="Symbols of every level.")
@click.option("--rules", "m", type=int, metavar="M", help="Rules of a symbol.")
@click.option("--children", "s", type=int, metavar="S", help=f"Children of a symbol.  [default: {_CHILDREN}]")
@click.option(
    "--depth",
    "L",
    type=int,
    metavar="L",
    help=f"Levels of rules; symbols are at the levels 0, the root, to L, the leaves.  [default: {_DEPTH}]",
)
@click.option("--classes", type=int, metavar="N", help="Symbols of the root; V if not given.")
@click.option(
    "--noise",
    default="epsilon",
    show_default=True,
    metavar="NOISE",
    help="epsilon, masking, uniform or gaussian; the last three take some 10 to 20 s with the default --population.",
)
@click.option(
    "--level",
    "levels",
    multiple=True,
    callback=numbers,
    metavar="X[,X...]",
    help="Noise levels of the curves, increasing: epsilon, the masked or replaced fraction, or for gaussian the "
    "Ornstein-Uhlenbeck time t > 0; may be repeated. By default 0 to 1, or for gaussian from a fifth to five times the "
    "threshold.",
)
@click.option("--exact", is_flag=True, help="Add exact curves by belief propagation, averaged over sets of rules.")
@click.option("--instances", type=int, default=8, show_default=True, metavar="I", help="Sets of rules for --exact.")
@click.option(
    "--samples", type=int, default=64, show_default=True, metavar="N", help="Samples of each set of rules for --exact."
)
@click.option(
    "--rules-file",
    metavar="FILE",
    help="One set of rules, as save_rules writes it, for exact curves (implies --exact) of these rules with their "
    "parameters; all else stays an average over random rules.",
)
@click.option(
    "--population",
    type=int,
    default=10000,
    show_default=True,
    metavar="N",
    help="Messages in a population of density evolution for the threshold, not for epsilon.",
)
@click.option(
    "--memory",
    type=float,
    default=2.0,
    show_default=True,
    metavar="GIB",
    help="Working memory of --exact, in GiB.",
)
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Seed of everything random.")
@functools.partial(user_errors, advice="take fewer samples, a smaller population or fewer levels")
@output_options
@schedule_options()
def command(rules_file: str | None, levels: tuple[float, ...] | None, output: Output, **options: Any) -> None:
    """Predict at which noise each level of a random hierarchy stops being reconstructed.

    \b
    regimes hierarchy --symbols 32 --rules 8
    regimes hierarchy --symbols 16 --rules 4 --depth 6 --noise masking --population 2000
    regimes hierarchy --symbols 16 --rules 4 --depth 6 --exact --instances 4 --samples 32 --level 0.7,0.8
    """
    memory = memory_bytes("hierarchy", options["memory"])
    model = _model(rules_file, {name: options[name] for name in ("v", "m", "s", "L", "classes")}, memory)
    from regimes.prediction.hierarchy.budget import HierarchyBudget
    from regimes.prediction.hierarchy.predict import predict_hierarchy

    budget = HierarchyBudget(options["instances"], options["samples"], options["population"], memory)
    noise, exact = options["noise"], options["exact"]
    with progress_line() as report:
        result = predict_hierarchy(
            model,
            noise=noise,
            noise_levels=levels,
            exact=exact,
            budget=budget,
            rng=options["seed"],
            schedule=options["schedule"],
            progress=report,
        )

    _say_what_is_ignored(noise, exact=exact, rules_given=rules_file is not None)
    emit(result, output)


def _model(rules_file: str | None, given: dict[str, Any], memory: int) -> Hierarchy | HierarchyRules:
    """The parameters given, or the rules of a file, which the parameters must not contradict."""
    from regimes.numerics.hierarchy.problem import Hierarchy

    if rules_file is not None:
        from regimes.datasets.hierarchy.files import load_rules

        rules = load_rules(rules_file, memory=memory)
        own = asdict(rules.hierarchy)
        wanted = own | {name: value for name, value in given.items() if value is not None}
        if wanted != own:
            raise ValueError(
                f"hierarchy: the rules must have (v, m, s, L, classes) = {(*wanted.values(),)}, got {(*own.values(),)}"
            )
        return rules
    if given["v"] is None or given["m"] is None:
        raise ValueError("hierarchy: give --symbols and --rules, or a --rules-file that holds them")
    return Hierarchy(**{name: value for name, value in given.items() if value is not None})


def _say_what_is_ignored(noise: str, *, exact: bool, rules_given: bool) -> None:
    """A line on standard error for each option that was given and does nothing."""
    context = click.get_current_context()
    for option, ignored, why in (
        ("instances", rules_given, "--rules-file holds one set of rules"),
        ("instances", not exact and not rules_given, "there are no exact curves without --exact"),
        ("samples", not exact and not rules_given, "there are no exact curves without --exact"),
        ("memory", noise == "epsilon" and not exact and not rules_given, "closed forms need next to none"),
        ("population", noise == "epsilon", "the threshold of epsilon is exact arithmetic"),
        ("schedule", noise in ("epsilon", "uniform"), f"the threshold of {noise} has no step"),
    ):
        if ignored and context.get_parameter_source(option) is click.core.ParameterSource.COMMANDLINE:
            click.echo(f"warning: --{option} is ignored: {why}", err=True)
