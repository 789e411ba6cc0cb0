"""A noise schedule from whatever holds one: a name, a configuration, a list of noise levels, an object."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from regimes.datasets.process.level_list import (
    LEVELS,
    given_levels,
    levels_of_file,
    levels_of_object,
    steps_of_object,
)
from regimes.datasets.process.sampler_options import Configured, SamplerPass, ScheduleOptions, has_steps
from regimes.datasets.process.scheduler_file import pipeline_of, read_mapping, scheduler_path
from regimes.datasets.process.unused_fields import refuse_unused
from regimes.numerics.interface.paths import exists
from regimes.numerics.process.named_schedules import SCHEDULES, named_config, unknown_name
from regimes.numerics.process.scheduler_classes import CLASSES, GRID_FIELDS, read_config, training_of
from regimes.numerics.process.schedules import Schedule
from regimes.theory.formula.record import recorded

__all__ = ["noise_schedule"]

_OF_CONFIGURATION = {"steps", "inference_steps", "spacing", "tokens"}


def noise_schedule(
    schedule: Any,
    *,
    steps: int | None = None,
    inference_steps: int | None = None,
    spacing: str | None = None,
    strength: float | None = None,
    tokens: int | None = None,
    values: str | None = None,
) -> Schedule:
    """Build a noise schedule.

    Parameters
    ----------
    schedule : str, path, dict, object or Schedule
        A name of :data:`SCHEDULES`, also with fields, ``"karras,sigma_max=10,rho=5"``; a ``scheduler_config.json`` of
        diffusers, the folder or the pipeline that holds it, or what it holds as a dictionary; a file with a list of
        noise levels (.json, .csv, .txt, .npy, .npz); an object with ``alphas_cumprod`` or ``sigmas``, such as a
        scheduler of diffusers, or a pipeline with one. A Schedule comes back as it is.
    steps : int, optional
        Number of training steps of a named schedule, or of sampling steps of one that has no training steps.
    inference_steps : int, optional
        Number of steps of the sampler, which are then the steps of the schedule. Without it they are the steps of
        training.
    spacing : {"leading", "linspace", "trailing"}, optional
        Which training steps the sampler takes; that of the configuration by default. Of a flow ``trailing`` are equal
        steps to the data, as most pipelines pass them, ``linspace`` those of the scheduler by itself.
    strength : float, optional
        Of image to image: the sampler begins with this share of its steps left, above 0 and at most 1.
    tokens : int, optional
        Tokens of the image, for a schedule that shifts with them; the most that its configuration names by default.
    values : {"sigma", "alpha_bar", "flow_time"}, optional
        What a list holds, where neither its name nor its range tells.

    Returns
    -------
    Schedule
        The table.

    Raises
    ------
    ValueError
        If there is no such name or file, it cannot be read, or a field or an option would change nothing.

    Notes
    -----
    Numbers of a configuration are those of diffusers to the rounding of its single precision, in which the training
    schedule of a file is computed; named ones are exact. Sources: ``formula(name).source`` of the formulas that the
    numbers note.

    Examples
    --------
    >>> noise_schedule("scaled-linear").step(1.0)
    628
    >>> sampler = noise_schedule("sdxl", inference_steps=30)
    >>> sampler.at(1.0)
    Step(index=10, timestep=628.0, sigma=2.5294...)
    """
    options = ScheduleOptions(steps, inference_steps, spacing, strength, tokens, values).checked()
    if isinstance(schedule, Schedule):
        options.refuse("a schedule that is made already", options.given())
        return schedule
    with recorded() as used:
        found = _found(schedule, options)
        made = options.built(found) if isinstance(found, Configured) else found
    if isinstance(found, Configured):
        refuse_unused(found, options, made)
    both = isinstance(schedule, str) and schedule in SCHEDULES and exists(schedule)
    source = f"{made.source}; that of the name, not of ./{schedule}" if both else made.source
    return replace(made, formulas=tuple(used), source=source)


def _found(schedule: Any, options: ScheduleOptions) -> Configured | Schedule:
    """The configuration of a name, a file, a dictionary or an object, or the schedule of its levels."""
    own = isinstance(schedule, str) and schedule not in SCHEDULES and exists(schedule)  # a folder sd goes before sd
    if isinstance(schedule, str) and not own and (named := named_config(schedule)) is not None:
        return Configured(*named)
    if isinstance(schedule, str | os.PathLike):
        path = scheduler_path(schedule)
        if path is None:
            raise unknown_name(os.fspath(schedule))
        content = read_mapping(path) if path.suffix.lower() == ".json" else None
        if isinstance(content, Mapping) and ("_class_name" in content or not _names_levels(content)):
            return _configured(content, pipeline_of(path))
        options.refuse(f"the list of levels in {path.name}", _OF_CONFIGURATION)
        return options.begun(levels_of_file(path, content, options.values))
    if isinstance(schedule, Mapping):
        if "_class_name" in schedule or not _names_levels(schedule):
            return _configured(schedule)
        options.refuse("a list of levels", _OF_CONFIGURATION)
        return options.begun(given_levels("the list", schedule, options.values))
    return _of_object(schedule, options)


def _names_levels(content: Mapping[str, Any]) -> bool:
    """Whether a dictionary holds a list by name, or one alone."""
    alone = [isinstance(each, list) for each in content.values()] == [True]
    return alone or any(str(key).strip().lower() in LEVELS for key in content)


def _of_object(thing: Any, options: ScheduleOptions) -> Configured | Schedule:
    """A scheduler, or a pipeline with one; other steps than its configuration has for their number are its own."""
    pipeline = None
    if (own := getattr(thing, "scheduler", None)) is not None:
        thing, pipeline = own, type(thing).__name__
    config, kind = getattr(thing, "config", None), type(thing).__name__
    if kind not in CLASSES or not isinstance(config, Mapping):
        options.refuse(f"the steps that {kind} has", _OF_CONFIGURATION)
        return options.begun(levels_of_object(thing, options.values))
    found = _configured({**config, "_class_name": kind}, pipeline)
    train = found.config.num_train_timesteps
    told, count = steps_of_object(thing, train), getattr(thing, "num_inference_steps", None)
    untouched = count == train and CLASSES[kind].calls > 1  # these have so many from the beginning
    if told is None or untouched or options.asks_for_steps:
        return found
    count = count or told.size
    if has_steps(replace(found, count=count), told):
        return replace(found, count=count)
    if CLASSES[kind].between:
        raise ValueError(
            f"noise_schedule: steps of their own of {kind}, which calls the model between them, are not read; give the "
            "sigmas of all calls in a file, or inference_steps"
        )
    options.refuse(f"{kind}, whose numbers its class explains", {"values"})
    flow = CLASSES[kind].flow or found.config.use_flow_sigmas
    levels = levels_of_object(thing, "flow_time" if flow else "sigma", inverted=found.config.invert_sigmas)
    made = replace(levels, training=training_of(found.config, levels.name))
    return options.begun(made, SamplerPass.of(found.config, count, pipeline))


def _configured(content: Mapping[str, Any], pipeline: str | None = None) -> Configured:
    config = read_config(content)
    kind = CLASSES[config.kind]
    left_out = tuple(name for name in GRID_FIELDS if content.get(name) is True and name not in kind.fields)
    return Configured(config.kind.removesuffix("Scheduler"), config, pipeline=pipeline, left_out=left_out)
