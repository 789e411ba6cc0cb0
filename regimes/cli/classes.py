"""``regimes classes``: when each pair of classes of a data set parts."""

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
    time_option,
    user_errors,
)
from regimes.cli.reading import reading_options
from regimes.cli.schedule import schedule_options
from regimes.cli.values import names, scale_value

__all__ = ["command"]


@click.command("classes", short_help="When the classes of a data set part, pair by pair and as a tree.")
@click.argument("dataset")
@reading_options
@click.option("--classes", metavar="A,B,...", help="Keep only these classes.")
@scale_option
@click.option("--no-center", is_flag=True, help="Leave the mean in; no time depends on it.")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Seed of folds and noise.")
@click.option("--groups", type=int, default=10, show_default=True, help="Groups of the jackknife of closed forms.")
@memory_option
@time_option
@user_errors
@output_options
@schedule_options()
def command(
    dataset: str,
    labels: str | None,
    classes: str | None,
    scale: str | None,
    no_center: bool,
    seed: int,
    memory: float,
    times: tuple[float, ...] | None,
    reading: dict[str, Any],
    output: Output,
    **given: Any,
) -> None:
    """Predict when each pair of classes of DATASET parts, and the tree in which classes part as noise falls.

    DATASET is a built-in (digits, iris, wine, breast_cancer) or yours with labels, see regimes predict. Times are
    lower bounds for a model that generalises, from class posteriors of held-out points, beside closed forms of Gaussian
    classes.

    \b
    regimes classes digits
    regimes classes digits --plot tree.png       the tree, in diffusion time
    regimes classes points.npz --labels y --classes 0,1 --json
    """
    from regimes.prediction.speciation.classes import predict_classes

    working_memory = memory_bytes("predict_classes", memory)
    with progress_line() as report:
        result = predict_classes(
            dataset,
            labels,
            classes=names(classes),
            scale=None if scale is None else scale_value(scale),
            center=not no_center,
            t=times,
            rng=seed,
            memory=working_memory,
            progress=report,
            **reading,
            **given,
        )
    emit(result, output)
