"""``regimes advise``: what people ask of a diffusion model of their data."""

from __future__ import annotations

from typing import Any

import click

from regimes.cli.output import (
    Output,
    emit,
    memory_bytes,
    memory_option,
    output_options,
    progress_line,
    scale_option,
    user_errors,
)
from regimes.cli.reading import reading_options
from regimes.cli.schedule import schedule_options
from regimes.cli.values import names, scale_value

__all__ = ["command"]

_DRAWN = ("guidance", "steps", "uturn", "training")


@click.command("advise", short_help="Where to guide, step, start, stop: answers from the data.")
@click.argument("dataset")
@reading_options
@click.option("--classes", metavar="A,B", help="Keep only these classes.")
@scale_option
@click.option(
    "--only",
    metavar="A,B",
    help="Only these questions: guidance, steps, start, data, points, copies, uturn, training.",
)
@click.option(
    "--samples",
    metavar="FILE",
    help="Samples of a model, as DATASET was given to it; or a folder with a file for each checkpoint.",
)
@click.option(
    "--held-out",
    metavar="FILE",
    help="Points that the model was not trained on, to stand beside its samples.",
)
@click.option(
    "--losses",
    metavar="FILE",
    help="CSV of a model's losses per noise level, on DATASET and on other points: what its steps cost it, and n*.",
)
@click.option(
    "--nats",
    type=float,
    default=1.0,
    show_default=True,
    metavar="X",
    help="How far the law of the final samples may be from that of the data, for the number of steps.",
)
@click.option(
    "--to",
    type=click.Choice(["diffusers"]),
    help="Print the best steps alone, as one JSON object for samplers of that library.",
)
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Seed of the noise.")
@memory_option
@user_errors
@output_options
@schedule_options()
def command(
    dataset: str,
    labels: str | None,
    classes: str | None,
    scale: str | None,
    only: str | None,
    memory: float,
    seed: int,
    reading: dict[str, Any],
    output: Output,
    to: str | None,
    **given: Any,
) -> None:
    """Answer what people ask of a diffusion model of DATASET, from the data and the noise schedule.

    For which noise to apply guidance, where and how many sampling steps, from which noise to start, how many data until
    the model stops copying, which points are copied first and which were, from which strength image-to-image loses the
    class, on which noise to train. DATASET is what regimes predict takes.

    \b
    regimes advise digits
    regimes advise digits --only steps --schedule sdxl --inference-steps 20
    regimes advise digits --only copies --samples samples.npy
    regimes advise digits --schedule ddpm-linear --inference-steps 20 --to diffusers
    """
    if to is not None and (only not in (None, "steps") or output != Output()):
        raise click.UsageError("--to prints the steps alone: leave out --json, --cite, -o, --plot and other questions")
    if output.plot is not None and only is not None and not set(names(only) or ()) & set(_DRAWN):
        raise click.UsageError(f"--plot draws the answers to {', '.join(_DRAWN)}; ask one of them too, or leave it out")
    working_memory = memory_bytes("advise", memory)
    from regimes.prediction.decisions.advise import advise

    with progress_line() as report:
        result = advise(
            dataset,
            labels,
            classes=names(classes),
            scale=None if scale is None else scale_value(scale),
            only="steps" if to else names(only),
            memory=working_memory,
            rng=seed,
            progress=report,
            **reading,
            **given,
        )
    if to is None:
        emit(result, output)
        return
    from regimes.report.parts.files import json_text

    steps = result.curves.get("steps.diffusers")
    if not steps:
        raise ValueError(f"advise: there are no steps to print: {result['steps.needed'].reason}")
    for text in result.warnings:
        click.echo(f"warning: {text}", err=True)
    click.echo(json_text(steps[0]), nl=False)
