"""Fields and options of a schedule that change nothing: found by changing them, and refused."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from regimes.datasets.process.sampler_options import Configured, ScheduleOptions
from regimes.numerics.process.scheduler_classes import CLASSES
from regimes.numerics.process.scheduler_config import WORDS
from regimes.numerics.process.schedules import Schedule

__all__ = ["refuse_unused"]

_SOME = 10  # steps of a sampler


def refuse_unused(of: Configured, options: ScheduleOptions, made: Schedule) -> None:
    """Refuse what was given where no other value of it gives another schedule than the one that was made."""
    for name in ("steps", "spacing"):
        value = getattr(options, name)
        if value is not None and not any(
            _differ(made, of, replace(options, **{name: other})) for other in _others(name, value)
        ):
            beside = " beside inference_steps" if name == "steps" else ", as it is asked for"
            raise ValueError(
                f"noise_schedule: an option must change the schedule, got {name}, which {of.name} does not use{beside}"
                "; leave it out"
            )
    unused = [name for name in of.fields if not _used(of, options, made, name)]
    if not unused:
        return
    sampler = replace(options, inference_steps=_SOME)
    if options.inference_steps is None and all(_used(of, sampler, sampler.built(of), name) for name in unused):
        raise ValueError(
            f"noise_schedule: {', '.join(unused)} is of a sampler of {of.name}, got it without inference_steps "
            "(--inference-steps); give these too, or leave it out"
        )
    takes = [name for name in CLASSES[of.config.kind].fields if _used(of, options, made, name)]
    raise ValueError(
        f"noise_schedule: {of.name}, as it is asked for, does not use {', '.join(unused)}; it takes "
        f"{', '.join(takes) or 'none'}"
    )


def _used(of: Configured, options: ScheduleOptions, made: Schedule, name: str) -> bool:
    """Whether some other value of a field gives another schedule."""
    if name == "trained_betas":
        return False  # no field that can be given by hand
    before = getattr(of.config, name)
    return any(
        _differ(made, replace(of, config=replace(of.config, **{name: other})), options)
        for other in _others(name, before)
    )


def _differ(made: Schedule, of: Configured, options: ScheduleOptions) -> bool:
    """Whether another question has another answer, or none."""
    try:
        other = options.built(of)
    except (ValueError, ArithmeticError):
        return True
    return not _same(made, other)


def _same(one: Schedule, other: Schedule) -> bool:
    if (one.training is None) != (other.training is None) or one.end != other.end:
        return False
    if one.training is not None and other.training is not None and not _same(one.training, other.training):
        return False
    told = one.timesteps is None or other.timesteps is None or np.array_equal(one.timesteps, other.timesteps)
    return told and np.array_equal(one.t, other.t)


def _others(name: str, value: Any) -> Iterator[Any]:
    """Other values that a field or an option may have."""
    if isinstance(value, bool):
        yield not value
    elif name in WORDS or name == "spacing":
        yield from WORDS["timestep_spacing" if name == "spacing" else name]
    elif isinstance(value, str):
        yield from ("epsilon", "v_prediction")
    elif value is None or not np.isfinite(value):
        yield from (0.1, 1.0, 5.0, -1.0)
    elif isinstance(value, int):
        yield from (value + 1, 2 * value + 2, max(value // 2, 2))
    else:
        yield from (2 * value, value / 2)
