"""``regimes speciation``: when a sample commits to a class."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from regimes.cli.output import Output, emit, output_options, time_option, user_errors
from regimes.cli.schedule import schedule_options

if TYPE_CHECKING:
    from regimes.numerics.process.schedules import Schedule

__all__ = ["command"]


@click.command("speciation", short_help="Speciation time and clone probability from a few parameters.")
@click.option("--dim", "d", type=float, metavar="D", help="Dimension of the data.")
@click.option("--mu", type=float, metavar="MU", help="Distance of a class centre from the origin, per sqrt(D).")
@click.option("--sigma", type=float, metavar="S", help="Standard deviation of a class.")
@click.option("--Lambda", "Lambda", type=float, metavar="L", help="Top covariance eigenvalue, instead of the mixture.")
@time_option
@user_errors
@output_options
@schedule_options()
def command(
    d: float | None,
    mu: float | None,
    sigma: float | None,
    Lambda: float | None,
    times: tuple[float, ...] | None,
    schedule: Schedule,
    output: Output,
) -> None:
    """Give t_S in its conventions and the probability phi(t) that two clones share the class.

    \b
    regimes speciation --dim 256 --mu 1 --sigma 1
    regimes speciation --Lambda 7.66 --time 0.5,1.0,1.5
    """
    from regimes.numerics.speciation.problem import Mixture
    from regimes.prediction.speciation.predict import predict_speciation

    given = {
        name: value for name, value in {"Lambda": Lambda, "d": d, "mu": mu, "sigma": sigma}.items() if value is not None
    }
    problem: Mixture | float
    if Lambda is not None and len(given) == 1:
        problem = Lambda
    elif d is not None and mu is not None and sigma is not None and Lambda is None:
        problem = Mixture(d, mu, sigma)
    else:
        raise ValueError(
            f"speciation: give either --Lambda or all of --dim, --mu and --sigma, got {', '.join(given) or 'none'}"
        )
    emit(predict_speciation(problem, t=times, schedule=schedule), output)
