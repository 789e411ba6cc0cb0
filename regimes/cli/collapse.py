"""``regimes collapse``: when a sample commits to a training point."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from regimes.cli.output import Output, emit, output_options, time_option, user_errors
from regimes.cli.schedule import schedule_options

if TYPE_CHECKING:
    from regimes.numerics.process.schedules import Schedule

__all__ = ["command"]


@click.command("collapse", short_help="Collapse time and excess entropy from a few parameters.")
@click.option("--dim", "d", type=float, required=True, metavar="D", help="Dimension of the data.")
@click.option("--samples", "n", type=float, required=True, metavar="N", help="Number of training points.")
@click.option("--sigma", type=float, required=True, metavar="S", help="Standard deviation of a class.")
@click.option(
    "--mu",
    type=float,
    default=0.0,
    metavar="MU",
    help="Centres of two classes, per sqrt(D): adds the class information.",
)
@time_option
@user_errors
@output_options
@schedule_options()
def command(
    d: float,
    n: float,
    sigma: float,
    mu: float,
    times: tuple[float, ...] | None,
    schedule: Schedule,
    output: Output,
) -> None:
    """Give t_C, the excess entropy f(t)/alpha and log n*(t), the number of points that collapses at t.

    \b
    regimes collapse --dim 256 --samples 20000 --sigma 1
    regimes collapse --dim 256 --samples 20000 --sigma 1 --mu 1 --time 2.12
    """
    from regimes.numerics.speciation.problem import Mixture
    from regimes.prediction.collapse.predict import predict_collapse

    emit(predict_collapse(Mixture(d, mu, sigma, n), t=times, schedule=schedule), output)
