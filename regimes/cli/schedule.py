"""The options of a noise schedule, which give a command the schedule itself."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import click

__all__ = ["schedule_options"]

_WHICH = (
    "Noise schedule in whose steps times are shown: a name (ddpm-linear, scaled-linear, sdxl, cosine, edm, karras, "
    "flow, ...; fields after commas, karras,sigma_max=10), a scheduler_config.json, its folder, or a file with a list "
    "of noise levels."
)
_OF_SCHEDULE = ("inference_steps", "spacing", "strength", "tokens", "values")


def schedule_options(*, default: str | None = "ddpm-linear") -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Add ``--schedule`` and what belongs to it; the command gets a :class:`Schedule` as ``schedule``, or None."""
    options = (
        click.option("--schedule", metavar="WHICH", default=default, show_default=default is not None, help=_WHICH),
        click.option("--inference-steps", type=int, metavar="N", help="Steps of its sampler; else those of training."),
        click.option("--spacing", metavar="HOW", help="leading, linspace or trailing; default: the schedule's own."),
        click.option(
            "--strength",
            type=float,
            metavar="S",
            help="Image to image: share of the steps that are left, above 0, at most 1.",
        ),
        click.option(
            "--tokens",
            type=int,
            metavar="N",
            help="Tokens of the image, where the schedule shifts with them; default: the most it is made for.",
        ),
        click.option("--values", metavar="WHAT", help="What a list in a file holds: sigma, alpha_bar or flow_time."),
    )

    def decorated(command: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(command)
        def wrapped(*, schedule: str | None, steps: int | None = None, **given: Any) -> Any:
            chosen = {name: given.pop(name) for name in _OF_SCHEDULE}
            if schedule is None:
                wrong = [f"--{name.replace('_', '-')}" for name, value in chosen.items() if value is not None]
                if wrong or steps is not None:
                    raise ValueError(f"{', '.join(wrong) or '--steps'} is of a schedule; name it with --schedule")
                return command(schedule=None, **given)
            from regimes.datasets.process.noise_schedule import noise_schedule

            return command(schedule=noise_schedule(schedule, steps=steps, **chosen), **given)

        for option in reversed(options):
            wrapped = option(wrapped)
        return wrapped

    return decorated
