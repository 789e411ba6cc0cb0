"""``regimes clock``: one noise level on every clock."""

from __future__ import annotations

from typing import Any

import click

from regimes.cli.output import Output, emit, user_errors
from regimes.cli.schedule import schedule_options

__all__ = ["command"]


@click.command("clock", short_help="One noise level on every clock in use.")
@click.option("--time", type=float, metavar="T", help="Ornstein-Uhlenbeck time.")
@click.option("--alpha-bar", type=float, metavar="A", help="Cumulative product of a schedule; 0 is pure noise.")
@click.option("--snr", type=float, metavar="S", help="Signal-to-noise ratio exp(-2t)/(1 - exp(-2t)).")
@click.option("--log-snr", type=float, metavar="L", help="Natural logarithm of the signal-to-noise ratio.")
@click.option("--sigma", type=float, metavar="X", help="EDM noise level.")
@click.option("--flow-time", type=float, metavar="S", help="Time of linear flow matching, 0 at the data, 1 pure noise.")
@click.option("--step", type=float, metavar="K", help="0-based training step of --schedule, fractions too.")
@click.option(
    "--index", type=int, metavar="I", help="0-based step of the sampler of --schedule; see --inference-steps."
)
@click.option("--steps", type=int, metavar="N", help="Number of steps of a named --schedule.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
@click.option("--cite", is_flag=True, help="Print BibTeX of what the numbers rest on instead of a table.")
@user_errors
@schedule_options(default=None)
def command(as_json: bool, cite: bool, **given: Any) -> None:
    """Translate one noise level, given on any clock, to every clock.

    \b
    regimes clock --time 1
    regimes clock --step 446.5 --schedule ddpm-linear
    regimes clock --index 10 --schedule sdxl --inference-steps 30
    regimes clock --sigma 0.5 --schedule karras,sigma_min=0.1,sigma_max=10
    """
    from regimes.prediction.process.clock import clock

    emit(clock(**given), Output(as_json, cite))
