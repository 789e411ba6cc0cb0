"""``regimes collapse``: when a sample commits to a training point."""

from __future__ import annotations

from typing import Any

import click

from regimes.cli.output import check_outputs, emit, output_options, schedule_option, time_option, user_errors

__all__ = ["command"]


@click.command("collapse", short_help="Collapse time and excess entropy from a few parameters.")
@click.option("--dim", "d", type=float, required=True, metavar="D", help="Dimension of the data.")
@click.option("--samples", "n", type=float, required=True, metavar="N", help="Number of training points.")
@click.option("--sigma", type=float, required=True, metavar="S", help="Standard deviation of a class.")
@click.option("--mu", type=float, metavar="MU", help="Centres of two classes, per sqrt(D): adds the class information.")
@time_option
@schedule_option
@output_options
@user_errors
def command(
    d: float, n: float, sigma: float, mu: float | None, times: tuple[float, ...] | None, schedule: str,
    plot: str | None, as_json: bool, output: str | None,
) -> None:  # fmt: skip
    """Give t_C, the excess entropy f(t)/alpha and log n*(t), the number of points that collapses at t.

    \b
    regimes collapse --dim 256 --samples 20000 --sigma 1
    regimes collapse --dim 256 --samples 20000 --sigma 1 --mu 1 --time 2.12
    """
    from regimes.numerics.collapse.calculator import predict_collapse
    from regimes.numerics.process.schedules import noise_schedule

    steps = noise_schedule(schedule)
    check_outputs(output, plot)
    result = predict_collapse(d, n, sigma, mu=mu, t=times)

    def table() -> Any:
        from regimes.report.dataset.table import collapse_table

        return collapse_table(result, steps)

    emit(result, table, as_json=as_json, output=output, plot=plot)
