"""``regimes percolation``: the share of a grid of features, or of a data set, that hangs together."""

from __future__ import annotations

from functools import partial
from typing import Any

import click

from regimes.cli.output import (
    check_outputs,
    emit,
    memory_bytes,
    numbers,
    output_options,
    progress_bars,
    user_errors,
)

__all__ = ["command"]

_TAU = 0.005
_GRID_ONLY = ("sigma", "dx", "dy", "pixels", "periodic")
_DATA_ONLY = ("labels", "classes", "scale")


@click.command("percolation", short_help="Kept fraction at which a grid of images, or a data set, is connected.")
@click.option("--grid", metavar="N[,M]", help="Grid of N x N positions of a bump, or of N rows and M columns.")
@click.option("--data", metavar="FILE", help="Data set instead of a grid: a built-in, or a .npy, .npz or .csv file.")
@click.option("--sigma", type=float, metavar="S", help="Width of a bump, in pixels.")
@click.option(
    "--tau", type=float, metavar="TAU",
    help=f"Overlap from which two points connect.  [default: {_TAU}; with --data the largest that connects all points]",
)  # fmt: skip
@click.option("--overlap", default="cosine", show_default=True, metavar="KIND", help="cosine, coefficient or product.")
@click.option("--dx", type=float, default=1.0, show_default=True, metavar="PX", help="Step between columns, in pixels.")
@click.option("--dy", type=float, metavar="PX", help="Step between rows, in pixels; that between columns if not given.")
@click.option("--pixels", is_flag=True, help="Overlap of images sampled at pixels, not of bumps in the plane.")
@click.option("--periodic", is_flag=True, help="Join opposite edges of the grid.")
@click.option("--labels", metavar="WHERE", help="Labels of --data: a file, a column of the CSV, or a key of the .npz.")
@click.option("--classes", metavar="A,B", help="Keep only these classes of --data.")
@click.option("--scale", metavar="HOW", help="Of --data: none, range, standard, feature or a factor.  [default: none]")
@click.option("--runs", type=int, default=32, show_default=True, metavar="R", help="Random orders; 0: no simulation.")
@click.option(
    "--lambda", "lambdas", multiple=True, callback=numbers, metavar="X[,X...]",
    help="Kept fractions of the curve; may be repeated. Chosen by default.",
)  # fmt: skip
@click.option("--memory", type=float, default=2.0, show_default=True, metavar="GIB", help="Working memory, in GiB.")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Seed of the random orders.")
@output_options
@partial(user_errors, advice="take a smaller grid or fewer points")
def command(
    grid: str | None, data: str | None, sigma: float | None, tau: float | None, overlap: Any, dx: float,
    dy: float | None, pixels: bool, periodic: bool, labels: str | None, classes: str | None, scale: str | None,
    runs: int, lambdas: tuple[float, ...] | None, memory: float, seed: int, plot: str | None, as_json: bool,
    output: str | None,
) -> None:  # fmt: skip
    """Predict which share of the training images must be kept for them to hang together, each overlapping the next.

    Two images connect if they overlap by TAU. With --grid they are bumps of width --sigma, one at each position of a
    grid, and the share is that from which a connected piece reaches through the grid; with --data they are your own,
    as they are, without subtracting the mean, and the share is that from which the largest piece holds half of them.

    \b
    regimes percolation --grid 64 --sigma 0.7
    regimes percolation --grid 64 --sigma 1 --dy 2 --overlap coefficient --runs 8
    regimes percolation --data digits --tau 0.9
    """
    check_outputs(output, plot)
    if (grid is None) == (data is None):
        raise ValueError("percolation: give --grid with --sigma, or --data; one of the two")
    _refuse_options_of_the_other(of_grid=data is None)
    working_memory = memory_bytes("percolation", memory)
    result: Any
    with progress_bars() as report:
        if data is not None:
            from regimes.cli.values import names, scale_value
            from regimes.prediction.composition.data import predict_data_percolation

            if runs < 1:
                raise ValueError(f"percolation: --runs must be at least 1 with --data, got {runs}")
            result = predict_data_percolation(
                data, labels, tau=tau, overlap=overlap, classes=names(classes),
                scale="none" if scale is None else scale_value(scale), orders=runs, lambdas=lambdas, rng=seed,
                memory=working_memory, progress=report,
            )  # fmt: skip
        else:
            if sigma is None:
                raise ValueError("percolation: --grid needs --sigma, the width of a bump in pixels")
            from regimes.prediction.composition.grid import predict_percolation

            result = predict_percolation(
                _grid(str(grid)), sigma, tau=_TAU if tau is None else tau, overlap=overlap,
                steps=(dx if dy is None else dy, dx), pixels=pixels, periodic=periodic, runs=runs, lambdas=lambdas,
                rng=seed, memory=working_memory, progress=None if report is None else partial(report, "random orders"),
            )  # fmt: skip

    def table() -> Any:
        from regimes.report.composition.table import data_percolation_table, percolation_table

        return percolation_table(result) if data is None else data_percolation_table(result)

    emit(result, table, as_json=as_json, output=output, plot=plot)


def _grid(text: str) -> int | tuple[int, ...]:
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
            raise ValueError(
                f"percolation: --{option} belongs to {'--data' if of_grid else '--grid'}, got it with "
                f"{'--grid' if of_grid else '--data'}; leave it out"
            )
