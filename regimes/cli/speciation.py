"""``regimes speciation``: when a sample commits to a class."""

from __future__ import annotations

from typing import Any

import click

from regimes.cli.output import check_outputs, emit, output_options, schedule_option, time_option, user_errors

__all__ = ["command"]


@click.command("speciation", short_help="Speciation time and clone probability from a few parameters.")
@click.option("--dim", "d", type=float, metavar="D", help="Dimension of the data.")
@click.option("--mu", type=float, metavar="MU", help="Distance of a class centre from the origin, per sqrt(D).")
@click.option("--sigma", type=float, metavar="S", help="Standard deviation of a class.")
@click.option("--Lambda", "Lambda", type=float, metavar="L", help="Top covariance eigenvalue, instead of the mixture.")
@time_option
@schedule_option
@output_options
@user_errors
def command(
    d: float | None, mu: float | None, sigma: float | None, Lambda: float | None, times: tuple[float, ...] | None,
    schedule: str, plot: str | None, as_json: bool, output: str | None,
) -> None:  # fmt: skip
    """Give t_S in its conventions and the probability phi(t) that two clones share the class.

    \b
    regimes speciation --dim 256 --mu 1 --sigma 1
    regimes speciation --Lambda 7.66 --time 0.5,1.0,1.5
    """
    from regimes.numerics.process.schedules import noise_schedule
    from regimes.numerics.speciation.calculator import predict_speciation

    steps = noise_schedule(schedule)
    check_outputs(output, plot)
    result = predict_speciation(Lambda, d=d, mu=mu, sigma=sigma, t=times)

    def table() -> Any:
        from regimes.report.dataset.table import speciation_table

        return speciation_table(result, steps)

    emit(result, table, as_json=as_json, output=output, plot=plot)
