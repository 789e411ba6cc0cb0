"""``regimes percolation``: the share of a data set, or of a grid of features, that hangs together."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import click

from regimes.cli.output import (
    Output,
    emit,
    memory_bytes,
    memory_option,
    numbers,
    output_options,
    progress_line,
    user_errors,
)
from regimes.cli.reading import READING, reading_options

if TYPE_CHECKING:
    from regimes.numerics.interface.result import Result

__all__ = ["command"]

_TAU = 0.005
_GRID_ONLY = ("sigma", "dx", "dy", "pixels", "periodic")
_DATA_ONLY = ("labels", *READING, "classes", "scale")


@click.command("percolation", short_help="Kept fraction at which a data set, or a grid of images, is connected.")
@click.argument("dataset", required=False)
@click.option("--grid", metavar="N[,M]", help="Grid of N x N positions of a bump, or of N rows and M columns.")
@click.option("--sigma", type=float, metavar="S", help="Width of a bump, in pixels.")
@click.option(
    "--tau",
    type=float,
    metavar="TAU",
    help=f"Overlap from which two points connect.  [default: {_TAU}; of DATASET the largest that connects all points]",
)
@click.option("--overlap", default="cosine", show_default=True, metavar="KIND", help="cosine, coefficient or product.")
@click.option("--dx", type=float, default=1.0, show_default=True, metavar="PX", help="Step between columns, in pixels.")
@click.option("--dy", type=float, metavar="PX", help="Step between rows, in pixels; that between columns if not given.")
@click.option("--pixels", is_flag=True, help="Overlap of images sampled at pixels, not of bumps in the plane.")
@click.option("--periodic", is_flag=True, help="Join opposite edges of the grid.")
@reading_options
@click.option("--classes", metavar="A,B", help="Keep only these classes of DATASET.")
@click.option("--scale", metavar="HOW", help="Of DATASET: none, range, standard, feature or a factor.  [default: none]")
@click.option("--runs", type=int, default=32, show_default=True, metavar="R", help="Random orders; 0: no simulation.")
@click.option(
    "--lambda",
    "lambdas",
    multiple=True,
    callback=numbers,
    metavar="X[,X...]",
    help="Kept fractions of the curve; may be repeated. Chosen by default.",
)
@memory_option
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Seed of the random orders.")
@partial(user_errors, advice="take a smaller grid or fewer points")
@output_options
def command(dataset: str | None, grid: str | None, memory: float, output: Output, **options: Any) -> None:
    """Predict which share of the training images must be kept for them to hang together, each overlapping the next.

    Two images connect if they overlap by TAU. DATASET is a built-in or yours (see regimes predict): the points as they
    are, without subtracting the mean, and the share is that from which the largest piece holds half of them. With
    --grid in its place the images are bumps of width --sigma, one at each position of a grid, and the share is that
    from which a connected piece reaches through the grid.

    \b
    regimes percolation digits --tau 0.9
    regimes percolation --grid 64 --sigma 0.7
    regimes percolation --grid 64 --sigma 1 --dy 2 --overlap coefficient --runs 8
    """
    if (grid is None) == (dataset is None):
        given = "neither" if grid is None else "both"
        raise ValueError(f"percolation: give DATASET, or --grid with --sigma; one of the two, got {given}")
    _refuse_options_of_the_other(of_grid=dataset is None)
    working_memory = memory_bytes("percolation", memory)
    with progress_line() as report:
        if dataset is not None:
            result = _of_data(dataset, working_memory, report, **options)
        else:
            result = _of_grid(str(grid), working_memory, report, **options)
    emit(result, output)


def _of_data(dataset: str, memory: int, progress: Any, **options: Any) -> Result:
    from regimes.cli.values import names, scale_value
    from regimes.prediction.composition.data import predict_data_percolation

    if options["runs"] < 1:
        raise ValueError(f"percolation: --runs must be at least 1 with DATASET, got {options['runs']}")
    return predict_data_percolation(
        dataset,
        options["labels"],
        tau=options["tau"],
        overlap=options["overlap"],
        classes=names(options["classes"]),
        scale="none" if options["scale"] is None else scale_value(options["scale"]),
        orders=options["runs"],
        lambdas=options["lambdas"],
        rng=options["seed"],
        memory=memory,
        progress=progress,
        **options["reading"],
    )


def _of_grid(grid: str, memory: int, progress: Any, **options: Any) -> Result:
    if options["sigma"] is None:
        raise ValueError("percolation: --grid needs --sigma, the width of a bump in pixels")
    from regimes.numerics.composition.bumps.bump_grid import BumpGrid
    from regimes.prediction.composition.grid import predict_percolation

    problem = BumpGrid(
        _grid_sizes(grid),
        options["sigma"],
        tau=_TAU if options["tau"] is None else options["tau"],
        overlap=options["overlap"],
        steps=(options["dx"] if options["dy"] is None else options["dy"], options["dx"]),
        pixels=options["pixels"],
        periodic=options["periodic"],
    )
    return predict_percolation(
        problem,
        runs=options["runs"],
        lambdas=options["lambdas"],
        rng=options["seed"],
        memory=memory,
        progress=None if progress is None else partial(progress, "random orders"),
    )


def _grid_sizes(text: str) -> Any:
    try:
        sizes = tuple(int(word) for word in text.replace("x", ",").split(","))
    except ValueError:
        raise ValueError(f"percolation: --grid takes N or N,M, whole numbers of grid points, got {text!r}") from None
    return sizes[0] if len(sizes) == 1 else sizes


def _refuse_options_of_the_other(*, of_grid: bool) -> None:
    """An option that would do nothing is a mistake."""
    context = click.get_current_context()
    for option in _DATA_ONLY if of_grid else _GRID_ONLY:
        if context.get_parameter_source(option) is click.core.ParameterSource.COMMANDLINE:
            given = option.replace("_", "-")
            raise ValueError(
                f"percolation: --{given} belongs to {'DATASET' if of_grid else '--grid'}, got it with "
                f"{'--grid' if of_grid else 'DATASET'}; leave it out"
            )
