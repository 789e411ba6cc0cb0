"""``regimes predict``: the transition times of a data set."""

from __future__ import annotations

from typing import Any

import click

from regimes.cli.output import (
    Output,
    emit,
    interrupted,
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


@click.command("predict", short_help="Transition times of a data set.")
@click.argument("dataset")
@reading_options
@click.option("--classes", metavar="A,B", help="Keep only these classes.")
@scale_option
@click.option("--no-center", is_flag=True, help="Leave the mean in: Lambda then measures spread about the origin.")
@click.option(
    "--parts", metavar="A,B", help="Only these: speciation, classes, collapse; an error if one is impossible."
)
@click.option("--losses", metavar="FILE", help="CSV of a model's losses per noise level: does it memorise DATASET?")
@click.option(
    "--precision",
    type=float,
    metavar="SHARE",
    help="Noised points are drawn until their part of each 95% half width is this share of its time.  [default: 0.01]",
)
@click.option("--probes", type=int, metavar="N", help="Number of noised points, in place of a precision.")
@click.option("--checkpoint", metavar="FOLDER", help="Keep here what takes long; the same command goes on from it.")
@click.option(
    "--scheduler",
    metavar="WHERE",
    help="Passes over the points by local:N, N processes here, or by the Dask scheduler at an address.",
)
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Seed of the noise.")
@click.option("--groups", type=int, default=20, show_default=True, help="Groups of the jackknife over the data.")
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
    parts: str | None,
    memory: float,
    checkpoint: str | None,
    seed: int,
    times: tuple[float, ...] | None,
    reading: dict[str, Any],
    output: Output,
    **given: Any,
) -> None:
    """Predict when a diffusion model trained on DATASET commits to a class and to a training point.

    DATASET is a built-in (digits, iris, wine, breast_cancer, diabetes), a folder, 'pattern' or .zip of images (the
    folder of an image is its class), a Hugging Face folder, a table (.csv, .parquet, .arrow), an array (.npy, .npz,
    .pt, .safetensors, .h5, .zarr; file.h5:key), or - (-:key) for a file on standard input.

    \b
    regimes predict digits
    regimes predict digits --classes 0,7 --plot digits.png
    regimes predict points.npz --labels y --scale range --json
    regimes predict points.npz --losses losses.csv
    """
    working_memory = memory_bytes("predict", memory)
    try:
        from regimes.prediction.dataset.predict import predict

        with progress_line() as report:
            result = predict(
                dataset,
                labels,
                classes=names(classes),
                scale=None if scale is None else scale_value(scale),
                center=not no_center,
                parts=names(parts),
                memory=working_memory,
                rng=seed,
                t=times,
                progress=report,
                checkpoint=checkpoint,
                **reading,
                **given,
            )
    except KeyboardInterrupt:
        raise interrupted(checkpoint) from None
    emit(result, output)
