"""``regimes validate``: predictions held against simulation."""

from __future__ import annotations

import functools

import click

from regimes.cli.output import Output, emit, interrupted, output_options, progress_line, user_errors

__all__ = ["command"]


@click.command("validate", short_help="Hold predictions against simulations.")
@click.argument("name", required=False)
@click.option("--list", "listed", is_flag=True, help="List the experiments.")
@click.option("--quick", is_flag=True, help="The short form: fewer samples, smaller dimensions.")
@click.option("--device", metavar="DEVICE", help="Of torch: cpu, cuda, ...; a GPU if there is one by default.")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Seed of the simulation.")
@click.option(
    "--checkpoint",
    metavar="FOLDER",
    help="Keep what is finished in FOLDER; the same command goes on there after an interruption.",
)
@functools.partial(user_errors, advice="use --quick, or a device with more of it")
@output_options
def command(
    name: str | None,
    listed: bool,
    quick: bool,
    device: str | None,
    seed: int,
    checkpoint: str | None,
    output: Output,
) -> None:
    """Run the experiment NAME: theory, simulation and their agreement. Needs torch (the extra simulate).

    \b
    regimes validate --list
    regimes validate potential --quick --plot potential.png -o potential.json --checkpoint potential
    """
    from regimes.validation.experiments.catalogue import EXPERIMENTS
    from regimes.validation.experiments.runner.by_name import run_experiment
    from regimes.validation.running.missing_torch import MissingTorch

    if listed:
        _list(output.as_json)
        return
    if name is None:
        raise ValueError(f"validate: name an experiment: {', '.join(EXPERIMENTS)}")
    try:
        with progress_line() as report:
            result = run_experiment(name, quick=quick, device=device, rng=seed, checkpoint=checkpoint, progress=report)
    except MissingTorch as error:
        raise ValueError(str(error)) from None
    except KeyboardInterrupt:
        raise interrupted(checkpoint) from None
    emit(result, output)


def _list(as_json: bool) -> None:
    from dataclasses import asdict

    from regimes.validation.experiments.catalogue import EXPERIMENTS

    if as_json:
        from regimes.report.parts.files import json_text

        click.echo(json_text([asdict(each) for each in EXPERIMENTS.values()]), nl=False)
        return
    from rich.console import Console

    from regimes.report.experiment.table import experiment_list

    Console(highlight=False, markup=False, emoji=False).print(experiment_list(list(EXPERIMENTS.values())))
